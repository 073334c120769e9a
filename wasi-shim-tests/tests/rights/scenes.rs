//! One call for each row of the page's first table: it succeeds on a descriptor of the row's kind that has every right.
//!
//! Knows arguments, and nothing of rights. A row that is not here fails the test that comes to it.

use crate::kinds::{Held, OTHER};
use crate::table::Needs;
use wasi_shim::Outcome;
use wasi_shim::abi::{
    Advice, ClockId, FdFlags, FstFlags, LookupFlags, OFlags, RiFlags, Rights, SdFlags,
    SubclockFlags, Syscall, Whence,
};
use wasi_shim_tests::{Answer, Guest, Subscription};

const LOOKUP: LookupFlags = LookupFlags::empty();
const NONE: Rights = Rights::empty();

/// Makes the row's call on what is held: success, or the error code that the guest sees.
pub(crate) fn play(row: &Needs, held: &mut Held) -> Answer<()> {
    let (guest, fd) = (&mut held.guest, held.fd);
    match row.call.name().split('_').next() {
        Some("fd") => on_descriptor(row, guest, fd),
        Some("path") => on_path(row, guest, fd),
        Some("poll") => poll(row, guest, fd),
        Some("sock") => on_socket(row, guest, fd),
        _ => on_nothing(row, guest),
    }
}

fn unknown(row: &Needs) -> ! {
    panic!(
        "no call is known for the row {:?} {:?}",
        row.name, row.descriptor
    )
}

fn on_nothing(row: &Needs, guest: &mut Guest) -> Answer<()> {
    match row.call {
        Syscall::ArgsGet | Syscall::ArgsSizesGet => guest.args().map(drop),
        Syscall::EnvironGet | Syscall::EnvironSizesGet => guest.environ().map(drop),
        Syscall::ClockResGet => guest.clock_res_get(ClockId::Monotonic).map(drop),
        Syscall::ClockTimeGet => guest.clock_time_get(ClockId::Monotonic).map(drop),
        Syscall::ProcExit => match guest.attempt(Syscall::ProcExit, &[7]) {
            Outcome::Exit(_) => Ok(()),
            outcome => panic!("{outcome:?} is no exit"),
        },
        Syscall::ProcRaise => guest.proc_raise(1),
        Syscall::SchedYield => guest.sched_yield(),
        Syscall::RandomGet => guest.random_get(8).map(drop),
        _ => unknown(row),
    }
}

fn on_descriptor(row: &Needs, guest: &mut Guest, fd: u32) -> Answer<()> {
    match (row.name.as_str(), row.descriptor.as_str()) {
        ("fd_advise", "fd") => guest.fd_advise(fd, 0, 1, Advice::Normal),
        ("fd_allocate", "fd") => guest.fd_allocate(fd, 0, 100),
        ("fd_close", "fd") => guest.fd_close(fd),
        ("fd_datasync", "fd") => guest.fd_datasync(fd),
        ("fd_fdstat_get", "fd") => guest.fd_fdstat_get(fd).map(drop),
        ("fd_fdstat_set_flags", "fd") => guest.fd_fdstat_set_flags(fd, FdFlags::APPEND),
        ("fd_fdstat_set_rights", "fd") => guest.fd_fdstat_set_rights(fd, NONE, NONE),
        ("fd_filestat_get", "fd") => guest.fd_filestat_get(fd).map(drop),
        ("fd_filestat_set_size", "fd") => guest.fd_filestat_set_size(fd, 5),
        ("fd_filestat_set_times", "fd") => guest.fd_filestat_set_times(fd, 5, 5, FstFlags::MTIM),
        ("fd_pread", "fd") => guest.fd_pread(fd, &[4], 1).map(drop),
        ("fd_prestat_get", "fd") => guest.fd_prestat_get(fd).map(drop),
        ("fd_prestat_dir_name", "fd") => guest.fd_prestat_dir_name(fd, 1).map(drop),
        ("fd_pwrite", "fd") => guest.fd_pwrite(fd, &[b"new"], 1).map(drop),
        ("fd_read", "fd") => guest.fd_read(fd, 4).map(drop),
        ("fd_readdir", "fd") => guest.fd_readdir(fd, 100, 0).map(drop),
        ("fd_renumber", "fd") => guest.fd_renumber(fd, 2),
        ("fd_renumber", "to") => guest.fd_renumber(2, fd),
        ("fd_seek", "fd") => guest.fd_seek(fd, 1, Whence::Cur).map(drop),
        ("fd_seek, by 0 from the current offset", "fd") => {
            guest.fd_seek(fd, 0, Whence::Cur).map(drop)
        }
        ("fd_sync", "fd") => guest.fd_sync(fd),
        ("fd_tell", "fd") => guest.fd_tell(fd).map(drop),
        ("fd_write", "fd") => guest.fd_write(fd, "new").map(drop),
        _ => unknown(row),
    }
}

