//! The one place that says where a path may lead: links with absolute targets, ways out, and how much is too much.

use crate::abi::{Errno, Result};
use crate::vfs::DeepPath;

/// What a guest is told that tries to leave a directory it was given. wasi-common, wasmtime and wazero say the same;
/// the official test suite takes this or `notcapable`.
// claim: paths.containment
pub(super) const ESCAPE: Errno = Errno::Perm;

/// How much a path may ask for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy {
    /// Links followed in one resolution. Linux: 40.
    pub(crate) links: u32,
    /// Bytes of all the links' texts together.
    pub(crate) expanded: usize,
    /// Directories held open at once.
    pub(crate) depth: usize,
}

impl Policy {
    /// May a filesystem follow links that are not counted here? Only if it cannot follow more of them, or longer ones.
    pub(super) const fn leaves_links_to_filesystems(&self) -> bool {
        self.links >= DeepPath::MAX_LINKS && self.expanded >= DeepPath::MAX_TEXT
    }
}

/// Checks a path of the guest, or the text of a link that is to be followed: `noent` if it is empty, `perm` if it is
/// absolute. Where it leads, the walk finds out.
pub(super) fn check_path(path: &str) -> Result<()> {
    match path.bytes().next() {
        None => Err(Errno::Noent),
        Some(b'/') => Err(ESCAPE),
        Some(_) => Ok(()),
    }
}

/// Checks the text of a link that is to be made: `noent` if it is empty, `perm` if it is absolute, as
/// `proposals/filesystem/path-resolution.md` and the official suite's `symlink_create` want it.
///
/// A relative text that leads out is not refused: what it leads to can change, so it is judged when it is followed.
// claim: paths.absolute-links
pub(crate) fn check_new_link(text: &str) -> Result<()> {
    check_path(text)
}
