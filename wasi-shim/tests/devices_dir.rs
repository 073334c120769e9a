//! Directories of devices and of closures: what a filesystem must keep that cannot change, and what a guest sees.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

use std::collections::BTreeMap;
use std::io::IoSliceMut;
use std::ops::ControlFlow;
use std::sync::Arc;
use wasi_shim::abi::{Errno, FileKind, OFlags, Rights};
use wasi_shim::backends::{
    BadName, Capture, ClosureDir, ClosureFile, Devices, Input, MemDir, ReadOnly, Seeded, Terminal,
    Zero,
};
use wasi_shim::vfs::contract::{Known, read_only};
use wasi_shim::vfs::{Create, Dir, Entry, File, Name, Node, OpenRequest, SetTimes, read_slice};
use wasi_shim::{Access, Wasi};

mod guest_kit;
use guest_kit::Guest;

/// The first preopened directory.
const DEV: u32 = 3;

fn name(text: &str) -> Name<'_> {
    Name::new(text).unwrap()
}

fn text(ino: u64, content: &'static str) -> Arc<dyn File> {
    let bytes = content.as_bytes();
    let len = move || Ok(bytes.len() as u64);
    Arc::new(ClosureFile::new(ino, len, move |buf, offset| {
        Ok(read_slice(bytes, buf, offset))
    }))
}

fn inner() -> Arc<dyn Dir> {
    let inner = MemDir::new();
    inner.file("inner", "inner content").unwrap();
    ReadOnly::new(inner)
}

const CONTENT: &[Known<'_>] = &[
    Known::File("empty", b""),
    Known::File("file", b"some content"),
    Known::Symlink("link", "../elsewhere"),
    Known::Dir("dir", &[Known::File("inner", b"inner content")]),
];

#[test]
fn a_directory_of_devices_keeps_the_contract() {
    let root: Arc<dyn Dir> = Devices::builder()
        .file("empty", text(10, ""))
        .file("file", text(11, "some content"))
        .symlink("link", "../elsewhere")
        .dir("dir", inner())
        .build()
        .unwrap();
    read_only(&root, CONTENT);
}

fn computed() -> ClosureDir {
    let lookup = |name: Name<'_>| match name.as_str() {
        "empty" => Ok(Node::File(text(10, ""))),
        "file" => Ok(Node::File(text(11, "some content"))),
        "link" => Ok(Node::Symlink("../elsewhere".to_owned())),
        "dir" => Ok(Node::Dir(inner())),
        "hidden" => Ok(Node::Stream(Arc::new(Zero))),
        "broken" => Err(Errno::Io),
        _ => Err(Errno::Noent),
    };
    ClosureDir::new(5, lookup, |sink| {
        for name in ["empty", "file", "link", "dir"] {
            let (ino, kind) = (0, FileKind::Unknown);
            if sink(Entry { name, ino, kind }).is_break() {
                break;
            }
        }
        Ok(())
    })
}

#[test]
fn a_directory_of_closures_keeps_the_contract() {
    let root: Arc<dyn Dir> = Arc::new(computed());
    read_only(&root, CONTENT);
}

#[test]
fn what_a_closure_knows_can_be_opened_and_its_errors_are_reported() {
    let dir = computed();
    assert_eq!(
        dir.stat(name("hidden")).unwrap().kind,
        FileKind::CharacterDevice
    );
    assert!(matches!(
        dir.open(name("hidden"), &OpenRequest::READ),
        Ok(Node::Stream(_))
    ));
    assert_eq!(dir.stat(name("broken")).err(), Some(Errno::Io));
    assert_eq!(
        dir.open(name("broken"), &OpenRequest::READ).err(),
        Some(Errno::Io)
    );
    assert_eq!(dir.create_dir(name("broken")), Err(Errno::Io));
    assert_eq!(dir.metadata().unwrap().ino, 5);
}

fn with(change: impl FnOnce(&mut OpenRequest)) -> OpenRequest {
    let mut request = OpenRequest::READ;
    change(&mut request);
    request
}

