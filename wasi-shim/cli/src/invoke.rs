//! Knows how a function's parameters are written on the command line and how its results are shown.
//! Refuses to know which function it is.
//! For `entry`, which has parameters, and the guests, which have results.

use std::{
    ffi::OsStr,
    fmt::Display,
    io::{self, Write},
    str::FromStr,
};

use crate::{
    failure::Failure,
    interface::{Function, Type, Value},
};

pub(crate) fn arguments(
    name: &str,
    function: &Function,
    given: &[impl AsRef<OsStr>],
) -> Result<Vec<Value>, Failure> {
    let complain = |problem| {
        let parameters: Vec<_> = function.params.iter().map(Type::to_string).collect();
        Failure::Arguments {
            name: name.to_owned(),
            problem,
            parameters: format!("({})", parameters.join(", ")),
        }
    };
    let wanted = function.params.len();
    if given.len() != wanted {
        return Err(complain(format!(
            "takes {wanted} arguments after FILE, not {}",
            given.len()
        )));
    }
    let pairs = function.params.iter().zip(given);
    pairs
        .map(|(ty, text)| argument(ty, &text.as_ref().to_string_lossy()).map_err(complain))
        .collect()
}

fn argument(ty: &Type, text: &str) -> Result<Value, String> {
    let value = match ty {
        Type::I32 => integer(text, 32)
            .and_then(|value| u32::try_from(value).ok())
            .map(|v| Value::I32(v.cast_signed())),
        Type::I64 => integer(text, 64)
            .and_then(|value| u64::try_from(value).ok())
            .map(|v| Value::I64(v.cast_signed())),
        Type::F32 => number(text).map(|value: f32| Value::F32(value.to_bits())),
        Type::F64 => number(text).map(|value: f64| Value::F64(value.to_bits())),
        Type::V128 => number(text).map(Value::V128),
        Type::Other(_) => {
            return Err(format!(
                "takes a {ty}, which cannot be written on a command line"
            ));
        }
    };
    value.ok_or_else(|| format!("cannot take `{text}` as {ty}"))
}

fn number<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

/// The bits of a signed or unsigned integer, decimal or hexadecimal.
fn integer(text: &str, bits: u32) -> Option<i128> {
    let (negative, digits) = text
        .strip_prefix('-')
        .map_or((false, text), |digits| (true, digits));
    // The parsers below would take a sign of their own.
    if !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let magnitude = match digits.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok()?,
        None => digits.parse().ok()?,
    };
    let range = 1_i128 << bits;
    let value = if negative {
        -i128::from(magnitude)
    } else {
        i128::from(magnitude)
    };
    ((-range / 2)..range)
        .contains(&value)
        .then(|| value.rem_euclid(range))
}

/// One in a line.
pub(crate) fn print(results: &[Value]) -> Result<(), Failure> {
    let lines: String = results.iter().map(|result| show(result) + "\n").collect();
    let written = io::stdout()
        .write_all(lines.as_bytes())
        .and_then(|()| io::stdout().flush());
    written.map_err(|error| Failure::Unwritable {
        file: "standard output".into(),
        error,
    })
}

/// As `wasmtime run --invoke` prints it.
fn show(value: &Value) -> String {
    let number: &dyn Display = match value {
        Value::I32(value) => value,
        Value::I64(value) => value,
        Value::F32(bits) => &f32::from_bits(*bits),
        Value::F64(bits) => &f64::from_bits(*bits),
        Value::V128(value) => value,
        Value::Reference(name) => name,
    };
    number.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_may_be_signed_unsigned_or_hexadecimal() {
        for (text, value) in [
            ("0", 0),
            ("-1", -1),
            ("4294967295", -1),
            ("0xffffffff", -1),
            ("-0x80000000", i32::MIN),
        ] {
            assert!(
                matches!(argument(&Type::I32, text), Ok(Value::I32(v)) if v == value),
                "{text}"
            );
        }
        assert!(matches!(
            argument(&Type::I64, "18446744073709551615"),
            Ok(Value::I64(-1))
        ));
        for text in [
            "",
            "-",
            "4294967296",
            "-2147483649",
            "1.5",
            "x",
            "--1",
            "0x",
            "0x+1",
        ] {
            assert!(argument(&Type::I32, text).is_err(), "{text:?} was accepted");
        }
    }

    #[test]
    fn floats_and_vectors() {
        assert_eq!(
            argument(&Type::F32, "1.5").map(|v| show(&v)).as_deref(),
            Ok("1.5")
        );
        assert_eq!(
            argument(&Type::F64, "-inf").map(|v| show(&v)).as_deref(),
            Ok("-inf")
        );
        assert_eq!(
            argument(&Type::V128, "7").map(|v| show(&v)).as_deref(),
            Ok("7")
        );
        assert!(argument(&Type::Other("externref".to_owned()), "0").is_err());
    }
}
