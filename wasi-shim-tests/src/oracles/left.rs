//! What is left in a folder of the host, read by the host, and in a tree of the library's, read by a guest.

use super::library;
use crate::model::{At, Call, Leaf, Left, Opening, ROOT, Slot, System, Value};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use wasi_shim::abi::{FdFlags, FileKind, OFlags, Rights};
use wasi_shim::vfs::Dir;

/// What is in a folder of the host.
pub fn left_in_folder(folder: &Path) -> Left {
    let mut left = Left::default();
    leave(folder, "", &mut left, &mut BTreeMap::new());
    left
}

fn leave(folder: &Path, above: &str, left: &mut Left, seen: &mut BTreeMap<u64, String>) {
    let entries = fs::read_dir(folder).expect("a folder that can be read");
    let mut entries: Vec<_> = entries.map(|entry| entry.expect("an entry")).collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().into_string().expect("UTF-8");
        let path = format!("{above}{name}");
        let metadata = entry.path().symlink_metadata().expect("it is there");
        let leaf = if metadata.is_symlink() {
            let text = fs::read_link(entry.path()).expect("a link");
            Leaf::Link(text.to_str().expect("UTF-8").to_owned())
        } else if metadata.is_dir() {
            Leaf::Dir
        } else {
            let content = fs::read(entry.path()).expect("a file");
            let first = seen
                .entry(metadata.ino())
                .or_insert_with(|| path.clone())
                .clone();
            Leaf::File { content, first }
        };
        left.0.insert(path.clone(), leaf);
        if metadata.is_dir() {
            leave(&entry.path(), &format!("{path}/"), left, seen);
        }
    }
}

/// What is in a tree, as a new guest sees it. Which names are one file's cannot be seen, and is left out: every file is
/// its own first.
pub fn left_in_guest(root: Arc<dyn Dir>) -> Left {
    let mut left = Left::default();
    look(&root, "", &mut left);
    left
}

/// Descriptors of a guest that looks.
const LOOKED_AT: Slot = 1;

fn look(root: &Arc<dyn Dir>, above: &str, left: &mut Left) {
    let mut guest = library(Arc::clone(root));
    open(&mut guest, &format!("{above}."), Rights::FD_READDIR);
    let listed = guest.answer(&Call::Readdir {
        fd: LOOKED_AT,
        len: 4096,
    });
    let Ok(Value::Entries(entries)) = listed else {
        panic!("a directory that cannot be listed: {listed:?}");
    };
    for (name, kind) in entries {
        let path = format!("{above}{name}");
        left.0.insert(path.clone(), leaf(&mut guest, &path, kind));
        if kind == FileKind::Directory {
            look(root, &format!("{path}/"), left);
        }
    }
}

fn at(path: &str) -> At {
    At {
        fd: ROOT,
        path: path.into(),
    }
}

fn open(guest: &mut impl System, path: &str, base: Rights) {
    let opening = Opening {
        follow: false,
        oflags: OFlags::empty(),
        base,
        inheriting: Rights::empty(),
        fdflags: FdFlags::empty(),
        into: LOOKED_AT,
    };
    let at = at(path);
    let opened = guest.answer(&Call::Open { at, opening });
    assert!(opened.is_ok(), "{path} cannot be opened: {opened:?}");
}

fn leaf(guest: &mut impl System, path: &str, kind: FileKind) -> Leaf {
    let call = match kind {
        FileKind::Directory => return Leaf::Dir,
        FileKind::SymbolicLink => Call::Readlink {
            at: at(path),
            len: 8192,
        },
        _ => {
            open(guest, path, Rights::FD_READ);
            Call::Read {
                fd: LOOKED_AT,
                lens: vec![1 << 14],
            }
        }
    };
    match guest.answer(&call) {
        Ok(Value::Bytes(text)) if kind == FileKind::SymbolicLink => {
            Leaf::Link(String::from_utf8(text).expect("UTF-8"))
        }
        Ok(Value::Bytes(content)) => Leaf::File {
            content,
            first: path.to_owned(),
        },
        other => panic!("{path} cannot be read: {other:?}"),
    }
}
