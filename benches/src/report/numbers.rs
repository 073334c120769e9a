//! How times and ratios are written.
//!
//! This file knows digits and units, and nothing of what they measure.

use super::Unit;

/// Nanoseconds in a unit, without its name: `1,083`, `4.6`, `63.2`.
pub(super) fn time(nanoseconds: f64, unit: Unit) -> String {
    let value = nanoseconds / size(unit);
    let whole = unit == Unit::Nanoseconds || value >= 1000.0;
    if whole && value >= 9.95 {
        grouped(value.round())
    } else {
        format!("{value:.1}")
    }
}

/// Nanoseconds in a unit, with its name.
pub(super) fn named(nanoseconds: f64, unit: Unit) -> String {
    format!("{} {}", time(nanoseconds, unit), name(unit))
}

/// A round number of nanoseconds in the largest unit that suits it: `50 ns`, `80 µs`, `100 ms`.
pub(super) fn short(nanoseconds: f64) -> String {
    let steps = [(1e9, "s"), (1e6, "ms"), (1e3, "µs")];
    let fits = steps.into_iter().find(|(size, _)| nanoseconds >= *size);
    let (size, name) = fits.unwrap_or((1.0, "ns"));
    format!("{} {name}", nanoseconds / size)
}

/// A ratio, with as many digits as can matter.
pub(super) fn ratio(ratio: f64) -> String {
    if ratio < 0.00995 {
        format!("{ratio:.4}")
    } else {
        format!("{ratio:.2}")
    }
}

/// What a unit is called.
pub(super) fn name(unit: Unit) -> &'static str {
    match unit {
        Unit::Nanoseconds => "ns",
        Unit::Microseconds => "µs",
        Unit::Milliseconds => "ms",
    }
}

fn size(unit: Unit) -> f64 {
    match unit {
        Unit::Nanoseconds => 1.0,
        Unit::Microseconds => 1e3,
        Unit::Milliseconds => 1e6,
    }
}

/// A whole number with commas.
fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut shown = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let shown = |value| time(value, Unit::Nanoseconds);
        assert_eq!(shown(4.56), "4.6");
        assert_eq!(shown(9.96), "10");
        assert_eq!(shown(12.3), "12");
        assert_eq!(shown(299_922_738.0), "299,922,738");
        assert_eq!(time(63_240_000.0, Unit::Milliseconds), "63.2");
        assert_eq!(named(4_076_300_000.0, Unit::Milliseconds), "4,076 ms");
        assert_eq!(named(1_500.0, Unit::Microseconds), "1.5 µs");
    }

    #[test]
    fn round_numbers() {
        assert_eq!(short(60.0), "60 ns");
        assert_eq!(short(1_500.0), "1.5 µs");
        assert_eq!(short(100_000_000.0), "100 ms");
        assert_eq!(short(2e9), "2 s");
    }

    #[test]
    fn ratios() {
        assert_eq!(ratio(1.2), "1.20");
        assert_eq!(ratio(0.35), "0.35");
        assert_eq!(ratio(0.0042), "0.0042");
    }
}
