//! What a real system is short of: room in a file, handles, and room on a device.
//!
//! Knows how a process is given little of it without any privilege. Refuses to know system calls.

use crate::again;
use crate::state::tree;
use std::path::Path;
use std::sync::Arc;
use wasi_shim::abi::{Errno, FdFlags, LookupFlags, OFlags, Rights};
use wasi_shim::backends::Overlay;
use wasi_shim::host::open_dir;
use wasi_shim::vfs::Dir;
use wasi_shim::{Access, Wasi};
use wasi_shim_tests::trees::ROOT;
use wasi_shim_tests::{Answer, Guest};

fn guest(root: Arc<dyn Dir>) -> Guest {
    Guest::new(Wasi::builder().preopen("/", root, Access::ReadWrite))
}

fn open(guest: &mut Guest, path: &str, oflags: OFlags, rights: Rights) -> Answer<u32> {
    let rights = (rights, Rights::empty());
    guest.path_open(
        ROOT,
        LookupFlags::empty(),
        path,
        oflags,
        rights,
        FdFlags::empty(),
    )
}

fn make(folder: &Path, name: &str) -> Arc<dyn Dir> {
    let path = folder.join(name);
    std::fs::create_dir(&path).unwrap();
    open_dir(path).unwrap()
}

#[test]
fn a_file_ends_where_the_process_may_write_no_further() {
    if let Some(folder) = again::folder() {
        grow(&folder);
        copy_up(&folder);
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("lower")).unwrap();
    std::fs::write(folder.path().join("lower/large"), [b'l'; 1 << 16]).unwrap();
    let this = "shortage::a_file_ends_where_the_process_may_write_no_further";
    again::run(this, "trap '' XFSZ; ulimit -f 8;", folder.path());
}

/// Eight blocks, of which some shells think otherwise than others.
fn grow(folder: &Path) {
    let mut guest = guest(make(folder, "tree"));
    let fd = open(&mut guest, "file", OFlags::CREAT, Rights::FILE).unwrap();
    let mut size = 0;
    let errno = loop {
        match guest.fd_writev(fd, &[&[b'a'; 100], &[b'b'; 201]]) {
            Ok(count) => size += count as u64,
            Err(errno) => break errno,
        }
    };
    assert_eq!(errno, Errno::Fbig);
    assert!([4_096, 8_192].contains(&size), "{size}");
    assert_eq!(guest.fd_filestat_get(fd).unwrap().size, size);
    assert_eq!(guest.fd_tell(fd), Ok(size));
    assert_eq!(guest.fd_pwrite(fd, &[b"x"], size), Err(Errno::Fbig));
    assert_eq!(guest.fd_pwrite(fd, &[b"xyz"], size - 1), Ok(1));
    assert_eq!(guest.fd_filestat_set_size(fd, size + 1), Err(Errno::Fbig));
    assert_eq!(guest.fd_allocate(fd, 0, size + 1), Err(Errno::Fbig));
    assert_eq!(guest.fd_filestat_get(fd).unwrap().size, size);
}

/// A file that is too long to be brought up stays where it is.
fn copy_up(folder: &Path) {
    let upper = make(folder, "upper");
    let lower = open_dir(folder.join("lower")).unwrap();
    let root = Overlay::builder(lower).upper(Arc::clone(&upper)).build();
    let before = tree(&(Arc::clone(&root) as Arc<dyn Dir>));
    let mut guest = guest(root.clone());
    let fd = open(&mut guest, "large", OFlags::empty(), Rights::FILE).unwrap();
    assert_eq!(guest.fd_write(fd, "x"), Err(Errno::Fbig));
    assert_eq!(guest.fd_allocate(fd, 0, 1 << 17), Err(Errno::Fbig));
    assert_eq!(guest.fd_tell(fd), Ok(0));
    assert_eq!(tree(&(root as Arc<dyn Dir>)), before);
    assert_eq!(tree(&upper).len(), 1);
    // What is kept of it is short enough.
    assert_eq!(guest.fd_filestat_set_size(fd, 100), Ok(()));
    assert_eq!(guest.fd_write(fd, "x"), Ok(1));
}

#[test]
fn a_process_without_handles_answers_mfile_until_one_is_given_back() {
    if let Some(folder) = again::folder() {
        exhaust(&folder);
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let this = "shortage::a_process_without_handles_answers_mfile_until_one_is_given_back";
    again::run(this, "ulimit -n 40;", folder.path());
}

fn exhaust(folder: &Path) {
    let mut guest = guest(make(folder, "tree"));
    guest.path_create_directory(ROOT, "dir").unwrap();
    let mut open_ones = Vec::new();
    let errno = loop {
        match open(&mut guest, "file", OFlags::CREAT, Rights::FD_WRITE) {
            Ok(fd) => open_ones.push(fd),
            Err(errno) => break errno,
        }
    };
    assert_eq!(errno, Errno::Mfile);
    assert!(open_ones.len() < 40);
    // Nothing is made that cannot be opened.
    let new = open(&mut guest, "new", OFlags::CREAT, Rights::FD_WRITE);
    assert_eq!(new, Err(Errno::Mfile));
    assert_eq!(
        guest.path_filestat_get(ROOT, LookupFlags::empty(), "new"),
        Err(Errno::Noent)
    );
    assert_eq!(guest.fd_readdir(ROOT, 100, 0), Err(Errno::Mfile));
    assert_eq!(
        guest.path_create_directory(ROOT, "dir/new"),
        Err(Errno::Mfile)
    );
    // What needs no handle goes on.
    assert_eq!(guest.path_create_directory(ROOT, "new"), Ok(()));
    assert_eq!(guest.fd_write(open_ones[0], "x"), Ok(1));
    for fd in open_ones {
        assert_eq!(guest.fd_close(fd), Ok(()));
        assert!(guest.fd_readdir(ROOT, 100, 0).is_ok());
        assert_eq!(
            guest.path_unlink_file(ROOT, "dir/nothing"),
            Err(Errno::Noent)
        );
    }
}

#[test]
fn a_device_without_room_answers_nospc_to_every_write() {
    let mut guest = guest(open_dir("/dev").unwrap());
    let fd = open(&mut guest, "full", OFlags::empty(), Rights::FD_WRITE).unwrap();
    for _ in 0..2 {
        assert_eq!(guest.fd_write(fd, "x"), Err(Errno::Nospc));
        assert_eq!(guest.fd_writev(fd, &[b"x", b"yz"]), Err(Errno::Nospc));
        assert_eq!(guest.fd_write(fd, ""), Ok(0));
    }
}
