//! What a commit does with directories that are not the overlay's.
//!
//! Knows what a file in one has to be, and how to remove one with all that is in it. Refuses to know why. Only `commit`
//! uses it.

use crate::abi::{Errno, Result};
use crate::backends::trail::{Trail, names};
use crate::vfs::{Dir, File, Name, Node};
use std::sync::Arc;

/// What was opened as a regular file. `stale` if it is none.
pub(super) fn file(node: Node) -> Result<Arc<dyn File>> {
    match node {
        Node::File(file) => Ok(file),
        _ => Err(Errno::Stale),
    }
}

/// Removes an entry and all that is in it, without a stack or open directories for each level. `notempty`, before anything
/// in a directory is removed, if it has something that cannot be named.
pub(super) fn remove(dir: &dyn Dir, name: Name<'_>) -> Result<()> {
    match dir.remove_file(name) {
        Err(Errno::Isdir) => {}
        result => return result,
    }
    let mut trail = Trail::new(dir);
    trail.enter(name)?;
    let mut levels = vec![removable(trail.dir())?];
    while let Some(left) = levels.last_mut() {
        let Some(text) = left.pop() else {
            levels.pop();
            if let Some(text) = trail.leave()? {
                trail.dir().remove_dir(Name::new(&text)?)?;
            }
            continue;
        };
        let name = Name::new(&text)?;
        match trail.dir().remove_file(name) {
            Err(Errno::Isdir) => {
                trail.enter(name)?;
                levels.push(removable(trail.dir())?);
            }
            result => result?,
        }
    }
    Ok(())
}

fn removable(dir: &dyn Dir) -> Result<Vec<String>> {
    let names = names(dir)?;
    match names.iter().all(|name| Name::new(name).is_ok()) {
        true => Ok(names),
        false => Err(Errno::Notempty),
    }
}
