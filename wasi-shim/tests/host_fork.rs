//! A child of a process does not repeat its parent's random bytes.
//!
//! Forking is safe only while there is one thread, which the usual harness cannot promise.
#![allow(
    unsafe_code,
    missing_docs,
    clippy::unwrap_used,
    reason = "there is no safe way to fork; a test that cannot be set up has failed"
)]

#[cfg(target_os = "linux")]
fn main() {
    use std::collections::BTreeSet;
    use std::io::Read;

    let before = linux::bytes();
    let mut seen = BTreeSet::from([before]);
    for depth in 0..4 {
        let (mut child, status) =
            linux::in_child(|| [linux::bytes(), linux::grandchild()].concat());
        let mut theirs = Vec::new();
        child.read_to_end(&mut theirs).unwrap();
        status();
        assert_eq!(theirs.len(), 64, "{depth}");
        let (first, second) = theirs.split_at(32);
        for bytes in [first, second, linux::bytes().as_slice()] {
            assert!(seen.insert(bytes.try_into().unwrap()), "repeated: {depth}");
        }
    }
    assert_eq!(seen.len(), 13);
    println!("a child's random bytes are its own");
}

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::File;
    use std::io::{Read, Write};
    use wasi_shim::host::OsEntropy;
    use wasi_shim::vfs::Entropy;

    pub(super) fn bytes() -> [u8; 32] {
        let mut bytes = [0; 32];
        OsEntropy.fill(&mut bytes).unwrap();
        bytes
    }

    /// What a child of the child says.
    pub(super) fn grandchild() -> [u8; 32] {
        let (mut child, status) = in_child(|| bytes().to_vec());
        let mut theirs = [0; 32];
        child.read_exact(&mut theirs).unwrap();
        status();
        theirs
    }

    /// Where to read what the function made of a child, and how to wait for it.
    pub(super) fn in_child(make: fn() -> Vec<u8>) -> (File, impl FnOnce()) {
        let (reader, writer) = rustix::pipe::pipe().unwrap();
        // SAFETY: this program has one thread.
        let child = unsafe { libc::fork() };
        assert!(child >= 0);
        if child == 0 {
            drop(reader);
            let written = File::from(writer).write_all(&make());
            // SAFETY: it ends the process and does nothing else.
            unsafe { libc::_exit(i32::from(written.is_err())) }
        }
        drop(writer);
        let wait = move || {
            let mut status = 0;
            // SAFETY: the status is ours to write to.
            let waited = unsafe { libc::waitpid(child, &raw mut status, 0) };
            assert_eq!((waited, status), (child, 0));
        };
        (File::from(reader), wait)
    }
}
