//! Many guests at once on a few threads: each sleeps, then copies a byte from its input to its output. Prints how long
//! that took and how much memory. `crowd --help` says what can be chosen; 10,000 guests take some seconds when this is
//! built with `--release`.

use clap::Parser;
use std::process::ExitCode;
use wasi_shim_tests::crowd::{Options, run};

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("crowd: {error}");
            ExitCode::FAILURE
        }
    }
}
