//! The command line of `conform`: which options there are and what `--help` says of them.

use clap::Parser;
use std::path::PathBuf;
use std::time::Duration;

/// Runs test cases on any host of WASI preview1 and shows where hosts differ
///
/// Without --suite, the cases are this project's own: wasi-shim-tests/scripts. With it, those of a suite in the form of
/// WebAssembly/wasi-testsuite. Hosts that are not installed are left out, and it is said how to install them.
#[derive(Debug, Parser)]
#[command(name = "conform", after_help = STATUSES)]
pub struct Options {
    /// Run on this host; may be given several times. All hosts if not given
    #[arg(long, value_name = "NAME")]
    pub host: Vec<String>,

    /// Say which hosts there are, which of them are here, and end
    #[arg(long)]
    pub list_hosts: bool,

    /// Run the tests in DIR, a checkout of wasi-testsuite with the compiled tests, or a folder of it
    #[arg(long, value_name = "DIR")]
    pub suite: Option<PathBuf>,

    /// Run the cases in DIR instead of this project's
    #[arg(long, value_name = "DIR", conflicts_with = "suite")]
    pub scripts: Option<PathBuf>,

    /// Run only tests with TEXT in their name or in a claim; with several, all that have one of them
    #[arg(long, value_name = "TEXT")]
    pub filter: Vec<String>,

    /// Run this many tests at once
    #[arg(long, value_name = "N", default_value_t = threads())]
    pub jobs: usize,

    /// How long a test may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub timeout: Duration,

    /// Where the hosts are described
    #[arg(long, value_name = "FILE")]
    pub hosts: Option<PathBuf>,

    /// Where the expectations are: DIR/HOST.toml, or a file for the one host that is run
    #[arg(long, value_name = "PATH")]
    pub expectations: Option<PathBuf>,

    /// Fail if this host has a test that it should not fail; `none` for no host. This project's hosts if not given
    #[arg(long, value_name = "NAME")]
    pub fail_on: Vec<String>,

    /// Show every test that fails, not only those that make the run fail
    #[arg(long, short)]
    pub verbose: bool,

    /// Write everything that is known to FILE
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,

    /// Write the results to FILE as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,

    /// Write the matrix to FILE as a page for a browser
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,

    /// Write where hosts differ to FILE as Markdown
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<PathBuf>,
}

const STATUSES: &str = "\
Exit status:
  0  the hosts that count have no test that they should not fail
  1  one of them has
  2  nothing could be run: wrong usage, or a file that cannot be read or written";

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 = text
        .parse()
        .map_err(|_| "write a number of seconds".to_owned())?;
    match Duration::try_from_secs_f64(number) {
        Ok(time) if !time.is_zero() => Ok(time),
        _ => Err("it must be more than zero".to_owned()),
    }
}
