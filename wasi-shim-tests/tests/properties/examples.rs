//! Sequences for what random calls seldom come across: differences that are in the list, each made to happen.

use crate::generate::{READ, furnished};
use wasi_shim::abi::{FdFlags, FstFlags, OFlags, Rights};
use wasi_shim_tests::model::{At, Call, Opening, Times};

fn at(fd: usize, path: &str) -> At {
    let path = path.into();
    At { fd, path }
}

fn open(path: &str, oflags: OFlags, base: Rights, fdflags: FdFlags) -> Call {
    let opening = Opening {
        follow: false,
        oflags,
        base,
        inheriting: Rights::INHERITED,
        fdflags,
        into: 0,
    };
    let at = at(0, path);
    Call::Open { at, opening }
}

/// Each begins with the usual tree, where 1 is the file `b`.
pub(crate) fn examples() -> Vec<Vec<Call>> {
    let none = FdFlags::empty();
    let long = "n".repeat(256);
    let no_times = Times {
        atim: 0,
        mtim: 0,
        flags: FstFlags::empty(),
    };
    let ends = [
        // A directory that was removed, as 2.
        vec![
            open("a/b", OFlags::DIRECTORY, READ, none),
            Call::RemoveDirectory { at: at(0, "a/b") },
            Call::Readdir { fd: 2, len: 60 },
            Call::PathFilestatGet {
                at: at(2, &long),
                follow: true,
            },
        ],
        vec![
            open("new", OFlags::CREAT, Rights::INHERITED, FdFlags::SYNC),
            Call::FdstatSetFlags {
                fd: 2,
                flags: FdFlags::APPEND,
            },
        ],
        vec![
            open("b", OFlags::empty(), READ, none),
            Call::FilestatSetSize { fd: 2, size: 1 },
        ],
        vec![
            open("new", OFlags::CREAT, READ, none),
            Call::FilestatSetSize { fd: 2, size: 1 },
        ],
        vec![Call::PathFilestatSetTimes {
            at: at(0, "new"),
            follow: true,
            times: no_times,
        }],
        vec![Call::Link {
            old: at(0, "b"),
            follow: false,
            new: at(0, "b/"),
        }],
        vec![
            Call::Symlink {
                text: "..".into(),
                at: at(0, "a/up"),
            },
            Call::Rename {
                old: at(0, "a/up"),
                new: at(0, "a"),
            },
        ],
    ];
    let begun = |end: Vec<Call>| [furnished(), end].concat();
    ends.into_iter().map(begun).collect()
}
