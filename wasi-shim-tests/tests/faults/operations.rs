//! What the guest does while something fails.
//!
//! Knows every function of preview1 that asks a filesystem anything, in the forms that ask it differently. Refuses to know
//! what fails. Every part of the matrix uses these.

use crate::scene::Fds;
use wasi_shim::abi::{Advice, FdFlags, FstFlags, LookupFlags, OFlags, Rights, Whence};
use wasi_shim_tests::trees::ROOT;
use wasi_shim_tests::{Answer, Guest};

/// A call: how many bytes it moved, or 0.
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(crate) run: Run,
}

pub(crate) type Run = fn(&mut Guest, Fds) -> Answer<usize>;

/// The operation of that name.
pub(crate) fn named(name: &str) -> &'static Operation {
    let mut all = ALL.iter().chain(CLOSING);
    all.find(|operation| operation.name == name).expect(name)
}

const STAY: LookupFlags = LookupFlags::empty();
const FOLLOW: LookupFlags = LookupFlags::SYMLINK_FOLLOW;

macro_rules! operations {
    ($($name:literal: |$guest:pat_param, $fds:pat_param| $run:expr;)*) => {
        /// All of them.
        pub(crate) const ALL: &[Operation] = &[$(Operation {
            name: $name,
            run: |$guest, $fds| $run,
        }),*];
    };
}

