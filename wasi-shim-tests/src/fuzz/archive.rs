//! The target `archive`: any bytes as a tar or zip file.
//!
//! The input is the archive. Opening ends with a tree or an error; a tree is walked to its end or to a bound, and whatever
//! it says twice has to agree: listings with facts, names with their count, reading in order with reading anywhere, a
//! source that reads little at a time with one that reads all. The sums of tar headers are put right in a second attempt,
//! since nobody guesses those.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use wasi_shim::abi::{Errno, FileKind};
use wasi_shim::backends::{Archive, ArchiveError, ReadAt};
use wasi_shim::vfs::{Dir, File, Metadata, Name, Node, OpenRequest};

/// Panics if an archive contradicts itself.
pub fn run(data: &[u8]) {
    let first = open(data.to_vec());
    if let Some(repaired) = repaired(data) {
        let _ = open(repaired);
    }
    if data.len() <= 2048 {
        let slowly = settled(Archive::builder(), Slow(data.to_vec()));
        let told = slowly.map(|archive| walk(&*archive));
        assert_eq!(told.is_ok(), first.is_some(), "it depends on the source");
        assert_eq!(told.ok(), first, "it depends on the source");
    }
}

/// Opens an archive and tells what is in it.
fn open(bytes: Vec<u8>) -> Option<Told> {
    match settled(Archive::builder(), Arc::<[u8]>::from(bytes)) {
        Ok(archive) => {
            for skipped in archive.skipped() {
                let _ = format!("{skipped:?} {}", skipped.reason);
            }
            assert!(archive.skipped_count() >= archive.skipped().len() as u64);
            Some(walk(&*archive))
        }
        Err(error) => {
            let _ = format!("{error:?} {error}");
            None
        }
    }
}

fn settled(
    builder: wasi_shim::backends::ArchiveBuilder,
    source: impl ReadAt + 'static,
) -> Result<Arc<Archive>, ArchiveError> {
    let builder = builder.unpacked(1 << 20).members(1000).names(1 << 16);
    builder.checkpoints(1 << 20).read(source)
}

/// Gives little at a time, and is interrupted.
struct Slow(Vec<u8>);

impl ReadAt for Slow {
    fn size(&self) -> io::Result<u64> {
        Ok(self.0.len() as u64)
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let most = buf.len().min(1 + (offset % 97) as usize);
        Ok(wasi_shim::vfs::read_slice(
            &self.0,
            &mut buf[..most],
            offset,
        ))
    }
}

/// A tar with the sum of each header as it should be, if there is anything to put right.
fn repaired(data: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = data.to_vec();
    for block in bytes.chunks_exact_mut(512) {
        if &block[257..262] == b"ustar" {
            block[148..156].fill(b' ');
            let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
            block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        }
    }
    (bytes != data).then_some(bytes)
}

/// Each path, with what is there and how long it is.
type Told = Vec<String>;

/// How much of one tree is looked at. What is made of a few bytes may be large.
struct Walk {
    entries: usize,
    bytes: usize,
    told: Told,
    /// How many names were found of each number, and how many it says it has.
    names: BTreeMap<u64, (u64, u64)>,
}

/// Looks at a tree; panics if it contradicts itself.
pub fn walk(root: &dyn Dir) -> Told {
    let mut walk = Walk {
        entries: 5_000,
        bytes: 1 << 18,
        told: Vec::new(),
        names: BTreeMap::new(),
    };
    let facts = root.metadata().expect("a root has facts");
    assert_eq!(facts.kind, FileKind::Directory);
    walk.dir(root, "");
    if walk.entries > 0 {
        for (ino, (found, said)) in &walk.names {
            assert_eq!(found, said, "names of {ino}");
        }
    }
    walk.told
}

impl Walk {
    fn dir(&mut self, dir: &dyn Dir, path: &str) {
        let entries = entries(dir);
        assert_eq!(entries, self::entries(dir), "two listings of {path:?}");
        let names: BTreeSet<&str> = entries.iter().map(|(name, ..)| name.as_str()).collect();
        assert_eq!(names.len(), entries.len(), "a name twice in {path:?}");
        for (name, ino, kind) in &entries {
            if self.entries == 0 {
                return;
            }
            self.entries -= 1;
            let path = format!("{path}/{name}");
            assert_eq!(Name::new(name).err(), None, "{path:?} has no name");
            assert!(
                !name.contains('\\'),
                "{path:?} has a slash of another system"
            );
            let facts = stat(dir, name).expect("what is listed has facts");
            assert_eq!((facts.ino, facts.kind), (*ino, *kind), "facts of {path:?}");
            self.entry(dir, name, &path, &facts);
        }
    }

