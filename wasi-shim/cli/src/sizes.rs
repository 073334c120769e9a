//! Knows how a size is written on the command line: bytes, or a number with K, M or G for powers of 1024.
//! Refuses to know what the size is of, except that a stack has a least useful one.
//! For `options`, which hands these functions to clap.

const LEAST_STACK: usize = 64 << 10;

pub(crate) fn parse(text: &str) -> Result<usize, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let shift = shift(unit).ok_or_else(|| explain(text))?;
    let number: usize = number.parse().map_err(|_| explain(text))?;
    number
        .checked_mul(1 << shift)
        .ok_or_else(|| format!("`{text}` is more than this machine can address"))
}

/// A stack too small for one call frame would make every program fail with a trap that blames the program.
pub(crate) fn parse_stack(text: &str) -> Result<usize, String> {
    let size = parse(text)?;
    if size < LEAST_STACK {
        return Err(format!("a stack needs at least {}K", LEAST_STACK >> 10));
    }
    Ok(size)
}

fn shift(unit: &str) -> Option<u32> {
    match unit.to_ascii_lowercase().as_str() {
        "" | "b" => Some(0),
        "k" | "kib" => Some(10),
        "m" | "mib" => Some(20),
        "g" | "gib" => Some(30),
        _ => None,
    }
}

fn explain(text: &str) -> String {
    format!("`{text}` is not a size: write bytes, or a number followed by K, M or G, such as 512M")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_are_powers_of_1024_in_either_case() {
        assert_eq!(parse("0"), Ok(0));
        assert_eq!(parse("65536"), Ok(65536));
        assert_eq!(parse("3k"), Ok(3072));
        assert_eq!(parse("8M"), Ok(8 << 20));
        assert_eq!(parse("8MiB"), Ok(8 << 20));
        assert_eq!(parse("2G"), Ok(2 << 30));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "M",
            "-1",
            "1.5M",
            "1T",
            "1 M",
            "0x10",
            "+1",
            "99999999999999999999",
            "99999999999G",
            "٣",
        ] {
            assert!(parse(text).is_err(), "{text:?} was accepted");
        }
    }

    #[test]
    fn a_stack_has_a_least_size() {
        assert!(parse_stack("0").is_err());
        assert!(parse_stack("63K").is_err());
        assert_eq!(parse_stack("64K"), Ok(64 << 10));
    }
}
