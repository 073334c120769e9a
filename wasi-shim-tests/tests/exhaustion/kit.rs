//! What the attacks have in common: a guest whose memory has been touched, and calls with raw arguments.

use wasi_shim::abi::{Abi, Errno, FdFlags, LookupFlags, OFlags, Rights, Syscall};
use wasi_shim::backends::MemDir;
use wasi_shim::vfs::Dir;
use wasi_shim::{Access, Builder, Wasi};
use wasi_shim_tests::{Answer, Guest};

use std::sync::Arc;

/// The descriptor of the tree.
pub(crate) const ROOT: u32 = 3;

/// Where raw arguments point to, and how much of the memory is theirs.
pub(crate) const AT: i64 = 1 << 16;

/// A guest over a tree.
pub(crate) fn over(root: Arc<dyn Dir>, abi: Abi) -> Guest {
    of(Wasi::builder().preopen("/", root, Access::ReadWrite), abi)
}

/// A guest over an empty tree in memory.
pub(crate) fn in_memory(abi: Abi) -> Guest {
    over(MemDir::new(), abi)
}

/// A guest all of whose memory is there already, so that it does not count.
pub(crate) fn of(builder: Builder, abi: Abi) -> Guest {
    let mut guest = Guest::new(builder);
    guest.abi = abi;
    guest.memory.fill(1);
    guest.memory.fill(0);
    guest
}

/// Opens a file, which it makes if there is none.
pub(crate) fn open(guest: &mut Guest, path: &str) -> Answer<u32> {
    let (rights, flags) = ((Rights::FILE, Rights::empty()), FdFlags::empty());
    guest.path_open(
        ROOT,
        LookupFlags::empty(),
        path,
        OFlags::CREAT,
        rights,
        flags,
    )
}

/// Makes and closes empty files, with names of so many bytes, until one cannot be made; removes them again. Answers how
/// many there were, and the error code.
pub(crate) fn files(guest: &mut Guest, len: usize) -> (usize, Errno) {
    let name = |n: usize| format!("{n:0len$}");
    let mut count = 0;
    let errno = loop {
        match open(guest, &name(count)) {
            Ok(fd) => guest.fd_close(fd).expect("it is open"),
            Err(errno) => break errno,
        }
        count += 1;
    };
    for n in 0..count {
        guest.path_unlink_file(ROOT, name(n)).expect("it is there");
    }
    (count, errno)
}

/// Writes to a descriptor until that fails; answers how much was written, and the error code.
pub(crate) fn fill(guest: &mut Guest, fd: u32) -> (usize, Errno) {
    let mut written = 0;
    loop {
        match guest.fd_write(fd, [7; 60_000]) {
            Ok(count) => written += count,
            Err(errno) => return (written, errno),
        }
    }
}

/// The functions that take a path, with this text as each of their paths, and what they answer.
pub(crate) fn with_path(guest: &mut Guest, text: &[u8]) -> Vec<(Syscall, Answer<()>)> {
    let (root, at, len) = (i64::from(ROOT), AT, text.len() as i64);
    guest.memory[AT as usize..][..text.len()].copy_from_slice(text);
    let all = Rights::FD_READ.bits().cast_signed();
    let calls: [(Syscall, &[i64]); 10] = [
        (Syscall::PathCreateDirectory, &[root, at, len]),
        (Syscall::PathFilestatGet, &[root, 0, at, len, 0]),
        (Syscall::PathFilestatSetTimes, &[root, 0, at, len, 0, 0, 1]),
        (Syscall::PathLink, &[root, 0, at, len, root, at, len]),
        (Syscall::PathOpen, &[root, 0, at, len, 0, all, 0, 0, 0]),
        (Syscall::PathReadlink, &[root, at, len, 1024, 100, 0]),
        (Syscall::PathRemoveDirectory, &[root, at, len]),
        (Syscall::PathRename, &[root, at, len, root, at, len]),
        (Syscall::PathSymlink, &[at, 1, root, at, len]),
        (Syscall::PathUnlinkFile, &[root, at, len]),
    ];
    let made = calls.map(|(call, args)| (call, guest.call(call, args)));
    made.into()
}

/// Each function that takes buffers of these vectors, on descriptors that it can be used on, and what it answers. The guest
/// has standard streams, a file and a socket behind it.
pub(crate) fn with_vectors(
    guest: &mut Guest,
    vectors: &[(u32, u32)],
    file: u32,
) -> Vec<(Syscall, Answer<()>)> {
    let mut at = AT as usize;
    for number in vectors.iter().flat_map(|(start, len)| [start, len]) {
        guest.memory[at..at + 4].copy_from_slice(&number.to_le_bytes());
        at += 4;
    }
    let (at, count, file, socket) = (AT, vectors.len() as i64, i64::from(file), 4);
    let calls: [(Syscall, &[i64]); 6] = [
        (Syscall::FdRead, &[0, at, count, 0]),
        (Syscall::FdWrite, &[1, at, count, 0]),
        (Syscall::FdPread, &[file, at, count, 0, 0]),
        (Syscall::FdPwrite, &[file, at, count, 0, 0]),
        (Syscall::SockRecv, &[socket, at, count, 0, 0, 8]),
        (Syscall::SockSend, &[socket, at, count, 0, 0]),
    ];
    let made = calls.map(|(call, args)| (call, guest.call(call, args)));
    made.into()
}

/// All of these answered this.
pub(crate) fn all(answers: Vec<(Syscall, Answer<()>)>, errno: Errno) {
    for (call, answer) in answers {
        assert_eq!(answer, Err(errno), "{call}");
    }
}
