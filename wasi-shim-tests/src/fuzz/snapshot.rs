//! A tree as it is, read through the plug and not by a guest.
//!
//! Knows everything below a directory: facts, contents, texts, and which names are one file. Refuses to change anything. The
//! targets compare two of these.

use crate::model::{Leaf, Left};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use wasi_shim::abi::FileKind;
use wasi_shim::vfs::{Dir, File, Metadata, Name, Node, OpenRequest};

/// Everything below a directory, by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Snapshot(pub(crate) BTreeMap<String, (Metadata, Vec<u8>)>);

impl Snapshot {
    /// Reads a tree.
    pub(crate) fn of(root: &dyn Dir) -> Self {
        let mut snapshot = Self::default();
        snapshot.read(root, "");
        snapshot
    }

    fn read(&mut self, dir: &dyn Dir, above: &str) {
        let mut names = Vec::new();
        let listed = dir.list(&mut |entry| {
            names.push(entry.name.to_owned());
            ControlFlow::Continue(())
        });
        listed.expect("a directory that can be listed");
        for name in names {
            let path = format!("{above}{name}");
            let name = Name::new(&name).expect("a listed name is one");
            let metadata = dir.stat(name).expect("a listed name leads somewhere");
            let (content, below) = content(dir, name, &metadata);
            self.0.insert(path.clone(), (metadata, content));
            if let Some(below) = below {
                self.read(&*below, &format!("{path}/"));
            }
        }
    }

    /// The same, as the model tells it.
    pub(crate) fn left(&self) -> Left {
        let mut first = BTreeMap::new();
        let leaves = self.0.iter().map(|(path, (metadata, content))| {
            let leaf = match metadata.kind {
                FileKind::Directory => Leaf::Dir,
                FileKind::SymbolicLink => {
                    Leaf::Link(String::from_utf8(content.clone()).expect("UTF-8"))
                }
                _ => Leaf::File {
                    content: content.clone(),
                    first: first
                        .entry(metadata.ino)
                        .or_insert_with(|| path.clone())
                        .clone(),
                },
            };
            (path.clone(), leaf)
        });
        Left(leaves.collect())
    }
}

fn content(dir: &dyn Dir, name: Name<'_>, metadata: &Metadata) -> (Vec<u8>, Option<Arc<dyn Dir>>) {
    if metadata.kind == FileKind::SymbolicLink {
        return (
            dir.read_link(name).expect("a link has a text").into_bytes(),
            None,
        );
    }
    let request = match metadata.kind {
        FileKind::Directory => OpenRequest::STEP,
        _ => OpenRequest::READ,
    };
    match dir
        .open(name, &request)
        .expect("what is there can be opened")
    {
        Node::Dir(dir) => (Vec::new(), Some(dir)),
        Node::File(file) => (whole(&*file, metadata.size), None),
        _ => panic!("{name:?} is not what its facts say"),
    }
}

fn whole(file: &dyn File, size: u64) -> Vec<u8> {
    let size = usize::try_from(size).expect("a small file");
    let mut content = vec![0; size + 1];
    let mut read = 0;
    loop {
        let count = file
            .read_at(&mut content[read..], read as u64)
            .expect("a file can be read");
        read += count;
        if count == 0 || read > size {
            break;
        }
    }
    assert_eq!(read, size, "a file is as long as it says");
    content.truncate(size);
    content
}
