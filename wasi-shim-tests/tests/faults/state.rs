//! What a call may not change when it fails.
//!
//! Knows how to write down a tree, a guest's descriptors and the process's handles. Refuses to know why something should
//! be the same. Cases compare what is written down.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use wasi_shim::vfs::{Dir, File, Name, Node, OpenRequest, Timestamp};
use wasi_shim_tests::Guest;

/// What a name stands for: what it is and holds, how many names it has, and when its content and it itself were changed.
/// When it was read says nothing: writing it down reads it.
pub(crate) type Entry = (String, u64, [Timestamp; 2]);

/// A tree: what each path stands for.
pub(crate) type Tree = BTreeMap<String, Entry>;

/// Writes down all that is below a directory.
pub(crate) fn tree(dir: &Arc<dyn Dir>) -> Tree {
    let mut found = Tree::new();
    below(dir, "", &mut found);
    found
}

fn below(dir: &Arc<dyn Dir>, path: &str, found: &mut Tree) {
    let own = dir.metadata().unwrap();
    found.insert(
        format!("{path}/"),
        ("directory".to_owned(), 0, [own.mtim, own.ctim]),
    );
    for text in names(dir) {
        let name = Name::new(&text).unwrap();
        let facts = dir.stat(name).unwrap();
        let at = format!("{path}/{text}");
        let what = match dir.open(name, &OpenRequest::READ).unwrap() {
            Node::Dir(inner) => {
                below(&inner, &at, found);
                continue;
            }
            Node::File(file) => format!("file {:?}", content(&*file)),
            Node::Symlink(text) => format!("link {text:?}"),
            Node::Stream(_) => "stream".to_owned(),
        };
        found.insert(at, (what, facts.nlink, [facts.mtim, facts.ctim]));
    }
}

fn names(dir: &Arc<dyn Dir>) -> Vec<String> {
    let mut names = Vec::new();
    dir.list(&mut |entry| {
        names.push(entry.name.to_owned());
        ControlFlow::Continue(())
    })
    .unwrap();
    names
}

fn content(file: &dyn File) -> String {
    let mut bytes = vec![0; file.metadata().unwrap().size as usize];
    let count = file.read_at(&mut bytes, 0).unwrap();
    assert_eq!(count, bytes.len());
    String::from_utf8(bytes).unwrap()
}

/// A tree without times, which no two trees share.
pub(crate) fn timeless(tree: &Tree) -> Vec<(&str, &str, u64)> {
    tree.iter()
        .map(|(path, (what, nlink, _))| (path.as_str(), what.as_str(), *nlink))
        .collect()
}

/// Writes down the descriptors of a guest, with their flags, rights and offsets.
pub(crate) fn descriptors(guest: &mut Guest) -> Vec<(u32, String)> {
    (0..24)
        .filter_map(|fd| {
            let stat = guest.fd_fdstat_get(fd).ok()?;
            Some((fd, format!("{stat:?} at {:?}", guest.fd_tell(fd))))
        })
        .collect()
}

/// How many handles this process has of what is below a folder.
pub(crate) fn handles(folder: &Path) -> usize {
    let all = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
    let targets = all.filter_map(|entry| std::fs::read_link(entry.path()).ok());
    targets.filter(|target| target.starts_with(folder)).count()
}
