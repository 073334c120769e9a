//! Embedders as they were written for wasi-common, with guests that try what they can.

#![allow(missing_docs, reason = "what is here is for tests")]

mod embedder;
mod kit;

use embedder::{devices, plain, quota, read_only, socket, stdin, tree};
use kit::{
    CREAT, DIRECTORY, FBIG, Guest, NOENT, NOSPC, NOTSUP, PERM, READ, ROOT, SUCCESS, TRUNC, WRITE,
};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use wasi_common::file::FileAccessMode;
use wasi_common::sync::{Dir, WasiCtxBuilder, ambient_authority};
use wasi_common::{WasiCtx, WasiDir};
use wasmtime::Val;

fn with_dir(dir: Box<dyn WasiDir>) -> Guest {
    let ctx = WasiCtxBuilder::new().build();
    ctx.push_preopened_dir(dir, "/").unwrap();
    Guest::new(ctx)
}

fn host(path: &std::path::Path) -> wasi_common::sync::dir::Dir {
    let dir = Dir::open_ambient_dir(path, ambient_authority()).unwrap();
    wasi_common::sync::dir::Dir::from_cap_std(dir)
}

#[test]
fn nothing_below_a_read_only_wrapper_changes() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("sub")).unwrap();
    for path in ["file", "sub/file"] {
        std::fs::write(dir.path().join(path), "kept").unwrap();
    }
    let before = std::fs::metadata(dir.path().join("sub/file")).unwrap();
    let mut guest = with_dir(Box::new(read_only::ReadOnlyDir(host(dir.path()))));
    for path in ["file", "sub/file"] {
        assert_eq!(guest.contents(path), Ok(b"kept".to_vec()));
        for (oflags, rights) in [(0, WRITE), (TRUNC, READ), (CREAT | TRUNC, READ)] {
            assert_eq!(guest.open(path, oflags, rights), Err(NOTSUP), "{path}");
        }
    }
    for path in ["new", "sub/new"] {
        assert_eq!(guest.open(path, CREAT, READ), Err(NOTSUP), "{path}");
        let [at, len] = guest.path(path);
        let args = [ROOT.into(), at, len];
        assert_eq!(guest.call("path_create_directory", &args), NOTSUP);
    }
    let [at, len] = guest.path("sub/file");
    assert_eq!(
        guest.call("path_unlink_file", &[ROOT.into(), at, len]),
        NOTSUP
    );
    let times = [
        ROOT.into(),
        0.into(),
        at,
        len,
        5_i64.into(),
        5_i64.into(),
        5.into(),
    ];
    assert_eq!(guest.call("path_filestat_set_times", &times), NOTSUP);

    // Through what is open below it, too.
    let everything = (1 << 28) - 1;
    let sub = guest
        .open("sub", DIRECTORY, everything & !WRITE & !(1 << 8))
        .unwrap();
    let [at, len] = guest.path("file");
    assert_eq!(
        guest.call("path_unlink_file", &[sub.into(), at, len]),
        NOTSUP
    );
    let file = guest.open("sub/file", 0, READ | (1 << 23)).unwrap();
    let times = [file.into(), 5_i64.into(), 5_i64.into(), 5.into()];
    assert_eq!(guest.call("fd_filestat_set_times", &times), NOTSUP);

    let after = std::fs::metadata(dir.path().join("sub/file")).unwrap();
    assert_eq!(after.modified().unwrap(), before.modified().unwrap());
    let left = std::fs::read_dir(dir.path()).unwrap().count();
    assert_eq!(
        (left, guest.contents("sub/file")),
        (2, Ok(b"kept".to_vec()))
    );
}

#[test]
fn a_link_out_of_a_wrapped_directory_is_followed_by_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let inner = dir.path().join("inner");
    std::fs::create_dir(&inner).unwrap();
    std::fs::write(dir.path().join("secret"), "secret").unwrap();
    std::fs::write(inner.join("file"), "open").unwrap();
    std::os::unix::fs::symlink("../secret", inner.join("out")).unwrap();
    std::os::unix::fs::symlink("file", inner.join("in")).unwrap();
    let mut guest = with_dir(Box::new(read_only::ReadOnlyDir(host(&inner))));
    assert_eq!(guest.contents("in"), Ok(b"open".to_vec()));
    assert_eq!(guest.contents("out"), Err(PERM));
    assert_eq!(guest.contents("../secret"), Err(PERM));
}

