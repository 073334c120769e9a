//! Runs a test of a suite on a host, in a fresh copy of its folder, and judges what comes of it.

use super::Test;
use super::spec::{Read, Spec, Start};
use crate::conform::host::{Directory, Ended, Host, How, Program, abridged};
use crate::conform::process::Bounds;
use crate::conform::report::{Cell, Outcome, Why};
use std::path::Path;
use std::{fs, io};

/// Runs a test.
pub fn run(host: &dyn Host, test: &Test, bounds: Bounds) -> Cell {
    let starts = match &test.spec {
        Spec::Starts(starts) => starts,
        Spec::Unsupported(why) => return Cell::skipped(why.clone()),
    };
    for start in starts {
        match one(host, test, start, bounds) {
            Ok(Some(ended)) => {
                if let Err((outcome, why)) = judge(start, &ended) {
                    return Cell::of(Err((
                        outcome,
                        Why {
                            place: test.module.path.display().to_string(),
                            ..why
                        },
                    )));
                }
            }
            Ok(None) => return Cell::skipped("it runs no modules"),
            Err(error) => {
                let actual = format!("the test's folder cannot be copied: {error}");
                return Cell::of(Err((Outcome::Lost, why("run", "", actual))));
            }
        }
    }
    Cell::of(Ok(()))
}

fn one(host: &dyn Host, test: &Test, start: &Start, bounds: Bounds) -> io::Result<Option<Ended>> {
    let copy = tempfile::tempdir()?;
    let mut preopens = Vec::new();
    if let Some(root) = &start.root {
        let from = test
            .module
            .path
            .parent()
            .unwrap_or(Path::new("."))
            .join(root);
        let to = copy.path().join("root");
        copy_folder(&from, &to)?;
        preopens.push(Directory {
            host: to,
            guest: "/".to_owned(),
            read_only: false,
        });
    }
    let name = test
        .module
        .path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    let program = Program {
        module: test.module.clone(),
        args: name.into_iter().chain(start.args.iter().cloned()).collect(),
        env: start.env.clone(),
        preopens,
        stdin: start.input.clone().into_bytes(),
        threads: test.threads,
    };
    Ok(host.start(&program, bounds))
}

/// What other runs left behind has names that end in `.cleanup`, and is not taken along.
pub fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (kind, path, copy) = (entry.file_type()?, entry.path(), to.join(entry.file_name()));
        if path.extension().is_some_and(|end| end == "cleanup") {
            continue;
        }
        if kind.is_dir() {
            copy_folder(&path, &copy)?;
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&path)?, &copy)?;
        } else {
            fs::copy(&path, &copy)?;
        }
    }
    Ok(())
}

type Judgement = Result<(), (Outcome, Why)>;

/// Is this what was asked for?
pub fn judge(start: &Start, ended: &Ended) -> Judgement {
    let code = match &ended.how {
        How::Exited(code) => *code,
        How::Trapped(what) => {
            let what = format!("trap: {what}{}", output(ended));
            return Err((
                Outcome::Fail,
                why("wait", format!("exit code {}", start.exit_code), what),
            ));
        }
        How::Lost(what) => {
            let what = format!("lost: {what}");
            return Err((
                Outcome::Lost,
                why("wait", format!("exit code {}", start.exit_code), what),
            ));
        }
    };
    let (mut out, mut err) = (ended.stdout.as_slice(), ended.stderr.as_slice());
    for read in &start.reads {
        take(read, if read.stderr { &mut err } else { &mut out })?;
    }
    if code != start.exit_code {
        let actual = format!("exit code {code}{}", output(ended));
        return Err((
            Outcome::Fail,
            why("wait", format!("exit code {}", start.exit_code), actual),
        ));
    }
    Ok(())
}

/// Takes the next bytes of a stream, as many as there should be.
fn take(read: &Read, stream: &mut &[u8]) -> Judgement {
    let (next, rest) = stream.split_at(read.payload.len().min(stream.len()));
    *stream = rest;
    if next == read.payload.as_bytes() {
        return Ok(());
    }
    let call = if read.stderr {
        "read stderr"
    } else {
        "read stdout"
    };
    let actual = format!("{:?}", String::from_utf8_lossy(next));
    Err((
        Outcome::Fail,
        why(call, format!("{:?}", read.payload), actual),
    ))
}

fn why(call: &str, expected: impl Into<String>, actual: impl Into<String>) -> Why {
    Why {
        place: String::new(),
        call: call.to_owned(),
        expected: expected.into(),
        actual: actual.into(),
    }
}

/// What a test says when it fails is on either of the two.
fn output(ended: &Ended) -> String {
    let said = [
        ("stdout", abridged(&ended.stdout)),
        ("stderr", abridged(&ended.stderr)),
    ];
    let said = said.iter().filter(|(_, text)| !text.is_empty());
    said.map(|(name, text)| format!("; {name}: {text}"))
        .collect()
}
