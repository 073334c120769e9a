//! The table of `paths.md`: every function on paths, with every spelling of the last component.

use wasi_shim::abi::{Errno, FdFlags, FstFlags, LookupFlags, OFlags, Rights};
use wasi_shim_tests::notes::{Page, quoted};
use wasi_shim_tests::trees::{ROOT, Tree};
use wasi_shim_tests::{Answer, Guest};

const NO_FOLLOW: LookupFlags = LookupFlags::empty();

/// What the page says is there: `dir`, which is empty, `file`, and three links.
fn fill(guest: &mut Guest) {
    guest
        .path_create_directory(ROOT, "dir")
        .expect("a new directory");
    for (text, name) in [
        ("dir", "todir"),
        ("file", "tofile"),
        ("missing", "dangling"),
    ] {
        guest.path_symlink(text, ROOT, name).expect("a new link");
    }
    make_file(guest, "file");
}

fn make_file(guest: &mut Guest, name: &str) {
    let rights = (Rights::FD_WRITE, Rights::empty());
    let made = guest.path_open(
        ROOT,
        NO_FOLLOW,
        name,
        OFlags::CREAT,
        rights,
        FdFlags::empty(),
    );
    guest
        .fd_close(made.expect("a new file"))
        .expect("it is open");
}

/// Tries the whole table on trees of a kind.
pub(crate) fn check(make: fn() -> Tree) {
    let page = Page::load("paths.md");
    let table = page.table("The last component");
    assert!(
        table.rows.len() > 20 && table.columns.len() == 11,
        "the whole table was read"
    );
    for row in &table.rows {
        for (column, expected) in table.columns.iter().zip(&row.cells).skip(1) {
            let path = quoted(column).next().expect("a path");
            let tree = make();
            let mut guest = tree.guest();
            fill(&mut guest);
            let found = call(&mut guest, &row.cells[0], path);
            let found = found.map_or_else(Errno::name, |()| "ok");
            assert_eq!(
                found, expected,
                "{} of {path} on the {} tree",
                row.cells[0], tree.name
            );
        }
    }
}

fn call(guest: &mut Guest, row: &str, path: &str) -> Answer<()> {
    let (function, how) = row.split_once(',').unwrap_or((row, ""));
    let (function, how) = (function.trim_matches('`'), how.trim());
    let follow = how.split(", ").any(|word| word == "follow");
    let lookup = if follow {
        LookupFlags::SYMLINK_FOLLOW
    } else {
        NO_FOLLOW
    };
    match (function, how) {
        ("path_create_directory", "") => guest.path_create_directory(ROOT, path),
        ("path_filestat_get", "" | "follow") => {
            guest.path_filestat_get(ROOT, lookup, path).map(drop)
        }
        ("path_filestat_set_times", "" | "follow") => {
            guest.path_filestat_set_times(ROOT, lookup, path, (5, 5), FstFlags::MTIM)
        }
        ("path_link", "from") => guest.path_link((ROOT, NO_FOLLOW, path), (ROOT, "new")),
        ("path_link", "to") => guest.path_link((ROOT, NO_FOLLOW, "file"), (ROOT, path)),
        ("path_open", how) => open(guest, lookup, how, path),
        ("path_readlink", "") => guest.path_readlink(ROOT, path, 100).map(drop),
        ("path_remove_directory", "") => guest.path_remove_directory(ROOT, path),
        ("path_rename", "from") => guest.path_rename(ROOT, path, ROOT, "new"),
        ("path_rename", "a file to") => {
            make_file(guest, "moves");
            guest.path_rename(ROOT, "moves", ROOT, path)
        }
        ("path_rename", "a directory to") => {
            guest
                .path_create_directory(ROOT, "moves")
                .expect("a new directory");
            guest.path_rename(ROOT, "moves", ROOT, path)
        }
        ("path_symlink", "") => guest.path_symlink("file", ROOT, path),
        ("path_unlink_file", "") => guest.path_unlink_file(ROOT, path),
        _ => panic!("nothing tries {row:?}"),
    }
}

fn open(guest: &mut Guest, lookup: LookupFlags, how: &str, path: &str) -> Answer<()> {
    let mut oflags = OFlags::empty();
    for word in how
        .split(", ")
        .filter(|word| !word.is_empty() && *word != "follow")
    {
        oflags |= OFlags::from_name(&word.to_uppercase())
            .unwrap_or_else(|| panic!("{word:?} is no flag"));
    }
    let rights = (Rights::FD_READ, Rights::empty());
    guest
        .path_open(ROOT, lookup, path, oflags, rights, FdFlags::empty())
        .map(drop)
}