#[test]
fn files_are_written_where_that_was_said() {
    let tree = MemDir::new();
    tree.file("f", "old").unwrap();
    let Ok(Node::File(file)) = tree.open(name("f"), &OpenRequest::READ) else {
        panic!("it is a file");
    };
    let writing = with(|request| request.write = true);
    let cutting = with(|request| (request.write, request.truncate) = (true, true));
    let copy = Arc::clone(&file);
    let computed = computed_of(copy).writable_files();
    let devices = Devices::builder()
        .writable_file("f", Arc::clone(&file))
        .file("fixed", Arc::clone(&file))
        .build()
        .unwrap();
    for dir in [&computed as &dyn Dir, &*devices] {
        file.write_at(b"old", 0).unwrap();
        assert!(matches!(dir.open(name("f"), &writing), Ok(Node::File(_))));
        assert_eq!(file.metadata().unwrap().size, 3);
        assert!(dir.open(name("f"), &cutting).is_ok());
        assert_eq!(file.metadata().unwrap().size, 0);
    }
    assert_eq!(
        devices.open(name("fixed"), &writing).err(),
        Some(Errno::Rofs)
    );
}

fn computed_of(file: Arc<dyn File>) -> ClosureDir {
    let lookup = move |_: Name<'_>| Ok(Node::File(Arc::clone(&file)));
    ClosureDir::new(5, lookup, |_| Ok(()))
}

#[test]
fn errors_that_facts_decide_come_before_read_only() {
    let dir = Devices::builder()
        .stream("zero", Arc::new(Zero))
        .dir("dir", inner())
        .build()
        .unwrap();
    let (zero, sub, free) = (name("zero"), name("dir"), name("free"));
    assert_eq!(dir.create_dir(zero), Err(Errno::Exist));
    assert_eq!(dir.create_symlink(sub, "t"), Err(Errno::Exist));
    assert_eq!(dir.remove_file(sub), Err(Errno::Isdir));
    assert_eq!(dir.remove_file(free), Err(Errno::Noent));
    assert_eq!(dir.remove_dir(zero), Err(Errno::Notdir));
    assert_eq!(dir.remove_dir(sub), Err(Errno::Rofs));
    assert_eq!(dir.rename(free, &*dir, zero), Err(Errno::Noent));
    assert_eq!(dir.link(zero, &*dir, sub), Err(Errno::Exist));
    assert_eq!(dir.link(sub, &*dir, free), Err(Errno::Perm));
    assert_eq!(dir.link(free, &*dir, zero), Err(Errno::Noent));
    assert_eq!(dir.set_times(free, &SetTimes::default()), Err(Errno::Noent));
    let exclusive = with(|request| request.create = Create::Exclusive);
    assert_eq!(dir.open(zero, &exclusive).err(), Some(Errno::Exist));
    let directory = with(|request| request.directory = true);
    assert_eq!(dir.open(zero, &directory).err(), Some(Errno::Notdir));
}

#[test]
fn names_that_are_none_are_refused() {
    for (bad, errno) in [
        ("", Errno::Noent),
        ("a/b", Errno::Inval),
        ("..", Errno::Inval),
    ] {
        let built = Devices::builder().stream(bad, Arc::new(Zero)).build();
        let error = built.err().unwrap();
        assert_eq!(
            error,
            BadName {
                name: bad.to_owned(),
                errno
            }
        );
        assert!(error.to_string().contains(&format!("{bad:?}")), "{error}");
    }
    // What is added later replaces.
    let dir = Devices::builder()
        .symlink("a", "b")
        .stream("a", Arc::new(Zero))
        .build();
    assert_eq!(
        dir.unwrap().stat(name("a")).unwrap().kind,
        FileKind::CharacterDevice
    );
}

fn listed(dir: &dyn Dir) -> BTreeMap<String, FileKind> {
    let mut all = BTreeMap::new();
    dir.list(&mut |entry| {
        all.insert(entry.name.to_owned(), entry.kind);
        ControlFlow::Continue(())
    })
    .unwrap();
    all
}

#[test]
fn the_standard_devices_are_character_devices_by_name() {
    let devices = Devices::standard(Arc::new(Seeded::new(1))).build().unwrap();
    let names = ["full", "null", "random", "urandom", "zero"];
    let expected = names.map(|name| (name.to_owned(), FileKind::CharacterDevice));
    assert_eq!(listed(&*devices), expected.into());
    let numbers: BTreeMap<u64, &str> = names
        .into_iter()
        .map(|text| (devices.stat(name(text)).unwrap().ino, text))
        .collect();
    assert_eq!(numbers.len(), names.len(), "{numbers:?}");
}

