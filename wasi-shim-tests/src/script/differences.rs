//! What is known to come out otherwise on some filesystem: `expectations/filesystems.txt`, whose head says what is in it.
//!
//! Knows the file's form, and which case on which filesystem has which answer instead. It does not run anything.

use super::{Failure, Tree};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// One entry, for each case and filesystem that it names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// How the first call that differs answers, as a failure spells it; what follows is left open. Or why the tree cannot be
    /// made.
    pub answers: String,
    /// Why that is right.
    pub why: String,
    /// The line of the entry.
    pub line: usize,
}

impl Difference {
    /// Is this failure what was to be expected? It begins with the answer, or ends with it if the tree cannot be made.
    pub fn explains(&self, failure: &Failure) -> bool {
        let (actual, answer) = (&failure.actual, &self.answers);
        let begins = actual.strip_prefix(answer.as_str());
        begins.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
            || actual.ends_with(&format!(" cannot be made: {answer}"))
    }
}

/// Each known difference, by filesystem and case.
pub type Differences = BTreeMap<(String, String), Difference>;

/// Where the file is.
pub fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("expectations/filesystems.txt")
}

/// Reads the file.
pub fn load() -> Result<Differences, String> {
    let text = std::fs::read_to_string(file()).map_err(|error| error.to_string())?;
    parse(&text)
}

/// An entry as it is read.
#[derive(Default)]
struct Entry {
    on: Vec<String>,
    difference: Difference,
    cases: Vec<String>,
}

/// Reads the text of the file: entries with a blank line between them.
pub fn parse(text: &str) -> Result<Differences, String> {
    let mut all = Differences::new();
    let mut entry = Entry::default();
    for (number, line) in (1..).zip(text.lines()) {
        if line.starts_with('#') {
            continue;
        }
        if line.trim().is_empty() {
            std::mem::take(&mut entry).finish(&mut all)?;
            continue;
        }
        if entry.difference.line == 0 {
            entry.difference.line = number;
        }
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "on" if is_known(rest) => entry.on.push(rest.to_owned()),
            "on" => return Err(format!("{number}: there is no filesystem {rest:?}")),
            "answers" => rest.clone_into(&mut entry.difference.answers),
            "why" => rest.clone_into(&mut entry.difference.why),
            "" => entry.cases.push(rest.trim().to_owned()),
            _ => return Err(format!("{number}: {word:?} means nothing here")),
        }
    }
    entry.finish(&mut all)?;
    Ok(all)
}

fn is_known(name: &str) -> bool {
    Tree::ALL.iter().any(|tree| tree.to_string() == name)
}

impl Entry {
    fn finish(self, all: &mut Differences) -> Result<(), String> {
        let Self {
            on,
            difference,
            cases,
        } = self;
        let line = difference.line;
        if line == 0 {
            return Ok(());
        }
        if on.is_empty() || cases.is_empty() {
            return Err(format!(
                "{line}: it is about no filesystem, or about no case"
            ));
        }
        if difference.answers.is_empty() || difference.why.is_empty() {
            return Err(format!(
                "{line}: it does not say what is answered, or not why"
            ));
        }
        for tree in &on {
            for case in &cases {
                let key = (tree.clone(), case.clone());
                if all.insert(key, difference.clone()).is_some() {
                    return Err(format!("{line}: {case} on {tree} is there twice"));
                }
            }
        }
        Ok(())
    }
}
