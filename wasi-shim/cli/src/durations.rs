//! Knows how a time limit is written on the command line: `10`, `0.5`, `10s`, `500ms`, `2m`, `1h`.
//! Refuses to know what is being limited.
//! For `options`, which hands `parse` to clap, and for `failure`, which shows a limit as it could have been typed.

use std::time::Duration;

pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let (number, unit) = text.split_at(
        text.find(|c: char| c.is_ascii_alphabetic())
            .unwrap_or(text.len()),
    );
    let seconds = number_of(number)
        .zip(unit_in_seconds(unit))
        .map(|(n, unit)| n * unit);
    // `1e-12` seconds would round to no time at all, and a limit of zero would kill every guest before it starts.
    let limit = seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| {
            format!("`{text}` is not a time: write seconds, or a number followed by ms, s, m or h")
        })?;
    if limit.is_zero() {
        return Err("a time limit must be more than zero".to_owned());
    }
    Ok(limit)
}

/// The shortest of the spellings `parse` accepts.
pub(crate) fn show(limit: Duration) -> String {
    if limit < Duration::from_secs(1) {
        return format!("{}ms", limit.as_secs_f64() * 1000.0);
    }
    format!("{}s", limit.as_secs_f64())
}

fn number_of(text: &str) -> Option<f64> {
    // f64's own parser also takes `inf`, `nan` and exponents, which are no times anybody means.
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    plain.then(|| text.parse().ok())?
}

fn unit_in_seconds(unit: &str) -> Option<f64> {
    match unit {
        "ms" => Some(0.001),
        "" | "s" => Some(1.0),
        "m" => Some(60.0),
        "h" => Some(3600.0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_numbers_are_seconds() {
        assert_eq!(parse("10"), Ok(Duration::from_secs(10)));
        assert_eq!(parse("0.5"), Ok(Duration::from_millis(500)));
        assert_eq!(parse(".25"), Ok(Duration::from_millis(250)));
    }

    #[test]
    fn units() {
        assert_eq!(parse("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(parse("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(parse("1.5h"), Ok(Duration::from_secs(5400)));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "s",
            "-1",
            "1e3",
            "inf",
            "nan",
            "1d",
            "1 s",
            "1.2.3",
            "0",
            "0ms",
            "1é",
            "99999999999999999999999",
        ] {
            assert!(parse(text).is_err(), "{text:?} was accepted");
        }
    }

    #[test]
    fn shown_limits_can_be_typed_again() {
        for text in ["500ms", "2s", "90s", "1.5s"] {
            assert_eq!(parse(text).map(show).as_deref(), Ok(text));
        }
    }
}
