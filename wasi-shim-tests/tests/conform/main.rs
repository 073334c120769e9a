//! The runner `conform`: what it survives, what it reads, what it writes, and our cases on the hosts that are compiled in.

mod catalogue;
mod expectations;
mod fakes;
mod hosts;
mod process;
mod readme;
mod report;
mod suite;
mod support;