#[test]
fn output_ends_where_its_quota_does() {
    let output = quota::QuotaFile::new(6);
    let ctx = WasiCtxBuilder::new()
        .stdout(Box::new(output.clone()))
        .build();
    let mut guest = Guest::new(ctx);
    assert_eq!(guest.write(1, b"four"), Ok(4));
    assert_eq!(guest.write(1, b"more"), Ok(2));
    assert_eq!(guest.write(1, b"x"), Err(NOSPC));
    assert_eq!(*output.kept.lock().unwrap(), b"fourmo");
}

#[test]
fn devices_are_opened_listed_and_written() {
    let devices = devices::DeviceDir::default();
    let mut guest = with_dir(Box::new(devices.clone()));
    let log = guest.open("log", 0, READ | WRITE).unwrap();
    assert_eq!(guest.write(log, b"line\n"), Ok(5));
    assert_eq!(guest.read(log, 3), Ok(b"lin".to_vec()));
    assert_eq!(guest.names(ROOT), [".", "..", "fuse", "log"]);
    assert_eq!(guest.open("nothing", 0, READ), Err(NOENT));
    assert_eq!(guest.read(log, 3), Ok(b"e\n".to_vec()));
}

#[test]
fn an_error_of_a_device_ends_the_guest_and_can_be_taken_apart() {
    let mut guest = with_dir(Box::new(devices::DeviceDir::default()));
    let fuse = guest.open("fuse", 0, WRITE).unwrap();
    let error = guest.try_write(fuse, b"x").unwrap_err();
    let blown = error.downcast_ref::<devices::Blown>();
    assert!(matches!(blown, Some(devices::Blown(16))), "{error:?}");
    // The next call begins anew.
    assert_eq!(guest.call("sched_yield", &[]), SUCCESS);
}

#[test]
fn a_socket_is_a_file_that_is_pushed() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let count = Arc::new(AtomicU64::new(0));
    let socket = socket::CountedSocket {
        socket: theirs,
        count: Arc::clone(&count),
    };
    let ctx = WasiCtxBuilder::new().build();
    let fd = ctx.push_file(Box::new(socket), FileAccessMode::all());
    let mut guest = Guest::new(ctx);
    let fd = i32::try_from(fd.unwrap()).unwrap();
    assert_eq!(guest.write(fd, b"ping"), Ok(4));
    let mut buf = [0; 4];
    (&ours).read_exact(&mut buf).unwrap();
    assert_eq!(&buf, b"ping");

    // A guest that does not want to wait is told so.
    assert_eq!(
        guest.call("fd_fdstat_set_flags", &[fd.into(), 4.into()]),
        SUCCESS
    );
    assert_eq!(guest.read(fd, 8), Err(6));
    (&ours).write_all(b"pong").unwrap();
    assert_eq!(guest.read(fd, 8), Ok(b"pong".to_vec()));
    assert_eq!(guest.call("sock_shutdown", &[fd.into(), 2.into()]), SUCCESS);
    assert_eq!((&ours).read(&mut buf).unwrap(), 0);
    assert_eq!(count.load(Ordering::SeqCst), 8);
}

#[test]
fn a_guest_waits_for_a_socket_of_an_embedders() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let socket = socket::CountedSocket {
        socket: theirs,
        count: Arc::default(),
    };
    let ctx = WasiCtxBuilder::new().build();
    ctx.insert_file(9, Box::new(socket), FileAccessMode::READ);
    let mut guest = Guest::new(ctx);
    let mut subscription = [0; 48];
    subscription[0] = 7;
    subscription[8] = 1;
    subscription[16] = 9;
    guest.put(512, &subscription);
    let writer = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(20));
        (&ours).write_all(b"now").unwrap();
        ours
    });
    let args = [512.into(), 640.into(), 1.into(), 8.into()];
    assert_eq!(guest.call("poll_oneoff", &args), SUCCESS);
    assert_eq!((guest.word(8), guest.word(640)), (1, 7));
    assert_eq!(guest.read(9, 8), Ok(b"now".to_vec()));
    writer.join().unwrap();
}

