//! The pages of `spec-notes` as data: their claims, their tables, and what is malformed about them.
//!
//! A page is Markdown, and what is read here is what a reader sees: headings `### page.some-words` with a list of facts
//! below, and tables. Prose is passed over. Nothing here knows the library or its tests; `tests/claims` compares the
//! pages with those, `tests/notes.rs` the tables.

use std::fs;
use std::path::{Path, PathBuf};

/// What a claim may rest on.
pub const STATUS: &[&str] = &["spec", "libc", "testsuite", "de-facto", "posix", "ours"];

/// A page.
#[derive(Debug, Default)]
pub struct Page {
    /// Where it is from `spec-notes` on: `functions/path_open.md`.
    pub path: String,
    /// Its claims, in order.
    pub claims: Vec<Claim>,
    /// Its tables, in order.
    pub tables: Vec<Table>,
    /// What cannot be right, each with its place.
    pub faults: Vec<String>,
}

/// Something the library is claimed to do.
#[derive(Clone, Debug, Default)]
pub struct Claim {
    /// The page and some words: `path_open.trunc-mutates`.
    pub id: String,
    /// The line of its heading, from 1.
    pub line: usize,
    /// What is claimed.
    pub text: String,
    /// What it rests on; see [`STATUS`].
    pub status: Vec<String>,
    /// Where that is written.
    pub sources: Vec<String>,
    /// The numbers of the decisions behind it.
    pub decisions: Vec<String>,
    /// What proves it.
    pub tests: Vec<String>,
}

/// A table.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// The heading above it, without `#`.
    pub heading: String,
    /// The names of its columns.
    pub columns: Vec<String>,
    /// Its rows.
    pub rows: Vec<Row>,
}

/// A row of a table.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its line, from 1.
    pub line: usize,
    /// Its cells, without the blanks around them.
    pub cells: Vec<String>,
}

/// The pages' folder.
pub fn folder() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    root.expect("the workspace's folder").join("spec-notes")
}

/// The words of a text that stand in backticks.
pub fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

impl Table {
    /// The index of a column.
    ///
    /// # Panics
    /// If there is none of that name.
    pub fn column(&self, name: &str) -> usize {
        let found = self.columns.iter().position(|column| column == name);
        found.unwrap_or_else(|| panic!("{}: no column {name:?}", self.heading))
    }
}

impl Page {
    /// The page at a path from `spec-notes` on.
    pub fn load(path: &str) -> Self {
        let text = fs::read_to_string(folder().join(path));
        Self::parse(
            path,
            &text.unwrap_or_else(|error| panic!("spec-notes/{path}: {error}")),
        )
    }

    /// Every page that can hold claims: all but `README.md` and the decisions.
    pub fn all() -> Vec<Self> {
        let mut found = Vec::new();
        for below in ["", "functions/"] {
            let Ok(entries) = fs::read_dir(folder().join(below)) else {
                continue;
            };
            let names = entries
                .flatten()
                .map(|entry| entry.file_name().to_string_lossy().into_owned());
            let pages = names.filter(|name| name.ends_with(".md") && name != "README.md");
            found.extend(pages.map(|name| format!("{below}{name}")));
        }
        found.sort();
        found.iter().map(|path| Self::load(path)).collect()
    }

    /// Its name, with which its claims begin: that of its file.
    pub fn name(&self) -> &str {
        let file = self.path.rsplit('/').next().unwrap_or_default();
        file.strip_suffix(".md").unwrap_or(file)
    }

    /// Is it about one function?
    pub fn is_of_a_function(&self) -> bool {
        self.path.starts_with("functions/")
    }

    /// Says what is wrong at a line.
    pub fn fault(&self, line: usize, what: impl AsRef<str>) -> String {
        format!("spec-notes/{}:{line}: {}", self.path, what.as_ref())
    }

    /// The table below a heading.
    pub fn table(&self, heading: &str) -> &Table {
        let mut found = self.tables.iter().filter(|table| table.heading == heading);
        let table = found
            .next()
            .unwrap_or_else(|| panic!("spec-notes/{}: no table below {heading:?}", self.path));
        assert!(found.next().is_none(), "two tables below {heading:?}");
        table
    }

    /// Reads a page.
    pub fn parse(path: &str, text: &str) -> Self {
        let page = Self {
            path: path.to_owned(),
            ..Self::default()
        };
        let mut reader = Reader {
            page,
            ..Reader::default()
        };
        for (line, text) in (1..).zip(text.lines()) {
            reader.line(line, text);
        }
        reader.end_claim();
        reader.page
    }
}

/// A page, as far as it has been read.
#[derive(Default)]
struct Reader {
    page: Page,
    heading: String,
    in_table: bool,
    in_code: bool,
    claim: Option<Claim>,
    /// The claim's last fact goes on in lines that are indented.
    in_fact: bool,
}

