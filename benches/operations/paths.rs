//! Operations on paths. Depths are numbers of names.

use super::Operation;
use super::guest::{Answer, BUFFER, DIRECTORY, Guest, NEW, NEXT, OUT, ROOT, Span, call, rights};
use wasi_shim::abi::Errno;

/// `lookupflags` that follow a link at the end.
const FOLLOW: i32 = 1;

/// Closes what was opened first, if nothing else was.
pub(crate) fn close(g: &mut Guest) -> Answer {
    call!(g.fd_close(NEXT))
}

/// Opens a path, with links followed.
pub(crate) fn open(g: &mut Guest, (at, len): Span, oflags: i32) -> Answer {
    call!(g.path_open(ROOT, FOLLOW, at, len, oflags, rights(oflags), 0, 0, OUT))
}

fn unlink(g: &mut Guest, (at, len): Span) -> Answer {
    call!(g.path_unlink_file(ROOT, at, len))
}

/// Makes a file that is not open.
fn make(g: &mut Guest, path: Span) -> Answer {
    open(g, path, NEW)?;
    close(g)
}

/// `d/d/name`, with so many names.
pub(crate) fn deep(names: usize, name: &str) -> String {
    "d/".repeat(names - 1) + name
}

/// `path_open` and `fd_close`.
pub(crate) fn opening(guest: &mut Guest) -> Vec<Operation> {
    let mut all = Vec::new();
    for (name, names) in [
        ("1 name", 1),
        ("2 names", 2),
        ("5 names", 5),
        ("20 names", 20),
    ] {
        let path = guest.text(&deep(names, "f"));
        all.push(
            Operation::new(format!("path_open, {name}"), move |g| open(g, path, 0)).after(close),
        );
        let both = move |g: &mut Guest| {
            open(g, path, 0)?;
            close(g)
        };
        if matches!(names, 1 | 5) {
            all.push(Operation::new(
                format!("path_open and fd_close, {name}"),
                both,
            ));
        }
    }
    all.extend(opening_by_links(guest));
    let (dir, file, new) = (guest.text("d"), guest.text("f"), guest.text("new"));
    for (name, path) in [
        ("missing", "missing"),
        ("5 names, missing", "d/d/d/d/missing"),
    ] {
        let path = guest.text(path);
        all.push(
            Operation::new(format!("path_open, {name}"), move |g| open(g, path, 0))
                .answers(Errno::Noent),
        );
    }
    all.push(
        Operation::new("path_open, a directory", move |g| open(g, dir, DIRECTORY)).after(close),
    );
    all.push(
        Operation::new("path_open, a new file", move |g| open(g, new, NEW)).after(move |g| {
            close(g)?;
            unlink(g, new)
        }),
    );
    all.push(Operation::new("fd_close", close).before(move |g| open(g, file, 0)));
    all.push(Operation::new("create, close and unlink", move |g| {
        make(g, new)?;
        unlink(g, new)
    }));
    all
}

/// `path_open` over links and `..`.
fn opening_by_links(guest: &mut Guest) -> Vec<Operation> {
    let led = [
        ("a link", "one"),
        ("3 links", "three"),
        ("a link to a directory", "to/f"),
        ("`..`", "d/../f"),
        ("`..` twice", "d/d/../../f"),
        ("links and `..`", "to/d/../../three"),
    ];
    let opened = led.map(|(name, path)| {
        let path = guest.text(path);
        Operation::new(format!("path_open, {name}"), move |g| open(g, path, 0)).after(close)
    });
    opened.into()
}

fn stat(name: &str, (at, len): Span, flags: i32) -> Operation {
    let stat = move |g: &mut Guest| call!(g.path_filestat_get(ROOT, flags, at, len, OUT));
    Operation::new(format!("path_filestat_get, {name}"), stat)
}

