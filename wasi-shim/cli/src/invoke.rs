//! Knows how a function's parameters are written on the command line and how its results are shown.
//! Refuses to know which function it is.
//! For `entry`, which has parameters, and `guest`, which has results.

use std::{ffi::OsStr, fmt::Display, str::FromStr};

use wasmtime::{FuncType, Val, ValType};

use crate::failure::Failure;

pub(crate) fn arguments(
    name: &str,
    ty: &FuncType,
    given: &[impl AsRef<OsStr>],
) -> Result<Vec<Val>, Failure> {
    let complain = |problem| {
        let parameters = ty
            .params()
            .map(|ty| ty.to_string())
            .collect::<Vec<_>>()
            .join(", ");
        Failure::Arguments {
            name: name.to_owned(),
            problem,
            parameters: format!("({parameters})"),
        }
    };
    let wanted = ty.params().len();
    if given.len() != wanted {
        return Err(complain(format!(
            "takes {wanted} arguments after FILE, not {}",
            given.len()
        )));
    }
    let pairs = ty.params().zip(given);
    pairs
        .map(|(ty, text)| argument(&ty, &text.as_ref().to_string_lossy()).map_err(complain))
        .collect()
}

fn argument(ty: &ValType, text: &str) -> Result<Val, String> {
    let value = match ty {
        ValType::I32 => integer(text, 32)
            .and_then(|value| u32::try_from(value).ok())
            .map(|v| Val::I32(v.cast_signed())),
        ValType::I64 => integer(text, 64)
            .and_then(|value| u64::try_from(value).ok())
            .map(|v| Val::I64(v.cast_signed())),
        ValType::F32 => number(text).map(|value: f32| Val::F32(value.to_bits())),
        ValType::F64 => number(text).map(|value: f64| Val::F64(value.to_bits())),
        ValType::V128 => number(text).map(|value: u128| Val::V128(value.into())),
        ValType::Ref(_) => {
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

/// As `wasmtime run --invoke` prints it.
pub(crate) fn show(value: &Val) -> String {
    let number: &dyn Display = match value {
        Val::I32(value) => value,
        Val::I64(value) => value,
        Val::F32(bits) => &f32::from_bits(*bits),
        Val::F64(bits) => &f64::from_bits(*bits),
        Val::V128(value) => &value.as_u128(),
        Val::FuncRef(None) => &"<null funcref>",
        Val::FuncRef(Some(_)) => &"<funcref>",
        Val::ExternRef(None) => &"<null externref>",
        Val::ExternRef(Some(_)) => &"<externref>",
        _ => &"<reference>",
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
                matches!(argument(&ValType::I32, text), Ok(Val::I32(v)) if v == value),
                "{text}"
            );
        }
        assert!(matches!(
            argument(&ValType::I64, "18446744073709551615"),
            Ok(Val::I64(-1))
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
            assert!(
                argument(&ValType::I32, text).is_err(),
                "{text:?} was accepted"
            );
        }
    }

    #[test]
    fn floats_and_vectors() {
        assert_eq!(
            argument(&ValType::F32, "1.5").map(|v| show(&v)).as_deref(),
            Ok("1.5")
        );
        assert_eq!(
            argument(&ValType::F64, "-inf").map(|v| show(&v)).as_deref(),
            Ok("-inf")
        );
        assert_eq!(
            argument(&ValType::V128, "7").map(|v| show(&v)).as_deref(),
            Ok("7")
        );
        assert!(argument(&ValType::EXTERNREF, "0").is_err());
    }
}
