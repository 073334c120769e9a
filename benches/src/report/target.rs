//! How fast an operation is to be, and whether it is.
//!
//! A target is data that stands beside the measures it judges. It does not know what is measured.

use super::{Row, SHIM, numbers};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a median may be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// The library takes at most so many times as long as something else.
    Ratio {
        /// The other.
        to: String,
        /// How many times.
        at_most: f64,
    },
    /// A host takes at most so many nanoseconds.
    Nanoseconds {
        /// The host.
        host: String,
        /// How many.
        at_most: f64,
    },
    /// A host takes at most so many nanoseconds more than something else.
    Above {
        /// The host.
        host: String,
        /// The other.
        base: String,
        /// How many.
        plus: f64,
    },
}

/// What became of a target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// It is met.
    Met,
    /// It is not: the median is so many times what it may be.
    Missed(f64),
    /// What it speaks of was not measured.
    Unknown,
}

impl Target {
    /// Whom it judges.
    pub fn host<'a>(&'a self, row: &Row) -> &'a str {
        match self {
            Self::Ratio { .. } => row.ours().unwrap_or(SHIM),
            Self::Nanoseconds { host, .. } | Self::Above { host, .. } => host,
        }
    }

    /// The most that the median may be, in nanoseconds.
    pub fn limit(&self, row: &Row) -> Option<f64> {
        match self {
            Self::Ratio { to, at_most } => Some(row.median(to)? * at_most),
            Self::Nanoseconds { at_most, .. } => Some(*at_most),
            Self::Above { base, plus, .. } => Some(row.median(base)? + plus),
        }
    }

    pub(super) fn verdict(&self, row: &Row) -> Verdict {
        let measured = row.median(self.host(row)).zip(self.limit(row));
        let factor = measured.map(|(median, limit)| median / limit);
        match factor {
            Some(factor) if factor <= 1.0 => Verdict::Met,
            Some(factor) if factor.is_finite() => Verdict::Missed(factor),
            _ => Verdict::Unknown,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ratio { to, at_most } => write!(f, "≤ {at_most} × {to}"),
            Self::Nanoseconds { host, at_most } => {
                write!(f, "{}≤ {}", whom(host), numbers::short(*at_most))
            }
            Self::Above { host, base, plus } => {
                write!(f, "{}≤ {base} + {}", whom(host), numbers::short(*plus))
            }
        }
    }
}

/// The host that is meant where nothing else is said is not named.
fn whom(host: &str) -> String {
    if host == SHIM {
        String::new()
    } else {
        format!("{host} ")
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Met => f.write_str("met"),
            Self::Missed(factor) if *factor < 2.0 => {
                write!(f, "missed by {:.0} %", ((factor - 1.0) * 100.0).max(1.0))
            }
            Self::Missed(factor) => write!(f, "missed, {factor:.1} times"),
            Self::Unknown => f.write_str("not measured"),
        }
    }
}
