//! The attacks, one for each row of the tables of limits.

use crate::{archives, filesystems, fixed, settable, streams};
use wasi_shim::abi::{Abi, Errno};
use wasi_shim_tests::notes::Page;

/// What is beyond a limit, and what makes a guest, and then the attack as often as it is called. It ends where the limit is.
#[derive(Clone, Copy)]
pub(crate) enum Reach {
    /// With this error code, which it is told.
    Error(Errno, fn(Abi, Errno) -> Box<dyn FnMut()>),
    /// In another way, which it knows; so the row says in these words.
    Words(&'static str, fn(Abi) -> Box<dyn FnMut()>),
}

/// An attack on one limit.
pub(crate) struct Attack {
    /// The row: what it says first, and for filesystems and streams, the beginning of what is limited.
    pub(crate) row: &'static str,
    /// How many bytes the limit lets a guest make the host keep, as it is set here.
    pub(crate) allowed: u64,
    pub(crate) reach: Reach,
}

impl Attack {
    pub(crate) fn start(&self, abi: Abi) -> Box<dyn FnMut()> {
        match self.reach {
            Reach::Error(beyond, start) => start(abi, beyond),
            Reach::Words(_, start) => start(abi),
        }
    }

    /// Whether a row's last cell says what is beyond the limit: the error code alone, or after "a short write, then", or
    /// before what else it is the answer to.
    fn is_beyond(&self, cell: &str) -> bool {
        match self.reach {
            Reach::Error(errno, _) => {
                let name = format!("`{}`", errno.name());
                let rest = cell.strip_prefix("a short write, then ").unwrap_or(cell);
                [rest, rest.trim_end_matches(", for removing too")].contains(&name.as_str())
            }
            Reach::Words(words, _) => cell.replace('`', "") == words,
        }
    }
}

/// Rows that no guest reaches, and why.
const NOBODY: &[(&str, &str)] = &[(
    "bytes of all arguments, and of all variables",
    "the embedder gives them, before there is a guest",
)];

const fn attack(row: &'static str, allowed: u64, reach: Reach) -> Attack {
    Attack {
        row,
        allowed,
        reach,
    }
}

use Reach::{Error, Words};

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

/// Each attack.
pub(crate) const ATTACKS: &[Attack] = &[
    attack("descriptors", 0, Error(Errno::Mfile, settable::descriptors)),
    attack("path", 0, Error(Errno::Nametoolong, settable::path)),
    attack("links", 0, Error(Errno::Loop, settable::links)),
    attack(
        "expanded_path",
        0,
        Error(Errno::Nametoolong, settable::expanded_path),
    ),
    attack("depth", 0, Error(Errno::Nametoolong, settable::depth)),
    attack("iovecs", 0, Error(Errno::Inval, settable::iovecs)),
    attack("bounce", 0, Words("works in pieces", settable::bounce)),
    attack(
        "listing_entries",
        8 * MIB,
        Error(Errno::Nomem, settable::listing_entries),
    ),
    attack(
        "listing_bytes",
        8 * MIB,
        Error(Errno::Nomem, settable::listing_bytes),
    ),
    attack(
        "subscriptions",
        0,
        Error(Errno::Inval, settable::subscriptions),
    ),
    attack(
        "bytes of a component of a path",
        0,
        Error(Errno::Nametoolong, fixed::component),
    ),
    attack(
        "bytes in all buffers of one call",
        0,
        Error(Errno::Inval, fixed::buffers),
    ),
    attack(
        "an offset, the end of a range",
        0,
        Words("inval, fbig or overflow, see the function", fixed::offsets),
    ),
    attack(
        "MemBuilder: bytes in use",
        8 * MIB,
        Error(Errno::Nospc, filesystems::memory_bytes),
    ),
    attack(
        "MemBuilder: files, directories and links",
        2 * MIB,
        Error(Errno::Nospc, filesystems::memory_inodes),
    ),
    attack(
        "MemBuilder: names, texts and nodes",
        2 * MIB,
        Error(Errno::Nospc, filesystems::memory_names),
    ),
    attack(
        "MemBuilder: entries of one directory",
        0,
        Error(Errno::Nospc, filesystems::memory_entries),
    ),
    attack(
        "MemBuilder: depth",
        0,
        Error(Errno::Nospc, filesystems::memory_depth),
    ),
    attack(
        "OverlayBuilder: files, directories and links",
        2 * MIB,
        Error(Errno::Nospc, filesystems::overlay_inodes),
    ),
    attack(
        "OverlayBuilder: names",
        2 * MIB,
        Error(Errno::Nospc, filesystems::overlay_names),
    ),
    attack(
        "OverlayBuilder, copy_tree: bytes of a file that is copied",
        0,
        Error(Errno::Fbig, filesystems::overlay_holes),
    ),
    attack(
        "QuotaBuilder: bytes",
        MIB,
        Error(Errno::Dquot, filesystems::quota_bytes),
    ),
    attack(
        "QuotaBuilder: files, directories and links",
        0,
        Error(Errno::Dquot, filesystems::quota_inodes),
    ),
    attack(
        "Capped: the size of a file",
        0,
        Error(Errno::Fbig, filesystems::capped),
    ),
    attack(
        "ArchiveBuilder: members left out that are told",
        0,
        Words("they are left out untold", archives::left_out),
    ),
    attack(
        "ArchiveBuilder: members",
        0,
        Words("ArchiveError::Limit", archives::members),
    ),
    attack(
        "ArchiveBuilder: parts of the names of all members",
        0,
        Words("ArchiveError::Limit", archives::parts),
    ),
    attack(
        "ArchiveBuilder: bytes of names and texts of links",
        0,
        Words("ArchiveError::Limit", archives::names),
    ),
    attack(
        "ArchiveBuilder: bytes that a compressed tar unpacks to",
        0,
        Words("ArchiveError::Limit", archives::unpacked),
    ),
    attack(
        "ArchiveBuilder: bytes of checkpoints in deflated members",
        256 * KIB,
        Words("the oldest are dropped", archives::checkpoints),
    ),
    attack(
        "ArchiveBuilder: bytes of a pax header",
        0,
        Words("ArchiveError::Limit", archives::pax),
    ),
    attack(
        "Capture: bytes kept",
        2 * MIB,
        Error(Errno::Nospc, streams::capture),
    ),
    attack(
        "Terminal, ScriptedTerminal: bytes kept",
        MIB,
        Error(Errno::Nospc, streams::terminals),
    ),
    attack(
        "Log: bytes of a line",
        0,
        Words("the line goes in pieces", streams::log),
    ),
    attack(
        "pipe: bytes in flight",
        0,
        Words("the writer waits", streams::pipes),
    ),
    attack("Null: none is needed", 0, Words("", streams::null)),
];

/// The rows of all tables of limits, as attacks name them, but whole; and what is beyond each.
fn rows() -> Vec<(String, String)> {
    let page = Page::load("limits.md");
    let bare = |cell: &String| cell.replace('`', "");
    let simple = ["What an embedder can set", "What is fixed"];
    let mut all: Vec<(String, String)> = simple
        .into_iter()
        .map(|heading| page.table(heading))
        .flat_map(|table| {
            table
                .rows
                .iter()
                .map(move |row| (table.column("beyond it"), row))
        })
        .map(|(beyond, row)| (bare(&row.cells[0]), row.cells[beyond].clone()))
        .collect();
    let own = page.table("What the filesystems and streams here have of their own");
    let beyond = own.column("beyond it");
    all.extend(own.rows.iter().map(|row| {
        let name = format!("{}: {}", bare(&row.cells[0]), bare(&row.cells[1]));
        (name, row.cells[beyond].clone())
    }));
    all
}

/// The longest name among these that a row begins with.
fn of_row<'a>(row: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names
        .filter(|name| row.starts_with(name))
        .max_by_key(|name| name.len())
}

#[test]
fn every_limit_in_the_tables_is_attacked_and_nothing_else_is() {
    let names = || {
        let nobody = NOBODY.iter().map(|(row, _)| *row);
        ATTACKS.iter().map(|attack| attack.row).chain(nobody)
    };
    let mut rest: Vec<&str> = names().collect();
    for (row, beyond) in rows() {
        let name = of_row(&row, names()).unwrap_or_else(|| panic!("nobody attacks `{row}`"));
        let place = rest.iter().position(|other| *other == name);
        rest.remove(place.unwrap_or_else(|| panic!("two rows are `{name}`")));
        let attack = ATTACKS.iter().find(|attack| attack.row == name);
        let said = attack.is_none_or(|attack| attack.is_beyond(&beyond));
        assert!(said, "`{row}`: nobody finds {beyond:?} beyond it");
    }
    assert!(rest.is_empty(), "no rows: {rest:?}");
}
