//! Copies of trees, from and to filesystems in memory, and from and to directories of the host.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

mod support;

use std::ops::ControlFlow;
use std::sync::Arc;
use support::{name, names, open};
use wasi_shim::abi::{Errno, FileKind, Result};
use wasi_shim::backends::{CopyError, MemDir, ReadOnly, Trace, copy_tree};
use wasi_shim::vfs::{
    Dir, Entry, File, FsId, Metadata, Name, Node, OpenRequest, SetTime, SetTimes, Timestamp,
};

const PAGE: usize = 4096;

fn at(seconds: u64) -> SetTimes {
    SetTimes {
        atim: SetTime::At(Timestamp(seconds * 1_000_000_000 + 1)),
        mtim: SetTime::At(Timestamp(seconds * 1_000_000_000 + 2)),
    }
}

/// Was the file `short` accessed when [`tree`] says? To be asked before anybody reads it.
fn check_access(dir: &dyn Dir) {
    let facts = dir.stat(name("short")).unwrap();
    assert_eq!(facts.atim.0, 5_000_000_001);
}

/// A tree with one of everything, and times that no clock tells.
fn tree() -> Arc<MemDir> {
    let root = MemDir::new();
    root.file("empty", "").unwrap();
    root.file("short", "short").unwrap();
    root.file("long", vec![7; 50 * PAGE + 1]).unwrap();
    root.file("zeros", vec![0; 3 * PAGE]).unwrap();
    let sparse = open(&*root, "sparse");
    sparse.write_at(b"begin", 0).unwrap();
    sparse.write_at(b"middle", 100 * PAGE as u64).unwrap();
    sparse.set_len(1 << 32).unwrap();
    let a = root.dir("a").unwrap();
    let b = a.dir("b").unwrap();
    a.file("f", "f").unwrap();
    a.link(name("f"), &*b, name("g")).unwrap();
    a.link(name("f"), &*root, name("h")).unwrap();
    root.symlink("link", "a/b/../f").unwrap();
    root.symlink("away", "/etc/passwd").unwrap();
    root.dir("none").unwrap();
    root.set_times(name("short"), &at(5)).unwrap();
    root.set_times(name("link"), &at(6)).unwrap();
    b.set_own_times(&at(7)).unwrap();
    a.set_own_times(&at(8)).unwrap();
    root.set_own_times(&at(9)).unwrap();
    root
}

/// Checks that `dir` is as [`tree`].
fn check(dir: &Arc<dyn Dir>) {
    assert_eq!(sorted(&**dir).len(), 10);
    let facts = |text| dir.stat(name(text)).unwrap();
    let (a, b) = (below(&**dir, "a"), below(&*below(&**dir, "a"), "b"));
    assert_eq!(
        (sorted(&*a), sorted(&*b)),
        (vec!["b".into(), "f".into()], vec!["g".into()])
    );
    assert!(read(&**dir, "empty").is_empty());
    assert_eq!(read(&**dir, "short"), b"short");
    assert_eq!(read(&**dir, "long"), vec![7; 50 * PAGE + 1]);
    assert_eq!(read(&**dir, "zeros"), vec![0; 3 * PAGE]);
    assert_eq!(facts("sparse").size, 1 << 32);
    let mut buf = [1; 8];
    let sparse = file(&**dir, "sparse");
    assert_eq!(sparse.read_at(&mut buf, 100 * PAGE as u64), Ok(8));
    assert_eq!(&buf, b"middle\0\0");
    assert_eq!(sparse.read_at(&mut buf, (1 << 32) - 3), Ok(3));
    let f = a.stat(name("f")).unwrap();
    assert_eq!((f.nlink, f.ino), (3, facts("h").ino));
    assert_eq!(b.stat(name("g")).unwrap().ino, f.ino);
    assert_eq!(dir.read_link(name("link")), Ok("a/b/../f".to_owned()));
    assert_eq!(dir.read_link(name("away")), Ok("/etc/passwd".to_owned()));
    let second = 1_000_000_000;
    // Times of access are the caller's business: this function has read.
    assert_eq!(facts("short").mtim.0, 5 * second + 2);
    assert_eq!(facts("link").mtim.0, 6 * second + 2);
    assert_eq!(b.metadata().unwrap().mtim.0, 7 * second + 2);
    assert_eq!(a.metadata().unwrap().mtim.0, 8 * second + 2);
    assert_eq!(dir.metadata().unwrap().mtim.0, 9 * second + 2);
}

fn sorted(dir: &dyn Dir) -> Vec<String> {
    let mut names = names(dir);
    names.sort();
    names
}

fn below(dir: &dyn Dir, text: &str) -> Arc<dyn Dir> {
    match dir.open(name(text), &OpenRequest::STEP) {
        Ok(Node::Dir(dir)) => dir,
        _ => panic!("{text} is no directory"),
    }
}

