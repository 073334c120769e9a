//! What a guest sees of an archive: links are followed within it, and nowhere else.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

mod archive_kit;
mod support;

use archive_kit::{Item, Zipped, every_kind, stored, zip_file};
use std::sync::Arc;
use wasi_shim::abi::{Abi, Errno, Syscall};
use wasi_shim::backends::{Archive, MemDir};
use wasi_shim::mem::Memory;
use wasi_shim::vfs::Dir;
use wasi_shim::{Access, Outcome, Wasi};

const READ: i64 = 1 << 1;
const WRITE: i64 = 1 << 6;
const FOLLOW: i64 = 1;
const CREATE: i64 = 1;

fn guest(root: Arc<dyn Dir>) -> Wasi {
    let wasi = Wasi::builder().preopen("/", root, Access::ReadWrite);
    wasi.build().unwrap()
}

fn call(wasi: &Wasi, memory: &mut [u8], call: Syscall, arguments: &[i64]) -> Result<(), Errno> {
    match wasi.call(Abi::Preview1, &mut Memory::new(memory), call, arguments) {
        Outcome::Return(0) => Ok(()),
        Outcome::Return(number) => Err(Errno::from_number(number).unwrap()),
        _ => panic!("{call} does not return"),
    }
}

/// Opens a path, following links, and reads at most 20 bytes.
fn read(wasi: &Wasi, path: &str, rights: i64, create: i64) -> Result<Vec<u8>, Errno> {
    let mut memory = [0; 200];
    memory[100..100 + path.len()].copy_from_slice(path.as_bytes());
    let length = path.len() as i64;
    let arguments = [3, FOLLOW, 100, length, create, rights, 0, 0, 0];
    call(wasi, &mut memory, Syscall::PathOpen, &arguments)?;
    let opened = i64::from(memory[0]);
    memory[16] = 40;
    memory[20] = 20;
    call(wasi, &mut memory, Syscall::FdRead, &[opened, 16, 1, 32])?;
    let count = usize::from(memory[32]);
    Ok(memory[40..40 + count].to_vec())
}

const ITEMS: &[Item<'_>] = &[
    Item::File("d/file", b"content"),
    Item::Symlink("d/up", "../d/./file"),
    Item::Symlink("in", "d"),
    Item::Symlink("out", "../file"),
    Item::Symlink("root", "/d/file"),
    Item::Symlink("loop", "loop"),
    Item::Symlink("nowhere", "d/none"),
];

#[test]
fn links_lead_within_the_archive_only() {
    for (kind, bytes) in every_kind(ITEMS) {
        let wasi = guest(Archive::from_bytes(bytes).unwrap());
        for path in ["d/file", "d/up", "in/file", "in/up", "d/../in/file"] {
            let content = read(&wasi, path, READ, 0);
            assert_eq!(content, Ok(b"content".to_vec()), "{kind}: {path}");
        }
        for (path, errno) in [
            ("out", Errno::Perm),
            ("root", Errno::Perm),
            ("loop", Errno::Loop),
            ("nowhere", Errno::Noent),
            ("d/file/", Errno::Notdir),
            ("../file", Errno::Perm),
        ] {
            assert_eq!(read(&wasi, path, READ, 0), Err(errno), "{kind}: {path}");
        }
    }
}

#[test]
fn nothing_is_changed_even_where_the_grant_would_allow_it() {
    for (_, bytes) in every_kind(ITEMS) {
        let wasi = guest(Archive::from_bytes(bytes).unwrap());
        assert_eq!(read(&wasi, "d/file", READ | WRITE, 0), Err(Errno::Rofs));
        assert_eq!(read(&wasi, "new", READ | WRITE, CREATE), Err(Errno::Rofs));
        let mut memory = [b'x'; 8];
        for (syscall, arguments) in [
            (Syscall::PathCreateDirectory, &[3, 0, 1][..]),
            (Syscall::PathSymlink, &[0, 1, 3, 0, 1]),
            (Syscall::PathRename, &[3, 0, 1, 3, 0, 2]),
        ] {
            let answer = call(&wasi, &mut memory, syscall, arguments);
            assert!(
                matches!(answer, Err(Errno::Rofs | Errno::Noent)),
                "{answer:?}"
            );
        }
    }
}

#[test]
fn content_that_is_damaged_is_an_error_for_the_guest() {
    let wrong = Zipped {
        crc: 1,
        local_crc: 1,
        ..stored(b"f", b"content")
    };
    let wasi = guest(Archive::from_bytes(zip_file(&[wrong])).unwrap());
    assert_eq!(read(&wasi, "f", READ, 0), Err(Errno::Io));
}

#[test]
fn the_same_tree_in_memory_answers_the_same() {
    let tree = MemDir::new();
    tree.dir("d").unwrap().file("file", "content").unwrap();
    tree.symlink("out", "../file").unwrap();
    let bytes = archive_kit::tar_of(ITEMS);
    let [memory, archive] = [tree as Arc<dyn Dir>, Archive::from_bytes(bytes).unwrap()].map(guest);
    for path in ["d/file", "d", "out", "none", "d/file/x", ""] {
        let answers = [&memory, &archive].map(|wasi| read(wasi, path, READ, 0));
        assert_eq!(answers[0], answers[1], "{path}");
    }
}
