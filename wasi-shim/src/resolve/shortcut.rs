//! What is tried before a path is walked: to have the filesystem go the whole way at once.
//!
//! This file knows which paths and which limits allow that. It does not know how a path is walked, nor what becomes of a
//! link that nobody has followed. Only this room uses it; `None` means "walk it", and is always correct.

use super::policy::Policy;
use crate::abi::Result;
use crate::vfs::{DeepPath, Dir, Follow, Metadata, Name, Node, OpenRequest};
use std::sync::Arc;

/// What a path leads to, opened.
pub(super) fn open(
    start: &Arc<dyn Dir>,
    path: &str,
    follow: Follow,
    request: &OpenRequest,
    policy: &Policy,
) -> Option<Result<Node>> {
    let path = DeepPath::new(path)?;
    if policy.leaves_links_to_filesystems() {
        return start.open_path(path, follow, request);
    }
    match path.name() {
        Some(name) => Some(start.open(name, request)),
        None => start.open_deep(path.plain()?, request).map(Ok),
    }
}

/// The facts about what a path leads to, or about a link that was not followed.
pub(super) fn stat(
    start: &Arc<dyn Dir>,
    path: &str,
    follow: Follow,
    policy: &Policy,
) -> Option<Result<Metadata>> {
    let path = DeepPath::new(path)?;
    if policy.leaves_links_to_filesystems() {
        return start.stat_path(path, follow);
    }
    match path.name() {
        Some(name) => Some(start.stat(name)),
        None => start.stat_deep(path.plain()?, follow).map(Ok),
    }
}

/// The directory that holds the last name of a path, and that name.
pub(super) fn parent<'p>(
    start: &Arc<dyn Dir>,
    path: &'p str,
    policy: &Policy,
) -> Option<Result<(Arc<dyn Dir>, Name<'p>)>> {
    let Some((above, name)) = path.rsplit_once('/') else {
        let name = Name::new(path).ok()?;
        return Some(Ok((Arc::clone(start), name)));
    };
    let name = Name::new(name).ok()?;
    match open(start, above, Follow::Yes, &OpenRequest::STEP, policy)? {
        Ok(Node::Dir(dir)) => Some(Ok((dir, name))),
        Ok(_) => None,
        Err(errno) => Some(Err(errno)),
    }
}
