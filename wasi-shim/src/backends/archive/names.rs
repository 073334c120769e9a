//! Names of members, taken apart.
//!
//! Knows which names have a place in a tree and which have none. Refuses to know what has the name. The readers of both
//! kinds of archives use it.

use super::error::SkipReason;
use crate::abi::Errno;
use crate::vfs::Name;

/// The longest name and the longest text of a link, in bytes: Linux's `PATH_MAX`.
pub(super) const LONGEST: usize = 4096;

/// A member's name, all of whose parts are good as names of entries.
#[derive(Clone, Copy)]
pub(super) struct Path<'a>(&'a str);

impl<'a> Path<'a> {
    /// Checks a name. Slashes at either end, repeated ones and `.` mean nothing.
    pub(super) fn new(raw: &'a [u8]) -> Result<Self, SkipReason> {
        if raw.len() > LONGEST {
            return Err(SkipReason::NameTooLong);
        }
        if raw.iter().any(|byte| matches!(byte, 0 | b'\\')) {
            return Err(SkipReason::ForbiddenByte);
        }
        let path = Self(str::from_utf8(raw).map_err(|_| SkipReason::NotUtf8)?);
        for part in path.parts() {
            match Name::new(part) {
                Ok(_) => {}
                Err(Errno::Nametoolong) => return Err(SkipReason::NameTooLong),
                Err(_) => return Err(SkipReason::Parent),
            }
        }
        Ok(path)
    }

    /// The parts, from the root on; none of the root itself.
    pub(super) fn parts(self) -> impl Iterator<Item = &'a str> {
        self.0.split('/').filter(|part| !matches!(*part, "" | "."))
    }
}

/// Checks the text of a symbolic link. Whether it may be followed is not decided here.
pub(super) fn link_text(raw: &[u8]) -> Result<&str, SkipReason> {
    if raw.is_empty() {
        return Err(SkipReason::NoName);
    }
    if raw.len() > LONGEST {
        return Err(SkipReason::NameTooLong);
    }
    if raw.contains(&0) {
        return Err(SkipReason::ForbiddenByte);
    }
    str::from_utf8(raw).map_err(|_| SkipReason::NotUtf8)
}