fn on_path(row: &Needs, guest: &mut Guest, fd: u32) -> Answer<()> {
    match (row.name.as_str(), row.descriptor.as_str()) {
        ("path_create_directory", "fd") => guest.path_create_directory(fd, "new"),
        ("path_filestat_get", "fd") => guest.path_filestat_get(fd, LOOKUP, "file").map(drop),
        ("path_filestat_set_times", "fd") => {
            guest.path_filestat_set_times(fd, LOOKUP, "file", (5, 5), FstFlags::MTIM)
        }
        ("path_link", "old_fd") => guest.path_link((fd, LOOKUP, "file"), (OTHER, "new")),
        ("path_link", "new_fd") => guest.path_link((OTHER, LOOKUP, "file"), (fd, "new")),
        ("path_readlink", "fd") => guest.path_readlink(fd, "link", 100).map(drop),
        ("path_remove_directory", "fd") => guest.path_remove_directory(fd, "dir"),
        ("path_rename", "fd") => guest.path_rename(fd, "file", OTHER, "new"),
        ("path_rename", "new_fd") => guest.path_rename(OTHER, "file", fd, "new"),
        ("path_symlink", "fd") => guest.path_symlink("file", fd, "new"),
        ("path_unlink_file", "fd") => guest.path_unlink_file(fd, "file"),
        (_, "fd") => open(row, guest, fd),
        _ => unknown(row),
    }
}

fn open(row: &Needs, guest: &mut Guest, fd: u32) -> Answer<()> {
    let plain = (OFlags::empty(), FdFlags::empty());
    let ((oflags, fdflags), rights) = match row.name.as_str() {
        "path_open" => (plain, (NONE, NONE)),
        "path_open, creat" => ((OFlags::CREAT, plain.1), (NONE, NONE)),
        "path_open, trunc" => ((OFlags::TRUNC, plain.1), (NONE, NONE)),
        "path_open, dsync" => ((plain.0, FdFlags::DSYNC), (NONE, NONE)),
        "path_open, rsync" => ((plain.0, FdFlags::RSYNC), (NONE, NONE)),
        "path_open, sync" => ((plain.0, FdFlags::SYNC), (NONE, NONE)),
        "path_open, with rights" => (plain, (Rights::INHERITED, NONE)),
        "path_open, with rights to pass on" => (plain, (NONE, Rights::INHERITED)),
        _ => unknown(row),
    };
    guest
        .path_open(fd, LOOKUP, "file", oflags, rights, fdflags)
        .map(drop)
}

fn poll(row: &Needs, guest: &mut Guest, fd: u32) -> Answer<()> {
    let subscription = match row.name.as_str() {
        "poll_oneoff, a clock" => Subscription::Clock(1, 1, SubclockFlags::empty()),
        "poll_oneoff, to be read" => Subscription::Read(fd),
        "poll_oneoff, to be written" => Subscription::Write(fd),
        _ => unknown(row),
    };
    let events = guest.poll_oneoff(&[subscription])?;
    events[0].error.map_or(Ok(()), Err)
}

fn on_socket(row: &Needs, guest: &mut Guest, fd: u32) -> Answer<()> {
    match (row.name.as_str(), row.descriptor.as_str()) {
        ("sock_accept", "fd") => guest.sock_accept(fd, FdFlags::empty()).map(drop),
        ("sock_recv", "fd") => guest.sock_recv(fd, &[4], RiFlags::empty()).map(drop),
        ("sock_send", "fd") => guest.sock_send(fd, &[b"new"], 0).map(drop),
        ("sock_shutdown", "fd") => guest.sock_shutdown(fd, SdFlags::WR),
        _ => unknown(row),
    }
}
