//! A host that is a command: its words from `hosts.toml` and a program become a command line.
//!
//! How its process ends becomes how the program ended. What a process may do is known to [`process`](super::process), and
//! what a program is to [`host`](super::host).

use super::catalogue::Entry;
use super::host::{Ended, Host, How, Program, abridged, said};
use super::needs;
use super::process::{Bounds, Ending, Finished, run, run_open};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// How long a host may take to tell its version.
const PATIENCE: Bounds = Bounds {
    time: Duration::from_secs(20),
    output: 1 << 16,
};

/// A command line.
pub struct External {
    entry: Entry,
    version: String,
    here: PathBuf,
}

impl External {
    /// Asks a host for its version, which tells whether it is on this machine. `here` is the folder of `hosts.toml`.
    pub fn find(entry: Entry, here: &Path) -> Result<Self, String> {
        let mut host = Self {
            entry,
            version: String::new(),
            here: here.to_owned(),
        };
        let words: Vec<String> = host
            .entry
            .version
            .iter()
            .map(|word| host.place(word))
            .collect();
        let finished = run(&mut host.command(&words), &[], PATIENCE);
        match finished.ending {
            Ending::Exited(0) => {}
            ending => {
                return Err(format!(
                    "`{}` {ending}{}",
                    words.join(" "),
                    said(&finished.stderr)
                ));
            }
        }
        let text = String::from_utf8_lossy(&finished.stdout);
        let line = text
            .lines()
            .find(|line| !line.trim().is_empty())
            .unwrap_or_default();
        host.version = line
            .trim()
            .chars()
            .filter(|c| !c.is_control())
            .take(80)
            .collect();
        Ok(host)
    }

    fn command(&self, words: &[String]) -> Command {
        let mut command = Command::new(words.first().map_or("", String::as_str));
        // Hosts written in Rust would tell more in one environment than in another.
        command
            .args(words.get(1..).unwrap_or_default())
            .env("RUST_BACKTRACE", "0");
        command
    }

    /// Paths that are the same for every program.
    fn place(&self, word: &str) -> String {
        let beside = std::env::current_exe().ok();
        let beside = beside
            .as_deref()
            .and_then(Path::parent)
            .unwrap_or(Path::new("."));
        let word = word.replace("{here}", &self.here.display().to_string());
        word.replace("{beside}", &beside.display().to_string())
    }

    /// The command line for a program.
    pub fn words(&self, program: &Program) -> Vec<String> {
        let entry = &self.entry;
        let mut words = Vec::new();
        for word in &entry.command {
            match word.as_str() {
                "{dirs}" => self.directories(program, &mut words),
                "{env}" => {
                    for (name, value) in &program.env {
                        words.extend(filled(&entry.env, &[("{name}", name), ("{value}", value)]));
                    }
                }
                "{name}" => {
                    let name = program.args.first().map_or("", String::as_str);
                    words.extend(filled(&entry.program_name, &[("{name}", name)]));
                }
                "{args}" => {
                    for arg in program.args.iter().skip(1) {
                        words.extend(match entry.arg.as_slice() {
                            [] => vec![arg.clone()],
                            form => filled(form, &[("{arg}", arg)]),
                        });
                    }
                }
                "{threads}" if program.threads => words.extend(entry.threads.iter().cloned()),
                "{threads}" => {}
                "{module}" => words.push(program.module.path.display().to_string()),
                word => words.push(self.place(word)),
            }
        }
        words
    }

    fn directories(&self, program: &Program, words: &mut Vec<String>) {
        for dir in &program.preopens {
            let form = match (dir.read_only, self.entry.read_only_dir.as_slice()) {
                (true, form @ [_, ..]) => form,
                _ => &self.entry.dir,
            };
            let host = dir.host.display().to_string();
            words.extend(filled(form, &[("{host}", &host), ("{guest}", &dir.guest)]));
        }
    }

    fn how(&self, finished: &Finished) -> How {
        let code = match &finished.ending {
            Ending::Exited(code) => *code,
            ending => return How::Lost(format!("{ending}{}", said(&finished.stderr))),
        };
        let trapped = &self.entry.trapped;
        let text = String::from_utf8_lossy(&finished.stderr);
        let says = || code != 0 && trapped.says.iter().any(|words| text.contains(words));
        if trapped.statuses.contains(&code) || says() {
            return How::Trapped(abridged(&finished.stderr));
        }
        How::Exited(u32::try_from(code).unwrap_or(u32::MAX))
    }
}

/// The words of a form. All are replaced at once: what is put in is not looked at again.
fn filled(form: &[String], values: &[(&str, &str)]) -> Vec<String> {
    form.iter().map(|word| fill(word, values)).collect()
}

fn fill(word: &str, values: &[(&str, &str)]) -> String {
    let mut done = String::new();
    let mut rest = word;
    while let Some(at) = rest.find('{') {
        let (before, from) = rest.split_at(at);
        done.push_str(before);
        match values.iter().find(|(mark, _)| from.starts_with(mark)) {
            Some((mark, value)) => {
                done.push_str(value);
                rest = &from[mark.len()..];
            }
            None => {
                done.push('{');
                rest = &from[1..];
            }
        }
    }
    done + rest
}

impl Host for External {
    fn version(&self) -> String {
        self.version.clone()
    }

    fn cannot(&self) -> &'static [&'static str] {
        // A pipe holds so much and no more, and a process has eight bits to say how it ended.
        &[needs::OUTPUT, needs::LONG_INPUT, needs::LARGE_EXIT_CODE]
    }

    fn start(&self, program: &Program, bounds: Bounds) -> Option<Ended> {
        let words = self.words(program);
        let mut command = self.command(&words);
        let finished = if program.threads {
            run_open(&mut command, &program.stdin, bounds)
        } else {
            run(&mut command, &program.stdin, bounds)
        };
        let how = self.how(&finished);
        Some(Ended {
            stdout: finished.stdout,
            stderr: finished.stderr,
            how,
        })
    }
}
