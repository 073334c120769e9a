//! What a commit does with directories that are not the overlay's.
//!
//! Knows how to enter one, and how to remove it with all that is in it. Refuses to know why. Only `commit` uses it.

use crate::abi::{Errno, Result};
use crate::vfs::{Dir, File, Name, Node, OpenRequest};
use std::ops::ControlFlow;
use std::sync::Arc;

/// The directory of that name.
pub(super) fn enter(dir: &dyn Dir, name: Name<'_>) -> Result<Arc<dyn Dir>> {
    match dir.open(name, &OpenRequest::STEP)? {
        Node::Dir(dir) => Ok(dir),
        _ => Err(Errno::Notdir),
    }
}

/// What was opened as a regular file. `stale` if it is none.
pub(super) fn file(node: Node) -> Result<Arc<dyn File>> {
    match node {
        Node::File(file) => Ok(file),
        _ => Err(Errno::Stale),
    }
}

/// Removes an entry and all that is in it, without a stack as deep as the tree.
pub(super) fn remove(dir: &dyn Dir, name: Name<'_>) -> Result<()> {
    match dir.remove_file(name) {
        Err(Errno::Isdir) => {}
        result => return result,
    }
    let mut open: Vec<(Arc<dyn Dir>, Vec<String>)> = Vec::new();
    let first = enter(dir, name)?;
    let names = list(&*first)?;
    open.push((first, names));
    while let Some((dir, names)) = open.last_mut() {
        let Some(text) = names.last().cloned() else {
            open.pop();
            // Its name is the last in the list of the one above.
            if let Some((dir, names)) = open.last_mut()
                && let Some(text) = names.pop()
            {
                dir.remove_dir(Name::new(&text)?)?;
            }
            continue;
        };
        match dir.remove_file(Name::new(&text)?) {
            Err(Errno::Isdir) => {
                let inner = enter(&**dir, Name::new(&text)?)?;
                let names = list(&*inner)?;
                open.push((inner, names));
            }
            result => {
                result?;
                names.pop();
            }
        }
    }
    dir.remove_dir(name)
}

fn list(dir: &dyn Dir) -> Result<Vec<String>> {
    let mut names = Vec::new();
    dir.list(&mut |entry| {
        names.push(entry.name.to_owned());
        ControlFlow::Continue(())
    })?;
    Ok(names)
}