impl Reader {
    fn line(&mut self, line: usize, text: &str) {
        if text.starts_with("```") {
            self.in_code = !self.in_code;
        } else if self.in_code {
        } else if text.starts_with('|') {
            self.row(line, text);
        } else {
            self.in_table = false;
            if text.starts_with('#') {
                self.heading(line, text);
            } else {
                self.words(line, text);
            }
        }
    }

    fn row(&mut self, line: usize, text: &str) {
        let cells = cells(text);
        if !self.in_table {
            self.in_table = true;
            self.page.tables.push(Table {
                heading: self.heading.clone(),
                columns: cells,
                rows: Vec::new(),
            });
            return;
        }
        let is_rule = |cell: &String| !cell.is_empty() && cell.trim_matches(['-', ':']).is_empty();
        let table = self.page.tables.last_mut().expect("it has begun");
        if cells.len() == table.columns.len() {
            let rows = (!cells.iter().all(is_rule)).then_some(Row { line, cells });
            table.rows.extend(rows);
        } else {
            let (found, wanted) = (cells.len(), table.columns.len());
            self.fault(
                line,
                format!("{found} cells in a table of {wanted} columns"),
            );
        }
    }

    fn heading(&mut self, line: usize, text: &str) {
        self.end_claim();
        text.trim_matches(['#', ' ']).clone_into(&mut self.heading);
        if text.starts_with("### ") {
            let id = self.heading.clone();
            let known = id
                .strip_prefix(self.page.name())
                .and_then(|rest| rest.strip_prefix('.'));
            let words = |rest: &str| rest.split('-').all(is_word);
            if !known.is_some_and(words) {
                let name = self.page.name();
                self.fault(
                    line,
                    format!("a claim here is `### {name}.some-words`, not {id:?}"),
                );
            }
            let claim = Claim {
                id,
                line,
                ..Claim::default()
            };
            self.claim = Some(claim);
        }
    }

    fn words(&mut self, line: usize, text: &str) {
        let Some(claim) = &mut self.claim else {
            return;
        };
        if let Some((name, value)) = text
            .strip_prefix("- ")
            .and_then(|fact| fact.split_once(": "))
        {
            self.in_fact = true;
            let value = value.trim().to_owned();
            match name {
                "status" => claim
                    .status
                    .extend(value.split('+').map(|word| word.trim().to_owned())),
                "source" => claim.sources.push(value),
                "decision" => claim
                    .decisions
                    .extend(value.split(',').map(|word| word.trim().to_owned())),
                "test" => claim.tests.push(value.trim_matches('`').to_owned()),
                // What hosts do is written by `conform`.
                "hosts" => {}
                other => self.fault(line, format!("{other:?} is no fact of a claim")),
            }
        } else if text.starts_with("- ") {
            self.fault(line, "a fact is `- name: value`");
        } else if self.in_fact && !text.trim().is_empty() {
            self.fault(
                line,
                "each fact of a claim is one line, and nothing follows them",
            );
        } else if !text.trim().is_empty() {
            let gap = if claim.text.is_empty() { "" } else { " " };
            claim.text = format!("{}{gap}{}", claim.text, text.trim());
        }
    }

    fn end_claim(&mut self) {
        self.in_fact = false;
        let Some(claim) = self.claim.take() else {
            return;
        };
        let (line, id) = (claim.line, &claim.id);
        for (what, missing) in [
            ("says nothing", claim.text.is_empty()),
            ("has no status", claim.status.is_empty()),
            ("has no source", claim.sources.is_empty()),
            ("has no test", claim.tests.is_empty()),
        ] {
            if missing {
                self.fault(line, format!("{id} {what}"));
            }
        }
        for word in &claim.status {
            if !STATUS.contains(&&word[..]) {
                let known = STATUS.join(", ");
                self.fault(
                    line,
                    format!("{id}: {word:?} is no status; there are {known}"),
                );
            }
        }
        let ours = claim.status.iter().any(|word| word == "ours");
        if ours == claim.decisions.is_empty() {
            let rule = "a decision is given where the status has `ours`, and only there";
            self.fault(line, format!("{id}: {rule}"));
        }
        self.page.claims.push(claim);
    }

    fn fault(&mut self, line: usize, what: impl AsRef<str>) {
        let fault = self.page.fault(line, what);
        self.page.faults.push(fault);
    }
}

fn is_word(word: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    !word.is_empty() && word.bytes().all(fits)
}

/// The cells of a row. A bar inside one is written with a backslash.
fn cells(text: &str) -> Vec<String> {
    let text = text.trim().trim_start_matches('|');
    let text = text.strip_suffix('|').unwrap_or(text).replace("\\|", "\0");
    let cells = text.split('|').map(|cell| cell.trim().replace('\0', "|"));
    cells.collect()
}
