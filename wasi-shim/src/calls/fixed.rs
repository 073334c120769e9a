//! Every answer that is fixed: nothing is computed, no system call is made. `spec-notes/fixed-answers.md` publishes them.

use super::{Call, Reply};
use crate::abi::{Errno, FileKind, Filestat, Signal};

/// The file number of `..` in a listing: "ask". A directory does not know its parent, and wasi-libc never asks about
/// `..` (`readdir.c`).
// claim: fd_readdir.numbers
pub(crate) const DOTDOT_INO: u64 = 0;

/// The device that streams are on, which are reached through no directory.
// claim: fd_filestat_get.streams
pub(crate) const STREAM_DEVICE: u64 = 0;

/// The facts about a stream: its kind. It has no number, no length, no times.
// claim: fd_filestat_get.streams
pub(crate) const fn stream_filestat(filetype: FileKind) -> Filestat {
    Filestat {
        dev: STREAM_DEVICE,
        ino: 0,
        filetype,
        nlink: 0,
        size: 0,
        atim: 0,
        mtim: 0,
        ctim: 0,
    }
}

/// `proc_raise`. *Answers* `notsup`, always: the process that a signal would reach is the host's, and two peers let a
/// guest kill it.
// claim: proc_raise.sends-nothing
pub(crate) fn proc_raise(_: &Call<'_>, _: Signal) -> Reply<()> {
    Err(Errno::Notsup.into())
}

/// `sched_yield`. *Answers* success, always: the host's scheduler needs no help.
// claim: sched_yield.succeeds
pub(crate) fn sched_yield(_: &Call<'_>) -> Reply<()> {
    Ok(())
}