const BOTH: Rights = Rights::FD_READ
    .union(Rights::FD_WRITE)
    .union(Rights::POLL_FD_READWRITE);

fn guest() -> (Guest, Arc<Capture>) {
    let out = Capture::new(100);
    let devices = Devices::standard(Arc::new(Seeded::new(1)))
        .stream("stdin", Input::new("typed"))
        .stream("stdout", out.clone())
        .stream("tty", Terminal::new(100));
    let devices = devices.build().unwrap();
    let builder = Wasi::builder().preopen("/dev", devices, Access::ReadWrite);
    (Guest::new(builder), out)
}

#[test]
fn a_guest_opens_devices_by_path() {
    let (mut guest, out) = guest();
    let mut open = |path, rights| {
        let fd = guest.open(DEV, path, OFlags::empty(), rights);
        fd.unwrap_or_else(|errno| panic!("{path}: {errno}"))
    };
    let [null, zero, full, random] = ["null", "zero", "full", "urandom"].map(|p| open(p, BOTH));
    let (stdin, stdout) = (
        open("stdin", Rights::FD_READ),
        open("stdout", Rights::FD_WRITE),
    );
    assert_eq!(guest.read(null, 4), Ok(vec![]));
    assert_eq!(guest.write(null, b"gone"), Ok(4));
    assert_eq!(guest.read(zero, 4), Ok(vec![0; 4]));
    assert_eq!(guest.read(full, 4), Ok(vec![0; 4]));
    assert_eq!(guest.write(full, b"x"), Err(Errno::Nospc));
    let bytes = guest.read(random, 16).unwrap();
    assert_ne!(bytes, guest.read(random, 16).unwrap());
    assert_eq!(guest.read(stdin, 10), Ok(b"typed".to_vec()));
    assert_eq!(guest.read(stdin, 10), Ok(vec![]));
    assert_eq!(guest.write(stdout, b"shown"), Ok(5));
    assert_eq!(guest.read(stdout, 1), Err(Errno::Notcapable));
    assert_eq!(out.contents(), b"shown");
    assert_eq!(guest.poll(zero, false), (1 << 16, false));
}

#[test]
fn only_a_terminal_is_taken_for_one() {
    let (mut guest, _) = guest();
    let seeking = Rights::FD_SEEK | Rights::FD_TELL;
    for (path, kind) in [
        ("null", FileKind::Unknown),
        ("urandom", FileKind::Unknown),
        ("tty", FileKind::CharacterDevice),
    ] {
        let fd = guest
            .open(DEV, path, OFlags::empty(), BOTH | seeking)
            .unwrap();
        let (found, rights) = guest.fdstat(fd);
        assert_eq!(found, kind, "{path}");
        assert!(!rights.intersects(seeking), "{path}: {rights:?}");
    }
}

#[test]
fn a_shell_redirects_to_null_and_creates_nothing() {
    let (mut guest, _) = guest();
    let redirect = OFlags::CREAT | OFlags::TRUNC;
    let null = guest.open(DEV, "null", redirect, Rights::FD_WRITE).unwrap();
    assert_eq!(guest.write(null, b"gone"), Ok(4));
    let created = guest.open(DEV, "new", redirect, Rights::FD_WRITE);
    assert_eq!(created, Err(Errno::Rofs));
    let missing = guest.open(DEV, "new", OFlags::empty(), Rights::FD_READ);
    assert_eq!(missing, Err(Errno::Noent));
}

#[test]
fn descriptors_of_one_device_share_its_state() {
    let devices = Devices::builder()
        .stream("in", Input::new("abcd"))
        .build()
        .unwrap();
    let read = |buf: &mut [u8]| match devices.open(name("in"), &OpenRequest::READ) {
        Ok(Node::Stream(stream)) => stream.read(&mut [IoSliceMut::new(buf)]),
        _ => Err(Errno::Io),
    };
    let mut buf = [0; 2];
    assert_eq!((read(&mut buf), buf), (Ok(2), *b"ab"));
    assert_eq!((read(&mut buf), buf), (Ok(2), *b"cd"));
}
