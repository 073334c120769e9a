//! The page as data: which call needs what, and what applies to what.
//!
//! Knows how the page is written, and nothing of the library but its names. The tests take from here what to expect.

use crate::kinds::Kind;
use std::collections::BTreeSet;
use std::sync::OnceLock;
use wasi_shim::abi::{Rights, Syscall};
use wasi_shim_tests::notes::{Page, Row, Table, quoted};

/// A row of the first table.
#[derive(Debug)]
pub(crate) struct Needs {
    /// The call as it is written there: `fd_read`, or with a condition behind a comma.
    pub(crate) name: String,
    /// The function.
    pub(crate) call: Syscall,
    /// The parameter whose rights are meant; empty if the call has no descriptor.
    pub(crate) descriptor: String,
    /// The kind that the call is made for.
    pub(crate) kind: Option<Kind>,
    /// What it takes: one right of each set.
    pub(crate) base: Vec<Rights>,
    /// What the directory must pass on: one right of each set.
    pub(crate) inheriting: Vec<Rights>,
    /// What the file must have been opened for, where rights are not enforced.
    pub(crate) opened_for: Rights,
    /// It is `perm` in a tree given for reading.
    pub(crate) perm: bool,
}

fn page() -> &'static Page {
    static PAGE: OnceLock<Page> = OnceLock::new();
    PAGE.get_or_init(|| Page::load("rights.md"))
}

/// The first table.
pub(crate) fn needs() -> &'static [Needs] {
    static NEEDS: OnceLock<Vec<Needs>> = OnceLock::new();
    NEEDS.get_or_init(|| {
        let table = page().table("What a call needs");
        table.rows.iter().map(read).collect()
    })
}

fn read(row: &Row) -> Needs {
    let [name, descriptor, kind, rights, passes_on, opened_for, perm] = &row.cells[..] else {
        panic!("{row:?} has seven cells");
    };
    let function = quoted(name).next().expect("a function");
    Needs {
        name: name.replace('`', ""),
        call: Syscall::by_name(function).unwrap_or_else(|| panic!("{function} is no function")),
        descriptor: descriptor.replace('`', ""),
        kind: Kind::named(kind),
        base: sets(rights),
        inheriting: match passes_on.as_str() {
            "each that is asked for" => Rights::INHERITED.iter().collect(),
            listed => sets(listed),
        },
        opened_for: match opened_for.as_str() {
            "" => Rights::empty(),
            "reading" => Rights::FD_READ,
            "writing" => Rights::FD_WRITE,
            other => panic!("{other:?}: a file is opened for reading or for writing"),
        },
        perm: perm == "`perm`",
    }
}

/// Sets with commas between them, the rights of which have an `or` between them.
fn sets(text: &str) -> Vec<Rights> {
    let sets = text.split(", ").map(any_of);
    sets.filter(|set| !set.is_empty()).collect()
}

/// The rights in backticks.
fn any_of(text: &str) -> Rights {
    let right = |name| Rights::from_name(name).unwrap_or_else(|| panic!("{name:?} is no right"));
    quoted(text).map(right).collect()
}

/// The rights that have a `yes` in a column of a table.
fn column(table: &Table, name: &str) -> Rights {
    let rights: BTreeSet<u64> = table
        .rows
        .iter()
        .map(|row| any_of(&row.cells[0]).bits())
        .collect();
    assert_eq!(
        (rights.len(), table.rows.len()),
        (30, 30),
        "each right has one row"
    );
    let index = table.columns.iter().position(|column| column == name);
    let index = index.unwrap_or_else(|| panic!("a column {name:?}"));
    let marked = table.rows.iter().filter(|row| row.cells[index] == "yes");
    marked.map(|row| any_of(&row.cells[0])).collect()
}

/// The rights that mean something for a kind, by the second table.
pub(crate) fn applicable(kind: Kind) -> Rights {
    column(
        page().table("What applies to what"),
        match kind {
            Kind::File => "file",
            Kind::Directory => "directory",
            Kind::Stdin | Kind::Stdout => "stream",
            Kind::Socket | Kind::Listener => "socket",
        },
    )
}

/// The rights that something has at the start, by the third table.
pub(crate) fn at_start(name: &str) -> Rights {
    column(page().table("What there is at the start"), name)
}

impl Needs {
    /// Is it refused for a descriptor of this kind that has these rights and passes those on?
    pub(crate) fn refused(&self, kind: Kind, (base, inheriting): (Rights, Rights)) -> bool {
        if self.descriptor.is_empty() {
            return false;
        }
        let applies = applicable(kind);
        let missed = |set: &Rights| set.intersects(applies) && !set.intersects(base);
        let kept_back = |set: &Rights| kind == Kind::Directory && !set.intersects(inheriting);
        self.base.iter().any(missed) || self.inheriting.iter().any(kept_back)
    }

    /// The right of each set that is named first, and what has to be passed on likewise.
    pub(crate) fn enough(&self) -> (Rights, Rights) {
        let first = |sets: &[Rights]| sets.iter().filter_map(|set| set.iter().next()).collect();
        (first(&self.base), first(&self.inheriting))
    }
}

#[test]
fn it_is_the_librarys() {
    for call in Syscall::ALL {
        let rows: Vec<&Needs> = needs().iter().filter(|row| row.call == *call).collect();
        assert!(!rows.is_empty(), "{call} has a row");
        for (param, needed) in call.signature().needs {
            let plain = rows
                .iter()
                .find(|row| row.descriptor == *param && row.name == call.name());
            let plain = plain.unwrap_or_else(|| panic!("{call} has a row for {param}"));
            // What depends on the arguments is not in the signature: seeking, which is why it has alternatives.
            if *call != Syscall::FdSeek {
                let alone = plain
                    .base
                    .iter()
                    .all(|set| set.contains(Rights::FD_TELL) || set.iter().count() == 1);
                assert!(alone, "{call}: only telling has an alternative");
                let listed: Rights = plain.base.iter().copied().collect();
                assert_eq!(
                    listed - (Rights::FD_SEEK & !*needed),
                    *needed,
                    "{call} {param}"
                );
            }
        }
    }
    let names: BTreeSet<(&str, &str)> = needs()
        .iter()
        .map(|row| (&row.name[..], &row.descriptor[..]))
        .collect();
    assert_eq!(names.len(), needs().len(), "no row is there twice");
}
