//! What was changed in an overlay, and making the changes elsewhere.
//!
//! Knows how a change is told in C. Refuses to know how changes are found, and what becomes of whoever is told.

#![allow(unsafe_code, reason = "the attribute that exports a name")]

use crate::dirs::{Directory, Kind};
use crate::raw::{Pointer, Ref, User};
use crate::status::{Error, Status, attempt, there};
use std::ffi::{CString, c_char, c_void};
use std::sync::Arc;
use wasi_shim::backends::{Change, Overlay};

/// What was changed. Paths have no slash at either end.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// A file of the lower tree has other content, or it or a link has other times.
    Written = 0,
    /// Something of the lower tree is gone, with all that was left in it.
    Removed = 1,
    /// Something of the lower tree is at the second path now.
    Moved = 2,
    /// There is a new file, directory or link.
    Created = 3,
    /// A file has the second path as another name.
    Linked = 4,
    /// A directory has other times. The path of the root is empty.
    Touched = 5,
    /// Something else, which the path says in words.
    Other = 6,
}

/// Is told a change: a wasi_shim_change, a path, and a second one, or `NULL` if that has none. Both are there until the
/// callback returns.
pub type OnChange = Option<
    extern "C-unwind" fn(user: *mut c_void, change: u32, path: *const c_char, to: *const c_char),
>;

fn overlay(dir: &Ref<Directory>) -> Result<Arc<Overlay>, Error> {
    match dir.get("overlay")?.0 {
        Kind::Overlay(overlay) => Ok(overlay),
        _ => Err(Error::Kind("overlay is none of wasi_shim_dir_overlay")),
    }
}

/// A path for C, which holds no NUL.
fn spelled(path: String) -> CString {
    CString::new(path).unwrap_or_default()
}

fn told(change: Change) -> (ChangeKind, CString, Option<CString>) {
    let (kind, path, to) = match change {
        Change::Written { path } => (ChangeKind::Written, path, None),
        Change::Removed { path } => (ChangeKind::Removed, path, None),
        Change::Moved { from, to } => (ChangeKind::Moved, from, Some(to)),
        Change::Created { path, .. } => (ChangeKind::Created, path, None),
        Change::Linked { from, to } => (ChangeKind::Linked, from, Some(to)),
        Change::Touched { path } => (ChangeKind::Touched, path, None),
        other => (ChangeKind::Other, other.to_string(), None),
    };
    (kind, spelled(path), to.map(spelled))
}

/// Tells what wasi_shim_overlay_commit would do, in that order. Guests should not be changing the overlay meanwhile; while a
/// change is told, the overlay may be used. `user` is passed on, and not kept.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_overlay_changes(
    overlay: Ref<Directory>,
    change: OnChange,
    user: Pointer,
) -> Status {
    attempt(|| {
        let tell = there(change, "change")?;
        let changes = self::overlay(&overlay)?.changes();
        let user = User::new(&user, None);
        for change in changes.map_err(Error::of_filesystem("looking for changes"))? {
            let (kind, path, to) = told(change);
            let to = to.as_ref().map_or(std::ptr::null(), |to| to.as_ptr());
            tell(user.get(), kind as u32, path.as_ptr(), to);
        }
        Ok(())
    })
}

/// Makes the changes of an overlay in `target`: the directory it is over, opened for writing, or a copy of that. If it
/// fails half way, the message says how far it came. Guests should not be changing the overlay meanwhile.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_overlay_commit(
    overlay: Ref<Directory>,
    target: Ref<Directory>,
) -> Status {
    attempt(|| {
        let overlay = self::overlay(&overlay)?;
        let target = target.get("target")?.get();
        overlay.commit(&*target)?;
        Ok(())
    })
}
