//! Trees, programs that change them, and what two trees have in common.
#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    missing_docs,
    reason = "each test file is a crate and uses its part"
)]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    reason = "what is wrong in a test should fail it"
)]

mod setup;
mod twins;

pub use setup::{Setup, Trouble, Troubled};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
pub use twins::Twins;
use wasi_shim::abi::{FileKind, Result};
use wasi_shim::vfs::{Create, Dir, File, Metadata, Name, Node, OpenRequest, Timestamp};

/// What a filesystem in memory counts space in.
pub const PAGE: usize = 4096;

/// A cheap source of numbers that look random.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, below: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }

    pub fn name(&mut self) -> &'static str {
        ["a", "b", "c", "d", "e", "f"][self.roll(6) as usize]
    }
}

/// A clock that goes on when told.
#[derive(Clone)]
pub struct Clock(Arc<AtomicU64>);

impl Clock {
    pub fn new() -> Self {
        Self(Arc::new(AtomicU64::new(1_000)))
    }

    pub fn tick(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub fn source(&self) -> impl Fn() -> Timestamp + Send + Sync + 'static {
        let time = Arc::clone(&self.0);
        move || Timestamp(time.load(Ordering::Relaxed))
    }
}

pub fn n(text: &str) -> Name<'_> {
    Name::new(text).unwrap()
}

pub fn writing() -> OpenRequest {
    let mut request = OpenRequest::READ;
    request.write = true;
    request.create = Create::IfMissing;
    request
}

pub fn file(dir: &dyn Dir, text: &str) -> Arc<dyn File> {
    match dir.open(n(text), &writing()) {
        Ok(Node::File(file)) => file,
        Ok(_) => panic!("{text:?} is no file"),
        Err(errno) => panic!("{text:?}: {errno}"),
    }
}

pub fn subdir(dir: &dyn Dir, text: &str) -> Arc<dyn Dir> {
    match dir.open(n(text), &OpenRequest::STEP) {
        Ok(Node::Dir(dir)) => dir,
        Ok(_) => panic!("{text:?} is no directory"),
        Err(errno) => panic!("{text:?}: {errno}"),
    }
}

/// The directory at the end of a path.
pub fn walk(root: &Arc<dyn Dir>, path: &str) -> Arc<dyn Dir> {
    let parts = path.split('/').filter(|part| !part.is_empty());
    parts.fold(Arc::clone(root), |at, part| subdir(&*at, part))
}

pub fn put(dir: &dyn Dir, text: &str, content: &[u8]) {
    let file = file(dir, text);
    assert_eq!(file.write_at(content, 0), Ok(content.len()));
}

pub fn content(file: &dyn File) -> Result<Vec<u8>> {
    let mut all = vec![0; usize::try_from(file.metadata()?.size).unwrap() + 1];
    let mut done = 0;
    loop {
        match file.read_at(&mut all[done..], done as u64)? {
            0 => break,
            count => done += count,
        }
    }
    all.truncate(done);
    Ok(all)
}

pub fn content_of(dir: &dyn Dir, text: &str) -> Result<Vec<u8>> {
    match dir.open(n(text), &OpenRequest::READ)? {
        Node::File(file) => content(&*file),
        _ => panic!("{text:?} is no file"),
    }
}

pub fn entries(dir: &dyn Dir) -> BTreeMap<String, (u64, FileKind)> {
    let mut entries = BTreeMap::new();
    dir.list(&mut |entry| {
        let old = entries.insert(entry.name.to_owned(), (entry.ino, entry.kind));
        assert_eq!(old, None, "{:?} twice", entry.name);
        ControlFlow::Continue(())
    })
    .unwrap();
    entries
}

/// Fills an empty directory with files, links of both kinds and directories.
pub fn plant(dir: &dyn Dir, dice: &mut Dice, depth: u32) {
    for text in ["a", "b", "c", "d", "e"] {
        match dice.roll(if depth == 0 { 4 } else { 7 }) {
            0 => {}
            1 => put(
                dir,
                text,
                &vec![dice.roll(255) as u8; dice.roll(9_000) as usize],
            ),
            2 => dir.create_symlink(n(text), &format!("to/{text}")).unwrap(),
            3 => {
                let files: Vec<String> = entries(dir)
                    .into_iter()
                    .filter(|(_, (_, kind))| *kind != FileKind::Directory)
                    .map(|(name, _)| name)
                    .collect();
                match files.first() {
                    Some(first) => dir.link(n(first), dir, n(text)).unwrap(),
                    None => put(dir, text, b"first"),
                }
            }
            _ => {
                dir.create_dir(n(text)).unwrap();
                plant(&*subdir(dir, text), dice, depth - 1);
            }
        }
    }
}

/// What can be seen of an entry, but for its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    pub kind: FileKind,
    pub nlink: u64,
    pub size: u64,
    pub times: [Timestamp; 3],
    pub content: Vec<u8>,
}

impl Facts {
    /// What the same tree has only in the same filesystem: times, and the sizes and names of directories.
    pub fn forget(&mut self) {
        self.times = [Timestamp(0); 3];
        if self.kind == FileKind::Directory {
            (self.nlink, self.size) = (self.nlink.min(1), 0);
        }
    }
}

pub fn facts(found: Metadata, content: Vec<u8>) -> Facts {
    Facts {
        kind: found.kind,
        nlink: found.nlink,
        size: found.size,
        times: [found.atim, found.mtim, found.ctim],
        content,
    }
}

/// A whole tree: what is at each path.
pub fn dump(root: &dyn Dir) -> BTreeMap<String, Facts> {
    let mut all = BTreeMap::new();
    all.insert(String::new(), facts(root.metadata().unwrap(), vec![]));
    dump_into(root, "", &mut all);
    all
}

fn dump_into(dir: &dyn Dir, above: &str, all: &mut BTreeMap<String, Facts>) {
    for (text, (ino, kind)) in entries(dir) {
        let found = dir.stat(n(&text)).unwrap();
        assert!(
            ino == 0 || ino == found.ino,
            "{above}/{text}: listed as {ino}"
        );
        assert_eq!(kind, found.kind, "{above}/{text}");
        let path = format!("{above}/{text}");
        let content = match kind {
            FileKind::RegularFile => content_of(dir, &text).unwrap(),
            FileKind::SymbolicLink => dir.read_link(n(&text)).unwrap().into_bytes(),
            _ => vec![],
        };
        all.insert(path.clone(), facts(found, content));
        if kind == FileKind::Directory {
            dump_into(&*subdir(dir, &text), &path, all);
        }
    }
}
