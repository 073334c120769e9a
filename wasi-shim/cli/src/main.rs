//! The `wasi-shim` command: runs WASI preview1 programs.
//!
//! Knows how results become exit statuses and messages; refuses to know how they come about.
//! For the operating system.

#![cfg_attr(
    not(test),
    warn(
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used
    )
)]

mod cache;
mod compile;
mod compiled;
mod deadline;
mod durations;
mod engine;
mod engines;
mod entry;
mod failure;
mod features;
mod guest;
mod imports;
mod interface;
mod invoke;
mod limits;
mod load;
mod options;
mod outcome;
mod preopens;
mod run;
mod shim;
mod sizes;
mod sockets;
mod source;
mod threaded;

use std::{
    fmt::Display,
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser;

use crate::{
    failure::Failure,
    options::{Command, CommandLine},
};

fn main() -> ExitCode {
    let result = match CommandLine::parse().command {
        Command::Run(options) => run::run(&options).map(status),
        Command::Compile(options) => compile::compile(&options).map(|()| 0),
    };
    ExitCode::from(result.unwrap_or_else(|failure: Failure| {
        tell(&failure);
        failure.status()
    }))
}

/// A process can report eight bits of an exit code. The low ones would make a success of 256.
fn status(code: u32) -> u8 {
    u8::try_from(code).unwrap_or_else(|_| {
        tell(&format_args!(
            "the guest exited with {code}, which is more than an exit status can say"
        ));
        u8::MAX
    })
}

fn tell(message: &dyn Display) {
    // With standard error closed there is nobody left to tell.
    let _ = writeln!(io::stderr(), "wasi-shim: {message}");
}