#[test]
fn a_tree_of_an_embedders_is_walked_by_the_shim() {
    let root = tree::MemDir::default();
    let mut guest = with_dir(Box::new(root.clone()));
    let [at, len] = guest.path("a");
    assert_eq!(
        guest.call("path_create_directory", &[ROOT.into(), at, len]),
        SUCCESS
    );
    let file = guest.open("a/file", CREAT, READ | WRITE | 4).unwrap();
    assert_eq!(guest.write(file, b"hello"), Ok(5));
    let args = [file.into(), 1_i64.into(), 0.into(), 8.into()];
    assert_eq!(guest.call("fd_seek", &args), SUCCESS);
    assert_eq!(guest.read(file, 8), Ok(b"ello".to_vec()));
    assert_eq!(guest.contents("a/../a/./file"), Ok(b"hello".to_vec()));

    root.insert("link", tree::Node::Link("a/file".to_owned()));
    root.insert("out", tree::Node::Link("../x".to_owned()));
    root.insert("loop", tree::Node::Link("loop".to_owned()));
    assert_eq!(guest.contents("link"), Ok(b"hello".to_vec()));
    assert_eq!(guest.contents("out"), Err(PERM));
    assert_eq!(guest.contents("loop"), Err(32));

    let ([old, old_len], [new, new_len]) = (guest.path("a/file"), guest.other_path("moved"));
    let args = [ROOT.into(), old, old_len, ROOT.into(), new, new_len];
    assert_eq!(guest.call("path_rename", &args), SUCCESS);
    assert_eq!(guest.contents("moved"), Ok(b"hello".to_vec()));
    assert_eq!(guest.contents("a/file"), Err(NOENT));
    let trunc = guest.open("moved", TRUNC, READ).unwrap();
    assert_eq!(guest.read(trunc, 8), Ok(vec![]));
}

#[test]
fn appending_to_a_file_that_knows_nothing_of_it_goes_to_its_end() {
    let root = tree::MemDir::default();
    root.insert("log", tree::Node::File(Arc::new(b"one\n".to_vec().into())));
    let mut guest = with_dir(Box::new(root));
    let [at, len] = guest.path("log");
    let fixed = [ROOT.into(), 0.into(), at, len, 0.into()];
    let rest: [Val; 4] = [WRITE.into(), 0_i64.into(), 1.into(), 8.into()];
    assert_eq!(
        guest.call("path_open", &[fixed.as_slice(), &rest].concat()),
        SUCCESS
    );
    let log = guest.word(8);
    assert_eq!(guest.write(log, b"two\n"), Ok(4));
    assert_eq!(guest.contents("log"), Ok(b"one\ntwo\n".to_vec()));
}

#[test]
fn scripted_input_comes_line_by_line() {
    let script = stdin::ScriptedStdin::new(&["first", "second"]);
    let ctx = WasiCtxBuilder::new().stdin(Box::new(script)).build();
    let mut guest = Guest::new(ctx);
    assert_eq!(guest.read(0, 64), Ok(b"first\n".to_vec()));
    assert_eq!(guest.read(0, 64), Ok(b"second\n".to_vec()));
    assert_eq!(guest.read(0, 64), Ok(vec![]));
}

#[test]
fn a_host_directory_is_the_shims_own() {
    let dir = tempfile::tempdir().unwrap();
    let open = Dir::open_ambient_dir(dir.path(), ambient_authority()).unwrap();
    let ctx: WasiCtx = WasiCtxBuilder::new()
        .preopened_dir(open, "/")
        .unwrap()
        .build();
    let mut guest = Guest::new(ctx);
    let file = guest.open("new", CREAT, READ | WRITE).unwrap();
    assert_eq!(guest.write(file, b"text"), Ok(4));
    assert_eq!(std::fs::read(dir.path().join("new")).unwrap(), b"text");
    assert_eq!(guest.open("../x", CREAT, WRITE), Err(PERM));
}

#[test]
fn the_times_of_an_open_file_are_no_other_files() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name| dir.path().join(name);
    for name in ["file", "other"] {
        std::fs::write(path(name), name).unwrap();
    }
    let mut guest = with_dir(Box::new(plain::PlainDir(host(dir.path()))));
    let file = guest.open("file", 0, READ | (1 << 23)).unwrap();
    let times = [file.into(), 5_i64.into(), 5_i64.into(), 5.into()];
    assert_eq!(guest.call("fd_filestat_set_times", &times), SUCCESS);
    let modified = |name| std::fs::metadata(path(name)).unwrap().modified().unwrap();
    let early = std::time::UNIX_EPOCH + std::time::Duration::from_nanos(5);
    assert_eq!(modified("file"), early);
    // Somebody puts another in its place.
    std::fs::rename(path("other"), path("file")).unwrap();
    assert_eq!(guest.call("fd_filestat_set_times", &times), NOENT);
    assert_ne!(modified("file"), early);
}

#[test]
fn the_largest_offset_is_the_end_of_an_embedders_file() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("file"), "text").unwrap();
    let mut guest = with_dir(Box::new(plain::PlainDir(host(dir.path()))));
    let file = guest.open("file", 0, READ | WRITE | 4).unwrap();
    let args = [file.into(), i64::MAX.into(), 0.into(), 8.into()];
    assert_eq!(guest.call("fd_seek", &args), SUCCESS);
    assert_eq!(guest.read(file, 4), Ok(vec![]));
    assert_eq!(guest.write(file, b"x"), Err(FBIG));
}
