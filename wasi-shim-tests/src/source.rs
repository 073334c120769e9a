//! Rust sources as text: enough to look for words, and to see where functions begin and end.
//!
//! Comments and strings do not count. This is no parser: it knows which characters are code, and counts brackets.

use std::fs;
use std::path::{Path, PathBuf};

/// A source file: as it is, and with blanks for comments and the contents of strings.
#[derive(Debug)]
pub struct Source {
    /// Where it is from the workspace's folder on, with `/`.
    pub path: String,
    /// As it is.
    pub text: String,
    /// With blanks.
    pub code: String,
}

impl Source {
    /// A file with this text.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        let (path, text) = (path.into(), text.into());
        let code = blank(&text);
        Self { path, text, code }
    }

    /// Says what is wrong at an offset.
    pub fn fault(&self, at: usize, rule: impl AsRef<str>) -> String {
        let line = self.code[..at].matches('\n').count() + 1;
        format!("{}:{line}: {}", self.path, rule.as_ref())
    }

    /// Where a word begins, each time it is there.
    pub fn word<'a>(&'a self, word: &'a str) -> impl Iterator<Item = usize> + 'a {
        let part_of_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let bytes = self.code.as_bytes();
        self.code
            .match_indices(word)
            .map(|(at, _)| at)
            .filter(move |at| {
                let before = at.checked_sub(1).and_then(|before| bytes.get(before));
                let after = bytes.get(at + word.len());
                !before.is_some_and(part_of_word) && !after.is_some_and(part_of_word)
            })
    }

    /// Each function with a body: where it begins, and what is between its braces.
    pub fn functions(&self) -> impl Iterator<Item = (usize, &str)> {
        // `fn name`, and `fn $name` in macros; what has no name is a type.
        let has_name = |at: &usize| !self.code[at + 2..].trim_start().starts_with('(');
        let with_body = |at: usize| Some((at, body(&self.code[at..])?));
        self.word("fn").filter(has_name).filter_map(with_body)
    }

    /// Every source file of the workspace.
    pub fn all() -> Vec<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .expect("the workspace's folder");
        let mut found = Vec::new();
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).expect("a folder").flatten() {
                let path: PathBuf = entry.path();
                let name = entry.file_name().to_string_lossy().into_owned();
                if path.is_dir() && name != "target" && !name.starts_with('.') {
                    folders.push(path);
                } else if path.is_file() && name.ends_with(".rs") {
                    let text = fs::read_to_string(&path).expect("a source file");
                    let below = path
                        .strip_prefix(root)
                        .expect("it is below")
                        .to_string_lossy();
                    found.push(Self::new(below.replace('\\', "/"), text));
                }
            }
        }
        assert!(
            found
                .iter()
                .any(|source| source.path == "wasi-shim/src/lib.rs")
        );
        found
    }
}

/// What is between the braces of the function that begins here, if it has any.
fn body(code: &str) -> Option<&str> {
    let (mut depth, mut start) = (0_i32, None);
    for (at, letter) in code.char_indices() {
        match letter {
            ';' if depth == 0 => return None,
            '{' if depth == 0 => start = Some(at + 1),
            '}' if depth == 1 => return code.get(start?..at),
            _ => {}
        }
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Puts blanks in the place of comments, and of what is in strings and characters. Lines stay where they are.
fn blank(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < letters.len() {
        let rest = &letters[at..];
        let len = match rest {
            ['/', '/', ..] => rest
                .iter()
                .position(|letter| *letter == '\n')
                .unwrap_or(rest.len()),
            ['/', '*', ..] => block_comment(rest),
            ['"', ..] => string(rest),
            ['r', '"' | '#', ..]
                if !at
                    .checked_sub(1)
                    .is_some_and(|at| is_word(letters[at], &['b', 'c'])) =>
            {
                raw_string(rest)
            }
            ['\'', '\\', _, ..] => {
                3 + rest[3..]
                    .iter()
                    .position(|letter| *letter == '\'')
                    .unwrap_or(0)
                    + 1
            }
            ['\'', _, '\'', ..] => 3,
            _ => 0,
        };
        if len == 0 {
            out.push(rest[0]);
            at += 1;
            continue;
        }
        let end = (at + len).min(letters.len());
        out.extend(
            letters[at..end]
                .iter()
                .map(|letter| if *letter == '\n' { '\n' } else { ' ' }),
        );
        at = end;
    }
    out
}

fn is_word(letter: char, except: &[char]) -> bool {
    (letter.is_alphanumeric() || letter == '_') && !except.contains(&letter)
}

/// The length of a comment that may hold others.
fn block_comment(letters: &[char]) -> usize {
    let (mut depth, mut at) = (0, 0);
    loop {
        match letters.get(at..) {
            Some(['/', '*', ..]) => (depth, at) = (depth + 1, at + 2),
            Some(['*', '/', ..]) => (depth, at) = (depth - 1, at + 2),
            Some([_, ..]) => at += 1,
            _ => return letters.len(),
        }
        if depth == 0 {
            return at;
        }
    }
}

fn string(letters: &[char]) -> usize {
    let mut at = 1;
    while let Some(letter) = letters.get(at) {
        match letter {
            '"' => return at + 1,
            '\\' => at += 2,
            _ => at += 1,
        }
    }
    letters.len()
}

/// 0 if it is none after all: `r#match`.
fn raw_string(letters: &[char]) -> usize {
    let hashes = letters[1..]
        .iter()
        .take_while(|letter| **letter == '#')
        .count();
    if letters.get(1 + hashes) != Some(&'"') {
        return 0;
    }
    let mut end = vec!['"'];
    end.resize(1 + hashes, '#');
    let start = 2 + hashes;
    let found = letters[start..]
        .windows(end.len())
        .position(|window| window == end);
    found.map_or(letters.len(), |len| start + len + end.len())
}
