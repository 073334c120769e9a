//! Unix sockets that listen at a path of the host.
#![cfg(all(unix, feature = "host"))]
#![allow(clippy::unwrap_used, reason = "what is wrong in a test should fail it")]

use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use wasi_shim::Wasi;
use wasi_shim::abi::{FdFlags, RiFlags};
use wasi_shim::host::listen_at;

mod guest_kit;
use guest_kit::Guest;

fn place() -> (TempDir, PathBuf) {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("socket");
    (dir, path)
}

fn is_socket(path: &Path) -> bool {
    let facts = fs::symlink_metadata(path);
    facts.is_ok_and(|facts| facts.file_type().is_socket())
}

/// What listening there answers, if it is an error: its kind and what it says.
fn refused(path: &Path) -> (ErrorKind, String) {
    let error = listen_at(path).err().unwrap();
    (error.kind(), error.to_string())
}

#[test]
fn a_guest_accepts_at_a_path_which_goes_away_with_the_file() {
    let (_dir, path) = place();
    let (listener, file) = listen_at(&path).unwrap();
    assert_eq!(file.path(), path);
    let mut guest = Guest::new(Wasi::builder().socket(listener));
    let mut client = UnixStream::connect(&path).unwrap();
    client.write_all(b"hello").unwrap();
    let accepted = guest.accept(3, FdFlags::empty()).unwrap();
    let received = guest.recv(accepted, &[5], RiFlags::RECV_WAITALL);
    assert_eq!(received, Ok((b"hello".to_vec(), 0)));
    drop(guest);
    assert!(is_socket(&path), "the file is the embedder's");
    drop(file);
    assert!(!path.exists());
}

#[test]
fn what_a_dead_process_left_is_removed() {
    let (_dir, path) = place();
    drop(UnixListener::bind(&path).unwrap());
    assert!(is_socket(&path));
    let (_listener, _file) = listen_at(&path).unwrap();
    UnixStream::connect(&path).unwrap();
}

#[test]
fn a_socket_in_use_is_left_alone() {
    let (_dir, path) = place();
    let theirs = UnixListener::bind(&path).unwrap();
    let (kind, text) = refused(&path);
    assert_eq!(kind, ErrorKind::AddrInUse);
    assert!(text.contains("is a socket that is in use"), "{text}");
    // Whoever listens is asked, and goes on.
    drop(theirs.accept().unwrap());
    let _client = UnixStream::connect(&path).unwrap();
    theirs.accept().unwrap();
    // So does one of another kind, and one whose queue is full.
    let (_dir, path) = place();
    let _datagrams = UnixDatagram::bind(&path).unwrap();
    assert_eq!(refused(&path).0, ErrorKind::AddrInUse);
    let (_dir, path) = place();
    let (_listener, _file) = listen_at(&path).unwrap();
    assert_eq!(refused(&path).0, ErrorKind::AddrInUse);
    assert!(is_socket(&path));
}

#[cfg(target_os = "linux")]
#[test]
fn a_queue_that_is_full_is_an_answer() {
    use rustix::net::{AddressFamily, SocketAddrUnix, SocketType, bind, connect, listen, socket};
    let (_dir, path) = place();
    let address = SocketAddrUnix::new(&path).unwrap();
    let make = || socket(AddressFamily::UNIX, SocketType::STREAM, None).unwrap();
    let theirs = make();
    bind(&theirs, &address).unwrap();
    listen(&theirs, 0).unwrap();
    let client = make();
    connect(&client, &address).unwrap();
    assert_eq!(refused(&path).0, ErrorKind::AddrInUse);
    assert!(is_socket(&path));
}

#[test]
fn what_is_no_socket_is_left_alone() {
    let (dir, path) = place();
    fs::write(&path, "precious").unwrap();
    let (kind, text) = refused(&path);
    assert_eq!(kind, ErrorKind::AlreadyExists);
    assert!(text.contains("is there and is no socket"), "{text}");
    assert_eq!(fs::read(&path).unwrap(), b"precious");
    // A link is none either, wherever it leads.
    let link = dir.path().join("link");
    let dead = dir.path().join("dead");
    drop(UnixListener::bind(&dead).unwrap());
    std::os::unix::fs::symlink(&dead, &link).unwrap();
    assert_eq!(refused(&link).0, ErrorKind::AlreadyExists);
    assert!(is_socket(&dead));
    assert_eq!(
        refused(&dir.path().join("missing/socket")).0,
        ErrorKind::NotFound
    );
    assert_eq!(
        refused(&dir.path().join("x".repeat(200))).0,
        ErrorKind::InvalidInput
    );
}

#[test]
fn a_file_that_has_taken_the_name_stays() {
    let (_dir, path) = place();
    let (listener, file) = listen_at(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let _theirs = UnixListener::bind(&path).unwrap();
    drop((listener, file));
    assert!(is_socket(&path));
    let (_dir, path) = place();
    let (_listener, file) = listen_at(&path).unwrap();
    fs::remove_file(&path).unwrap();
    drop(file);
    assert!(!path.exists());
}
