//! A sequence of calls for the model, read from an input: one byte for the function, then its arguments.
//!
//! Knows how bytes become calls. A descriptor is a number that [`resolve`](crate::oracles::resolve) turns into one that is
//! open when the call is made.

use super::source::Source;
use crate::model::{At, Call, Opening, Slot, Text, Times};
use wasi_shim::abi::{Advice, FdFlags, FstFlags, OFlags, Rights, Whence};

/// No input is more calls than these.
const MOST: usize = 64;

/// A sequence of calls on descriptors and paths.
pub(crate) fn calls(source: &mut Source<'_>) -> Vec<Call> {
    some_calls(source, MOST)
}

/// The same, but not more than so many.
pub(crate) fn some_calls(source: &mut Source<'_>, most: usize) -> Vec<Call> {
    sequence(source, most, |source| match source.below(8) {
        0..=3 => on_path(source),
        4 | 5 => on_data(source),
        _ => on_descriptor(source),
    })
}

/// A sequence in which most calls are on paths.
pub(crate) fn calls_on_paths(source: &mut Source<'_>) -> Vec<Call> {
    sequence(source, MOST, |source| match source.below(16) {
        15 => on_descriptor(source),
        14 => on_data(source),
        _ => on_path(source),
    })
}

/// Calls that make a tree: `a/b`, the file `b` with a second name `a/c`, `d`, a link to `a`, and `a/e`, one to `../b`.
pub(crate) fn furnished() -> Vec<Call> {
    let at = |path: &str| At {
        fd: 0,
        path: path.into(),
    };
    let opening = Opening {
        follow: false,
        oflags: OFlags::CREAT,
        base: Rights::INHERITED,
        inheriting: Rights::INHERITED,
        fdflags: FdFlags::empty(),
        into: 0,
    };
    vec![
        Call::CreateDirectory { at: at("a") },
        Call::CreateDirectory { at: at("a/b") },
        Call::Open {
            at: at("b"),
            opening,
        },
        Call::Write {
            fd: 1,
            parts: vec![b"0123".to_vec()],
        },
        Call::Link {
            old: at("b"),
            follow: false,
            new: at("a/c"),
        },
        Call::Symlink {
            text: "a".into(),
            at: at("d"),
        },
        Call::Symlink {
            text: "../b".into(),
            at: at("a/e"),
        },
    ]
}