operations! {
    "path_create_directory": |g, _| done(g.path_create_directory(ROOT, "new"));
    "path_create_directory deep": |g, _| done(g.path_create_directory(ROOT, "dir/new"));
    "path_remove_directory": |g, _| done(g.path_remove_directory(ROOT, "empty"));
    "path_unlink_file": |g, _| done(g.path_unlink_file(ROOT, "file"));
    "path_unlink_file deep": |g, _| done(g.path_unlink_file(ROOT, "dir/inner"));
    "path_unlink_file link": |g, _| done(g.path_unlink_file(ROOT, "link"));
    "path_unlink_file other": |g, _| done(g.path_unlink_file(ROOT, "other"));
    "path_rename": |g, _| done(g.path_rename(ROOT, "file", ROOT, "dir/moved"));
    "path_rename over": |g, _| done(g.path_rename(ROOT, "file", ROOT, "other"));
    "path_rename directory": |g, _| done(g.path_rename(ROOT, "dir", ROOT, "moved"));
    "path_rename onto directory": |g, _| done(g.path_rename(ROOT, "dir", ROOT, "empty"));
    "path_link": |g, _| done(g.path_link((ROOT, STAY, "file"), (ROOT, "dir/second")));
    "path_symlink": |g, _| done(g.path_symlink("text", ROOT, "new"));
    "path_readlink": |g, _| done(g.path_readlink(ROOT, "link", 64));
    "path_filestat_get": |g, _| done(g.path_filestat_get(ROOT, STAY, "file"));
    "path_filestat_get deep": |g, _| done(g.path_filestat_get(ROOT, STAY, "dir/inner"));
    "path_filestat_get link": |g, _| done(g.path_filestat_get(ROOT, FOLLOW, "link"));
    "path_filestat_get other": |g, _| done(g.path_filestat_get(ROOT, STAY, "other"));
    "path_filestat_set_times": |g, _| done(g.path_filestat_set_times(ROOT, STAY, "file", (1, 2), BOTH));
    "path_filestat_set_times directory": |g, _| done(g.path_filestat_set_times(ROOT, STAY, "dir", (1, 2), BOTH));
    "path_open": |g, _| open(g, STAY, "file", OFlags::empty(), Rights::FD_READ);
    "path_open deep": |g, _| open(g, STAY, "dir/inner", OFlags::empty(), Rights::FD_READ);
    "path_open link": |g, _| open(g, FOLLOW, "link", OFlags::empty(), Rights::FD_READ);
    "path_open to write": |g, _| open(g, STAY, "file", OFlags::empty(), Rights::FILE);
    "path_open other": |g, _| open(g, STAY, "other", OFlags::empty(), Rights::FILE);
    "path_open directory": |g, _| open(g, STAY, "dir", OFlags::DIRECTORY, Rights::FD_READDIR);
    "path_open creat": |g, _| open(g, STAY, "new", OFlags::CREAT, Rights::FILE);
    "path_open creat to read": |g, _| open(g, STAY, "new", OFlags::CREAT, Rights::FD_READ);
    "path_open creat excl": |g, _| open(g, STAY, "dir/new", OFlags::CREAT | OFlags::EXCL, Rights::FILE);
    "path_open trunc": |g, _| open(g, STAY, "file", OFlags::TRUNC, Rights::FILE);
    "path_open trunc other": |g, _| open(g, STAY, "other", OFlags::TRUNC, Rights::FILE);
    "fd_readdir": |g, _| done(g.fd_readdir(ROOT, 512, 0));
    "fd_readdir opened": |g, fds| done(g.fd_readdir(fds.dir, 512, 0));
    "fd_read": |g, fds| bytes(g.fd_read(fds.file, 5));
    "fd_read buffers": |g, fds| bytes(g.fd_readv(fds.file, &[2, 0, 3]));
    "fd_read other": |g, fds| bytes(g.fd_read(fds.other, 5));
    "fd_pread": |g, fds| bytes(g.fd_pread(fds.file, &[5], 1));
    "fd_pread buffers": |g, fds| bytes(g.fd_pread(fds.file, &[5, 1], 1));
    "fd_write": |g, fds| g.fd_write(fds.file, "abc");
    "fd_write buffers": |g, fds| g.fd_writev(fds.file, &[b"ab", b"", b"c"]);
    "fd_write append": |g, fds| g.fd_write(fds.end, "abc");
    "fd_write other": |g, fds| g.fd_write(fds.other, "abc");
    "fd_pwrite": |g, fds| g.fd_pwrite(fds.file, &[b"abc"], 1);
    "fd_pwrite buffers": |g, fds| g.fd_pwrite(fds.file, &[b"ab", b"c"], 1);
    "fd_filestat_get": |g, fds| done(g.fd_filestat_get(fds.file));
    "fd_filestat_get other": |g, fds| done(g.fd_filestat_get(fds.other));
    "fd_filestat_get directory": |g, fds| done(g.fd_filestat_get(fds.dir));
    "fd_filestat_set_size": |g, fds| done(g.fd_filestat_set_size(fds.file, 4));
    "fd_filestat_set_size longer": |g, fds| done(g.fd_filestat_set_size(fds.file, 40));
    "fd_filestat_set_size other": |g, fds| done(g.fd_filestat_set_size(fds.other, 4));
    "fd_filestat_set_times": |g, fds| done(g.fd_filestat_set_times(fds.file, 1, 2, BOTH));
    "fd_filestat_set_times directory": |g, fds| done(g.fd_filestat_set_times(fds.dir, 1, 2, BOTH));
    "fd_allocate": |g, fds| done(g.fd_allocate(fds.file, 0, 20));
    "fd_allocate other": |g, fds| done(g.fd_allocate(fds.other, 0, 20));
    "fd_advise": |g, fds| done(g.fd_advise(fds.file, 0, 5, Advice::Willneed));
    "fd_sync": |g, fds| done(g.fd_sync(fds.file));
    "fd_sync other": |g, fds| done(g.fd_sync(fds.other));
    "fd_sync directory": |g, fds| done(g.fd_sync(fds.dir));
    "fd_datasync": |g, fds| done(g.fd_datasync(fds.file));
    "fd_datasync other": |g, fds| done(g.fd_datasync(fds.other));
    "fd_seek end": |g, fds| done(g.fd_seek(fds.file, -1, Whence::End));
}

/// What gives a descriptor back.
pub(crate) const CLOSING: &[Operation] = &[
    Operation {
        name: "fd_close",
        run: |g, fds| done(g.fd_close(fds.file)),
    },
    Operation {
        name: "fd_close directory",
        run: |g, fds| done(g.fd_close(fds.dir)),
    },
    Operation {
        name: "fd_close nameless",
        run: |g, fds| done(g.fd_close(fds.nameless)),
    },
    Operation {
        name: "fd_renumber",
        run: |g, fds| done(g.fd_renumber(fds.other, fds.nameless)),
    },
];

const BOTH: FstFlags = FstFlags::ATIM.union(FstFlags::MTIM);

fn done<T>(answer: Answer<T>) -> Answer<usize> {
    answer.map(|_| 0)
}

fn bytes(answer: Answer<Vec<u8>>) -> Answer<usize> {
    answer.map(|bytes| bytes.len())
}

/// Opens, and closes what was opened.
fn open(
    guest: &mut Guest,
    lookup: LookupFlags,
    path: &str,
    oflags: OFlags,
    rights: Rights,
) -> Answer<usize> {
    let rights = (rights, Rights::empty());
    let fd = guest.path_open(ROOT, lookup, path, oflags, rights, FdFlags::empty())?;
    done(guest.fd_close(fd))
}
