//! What a call costs: beside the system call, beside other hosts, and counted.
//!
//! Times are reported, never judged by a test; counts are, by `budgets.toml` and `instructions.toml`.

#[cfg(feature = "engines")]
pub mod compare;
pub mod report;
