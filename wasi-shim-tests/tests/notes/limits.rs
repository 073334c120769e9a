//! `limits.md`.

use std::collections::BTreeMap;
use std::fmt::Debug;
use wasi_shim::abi::{Errno, FdFlags, LookupFlags, OFlags, Rights, Syscall, Whence};
use wasi_shim::backends::{Archive, Capture, MemDir, Overlay, Quota};
use wasi_shim::vfs::Name;
use wasi_shim::{Access, Limits, Wasi};
use wasi_shim_tests::Guest;
use wasi_shim_tests::notes::{Page, quoted};
use wasi_shim_tests::trees::ROOT;

/// Numbers by their names, as `Debug` tells them, which leaves none out.
fn told(value: &impl Debug) -> BTreeMap<String, String> {
    let text = format!("{value:?}");
    let (_, fields) = text.split_once(" { ").expect("a structure");
    let fields = fields.trim_end_matches(" }").split(", ");
    fields
        .filter_map(|field| field.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// The table of what can be set has all of them, with their defaults and with error codes that exist.
pub(crate) fn check_settable() {
    let page = Page::load("limits.md");
    let rows = &page.table("What an embedder can set").rows;
    let listed: BTreeMap<String, String> = rows
        .iter()
        .map(|row| (row.cells[0].replace('`', ""), row.cells[1].clone()))
        .collect();
    assert_eq!(listed, told(&Limits::default()));
    for row in rows {
        let named: Vec<&str> = quoted(&row.cells[2]).collect();
        assert!(
            row.cells[2] == "works in pieces" || named.iter().any(|name| is_errno(name)),
            "{row:?}"
        );
    }
}

fn is_errno(name: &str) -> bool {
    Errno::ALL.iter().any(|errno| errno.name() == name)
}

/// What cannot be set is as it is said.
pub(crate) fn check_fixed() {
    let page = Page::load("limits.md");
    for row in &page.table("What is fixed").rows {
        match row.cells[0].as_str() {
            "bytes of a component of a path" => {
                check_component(row.cells[1].parse().expect("a number"))
            }
            "bytes in all buffers of one call" => check_buffers(&row.cells[1]),
            "an offset, the end of a range, the size of a file" => check_offset(&row.cells[1]),
            "bytes of all arguments, and of all variables" => {
                assert_eq!(row.cells[2], "the guest cannot be built")
            }
            other => panic!("nothing tries {other:?}"),
        }
    }
}

/// A row of the third table, as it begins, and the limit's name where its builder tells its limits.
type Own = (&'static str, &'static str);

const OWN: &[Own] = &[
    ("MemBuilder: bytes in use", "bytes"),
    ("MemBuilder: files", "inodes"),
    ("MemBuilder: names", "names"),
    ("MemBuilder: entries", "entries"),
    ("MemBuilder: depth", "depth"),
    ("OverlayBuilder: files", "inodes"),
    ("OverlayBuilder: names", "names"),
    ("QuotaBuilder: bytes", "bytes"),
    ("QuotaBuilder: files", "inodes"),
    ("ArchiveBuilder: members,", "members"),
    ("ArchiveBuilder: bytes of names", "names"),
    ("ArchiveBuilder: bytes that", "unpacked"),
    ("ArchiveBuilder: bytes of checkpoints", "checkpoints"),
    ("ArchiveBuilder: members left out", "reported"),
];

/// Rows whose limit is always given, or is none.
const GIVEN: &[&str] = &["Capped", "Terminal, ScriptedTerminal", "Log", "pipe"];

/// Rows whose numbers the attacks of `tests/exhaustion` reach exactly.
const REACHED: &[(&str, &str)] = &[
    ("OverlayBuilder, copy_tree: bytes", "1 TiB, fixed"),
    (
        "ArchiveBuilder: parts",
        "64 for each member that there may be, at least 1,048,576",
    ),
    ("ArchiveBuilder: bytes of a pax header", "1 MiB, fixed"),
    ("Null", ""),
];

/// What filesystems and streams have of their own is theirs unless it is set.
pub(crate) fn check_own() {
    let page = Page::load("limits.md");
    let table = page.table("What the filesystems and streams here have of their own");
    let unless_set = table.column("unless set");
    let builders = [
        ("MemBuilder", told(&MemDir::builder())),
        ("OverlayBuilder", told(&Overlay::builder(MemDir::new()))),
        ("QuotaBuilder", told(&Quota::builder())),
        ("ArchiveBuilder", told(&Archive::builder())),
    ];
    let mut limits = OWN.to_vec();
    for row in &table.rows {
        let bare = |cell: &str| cell.replace('`', "");
        let owner = bare(&row.cells[0]);
        let name = format!("{owner}: {}", bare(&row.cells[1]));
        let said = row.cells[unless_set].as_str();
        if let Some(at) = limits.iter().position(|own| name.starts_with(own.0)) {
            let (_, limit) = limits.remove(at);
            let builder = builders.iter().find(|builder| builder.0 == owner);
            let (_, fields) = builder.expect("a builder");
            assert_eq!(number(said).to_string(), fields[limit], "{name}");
        } else if let Some((_, fixed)) = REACHED.iter().find(|row| name.starts_with(row.0)) {
            assert_eq!(said, *fixed, "{name}");
        } else if owner == "Capture" {
            assert_eq!(number(said), Capture::DEFAULT_CAP as u64);
        } else {
            assert!(GIVEN.contains(&owner.as_str()), "nothing tries {name}");
            assert_eq!(said, "given when it is made", "{name}");
        }
    }
    assert!(limits.is_empty(), "no rows: {limits:?}");
}

/// A number as a table has it.
fn number(text: &str) -> u64 {
    if text == "unlimited" {
        return u64::MAX;
    }
    let (digits, unit) = text.split_once(' ').unwrap_or((text, ""));
    let digits: u64 = digits.replace(',', "").parse().expect("a number");
    match unit {
        "" => digits,
        "MiB" => digits << 20,
        "GiB" => digits << 30,
        _ => panic!("{text}: which unit is that?"),
    }
}

fn guest() -> Guest {
    let tree = MemDir::new();
    tree.file("file", "").expect("a file");
    Guest::new(Wasi::builder().preopen("/", tree, Access::ReadWrite))
}

fn check_component(most: usize) {
    assert!(Name::new(&"n".repeat(most)).is_ok() && Name::new(&"n".repeat(most + 1)).is_err());
    let of = |len| {
        guest()
            .path_filestat_get(ROOT, LookupFlags::empty(), "n".repeat(len))
            .map(drop)
    };
    assert_eq!(of(most), Err(Errno::Noent));
    assert_eq!(of(most + 1), Err(Errno::Nametoolong));
}

/// Buffers may overlap, and be larger together than the memory.
fn check_buffers(most: &str) {
    assert_eq!(most, "2³²−1");
    const BUFFER: u32 = 4 << 20;
    for (last, expected) in [(BUFFER, Err(Errno::Inval)), (BUFFER - 1, Ok(()))] {
        let mut guest = guest();
        guest.memory.resize(BUFFER as usize, 0);
        let lens = std::iter::repeat_n(BUFFER, 1023).chain([last]);
        let array: Vec<u8> = lens
            .flat_map(|len| [0, len])
            .flat_map(u32::to_le_bytes)
            .collect();
        let (at, out) = (guest.put(&array), guest.room(4));
        let found = guest.call(Syscall::FdWrite, &[1, at.into(), 1024, out.into()]);
        assert_eq!(found, expected, "{last}");
    }
}

fn check_offset(most: &str) {
    assert_eq!(most, "2⁶³−1");
    let mut guest = guest();
    let rights = (Rights::FILE, Rights::empty());
    let (lookup, oflags) = (LookupFlags::empty(), OFlags::empty());
    let fd = guest
        .path_open(ROOT, lookup, "file", oflags, rights, FdFlags::empty())
        .expect("a file");
    let largest = i64::MAX.cast_unsigned();
    assert_eq!(guest.fd_pread(fd, &[1], largest).map(drop), Ok(()));
    assert_eq!(guest.fd_pread(fd, &[1], largest + 1), Err(Errno::Inval));
    assert_eq!(
        guest.fd_filestat_set_size(fd, largest + 1),
        Err(Errno::Fbig)
    );
    assert_eq!(guest.fd_seek(fd, i64::MAX, Whence::Set), Ok(largest));
    assert_eq!(guest.fd_seek(fd, 1, Whence::Cur), Err(Errno::Overflow));
}