/// `path_filestat_get` and `path_readlink`.
pub(crate) fn looking(guest: &mut Guest) -> Vec<Operation> {
    let (one, link) = (guest.text("f"), guest.text("one"));
    vec![
        stat("1 name", one, 0),
        stat("1 name, following", one, FOLLOW),
        stat("2 names", guest.text(&deep(2, "f")), 0),
        stat("5 names", guest.text(&deep(5, "f")), 0),
        stat("5 names, following", guest.text(&deep(5, "f")), FOLLOW),
        stat("20 names", guest.text(&deep(20, "f")), 0),
        stat("1 name, missing", guest.text("missing"), 0).answers(Errno::Noent),
        stat("5 names, missing", guest.text(&deep(5, "missing")), 0).answers(Errno::Noent),
        stat("a link", link, 0),
        stat("a link, following", link, FOLLOW),
        stat("3 links, following", guest.text("three"), FOLLOW),
        stat("`..`", guest.text("d/../f"), 0),
        stat("`.`", guest.text("."), 0),
        Operation::new("path_readlink", move |g| {
            call!(g.path_readlink(ROOT, link.0, link.1, BUFFER, 64, OUT))
        }),
    ]
}

/// What changes entries.
pub(crate) fn changing(guest: &mut Guest) -> Vec<Operation> {
    let mut all = vec![
        times(guest, "path_filestat_set_times", "f"),
        times(guest, "path_filestat_set_times, 5 names", "d/d/d/d/f"),
        symlink(guest),
        unlink_around(guest),
    ];
    for (name, names) in [("1 name", 1), ("5 names", 5)] {
        let (new, other) = (
            guest.text(&deep(names, "new")),
            guest.text(&deep(names, "other")),
        );
        all.extend(directories(name, new));
        all.extend(entries(name, new, other));
    }
    all
}

fn times(guest: &mut Guest, name: &str, path: &str) -> Operation {
    let (at, len) = guest.text(path);
    Operation::new(name, move |g| {
        call!(g.path_filestat_set_times(ROOT, 0, at, len, 1, 2, 1 | 4))
    })
}

fn symlink(guest: &mut Guest) -> Operation {
    let (text, new) = (guest.text("f"), guest.text("new"));
    Operation::new("path_symlink", move |g| {
        call!(g.path_symlink(text.0, text.1, ROOT, new.0, new.1))
    })
    .after(move |g| unlink(g, new))
}

fn unlink_around(guest: &mut Guest) -> Operation {
    let (new, around) = (guest.text("d/new"), guest.text("to/d/../new"));
    Operation::new("path_unlink_file, a link and `..`", move |g| {
        unlink(g, around)
    })
    .before(move |g| make(g, new))
}

fn directories(name: &str, (at, len): Span) -> [Operation; 2] {
    let create = move |g: &mut Guest| call!(g.path_create_directory(ROOT, at, len));
    let remove = move |g: &mut Guest| call!(g.path_remove_directory(ROOT, at, len));
    [
        Operation::new(format!("path_create_directory, {name}"), create).after(remove),
        Operation::new(format!("path_remove_directory, {name}"), remove).before(create),
    ]
}

fn entries(name: &str, new: Span, other: Span) -> [Operation; 3] {
    let rename =
        move |g: &mut Guest| call!(g.path_rename(ROOT, new.0, new.1, ROOT, other.0, other.1));
    let link =
        move |g: &mut Guest| call!(g.path_link(ROOT, 0, new.0, new.1, ROOT, other.0, other.1));
    [
        Operation::new(format!("path_unlink_file, {name}"), move |g| unlink(g, new))
            .before(move |g| make(g, new)),
        Operation::new(format!("path_rename, {name}"), rename)
            .before(move |g| make(g, new))
            .after(move |g| unlink(g, other)),
        Operation::new(format!("path_link, {name}"), link)
            .before(move |g| make(g, new))
            .after(move |g| {
                unlink(g, new)?;
                unlink(g, other)
            }),
    ]
}