fn file(dir: &dyn Dir, text: &str) -> Arc<dyn File> {
    match dir.open(name(text), &OpenRequest::READ) {
        Ok(Node::File(file)) => file,
        _ => panic!("{text} is no file"),
    }
}

fn read(dir: &dyn Dir, text: &str) -> Vec<u8> {
    let file = file(dir, text);
    let mut bytes = vec![0xee; file.metadata().unwrap().size as usize];
    assert_eq!(file.read_at(&mut bytes, 0), Ok(bytes.len()));
    bytes
}

#[test]
fn a_copy_in_memory_is_the_same_tree() {
    let (source, target) = (tree(), MemDir::new());
    let report = copy_tree(&*source, &*target).unwrap();
    let dir: Arc<dyn Dir> = target.clone();
    check_access(&*dir);
    check(&dir);
    assert_eq!((report.files, report.dirs), (6, 3));
    assert_eq!((report.symlinks, report.links), (2, 2));
    assert_eq!(report.skipped, []);
    // Blocks of zeros were not written.
    let zeros = 3 * PAGE as u64;
    assert_eq!(target.usage().bytes, source.usage().bytes - zeros);
    assert_eq!(target.usage().inodes, source.usage().inodes);
}

#[cfg(feature = "host")]
#[test]
fn a_tree_goes_to_the_host_and_comes_back() {
    use std::os::unix::fs::MetadataExt as _;
    let folder = tempfile::tempdir().unwrap();
    let host = wasi_shim::host::open_dir(folder.path()).unwrap();
    copy_tree(&*tree(), &*host).unwrap();
    check_access(&*host);
    check(&host);
    let sparse = folder.path().join("sparse").metadata().unwrap();
    assert!(sparse.blocks() * 512 < 1 << 20, "holes were written");
    let back = MemDir::new();
    // Reading 4 GiB of holes takes long.
    std::fs::File::options()
        .write(true)
        .open(folder.path().join("sparse"))
        .and_then(|file| file.set_len(101 * PAGE as u64))
        .unwrap();
    copy_tree(&*host, &*back).unwrap();
    open(&*back, "sparse").set_len(1 << 32).unwrap();
    back.set_own_times(&at(9)).unwrap();
    let back: Arc<dyn Dir> = back;
    check(&back);
}

#[cfg(feature = "host")]
#[test]
fn a_deep_tree_of_the_host_needs_few_open_directories() {
    // More than a process may usually have open.
    let depth = 1_500;
    let source = MemDir::new();
    let mut at = Arc::clone(&source);
    for _ in 0..depth {
        at = at.dir("d").unwrap();
    }
    at.file("f", "deep").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let host = wasi_shim::host::open_dir(folder.path()).unwrap();
    assert_eq!(
        copy_tree(&*source, &*host).map(|report| report.dirs),
        Ok(depth)
    );
    let back = MemDir::new();
    assert_eq!(
        copy_tree(&*host, &*back).map(|report| report.dirs),
        Ok(depth)
    );
    assert_eq!(back.usage(), source.usage());
}

#[cfg(feature = "host")]
#[test]
fn special_files_are_skipped_and_links_are_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret"), "secret").unwrap();
    std::os::unix::fs::symlink(outside.path(), folder.path().join("way out")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
    let host = wasi_shim::host::open_dir(folder.path()).unwrap();
    let target = MemDir::new();
    let report = copy_tree(&*host, &*target).unwrap();
    assert_eq!(names(&*target), ["way out"]);
    assert_eq!(report.symlinks, 1);
    let skipped: Vec<&str> = report
        .skipped
        .iter()
        .map(|(path, _)| path.as_str())
        .collect();
    assert_eq!(skipped, ["socket"]);
}

#[test]
fn limits_stop_a_copy_at_a_path_and_leave_no_half_file() {
    let source = MemDir::new();
    let dir = source.dir("d").unwrap();
    source.file("a", vec![1; PAGE]).unwrap();
    dir.file("big", vec![1; 100 * PAGE]).unwrap();
    let target = MemDir::builder().bytes(50 * PAGE as u64).build();
    let error = copy_tree(&*source, &*target).unwrap_err();
    let expected = CopyError::Write {
        path: "d/big".into(),
        errno: Errno::Nospc,
    };
    assert_eq!(error, expected);
    assert!(error.to_string().contains("\"d/big\""), "{error}");
    assert_eq!(target.contents("a"), Ok(vec![1; PAGE]));
    assert_eq!(names(&*target.dir("d").unwrap()), [""; 0]);
    let target = MemDir::builder().inodes(1).build();
    let error = copy_tree(&*source, &*target).unwrap_err();
    assert!(matches!(error, CopyError::Write { path, errno: Errno::Nospc } if path == "d"));
}

