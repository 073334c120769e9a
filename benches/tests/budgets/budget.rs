//! The file of budgets.
//!
//! Knows how it is written, which system calls count as the same, and what is a fault. Refuses to know how anything is
//! counted. The tests hold what was [measured](super::measure) against it.

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

use super::measure::{Counts, Measured, TREES};

/// What operations may take.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Budgets {
    /// System calls that do the same, under one name.
    same: BTreeMap<String, Vec<String>>,
    /// For each operation and tree, how much of what. What is not named is not to happen.
    operation: BTreeMap<String, BTreeMap<String, Counts>>,
}

/// How many bytes are allocated, which is only limited where a budget does.
const BYTES: &str = "bytes";
/// Such a limit.
const AT_MOST: &str = "bytes_at_most";

impl Budgets {
    /// Reads the file.
    pub(crate) fn parse(text: &str) -> Self {
        toml::from_str(text).unwrap_or_else(|error| panic!("budgets.toml: {error}"))
    }

    /// What was counted, under the names that budgets use.
    fn grouped(&self, counts: &Counts) -> Counts {
        let mut grouped = Counts::new();
        for (name, count) in counts {
            let same = self.same.iter().find(|(_, names)| names.contains(name));
            *grouped
                .entry(same.map_or(name, |(group, _)| group).clone())
                .or_default() += count;
        }
        grouped
    }

    /// What is allowed on one tree, if the operation is known. A filesystem with shortcuts is asked what every other is,
    /// unless the file says otherwise.
    fn allowed(&self, operation: &str, tree: &str) -> Option<Counts> {
        let trees = self.operation.get(operation)?;
        let row = match tree {
            "shortcut" => trees.get(tree).or_else(|| trees.get("walked")),
            _ => trees.get(tree),
        };
        Some(row.cloned().unwrap_or_default())
    }

    /// What is wrong on one tree.
    pub(crate) fn faults(&self, tree: &str, measured: &Measured) -> Vec<String> {
        let mut faults = Vec::new();
        for (operation, counts) in measured {
            let counts = self.grouped(counts);
            let Some(budget) = self.allowed(operation, tree) else {
                faults.push(format!(
                    "{operation}: has no budget; {}",
                    line(tree, &counts, None)
                ));
                continue;
            };
            let found = compare(&budget, &counts);
            if !found.is_empty() {
                let found = found.join(", ");
                faults.push(format!(
                    "{operation}: {found}\n    {}",
                    line(tree, &counts, Some(&budget))
                ));
            }
        }
        faults
    }

    /// What has a budget and is measured nowhere.
    pub(crate) fn unmeasured(&self, all: &[(&str, Measured)]) -> Vec<String> {
        let measured = |tree: &str, operation: &str| {
            let tree = all.iter().find(|(name, _)| *name == tree);
            tree.is_some_and(|(_, measured)| measured.iter().any(|(name, _)| name == operation))
        };
        let mut faults = Vec::new();
        for (operation, trees) in &self.operation {
            if !TREES.iter().any(|tree| measured(tree, operation)) {
                faults.push(format!("{operation}: nothing measures it"));
            }
            let unknown = trees.keys().filter(|tree| !measured(tree, operation));
            faults.extend(
                unknown.map(|tree| format!("{operation}: nothing measures it on `{tree}`")),
            );
        }
        faults
    }

    /// The file with smaller numbers where less was needed, and with what it did not know. No number grows.
    pub(crate) fn updated(&self, text: &str, all: &[(&str, Measured)]) -> String {
        let mut operations: Vec<&str> = Vec::new();
        for (name, _) in all.iter().flat_map(|(_, measured)| measured) {
            if !operations.contains(&name.as_str()) {
                operations.push(name);
            }
        }
        let mut lines: Vec<String> = Vec::new();
        for old in text.lines() {
            if TREES
                .iter()
                .any(|tree| old.starts_with(&format!("{tree} = ")))
            {
                continue;
            }
            lines.push(old.to_owned());
            if let Some(name) = heading(old) {
                operations.retain(|operation| *operation != name);
                lines.extend(self.lines(name, all));
            }
        }
        for name in operations {
            lines.extend([String::new(), format!("[operation.\"{name}\"]")]);
            lines.extend(self.lines(name, all));
        }
        lines.join("\n") + "\n"
    }

    /// The lines of one operation: for each tree one, unless it says what is so without it.
    fn lines(&self, operation: &str, all: &[(&str, Measured)]) -> Vec<String> {
        let (mut lines, mut walked) = (Vec::new(), Counts::new());
        for (tree, measured) in all {
            let Some((_, counts)) = measured.iter().find(|(name, _)| name == operation) else {
                continue;
            };
            let budget = self.allowed(operation, tree);
            let counts = lowered(self.grouped(counts), budget.as_ref());
            let implied = if *tree == "shortcut" {
                std::mem::take(&mut walked)
            } else {
                Counts::new()
            };
            let limited = budget
                .as_ref()
                .is_some_and(|budget| budget.contains_key(AT_MOST));
            if limited || counts != implied {
                lines.push(line(tree, &counts, budget.as_ref()));
            }
            if *tree == "walked" {
                walked = counts;
            }
        }
        lines
    }
}

/// The lesser of what was counted and what is allowed.
fn lowered(mut counts: Counts, budget: Option<&Counts>) -> Counts {
    counts.remove(BYTES);
    if let Some(budget) = budget {
        counts.retain(|name, count| {
            *count = (*count).min(budget.get(name).copied().unwrap_or_default());
            *count > 0
        });
    }
    counts
}

fn heading(line: &str) -> Option<&str> {
    line.strip_prefix("[operation.\"")?.strip_suffix("\"]")
}

/// How one operation differs from its budget on one tree.
fn compare(budget: &Counts, counts: &Counts) -> Vec<String> {
    let names: BTreeSet<&String> = budget.keys().chain(counts.keys()).collect();
    let mut found = Vec::new();
    for name in names {
        let of = |counts: &Counts| counts.get(name).copied().unwrap_or_default();
        let (allowed, took) = (of(budget), of(counts));
        match name.as_str() {
            BYTES => {}
            AT_MOST => {
                let took = counts.get(BYTES).copied().unwrap_or_default();
                if took > allowed {
                    found.push(format!(
                        "{took} bytes allocated instead of at most {allowed}"
                    ));
                }
            }
            _ if took > allowed => found.push(format!("{took} {name} instead of {allowed}")),
            _ if took < allowed => {
                found.push(format!("only {took} {name} of {allowed}: lower the budget"))
            }
            _ => {}
        }
    }
    found
}

/// A line of the file.
pub(crate) fn line(tree: &str, counts: &Counts, budget: Option<&Counts>) -> String {
    let limit = budget.and_then(|budget| budget.get_key_value(AT_MOST));
    let counts = counts
        .iter()
        .filter(|(name, _)| name.as_str() != BYTES)
        .chain(limit);
    let quote = |name: &str| {
        if name.contains([':', ' ']) {
            format!("\"{name}\"")
        } else {
            name.to_owned()
        }
    };
    let counts: Vec<String> = counts
        .map(|(name, count)| format!("{} = {count}", quote(name)))
        .collect();
    if counts.is_empty() {
        format!("{tree} = {{}}")
    } else {
        format!("{tree} = {{ {} }}", counts.join(", "))
    }
}
