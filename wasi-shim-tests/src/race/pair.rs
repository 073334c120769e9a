//! The pairs: a guest's function on some paths, and the script that goes on meanwhile.
//!
//! This file knows which sixteen are the most telling, and why; `spec-notes/races.md` says the same to readers. It does not
//! know how a pair is run. The number of a path is its place in the pair's list.

use super::script::Script;

/// What a guest does in one round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// `path_open` to read, `fd_filestat_get`.
    Open,
    /// The same of a directory.
    OpenDirectory,
    /// `path_open` with `creat` and `trunc`, to write.
    Create,
    /// `path_filestat_get`.
    Stat,
    /// `path_filestat_set_times`.
    SetTimes,
    /// `path_rename` to `taken`, and in the next round back.
    Rename,
    /// `path_link` to `taken`, which is looked at and removed.
    Link,
    /// `path_unlink_file`, then `path_link` to have it again.
    Unlink,
    /// `path_create_directory`, then `path_remove_directory`.
    CreateDirectory,
    /// `fd_readdir` of what `path_open` gave, and `path_filestat_get` of one of the entries.
    List,
}

/// A function and a script.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    /// What `--pair` and the reports call it.
    pub name: &'static str,
    /// The function.
    pub deed: Deed,
    /// Its paths, one after another.
    pub paths: &'static [&'static str],
    /// The script.
    pub script: Script,
}

/// The longer a walk takes, the more likely is it to be overtaken.
macro_rules! often {
    ($steps:literal) => {
        concat!($steps, $steps, $steps, $steps, $steps, $steps)
    };
}

/// Through a directory that changes places with a link, by names and by `..`.
const FLIP: &[&str] = &[
    "a/flip/secret",
    "a/flip/sub/../secret",
    "a/b/../flip/sub/../../flip/secret",
];

/// Through a directory that is moved outside: `..` from there leads to files that are called the same.
const AWAY: &[&str] = &[
    concat!(often!("a/b/c/../../../"), "secret"),
    "a/b/c/secret",
    "a/b/c/d/../../secret",
];

/// Down to one height, up as from another.
const DEPTH: &[&str] = &[
    "a/b/c/d/x/sub/../../../../../../secret",
    "a/b/c/d/x/secret",
    concat!(often!("a/b/c/d/x/../../../../../"), "x/secret"),
];

/// GHSA-hp8f-xmx4-4qrg, by a path that the kernel declines while anything is renamed, and by its parts.
const SLASHED: &[&str] = &[
    "a/b/c/d/e/f/g/../../../../../../../a/../a/../a/../a/link2",
    "a/b/../link2",
    "a/relevil/",
    "a/b/c/d/e/f/g/../../../../../../../a/../a/../a/../a/b",
];

const LEAF: &[&str] = &["a/leaf", "a/b/../leaf"];

const fn pair(
    name: &'static str,
    deed: Deed,
    paths: &'static [&'static str],
    script: Script,
) -> Pair {
    Pair {
        name,
        deed,
        paths,
        script,
    }
}

/// The sixteen.
pub const PAIRS: [Pair; 16] = [
    pair("open-flip", Deed::Open, FLIP, Script::Flip),
    pair("open-away", Deed::Open, AWAY, Script::Away),
    pair("open-depth", Deed::Open, DEPTH, Script::Depth),
    pair("open-storm", Deed::OpenDirectory, SLASHED, Script::Storm),
    pair("open-leaf", Deed::Open, LEAF, Script::Leaf),
    pair("open-fifo", Deed::Open, LEAF, Script::Fifo),
    pair(
        "open-retext",
        Deed::Open,
        &["a/via/secret", "a/via/../secret", "a/b/../via/d/../secret"],
        Script::Retext,
    ),
    pair(
        "create-recreate",
        Deed::Create,
        &["a/new", "a/b/c/../../new"],
        Script::Recreate,
    ),
    pair("stat-flip", Deed::Stat, FLIP, Script::Flip),
    pair("stat-away", Deed::Stat, AWAY, Script::Away),
    pair("times-leaf", Deed::SetTimes, LEAF, Script::Leaf),
    pair(
        "rename-flip",
        Deed::Rename,
        &["a/flip/one", "a/b/../flip/one"],
        Script::Flip,
    ),
    pair(
        "link-flip",
        Deed::Link,
        &["a/flip/one", "a/b/../flip/sub/../one"],
        Script::Flip,
    ),
    pair(
        "unlink-flip",
        Deed::Unlink,
        &["a/flip/one", "a/flip/sub/../one"],
        Script::Flip,
    ),
    pair(
        "mkdir-away",
        Deed::CreateDirectory,
        &[
            "a/b/c/../made",
            concat!(often!("a/b/c/../../../"), "made"),
            "a/b/c/d/e/f/g/../../../../../made",
            "a/link2/made",
        ],
        Script::Away,
    ),
    pair(
        "readdir-flip",
        Deed::List,
        &["a/flip", "a/b/../flip"],
        Script::Flip,
    ),
];