    fn entry(&mut self, dir: &dyn Dir, name: &str, path: &str, facts: &Metadata) {
        let node = node(dir, name).expect("what is listed can be opened");
        let found = match &node {
            Node::Dir(below) => {
                assert_eq!(below.metadata().as_ref(), Ok(facts), "facts of {path:?}");
                FileKind::Directory
            }
            Node::File(file) => {
                assert_eq!(file.metadata().as_ref(), Ok(facts), "facts of {path:?}");
                FileKind::RegularFile
            }
            Node::Symlink(text) => {
                assert_eq!(text.len() as u64, facts.size, "length of {path:?}");
                assert!(!text.is_empty() && text.len() <= 4096 && !text.contains('\0'));
                FileKind::SymbolicLink
            }
            Node::Stream(_) => FileKind::Unknown,
        };
        assert_eq!(found, facts.kind, "kind of {path:?}");
        self.told.push(format!("{path} {found:?} {}", facts.size));
        match node {
            Node::Dir(below) => return self.dir(&*below, path),
            Node::File(file) => self.file(dir, name, &*file, facts.size),
            _ => {}
        }
        self.names.entry(facts.ino).or_insert((0, facts.nlink)).0 += 1;
    }

    /// Reads a file in order, and then here and there through a handle of its own.
    fn file(&mut self, dir: &dyn Dir, name: &str, file: &dyn File, size: u64) {
        let (content, whole) = in_order(file, self.bytes.min(1 << 16));
        self.bytes -= content.len().min(self.bytes);
        let read = content.len() as u64;
        assert!(read <= size, "{name:?} goes on behind its end");
        assert!(!whole || read == size, "{name:?} ends before its end");
        for beyond in [size, size.saturating_add(1), u64::MAX] {
            assert_eq!(file.read_at(&mut [0; 8], beyond), Ok(0), "at {beyond}");
        }
        let Ok(Node::File(other)) = node(dir, name) else {
            panic!("{name:?} is a file no more");
        };
        let mut at = size.wrapping_mul(0x9e37_79b9) | 1;
        for _ in 0..6 {
            at = at.wrapping_mul(0x5851_f42d_4c95_7f2d).rotate_left(23) ^ read;
            let offset = at.checked_rem(read).unwrap_or(0);
            for handle in [file, &*other] {
                anywhere(
                    handle,
                    &content,
                    offset as usize,
                    1 + (at >> 40) as usize % 600,
                );
            }
        }
    }
}

/// What is at an offset is what was there in order. A read may fail only as a whole file may: the content is damaged.
fn anywhere(file: &dyn File, content: &[u8], offset: usize, len: usize) {
    let mut buf = vec![0xaa; len];
    match file.read_at(&mut buf, offset as u64) {
        Ok(count) => {
            let (read, behind) = buf.split_at(count);
            let rest = &content[offset..];
            let known = count.min(rest.len());
            assert_eq!(read[..known], rest[..known], "{len} bytes at {offset}");
            assert!(count > 0 || rest.is_empty(), "nothing at {offset}");
            assert!(behind.iter().all(|byte| *byte == 0xaa), "more than {count}");
        }
        Err(errno) => assert_eq!(errno, Errno::Io, "at {offset}"),
    }
}

/// What can be read from the start on, up to `most` bytes, and whether that is all.
fn in_order(file: &dyn File, most: usize) -> (Vec<u8>, bool) {
    let mut content = Vec::new();
    for len in [1, 13, 512, 4096, 300].into_iter().cycle() {
        let mut buf = vec![0; len];
        match file.read_at(&mut buf, content.len() as u64) {
            Ok(0) => return (content, true),
            Ok(count) => content.extend_from_slice(&buf[..count]),
            Err(errno) => {
                assert_eq!(errno, Errno::Io);
                return (content, false);
            }
        }
        if content.len() >= most {
            break;
        }
    }
    (content, false)
}

fn entries(dir: &dyn Dir) -> Vec<(String, u64, FileKind)> {
    let mut all = Vec::new();
    let listed = dir.list(&mut |entry| {
        all.push((entry.name.to_owned(), entry.ino, entry.kind));
        ControlFlow::Continue(())
    });
    assert_eq!(listed, Ok(()), "a directory can be listed");
    all
}

fn stat(dir: &dyn Dir, name: &str) -> Result<Metadata, Errno> {
    dir.stat(Name::new(name)?)
}

fn node(dir: &dyn Dir, name: &str) -> Result<Node, Errno> {
    dir.open(Name::new(name)?, &OpenRequest::READ)
}
