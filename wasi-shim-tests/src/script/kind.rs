//! The filesystems that cases run on: what lies below, and what is put over it.
//!
//! Knows their names and which cases each can take. It does not know how one is made; that is `ground`.

use super::{Case, Node};
use std::fmt;

/// A filesystem to run cases on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tree {
    /// What lies below.
    pub base: Base,
    /// What is put over it.
    pub over: Over,
}

/// Where bytes are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// In memory.
    Memory,
    /// In a directory of the host.
    Host,
}

/// What a guest's tree is seen through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// Nothing.
    Nothing,
    /// A wrapper that takes its shortcuts away, so that it is walked step by step.
    Stepwise,
    /// The read-only wrapper.
    ReadOnly,
    /// An overlay, with its changes here; so much of the case's tree is a change.
    Overlay(Base, Part),
    /// Mounts.
    Mounts(Mounted),
    /// A quota without limits, which counts.
    Quota,
    /// A probe that sees each call.
    Trace,
    /// A probe that could fail each call, and does not.
    Faulty,
    /// A probe that delays each call by nothing.
    Latency,
    /// A snapshot was taken, and the case runs on it.
    Snapshot,
    /// A snapshot was taken, and the case runs on what it was taken of.
    Original,
    /// Directories made of closures.
    Closures,
    /// An archive that it was packed into.
    Archive(Format),
}

/// Which part of a case's tree is where, in an overlay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it is in the lower tree.
    Lower,
    /// All of it is a change.
    Upper,
    /// The first half is in the lower tree, the rest is a change.
    Split,
}

/// Where a mount point is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mounted {
    /// Beside the guest's root: the tree is that of `/`.
    Beside,
    /// Above the guest's root: the tree is inside a mount.
    Above,
    /// In the guest's root: the first directory of the case's tree is a mount.
    Inside,
}

/// How an archive is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `tar`
    Tar,
    /// `tar.gz`
    Gzip,
    /// `tar.zst`
    Zstd,
    /// `zip`
    Zip,
}

use Base::{Host, Memory};
use Part::{Lower, Split, Upper};

impl Tree {
    /// A tree in memory.
    pub const MEMORY: Self = Self::of(Memory, Over::Nothing);

    /// A directory of the host.
    pub const HOST: Self = Self::of(Host, Over::Nothing);

    /// Each kind.
    pub const ALL: [Self; 31] = [
        Self::MEMORY,
        Self::HOST,
        Self::of(Host, Over::Stepwise),
        Self::of(Memory, Over::ReadOnly),
        Self::of(Host, Over::ReadOnly),
        Self::of(Memory, Over::Overlay(Memory, Lower)),
        Self::of(Memory, Over::Overlay(Memory, Upper)),
        Self::of(Memory, Over::Overlay(Memory, Split)),
        Self::of(Host, Over::Overlay(Memory, Lower)),
        Self::of(Host, Over::Overlay(Memory, Upper)),
        Self::of(Host, Over::Overlay(Memory, Split)),
        Self::of(Memory, Over::Overlay(Host, Lower)),
        Self::of(Memory, Over::Overlay(Host, Upper)),
        Self::of(Memory, Over::Overlay(Host, Split)),
        Self::of(Memory, Over::Mounts(Mounted::Beside)),
        Self::of(Memory, Over::Mounts(Mounted::Above)),
        Self::of(Memory, Over::Mounts(Mounted::Inside)),
        Self::of(Host, Over::Mounts(Mounted::Above)),
        Self::of(Memory, Over::Quota),
        Self::of(Host, Over::Quota),
        Self::of(Memory, Over::Trace),
        Self::of(Host, Over::Trace),
        Self::of(Memory, Over::Faulty),
        Self::of(Memory, Over::Latency),
        Self::of(Memory, Over::Snapshot),
        Self::of(Memory, Over::Original),
        Self::of(Memory, Over::Closures),
        Self::of(Memory, Over::Archive(Format::Tar)),
        Self::of(Memory, Over::Archive(Format::Gzip)),
        Self::of(Memory, Over::Archive(Format::Zstd)),
        Self::of(Memory, Over::Archive(Format::Zip)),
    ];

    const fn of(base: Base, over: Over) -> Self {
        Self { base, over }
    }

    /// Is anything of it on the host?
    pub const fn is_on_the_host(self) -> bool {
        matches!(self.base, Host) || matches!(self.over, Over::Overlay(Host, _))
    }

    const fn is_read_only(self) -> bool {
        matches!(
            self.over,
            Over::ReadOnly | Over::Closures | Over::Archive(_)
        )
    }

    /// Does a case apply to this kind of tree?
    pub fn takes(self, case: &Case) -> bool {
        let needs = |word: &str| case.needs.iter().any(|need| need == word);
        let excused = needs("memory") && self.is_on_the_host()
            || needs("host") && !self.is_on_the_host()
            || self.is_read_only() && (needs("writable") || case.changes())
            || self.over == Over::Mounts(Mounted::Inside) && first_dir(case).is_none();
        !excused
    }
}

/// The first directory in the root of the case's tree.
pub(super) fn first_dir(case: &Case) -> Option<&str> {
    case.tree.iter().find_map(|node| {
        let (path, is_dir) = match node {
            Node::Dir(path) => (path, true),
            Node::File(path, _) | Node::Link(path, _) | Node::Hard(path, _) => (path, false),
        };
        let (first, below) = path
            .split_once('/')
            .map_or((path.as_str(), false), |(first, _)| (first, true));
        ((is_dir || below) && !matches!(first, "" | "." | "..")).then_some(first)
    })
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base = self.base;
        match self.over {
            Over::Nothing => write!(f, "{base}"),
            Over::Stepwise => write!(f, "{base}, step by step"),
            Over::ReadOnly => write!(f, "{base}, read-only"),
            Over::Overlay(upper, Lower) => write!(f, "overlay, {upper} over {base}, all lower"),
            Over::Overlay(upper, Upper) => write!(f, "overlay, {upper} over {base}, all changed"),
            Over::Overlay(upper, Split) => write!(f, "overlay, {upper} over {base}, half changed"),
            Over::Mounts(Mounted::Beside) => write!(f, "{base}, a mount beside"),
            Over::Mounts(Mounted::Above) => write!(f, "{base}, mounted"),
            Over::Mounts(Mounted::Inside) => write!(f, "{base}, a mount inside"),
            Over::Quota => write!(f, "{base}, quota"),
            Over::Trace => write!(f, "{base}, trace"),
            Over::Faulty => write!(f, "{base}, no fault"),
            Over::Latency => write!(f, "{base}, latency"),
            Over::Snapshot => write!(f, "{base}, a snapshot"),
            Over::Original => write!(f, "{base}, with a snapshot"),
            Over::Closures => f.write_str("closures"),
            Over::Archive(Format::Tar) => f.write_str("archive, tar"),
            Over::Archive(Format::Gzip) => f.write_str("archive, tar.gz"),
            Over::Archive(Format::Zstd) => f.write_str("archive, tar.zst"),
            Over::Archive(Format::Zip) => f.write_str("archive, zip"),
        }
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Memory => "memory",
            Host => "host",
        })
    }
}