fn sequence(
    source: &mut Source<'_>,
    most: usize,
    call: impl Fn(&mut Source<'_>) -> Call,
) -> Vec<Call> {
    let mut calls = Vec::new();
    while source.more() && calls.len() < most {
        calls.push(call(source));
    }
    calls
}

fn fd(source: &mut Source<'_>) -> Slot {
    // The same numbers as `oracles::CLOSED` and below it.
    source.below(16)
}

fn at(source: &mut Source<'_>) -> At {
    let fd = if source.flag() { fd(source) } else { 0 };
    let path = source.text();
    At { fd, path }
}

fn times(source: &mut Source<'_>) -> Times {
    Times {
        atim: source.byte().into(),
        mtim: source.byte().into(),
        flags: FstFlags::from_bits_truncate(source.byte().into()),
    }
}

/// Rights to read, but not to write, and the other way round.
const READ: Rights = Rights::INHERITED
    .difference(Rights::FD_WRITE)
    .difference(Rights::FD_ALLOCATE);
const WRITE: Rights = Rights::INHERITED
    .difference(Rights::FD_READ)
    .difference(Rights::FD_READDIR);

fn rights(source: &mut Source<'_>) -> Rights {
    match source.byte() {
        ..=79 => READ,
        80..=99 => WRITE,
        100..=229 => Rights::INHERITED,
        230..=237 => Rights::empty(),
        238..=242 => Rights::FD_ALLOCATE,
        _ => Rights::from_bits_truncate(source.wide()),
    }
}

fn fdflags(source: &mut Source<'_>) -> FdFlags {
    match source.byte() {
        ..=169 => FdFlags::empty(),
        170..=229 => FdFlags::APPEND,
        _ => FdFlags::from_bits_truncate(source.byte().into()),
    }
}

const OFLAGS: &[OFlags] = &[
    OFlags::empty(),
    OFlags::CREAT,
    OFlags::CREAT,
    OFlags::CREAT.union(OFlags::EXCL),
    OFlags::DIRECTORY,
    OFlags::TRUNC,
    OFlags::CREAT.union(OFlags::TRUNC),
    OFlags::EXCL,
    OFlags::CREAT.union(OFlags::DIRECTORY),
    OFlags::empty(),
];

fn opening(source: &mut Source<'_>) -> Opening {
    let choice = source.byte();
    Opening {
        follow: choice & 1 == 1,
        oflags: OFLAGS[usize::from(choice >> 1) % OFLAGS.len()],
        base: rights(source),
        inheriting: if source.rarely() {
            rights(source)
        } else {
            Rights::INHERITED
        },
        fdflags: fdflags(source),
        into: 0,
    }
}

fn lens(source: &mut Source<'_>) -> Vec<usize> {
    let count = source.below(4);
    (0..count)
        .map(|_| source.pick(&[1, 2, 3, 4, 0, 9, 5000]))
        .collect()
}

fn parts(source: &mut Source<'_>) -> Vec<Vec<u8>> {
    let count = source.below(4);
    (0..count).map(|_| source.data()).collect()
}

fn text(source: &mut Source<'_>) -> Text {
    source.text()
}

fn on_path(source: &mut Source<'_>) -> Call {
    match source.below(16) {
        0 | 1 => Call::CreateDirectory { at: at(source) },
        2 => Call::PathFilestatGet {
            follow: source.flag(),
            at: at(source),
        },
        3 => Call::PathFilestatSetTimes {
            follow: source.flag(),
            at: at(source),
            times: times(source),
        },
        4 => Call::Link {
            follow: source.rarely(),
            old: at(source),
            new: at(source),
        },
        5..=8 => Call::Open {
            opening: opening(source),
            at: at(source),
        },
        9 => Call::Readlink {
            len: source.below(9),
            at: at(source),
        },
        10 => Call::RemoveDirectory { at: at(source) },
        11 | 12 => Call::Rename {
            old: at(source),
            new: at(source),
        },
        13 | 14 => Call::Symlink {
            text: text(source),
            at: at(source),
        },
        _ => Call::Unlink { at: at(source) },
    }
}

fn on_data(source: &mut Source<'_>) -> Call {
    let fd = fd(source);
    match source.below(9) {
        0 => Call::Read {
            fd,
            lens: lens(source),
        },
        1 => Call::Pread {
            fd,
            lens: lens(source),
            offset: far(source),
        },
        2 | 3 => Call::Write {
            fd,
            parts: parts(source),
        },
        4 => Call::Pwrite {
            fd,
            parts: parts(source),
            offset: far(source),
        },
        5 => Call::Seek {
            fd,
            delta: delta(source),
            whence: source.pick(&[Whence::Set, Whence::Cur, Whence::End]),
        },
        6 => Call::Tell { fd },
        7 => Call::FilestatSetSize {
            fd,
            size: source.size(),
        },
        _ => Call::Allocate {
            fd,
            offset: source.size(),
            len: source.byte().into(),
        },
    }
}

/// An offset, the largest too.
fn far(source: &mut Source<'_>) -> u64 {
    if source.rarely() {
        i64::MAX as u64
    } else {
        source.size()
    }
}

fn delta(source: &mut Source<'_>) -> i64 {
    match source.byte() {
        byte @ ..=240 => i64::from(byte) - 120,
        241..=247 => i64::MAX,
        _ => i64::MIN,
    }
}

fn on_descriptor(source: &mut Source<'_>) -> Call {
    let fd = fd(source);
    match source.below(14) {
        0 | 1 => Call::Close { fd },
        2 => advise(source, fd),
        3 => Call::FdstatGet { fd },
        4 => Call::FdstatSetFlags {
            fd,
            flags: FdFlags::from_bits_truncate(source.pick(&[0, 1, 4, 5, 16])),
        },
        5 => Call::FdstatSetRights {
            fd,
            without: right(source),
            gain: if source.rarely() {
                right(source)
            } else {
                Rights::empty()
            },
        },
        6 => Call::FilestatGet { fd },
        7 => Call::FilestatSetTimes {
            fd,
            times: times(source),
        },
        8 => Call::PrestatGet { fd },
        9 => Call::PrestatDirName {
            fd,
            len: source.below(3),
        },
        10 => Call::Readdir {
            fd,
            len: source.below(60),
        },
        11 => Call::ReaddirFrom {
            fd,
            cookie: source.below(7) as u64,
        },
        12 => Call::Renumber {
            from: fd,
            to: self::fd(source),
        },
        _ if source.flag() => Call::Sync { fd },
        _ => Call::Datasync { fd },
    }
}

fn advise(source: &mut Source<'_>, fd: Slot) -> Call {
    let (offset, len) = (far(source), source.size());
    let advice = source.pick(Advice::ALL);
    Call::Advise {
        fd,
        offset,
        len,
        advice,
    }
}

fn right(source: &mut Source<'_>) -> Rights {
    Rights::from_bits_truncate(1 << source.below(30))
}
