//! The tests written in Rust, found by reading the sources: their names as claims spell them, and what each can be said
//! to look at.
//!
//! Knows where each package keeps its tests. Whether a test proves anything it cannot know; that it names an error code,
//! itself or in a function or constant of its target that it uses, is the least that can be asked.

use std::collections::{BTreeMap, BTreeSet};
use wasi_shim_tests::source::Source;

/// A test.
#[derive(Debug)]
pub(crate) struct Test {
    /// Where it is.
    pub(crate) place: String,
    /// Every word of its own, and of what it uses in its target.
    pub(crate) words: BTreeSet<String>,
}

/// Where tests are, and what their names begin with.
const FOLDERS: &[(&str, &str)] = &[
    ("wasi-shim-tests/tests/", ""),
    ("wasi-shim/tests/", "lib/"),
    ("wasi-shim/cli/tests/", "cli/"),
    ("wasi-shim/capi/tests/", "capi/"),
    ("wasi-shim/capi/src/", "capi/unit/"),
    ("wasi-shim/compat/tests/", "compat/"),
    ("wasi-shim/src/", "unit/"),
];

/// The tests in these sources, by name: `calls::fd_read::a_directory_cannot_be_read`.
pub(crate) fn tests(sources: &[Source]) -> BTreeMap<String, Test> {
    let mut targets: BTreeMap<String, Vec<(String, &Source)>> = BTreeMap::new();
    for source in sources {
        if let Some(module) = module(&source.path) {
            let target = module.split("::").next().unwrap_or_default().to_owned();
            targets.entry(target).or_default().push((module, source));
        }
    }
    let of_target = |files: &Vec<(String, &Source)>| {
        let uses = uses(files);
        let found = files
            .iter()
            .flat_map(|(module, source)| in_file(module, source, &uses));
        found.collect::<Vec<_>>()
    };
    targets.values().flat_map(of_target).collect()
}

/// The module that a file is, as a claim spells it; `None` if claims cannot name what is in it.
fn module(path: &str) -> Option<String> {
    let (folder, prefix) = FOLDERS
        .iter()
        .find(|(folder, _)| path.starts_with(folder))?;
    let below = path.strip_prefix(folder)?.strip_suffix(".rs")?;
    let below = below
        .strip_suffix("/main")
        .or(below.strip_suffix("/mod"))
        .unwrap_or(below);
    Some(format!("{prefix}{}", below.replace('/', "::")))
}

fn in_file(
    module: &str,
    source: &Source,
    uses: &BTreeMap<String, BTreeSet<String>>,
) -> Vec<(String, Test)> {
    let is_test = |(at, _): &(usize, &str)| {
        let before = &source.code[..*at];
        let start = before.rfind(['{', '}', ';']).map_or(0, |at| at + 1);
        before[start..].contains("#[test]")
    };
    let found = source.functions().filter(is_test).map(|(at, body)| {
        let name = name_at(&source.code[at + "fn".len()..]);
        let test = Test {
            place: source.fault(at, ""),
            words: closure(body, uses),
        };
        (format!("{module}::{name}"), test)
    });
    found.collect()
}

/// All words of a text, and of what the words name.
fn closure(text: &str, uses: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<String> {
    let mut all: BTreeSet<String> = words(text).map(str::to_owned).collect();
    let mut todo: Vec<String> = all.iter().cloned().collect();
    while let Some(word) = todo.pop() {
        for next in uses.get(&word).into_iter().flatten() {
            if all.insert(next.clone()) {
                todo.push(next.clone());
            }
        }
    }
    all
}

/// The words of each function and constant of a target.
fn uses(files: &[(String, &Source)]) -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut add = |name: &str, text: &str| {
        let words = words(text).map(str::to_owned);
        all.entry(name.to_owned()).or_default().extend(words);
    };
    for (_, source) in files {
        for (at, body) in source.functions() {
            add(name_at(&source.code[at + "fn".len()..]), body);
        }
        for word in ["const", "static"] {
            for at in source.word(word) {
                let rest = &source.code[at + word.len()..];
                add(name_at(rest), statement(rest));
            }
        }
    }
    all
}

/// A text up to the semicolon that is in no bracket.
fn statement(code: &str) -> &str {
    let mut depth = 0_i32;
    for (at, letter) in code.char_indices() {
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ';' if depth == 0 => return &code[..at],
            _ => {}
        }
        if depth < 0 {
            return &code[..at];
        }
    }
    code
}

fn is_part_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    let words = code.split(|letter| !is_part_of_word(letter));
    words.filter(|word| !word.is_empty())
}

fn name_at(code: &str) -> &str {
    words(code).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> BTreeMap<String, Test> {
        tests(&[Source::new(path, text)])
    }

    #[test]
    fn a_test_is_named_after_its_file() {
        let text = "#[test]\nfn one() {}\nfn no_test() {}\n// #[test]\nfn nor_this() {}";
        for (path, name) in [
            ("wasi-shim-tests/tests/limits.rs", "limits::one"),
            (
                "wasi-shim-tests/tests/calls/fd_read.rs",
                "calls::fd_read::one",
            ),
            ("wasi-shim-tests/tests/calls/main.rs", "calls::one"),
            ("wasi-shim/tests/memory.rs", "lib/memory::one"),
            ("wasi-shim/cli/tests/cache.rs", "cli/cache::one"),
            ("wasi-shim/src/host/errno.rs", "unit/host::errno::one"),
            ("wasi-shim/src/mem/mod.rs", "unit/mem::one"),
        ] {
            let names: Vec<String> = found(path, text).into_keys().collect();
            assert_eq!(names, [name]);
        }
        assert!(found("benches/lib.rs", text).is_empty());
    }

    #[test]
    fn what_a_test_uses_counts_and_what_it_does_not_use_does_not() {
        let text = "const ALL: &[u8] = &[Perm];\nfn check() { deeper(ALL) }\nfn deeper() { Loop; }\n\
                    fn other() { Exist; }\n#[test]\nfn one() { check(); \"Io\"; Noent }";
        let found = found("wasi-shim-tests/tests/a.rs", text);
        let words = &found["a::one"].words;
        for (word, used) in [
            ("Perm", true),
            ("Loop", true),
            ("Noent", true),
            ("Exist", false),
            ("Io", false),
        ] {
            assert_eq!(words.contains(word), used, "{word}");
        }
    }
}