#[test]
fn directories_are_joined_and_files_are_not_replaced() {
    let (source, target) = (MemDir::new(), MemDir::new());
    source.dir("d").unwrap().file("new", "new").unwrap();
    target.dir("d").unwrap().file("old", "old").unwrap();
    copy_tree(&*source, &*target).unwrap();
    assert_eq!(names(&*target.dir("d").unwrap()), ["new", "old"]);
    let error = copy_tree(&*source, &*target).unwrap_err();
    assert!(matches!(error, CopyError::Write { path, errno: Errno::Exist } if path == "d/new"));
    assert_eq!(
        target.dir("d").unwrap().contents("new"),
        Ok(b"new".to_vec())
    );
    let other = MemDir::new();
    other.file("d", "").unwrap();
    let error = copy_tree(&*source, &*other).unwrap_err();
    assert!(matches!(error, CopyError::Write { path, errno: Errno::Exist } if path == "d"));
}

#[test]
fn a_copy_into_itself_ends() {
    let root = tree();
    let below = root.dir("a").unwrap().dir("b").unwrap();
    let error = copy_tree(&*root, &*below).unwrap_err();
    assert_eq!(error, CopyError::Itself { path: "a/b".into() });
}

#[test]
fn a_very_deep_tree_is_copied_without_a_deep_stack() {
    let source = MemDir::new();
    let mut at = Arc::clone(&source);
    for _ in 0..10_000 {
        at = at.dir("d").unwrap();
    }
    at.file("f", "deep").unwrap();
    let target = MemDir::new();
    let report = copy_tree(&*source, &*target).unwrap();
    assert_eq!((report.dirs, report.files), (10_000, 1));
    assert_eq!(target.usage(), source.usage());
}

#[test]
fn the_longest_hole_is_copied_at_once_and_not_read_elsewhere() {
    let root = MemDir::new();
    let file = open(&*root, "f");
    file.write_at(b"x", 1 << 50).unwrap();
    file.set_len(i64::MAX as u64).unwrap();
    let target = MemDir::new();
    let report = copy_tree(&*root, &*target).unwrap();
    assert_eq!(report.bytes, PAGE as u64);
    assert_eq!(target.stat(name("f")).unwrap().size, i64::MAX as u64);
    // A wrapper hands on that it knows.
    let wrapped = ReadOnly::new(root.clone());
    assert_eq!(copy_tree(&*wrapped, &*MemDir::new()), Ok(report));
    // A probe does not.
    let wrapped = Trace::new(root, |_| {});
    let error = copy_tree(&*wrapped, &*MemDir::new()).unwrap_err();
    assert!(matches!(error, CopyError::Read { path, errno: Errno::Fbig } if path == "f"));
}

#[cfg(all(feature = "host", target_os = "linux"))]
#[test]
fn holes_of_the_host_are_not_read() {
    let long = 1_u64 << 41;
    let folder = tempfile::tempdir().unwrap();
    let file = std::fs::File::create(folder.path().join("f")).unwrap();
    std::os::unix::fs::FileExt::write_at(&file, b"x", long / 2).unwrap();
    file.set_len(long).unwrap();
    let host = wasi_shim::host::open_dir(folder.path()).unwrap();
    let (copy, back) = (MemDir::new(), tempfile::tempdir().unwrap());
    copy_tree(&*host, &*copy).unwrap();
    copy_tree(&*copy, &*wasi_shim::host::open_dir(back.path()).unwrap()).unwrap();
    let back = std::fs::File::open(back.path().join("f")).unwrap();
    assert_eq!(copy.usage().bytes, PAGE as u64);
    assert_eq!(back.metadata().unwrap().len(), long);
    let mut byte = [0];
    std::os::unix::fs::FileExt::read_at(&back, &mut byte, long / 2).unwrap();
    assert_eq!(&byte, b"x");
}

/// A directory with a file that cannot be read.
struct Broken;

impl Dir for Broken {
    fn metadata(&self) -> Result<Metadata> {
        Ok(Metadata::dir(1))
    }
    fn stat(&self, _: Name<'_>) -> Result<Metadata> {
        Ok(Metadata::file(2, 10))
    }
    fn open(&self, _: Name<'_>, _: &OpenRequest) -> Result<Node> {
        Ok(Node::File(Arc::new(Self)))
    }
    fn list(&self, sink: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        for name in ["..", "a/b", "f"] {
            let kind = FileKind::RegularFile;
            let _ = sink(Entry { name, ino: 2, kind });
        }
        Ok(())
    }
    fn filesystem(&self) -> FsId {
        FsId::NONE
    }
}

impl File for Broken {
    fn metadata(&self) -> Result<Metadata> {
        Ok(Metadata::file(2, 10))
    }
    fn read_at(&self, _: &mut [u8], _: u64) -> Result<usize> {
        Err(Errno::Io)
    }
}

#[test]
fn a_source_that_fails_is_told_and_its_impossible_names_are_passed_over() {
    let target = MemDir::new();
    let error = copy_tree(&Broken, &*target).unwrap_err();
    let expected = CopyError::Read {
        path: "f".into(),
        errno: Errno::Io,
    };
    assert_eq!(error, expected);
    assert_eq!(names(&*target), [""; 0]);
}
