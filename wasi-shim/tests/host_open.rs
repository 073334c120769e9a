//! Opening names in a directory of the host: what is found, in which order errors come, and that nothing waits.
#![cfg(all(unix, feature = "host"))]

mod host_kit;

use host_kit::*;
use std::fs::{self, Permissions};
use std::io::{IoSlice, IoSliceMut};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use wasi_shim::abi::{Errno, FileKind};
use wasi_shim::vfs::{Create, Node, OpenRequest, SyncMode};

const NAMES: [&str; 9] = [
    "file", "dir", "empty", "to_file", "to_dir", "dangling", "fifo", "socket", "missing",
];

/// Every request there is.
fn requests() -> Vec<OpenRequest> {
    let mut all = Vec::new();
    for bits in 0..16_u8 {
        for create in [Create::Never, Create::IfMissing, Create::Exclusive] {
            for sync in [SyncMode::None, SyncMode::Data, SyncMode::Full] {
                all.push(request(|r| {
                    r.read = bits & 1 != 0;
                    r.write = bits & 2 != 0;
                    r.truncate = bits & 4 != 0;
                    r.directory = bits & 8 != 0;
                    r.create = create;
                    r.sync = sync;
                }));
            }
        }
    }
    all
}

/// What the contract calls for, as far as it does; `None` where it leaves it to the filesystem.
fn expected(name: &str, request: &OpenRequest) -> Option<Errno> {
    let kind = match name {
        "missing" if request.create == Create::Never => return Some(Errno::Noent),
        "missing" => return request.directory.then_some(Errno::Inval),
        "file" => FileKind::RegularFile,
        "dir" | "empty" => FileKind::Directory,
        "to_file" | "to_dir" | "dangling" => FileKind::SymbolicLink,
        "fifo" => FileKind::Unknown,
        _ => FileKind::SocketStream,
    };
    match request.check_existing(kind) {
        // Nobody can open one by name, on any system.
        Ok(()) if name == "socket" => Some(Errno::Nxio),
        // Nobody reads it, so nobody can write to it without waiting.
        Ok(()) if name == "fifo" && !request.read && (request.write || request.truncate) => {
            Some(Errno::Nxio)
        }
        result => result.err(),
    }
}

#[test]
fn every_request_finds_what_is_there_or_the_first_error_of_the_contract() {
    for request in requests() {
        let tree = Tree::of_each_kind();
        for name in NAMES {
            let before = tree.dir.stat(n(name));
            let found = found(tree.open(name, &request));
            let context = format!("{name}: {request:?}");
            match expected(name, &request) {
                Some(errno) => assert_eq!(found, Found::Error(errno), "{context}"),
                None => match name {
                    "to_file" => assert_eq!(found, Found::Symlink("file".into()), "{context}"),
                    "to_dir" => assert_eq!(found, Found::Symlink("dir".into()), "{context}"),
                    "dangling" => assert_eq!(found, Found::Symlink("nowhere".into()), "{context}"),
                    "fifo" => assert_eq!(found, Found::Stream(FileKind::Unknown), "{context}"),
                    "dir" | "empty" => {
                        assert_eq!(found, Found::Dir(before.unwrap().ino), "{context}");
                    }
                    _ => {
                        let now = tree.dir.stat(n(name)).unwrap();
                        assert_eq!(found, Found::File(now.ino), "{context}");
                        assert!(before.is_err() || before.is_ok_and(|b| b.ino == now.ino));
                    }
                },
            }
        }
        assert!(!tree.exists("nowhere"), "a link was followed: {request:?}");
        assert_eq!(tree.content("dir/inner"), "inner");
    }
}

#[test]
fn content_is_kept_unless_truncation_is_asked_for() {
    let tree = Tree::of_each_kind();
    for request in requests().into_iter().filter(|r| !r.truncate) {
        let _ = tree.open("file", &request);
        assert_eq!(tree.content("file"), "content", "{request:?}");
    }
    let truncate = request(|r| r.truncate = true);
    as_file(tree.open("file", &truncate));
    assert_eq!(tree.content("file"), "");
}

#[test]
fn a_file_created_for_reading_only_can_be_read() {
    let tree = Tree::new();
    for (name, create) in [("a", Create::IfMissing), ("b", Create::Exclusive)] {
        let file = as_file(tree.open(name, &request(|r| r.create = create)));
        assert_eq!(file.read_at(&mut [0; 4], 0), Ok(0));
        assert!(tree.exists(name));
    }
}

