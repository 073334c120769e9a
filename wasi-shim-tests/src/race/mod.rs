//! Races: what a guest can reach while somebody changes the tree it walks through.
//!
//! A victim is asked, an attacker changes the tree, an oracle judges every answer and watches what is not the victim's. This
//! room knows the attacks and the judgement; whom they are tried on is up to its users: the binary `race`, the test of that
//! name, the control in `race/control`, which shows that a known escape is found. `spec-notes/races.md` has the results.

mod cli;
mod court;
mod library;
mod naive;
mod numbers;
mod pair;
mod report;
mod run;
mod scene;
mod script;
mod sentinel;
mod victim;

pub use cli::{Options, main};
pub use court::{Tally, Weakness};
pub use library::Library;
pub use naive::{Naive, host_errno, host_number};
pub use pair::{Deed, PAIRS, Pair};
pub use run::{Plan, Report, run};
pub use script::Script;
pub use victim::{Answer, Number, Purpose, REFUSED, Seen, Victim};
