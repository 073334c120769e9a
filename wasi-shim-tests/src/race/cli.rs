//! The command line of `race` and of its control.
//!
//! This file knows the options, that each mode is a process of its own, and what the exit code says: 1 if there was an
//! escape, or a pair that says too little. It does not know the victims, which its caller names and runs.

use super::pair::{PAIRS, Pair};
use super::report;
use super::run::{Plan, Report};
use crate::openat2::Mode;
use std::process::{Command, ExitCode};

const USAGE: &str =
    "race [--rounds N] [--pair PAIR] [--mode MODE] [--against VICTIM] [--folder FOLDER]";

/// What the command line asks for.
#[derive(Debug)]
pub struct Options {
    plan: Plan,
    pairs: Vec<Pair>,
    mode: Option<Mode>,
    victim: String,
}

impl Options {
    /// Reads them; `victims` are the names that are known, the usual one first.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn parse(
        words: impl IntoIterator<Item = String>,
        victims: &[&str],
    ) -> Result<Self, String> {
        let mut options = Self {
            plan: Plan::new(1_000_000),
            pairs: PAIRS.to_vec(),
            mode: None,
            victim: victims.first().copied().unwrap_or_default().to_owned(),
        };
        let mut words = words.into_iter();
        while let Some(option) = words.next() {
            let value = words.next().ok_or_else(|| USAGE.to_owned())?;
            options.set(&option, value, victims)?;
        }
        Ok(options)
    }

    fn set(&mut self, option: &str, value: String, victims: &[&str]) -> Result<(), String> {
        let unknown = || format!("{option} {value}: there is no such thing");
        match option {
            "--rounds" => self.plan.rounds = value.parse().map_err(|_| unknown())?,
            "--folder" => self.plan.folder = value.into(),
            "--mode" => self.mode = Some(Mode::from_name(&value).ok_or_else(unknown)?),
            "--against" if victims.contains(&value.as_str()) => self.victim = value,
            "--pair" => {
                let pair = PAIRS.iter().find(|pair| pair.name == value);
                self.pairs = vec![*pair.ok_or_else(unknown)?];
            }
            "--against" => return Err(unknown()),
            _ => return Err(USAGE.to_owned()),
        }
        Ok(())
    }
}

/// Does what the command line says, with these victims, the usual one first. `run` runs a pair against one of them.
pub fn main(victims: &[&str], run: impl Fn(&str, &Pair, &Plan) -> Report) -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let options = match Options::parse(words.clone(), victims) {
        Ok(options) => options,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    let good = match options.mode {
        Some(mode) => in_mode(&options, mode, run),
        None => Mode::ALL.map(|mode| again(&words, mode)).iter().all(|x| *x),
    };
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// A process for one mode.
fn again(words: &[String], mode: Mode) -> bool {
    let this = std::env::current_exe().expect("the binary has a path");
    let mut command = Command::new(this);
    command.args(words).args(["--mode", mode.name()]);
    command.status().is_ok_and(|status| status.success())
}

fn in_mode(options: &Options, mode: Mode, run: impl Fn(&str, &Pair, &Plan) -> Report) -> bool {
    mode.enter();
    let one = |pair| {
        let report = run(&options.victim, pair, &options.plan);
        println!("{}", report::lines(&report, mode.name()));
        report.is_good()
    };
    // Every pair is run, whatever becomes of the first.
    options.pairs.iter().map(one).filter(|good| !good).count() == 0
}

#[cfg(test)]
mod tests {
    use super::Options;

    fn parse(words: &str) -> Result<Options, String> {
        let words = words.split_whitespace().map(str::to_owned);
        Options::parse(words, &["one", "other"])
    }

    #[test]
    fn options_are_what_they_say_or_refused() {
        let options = parse("--rounds 7 --pair open-fifo --mode EPERM --against other").unwrap();
        assert_eq!((options.plan.rounds, options.victim.as_str()), (7, "other"));
        assert_eq!(options.pairs[0].name, "open-fifo");
        assert_eq!(options.mode.unwrap().name(), "EPERM");
        assert_eq!(parse("").unwrap().pairs.len(), 16);
        for wrong in [
            "--rounds many",
            "--rounds",
            "--pair open",
            "--mode EIO",
            "--against third",
            "--quick yes",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