#[test]
fn the_handle_asks_the_system_for_no_more_than_the_request() {
    if !permissions_matter() {
        return;
    }
    let tree = Tree::of_each_kind();
    fs::set_permissions(tree.path("file"), Permissions::from_mode(0o444)).unwrap();
    for create in [Create::Never, Create::IfMissing] {
        as_file(tree.open("file", &request(|r| r.create = create)));
    }
    assert_eq!(errno(tree.open("file", &write())), Some(Errno::Acces));
    fs::set_permissions(tree.path("file"), Permissions::from_mode(0o222)).unwrap();
    assert_eq!(
        errno(tree.open("file", &OpenRequest::READ)),
        Some(Errno::Acces)
    );
    let write_only = request(|r| {
        r.read = false;
        r.write = true;
    });
    assert_eq!(
        as_file(tree.open("file", &write_only)).write_at(b"C", 0),
        Ok(1)
    );
}

#[test]
fn a_directory_that_may_only_be_searched_can_be_walked() {
    let tree = Tree::of_each_kind();
    fs::set_permissions(tree.path("dir"), Permissions::from_mode(0o111)).unwrap();
    let dir = tree.subdir("dir");
    as_file(dir.open(n("inner"), &OpenRequest::READ));
    assert_eq!(dir.stat(n("inner")).unwrap().size, 5);
    as_dir(tree.open("dir", &request(|r| r.read = false)));
    if permissions_matter() {
        assert_eq!(errno(listing(&*dir)), Some(Errno::Acces));
        assert_eq!(
            errno(tree.open("dir", &OpenRequest::READ)),
            Some(Errno::Acces)
        );
        assert_eq!(errno(tree.open("dir", &directory())), Some(Errno::Acces));
    }
    fs::set_permissions(tree.path("dir"), Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn a_directory_that_may_only_be_read_can_be_listed() {
    let tree = Tree::of_each_kind();
    fs::set_permissions(tree.path("dir"), Permissions::from_mode(0o444)).unwrap();
    let dir = as_dir(tree.open("dir", &directory()));
    for _ in 0..2 {
        assert_eq!(listing(&*dir).unwrap().len(), 1);
    }
    fs::set_permissions(tree.path("dir"), Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn every_way_to_open_a_directory_makes_it_listable() {
    let tree = Tree::of_each_kind();
    for request in [OpenRequest::READ, OpenRequest::STEP, directory()] {
        let dir = as_dir(tree.open("dir", &request));
        assert_eq!(listing(&*dir).unwrap().len(), 1, "{request:?}");
    }
}

#[test]
fn a_fifo_that_nobody_reads_is_not_opened_for_writing() {
    let tree = Tree::of_each_kind();
    let write = request(|r| {
        r.read = false;
        r.write = true;
    });
    assert_eq!(tree.open("fifo", &write).err(), Some(Errno::Nxio));
}

#[test]
fn a_fifo_keeps_nobody_waiting() {
    let tree = Tree::of_each_kind();
    let reader = as_stream(tree.open("fifo", &OpenRequest::READ));
    let writer = as_stream(tree.open(
        "fifo",
        &request(|r| {
            r.read = false;
            r.write = true;
        }),
    ));
    let read = |buf: &mut [u8]| reader.read(&mut [IoSliceMut::new(buf)]);
    assert_eq!(read(&mut [0; 4]), Err(Errno::Again));
    assert_eq!(
        writer.write(&[IoSlice::new(b"ab"), IoSlice::new(b"cd")]),
        Ok(4)
    );
    let mut buf = [0; 8];
    assert_eq!(read(&mut buf), Ok(4));
    assert_eq!(&buf[..4], b"abcd");
    assert_eq!(
        writer.read(&mut [IoSliceMut::new(&mut buf)]),
        Err(Errno::Badf)
    );
    assert_eq!(reader.write(&[IoSlice::new(b"x")]), Err(Errno::Badf));

    let full = [0; 1 << 16];
    while writer.write(&[IoSlice::new(&full)]).is_ok() {}
    assert_eq!(writer.write(&[IoSlice::new(&full)]), Err(Errno::Again));
    drop(reader);
    assert_eq!(writer.write(&[IoSlice::new(b"x")]), Err(Errno::Pipe));
}

#[test]
fn a_fifo_that_nobody_has_written_to_yet_is_not_at_its_end() {
    let tree = Tree::of_each_kind();
    let reader = as_stream(tree.open("fifo", &OpenRequest::READ));
    let read = || reader.read(&mut [IoSliceMut::new(&mut [0; 4])]);
    assert_eq!(read(), Err(Errno::Again));
    let writer = as_stream(tree.open(
        "fifo",
        &request(|r| {
            r.read = false;
            r.write = true;
        }),
    ));
    assert_eq!(read(), Err(Errno::Again));
    drop(writer);
    assert_eq!(read(), Ok(0), "now it is");
}

#[test]
fn devices_are_streams() {
    let devices = wasi_shim::host::open_dir("/dev").unwrap();
    let null = as_stream(devices.open(n("null"), &write()));
    // Not a terminal, so not what makes `isatty` true.
    assert_eq!(null.kind(), FileKind::Unknown);
    assert_eq!(
        devices.stat(n("null")).unwrap().kind,
        FileKind::CharacterDevice
    );
    let big = vec![0; 1 << 20];
    assert_eq!(null.write(&[IoSlice::new(&big)]), Ok(1 << 20));
    assert_eq!(null.read(&mut [IoSliceMut::new(&mut [0; 4])]), Ok(0));
}

#[test]
fn link_texts_are_returned_as_they_are() {
    let tree = Tree::new();
    for (name, text) in [
        ("a", "/etc/passwd"),
        ("b", "../.."),
        ("c", "x/"),
        ("d", "é//."),
    ] {
        tree.link(name, text);
        assert_eq!(
            found(tree.open(name, &OpenRequest::READ)),
            Found::Symlink(text.into())
        );
        assert_eq!(
            found(tree.open(name, &OpenRequest::STEP)),
            Found::Symlink(text.into())
        );
        assert_eq!(tree.dir.read_link(n(name)), Ok(text.into()));
    }
    let long = "x/".repeat(2000);
    tree.link("long", &long);
    assert_eq!(tree.dir.read_link(n("long")), Ok(long));
    for len in 253..260 {
        let (name, text) = (format!("l{len}"), "x".repeat(len));
        tree.link(&name, &text);
        assert_eq!(tree.dir.read_link(n(&name)), Ok(text));
    }
}

#[test]
fn a_link_text_that_is_not_utf8_is_an_error() {
    let tree = Tree::new();
    symlink(tree.raw_path(b"\xff"), tree.path("bad")).unwrap();
    for request in [OpenRequest::READ, OpenRequest::STEP, write()] {
        assert_eq!(errno(tree.open("bad", &request)), Some(Errno::Ilseq));
    }
    assert_eq!(tree.dir.read_link(n("bad")), Err(Errno::Ilseq));
}

#[test]
fn an_entry_that_keeps_changing_its_kind_is_never_followed() {
    let tree = Tree::new();
    tree.file("outside", "secret");
    tree.dir("in");
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let path = tree.path("in/name");
            while !stop.load(Ordering::Relaxed) {
                let _ = symlink("../outside", &path);
                let _ = fs::remove_file(&path);
                let _ = fs::create_dir(&path);
                let _ = fs::remove_dir(&path);
                let _ = fs::write(&path, "");
                let _ = fs::remove_file(&path);
            }
        });
        let dir = tree.subdir("in");
        for round in 0..20_000 {
            let request = match round % 4 {
                0 => OpenRequest::READ,
                1 => OpenRequest::STEP,
                2 => create(Create::IfMissing),
                _ => request(|r| r.create = Create::IfMissing),
            };
            match dir.open(n("name"), &request) {
                Ok(Node::File(file)) => assert_eq!(file.metadata().unwrap().size, 0),
                Ok(Node::Symlink(text)) => assert_eq!(text, "../outside"),
                Ok(Node::Dir(_)) => assert!(!request.mutates()),
                Ok(Node::Stream(_)) => unreachable!(),
                Err(errno) => assert!(
                    matches!(
                        errno,
                        Errno::Noent | Errno::Notdir | Errno::Isdir | Errno::Again
                    ),
                    "{errno:?}"
                ),
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert_eq!(tree.content("outside"), "secret");
}

#[test]
fn a_handle_outlives_the_name() {
    let tree = Tree::of_each_kind();
    let dir = tree.subdir("dir");
    fs::rename(tree.path("dir"), tree.path("moved")).unwrap();
    assert_eq!(dir.stat(n("inner")).unwrap().size, 5);
    fs::remove_dir_all(tree.path("moved")).unwrap();
    assert_eq!(errno(dir.stat(n("inner"))), Some(Errno::Noent));
    assert_eq!(dir.metadata().unwrap().kind, FileKind::Directory);
    assert_eq!(errno(dir.create_dir(n("new"))), Some(Errno::Noent));
    assert_eq!(listing(&*dir).map(|all| all.len()), Ok(0));
}
