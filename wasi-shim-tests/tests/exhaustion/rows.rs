//! The attacks, one for each row of the tables of limits.

use crate::{archives, filesystems, fixed, settable, streams};
use wasi_shim::abi::Abi;
use wasi_shim_tests::notes::Page;

/// An attack on one limit.
pub(crate) struct Attack {
    /// The row: what it says first, and for filesystems and streams, the beginning of what is limited.
    pub(crate) row: &'static str,
    /// How many bytes the limit lets a guest make the host keep, as it is set here.
    pub(crate) allowed: u64,
    /// Makes a guest, and then the attack as often as it is called. It ends where the limit is, with the error code that
    /// the row has.
    pub(crate) start: fn(Abi) -> Box<dyn FnMut()>,
}

/// Rows that no guest reaches, and why.
const NOBODY: &[(&str, &str)] = &[(
    "bytes of all arguments, and of all variables",
    "the embedder gives them, before there is a guest",
)];

const fn attack(row: &'static str, allowed: u64, start: fn(Abi) -> Box<dyn FnMut()>) -> Attack {
    Attack {
        row,
        allowed,
        start,
    }
}

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

/// Each attack.
pub(crate) const ATTACKS: &[Attack] = &[
    attack("descriptors", 0, settable::descriptors),
    attack("path", 0, settable::path),
    attack("links", 0, settable::links),
    attack("expanded_path", 0, settable::expanded_path),
    attack("depth", 0, settable::depth),
    attack("iovecs", 0, settable::iovecs),
    attack("bounce", 0, settable::bounce),
    attack("listing_entries", 8 * MIB, settable::listing_entries),
    attack("listing_bytes", 8 * MIB, settable::listing_bytes),
    attack("subscriptions", 0, settable::subscriptions),
    attack("bytes of a component of a path", 0, fixed::component),
    attack("bytes in all buffers of one call", 0, fixed::buffers),
    attack("an offset, the end of a range", 0, fixed::offsets),
    attack(
        "MemBuilder: bytes in use",
        8 * MIB,
        filesystems::memory_bytes,
    ),
    attack(
        "MemBuilder: files, directories and links",
        2 * MIB,
        filesystems::memory_inodes,
    ),
    attack(
        "MemBuilder: names, texts and nodes",
        2 * MIB,
        filesystems::memory_names,
    ),
    attack(
        "MemBuilder: entries of one directory",
        0,
        filesystems::memory_entries,
    ),
    attack("MemBuilder: depth", 0, filesystems::memory_depth),
    attack(
        "OverlayBuilder: files, directories and links",
        2 * MIB,
        filesystems::overlay_inodes,
    ),
    attack("OverlayBuilder: names", 2 * MIB, filesystems::overlay_names),
    attack(
        "OverlayBuilder, copy_tree: bytes of a file that is copied",
        0,
        filesystems::overlay_holes,
    ),
    attack("QuotaBuilder: bytes", MIB, filesystems::quota_bytes),
    attack(
        "QuotaBuilder: files, directories and links",
        0,
        filesystems::quota_inodes,
    ),
    attack("Capped: the size of a file", 0, filesystems::capped),
    attack(
        "ArchiveBuilder: members left out that are told",
        0,
        archives::left_out,
    ),
    attack("ArchiveBuilder: members", 0, archives::members),
    attack(
        "ArchiveBuilder: parts of the names of all members",
        0,
        archives::parts,
    ),
    attack(
        "ArchiveBuilder: bytes of names and texts of links",
        0,
        archives::names,
    ),
    attack(
        "ArchiveBuilder: bytes that a compressed tar unpacks to",
        0,
        archives::unpacked,
    ),
    attack(
        "ArchiveBuilder: bytes of checkpoints in deflated members",
        256 * KIB,
        archives::checkpoints,
    ),
    attack("ArchiveBuilder: bytes of a pax header", 0, archives::pax),
    attack("Capture: bytes kept", 2 * MIB, streams::capture),
    attack(
        "Terminal, ScriptedTerminal: bytes kept",
        MIB,
        streams::terminals,
    ),
    attack("Log: bytes of a line", 0, streams::log),
    attack("pipe: bytes in flight", 0, streams::pipes),
    attack("Null: none is needed", 0, streams::null),
];

/// The rows of all tables of limits, as attacks name them, but whole.
fn rows() -> Vec<String> {
    let page = Page::load("limits.md");
    let bare = |cell: &String| cell.replace('`', "");
    let simple = ["What an embedder can set", "What is fixed"];
    let mut all: Vec<String> = simple
        .iter()
        .flat_map(|heading| &page.table(heading).rows)
        .map(|row| bare(&row.cells[0]))
        .collect();
    let own = &page
        .table("What the filesystems and streams here have of their own")
        .rows;
    all.extend(
        own.iter()
            .map(|row| format!("{}: {}", bare(&row.cells[0]), bare(&row.cells[1]))),
    );
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
    for row in rows() {
        let name = of_row(&row, names()).unwrap_or_else(|| panic!("nobody attacks `{row}`"));
        let place = rest.iter().position(|other| *other == name);
        rest.remove(place.unwrap_or_else(|| panic!("two rows are `{name}`")));
    }
    assert!(rest.is_empty(), "no rows: {rest:?}");
}
