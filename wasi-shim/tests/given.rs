//! What a guest is given while it runs.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

use std::sync::{Arc, Mutex};
use wasi_shim::abi::{Abi, Errno, FdFlags, Rights, Syscall};
use wasi_shim::backends::{Capture, Input, MemDir};
use wasi_shim::mem::Memory;
use wasi_shim::vfs::{File, Stream};
use wasi_shim::{Access, BuildError, Given, Limits, Outcome, Wasi, raw};

fn call(wasi: &Wasi, bytes: &mut [u8], syscall: Syscall, args: &[i64]) -> Result<(), Errno> {
    match wasi.call(Abi::Preview1, &mut Memory::new(bytes), syscall, args) {
        Outcome::Return(0) => Ok(()),
        Outcome::Return(number) => Err(Errno::from_number(number).unwrap()),
        other => panic!("{other:?}"),
    }
}

/// Reads or writes four bytes.
fn transfer(wasi: &Wasi, syscall: Syscall, fd: u32) -> Result<[u8; 4], Errno> {
    let mut bytes = [0; 64];
    bytes[0] = 32;
    bytes[4] = 4;
    bytes[32..36].copy_from_slice(b"text");
    call(wasi, &mut bytes, syscall, &[fd.into(), 0, 1, 16])?;
    Ok(bytes[32..36].try_into().unwrap())
}

fn guest(descriptors: u32) -> Wasi {
    let mut limits = Limits::default();
    limits.descriptors = descriptors;
    Wasi::builder()
        .limits(limits)
        .preopen("/", MemDir::new(), Access::ReadWrite)
        .build()
        .unwrap()
}

/// The device and the name of a directory that was given.
fn directory(wasi: &Wasi, fd: u32) -> (u8, Result<u8, Errno>) {
    let mut bytes = [0; 128];
    call(wasi, &mut bytes, Syscall::FdFilestatGet, &[fd.into(), 0]).unwrap();
    let named = call(wasi, &mut bytes, Syscall::FdPrestatGet, &[fd.into(), 64]);
    (bytes[0], named.map(|()| bytes[68]))
}

#[test]
fn a_running_guest_is_given_what_the_embedder_adds() {
    let wasi = guest(8);
    let output = Capture::new(64);
    assert_eq!(wasi.push(Given::stream(output.clone())), Ok(4));
    assert!(transfer(&wasi, Syscall::FdWrite, 4).is_ok());
    // In the place of standard output, which is closed; then further up, which leaves room below.
    assert_eq!(wasi.insert(1, Given::stream(output.clone())), Ok(()));
    assert!(transfer(&wasi, Syscall::FdWrite, 1).is_ok());
    assert_eq!(wasi.insert(7, Given::stream(Input::new("input"))), Ok(()));
    assert_eq!(transfer(&wasi, Syscall::FdRead, 7), Ok(*b"inpu"));
    for free in [5, 6] {
        assert_eq!(wasi.push(Given::stream(output.clone())), Ok(free));
    }
    assert_eq!(wasi.push(Given::stream(output.clone())), Err(Errno::Mfile));
    assert_eq!(output.contents(), b"texttext");
    // A number among those that were closed is taken, and is not given again.
    assert_eq!((wasi.close(5), wasi.close(6)), (Ok(()), Ok(())));
    assert_eq!(wasi.insert(6, Given::stream(output.clone())), Ok(()));
    assert_eq!(wasi.push(Given::stream(output.clone())), Ok(5));
    assert_eq!(wasi.renumber(6, 0), Ok(()));
    assert!(!wasi.is_open(6) && wasi.is_open(0));
    assert_eq!(wasi.close(6), Err(Errno::Badf));
}

#[test]
fn nothing_is_given_beyond_the_limit() {
    let wasi = guest(5);
    let given = || Given::stream(Capture::new(1));
    assert_eq!(wasi.insert(5, given()), Err(Errno::Mfile));
    assert_eq!(wasi.insert(4, given()), Ok(()));
    assert_eq!(wasi.insert(4, given()), Ok(()), "nothing more is open");
    assert_eq!(wasi.push(given()), Err(Errno::Mfile));
    assert_eq!(wasi.close(4), Ok(()));
    assert_eq!(wasi.push(given()), Ok(4));
}

