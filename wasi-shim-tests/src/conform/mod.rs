//! The runner: our cases, and suites of others, on any host of preview1, and what came of it in several forms.
//!
//! [`catalogue`] says which hosts there are, [`host`] what they are asked; [`command`] and [`in_process`] are the two
//! kinds. [`cases`] runs our own cases, [`suite`] those of others, [`report`] shows what came of them.
//! The binary `conform` is [`run`](cli::run) and nothing else.

pub mod cases;
pub mod catalogue;
pub mod cli;
pub mod command;
mod engine;
pub mod expectations;
pub mod host;
pub mod in_process;
pub mod needs;
pub mod options;
pub mod pool;
pub mod process;
pub mod report;
mod roster;
pub mod suite;