#[test]
fn directories_that_are_given_later_are_devices_of_their_own() {
    let wasi = guest(8);
    let dir = || -> Arc<dyn wasi_shim::vfs::Dir> { MemDir::new() };
    let named = Given::preopen("/later", dir(), Access::ReadOnly).unwrap();
    assert_eq!(wasi.push(named), Ok(4));
    assert_eq!(wasi.push(Given::dir(dir(), Access::ReadWrite)), Ok(5));
    assert_eq!(directory(&wasi, 3), (1, Ok(1)));
    assert_eq!(directory(&wasi, 4), (2, Ok(6)));
    assert_eq!(directory(&wasi, 5), (3, Err(Errno::Badf)));
    let mut bytes = *b"new";
    let made = |fd| [fd, 0, 3];
    let create = Syscall::PathCreateDirectory;
    assert_eq!(call(&wasi, &mut bytes, create, &made(4)), Err(Errno::Perm));
    assert_eq!(call(&wasi, &mut bytes, create, &made(5)), Ok(()));
    let unnamed = Given::preopen("", dir(), Access::ReadWrite);
    assert!(matches!(unnamed, Err(BuildError::Preopen { .. })));
}

#[test]
fn what_is_given_brings_the_rights_that_it_is_given_with() {
    let tree = MemDir::new();
    tree.file("file", "open").unwrap();
    let file = || -> Arc<dyn File> {
        let name = wasi_shim::vfs::Name::new("file").unwrap();
        let mut request = wasi_shim::vfs::OpenRequest::READ;
        request.write = true;
        match wasi_shim::vfs::Dir::open(&*tree, name, &request) {
            Ok(wasi_shim::vfs::Node::File(file)) => file,
            _ => panic!("it is a file"),
        }
    };
    let wasi = guest(16);
    let reads = wasi.push(Given::file(file()).without_writing()).unwrap();
    let writes = wasi.push(Given::file(file()).without_reading()).unwrap();
    let none = wasi.push(Given::file(file()).rights(Rights::FD_TELL, Rights::empty()));
    assert_eq!(transfer(&wasi, Syscall::FdRead, reads), Ok(*b"open"));
    let size = &[reads.into(), 0];
    let cut = call(&wasi, &mut [], Syscall::FdFilestatSetSize, size);
    assert_eq!(cut, Err(Errno::Notcapable));
    for (syscall, fd) in [
        (Syscall::FdWrite, reads),
        (Syscall::FdRead, writes),
        (Syscall::FdRead, none.unwrap()),
    ] {
        assert_eq!(transfer(&wasi, syscall, fd), Err(Errno::Notcapable));
    }
    assert!(transfer(&wasi, Syscall::FdWrite, writes).is_ok());
}

/// Keeps the flags that it is told.
#[derive(Default)]
struct Told(Mutex<Vec<FdFlags>>);

impl Stream for Told {
    fn flags_set(&self, flags: FdFlags) {
        self.0.lock().unwrap().push(flags);
    }
}

#[test]
fn a_stream_is_told_the_flags_of_its_descriptor() {
    let told = Arc::new(Told::default());
    let wasi = guest(8);
    let flags = FdFlags::APPEND;
    let fd = wasi.push(Given::stream(told.clone()).flags(flags)).unwrap();
    let set = |bits| {
        let memory = &mut Memory::new(&mut []);
        raw::fd_fdstat_set_flags(&wasi, Abi::Preview1, memory, fd.cast_signed(), bits)
    };
    assert!(matches!(set(5), Outcome::Return(0)));
    assert!(
        matches!(set(2), Outcome::Return(28)),
        "what is refused is not told"
    );
    assert_eq!(
        *told.0.lock().unwrap(),
        [FdFlags::APPEND | FdFlags::NONBLOCK]
    );
    let mut bytes = [0; 24];
    let args = &[fd.into(), 0];
    assert_eq!(call(&wasi, &mut bytes, Syscall::FdFdstatGet, args), Ok(()));
    assert_eq!(bytes[2], 5);
}
