//! How each function is written in a script: its arguments in order, and what it answers.
//!
//! The order is the specification's. A buffer to be filled is written as its length, and pointers to results are not
//! written at all.

use super::number::Kind;
use wasi_shim::abi::Syscall;

/// An argument, as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Param {
    /// A number or a register.
    Number(Kind),
    /// A text: an address and a length.
    Text,
    /// Buffers to be filled: their lengths joined with `+`.
    Into,
    /// Buffers to be written: strings joined with `+`.
    From,
    /// One buffer to be filled: its length.
    Room,
    /// All that are left: what to wait for.
    Subscriptions,
}

/// What comes back through pointers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gives {
    Nothing,
    /// A number of this many bytes.
    Number(&'static str, u8),
    /// Two 32-bit numbers.
    Sizes,
    /// The bytes transferred into [`Param::Into`] or [`Param::Room`], counted.
    Data,
    /// The same, and `roflags`.
    Received,
    /// The bytes of [`Param::Room`], all of them.
    Filled,
    Filestat,
    Fdstat,
    Prestat,
    Dirents,
    Strings,
    Events,
}

const PLAIN: Param = Param::Number(Kind::Plain);
const FD: Param = PLAIN;
const LOOKUP: Param = Param::Number(Kind::Lookup);
const FDFLAGS: Param = Param::Number(Kind::FdFlags);
const RIGHTS: Param = Param::Number(Kind::Rights);
const FST: Param = Param::Number(Kind::FstFlags);
const CLOCK: Param = Param::Number(Kind::Clock);
const COUNT: Gives = Gives::Number("n", 4);

/// The arguments and the answer of a function.
pub(crate) fn of(call: Syscall) -> (Vec<Param>, Gives) {
    use Gives::{Data, Dirents, Events, Fdstat, Filestat, Filled, Nothing, Prestat, Received};
    use Param::{From, Into, Number, Room, Subscriptions, Text};
    let (params, gives): (&[Param], Gives) = match call {
        Syscall::ArgsGet | Syscall::EnvironGet => (&[], Gives::Strings),
        Syscall::ArgsSizesGet | Syscall::EnvironSizesGet => (&[], Gives::Sizes),
        Syscall::ClockResGet => (&[CLOCK], Gives::Number("ns", 8)),
        Syscall::ClockTimeGet => (&[CLOCK, PLAIN], Gives::Number("ns", 8)),
        Syscall::FdAdvise => (&[FD, PLAIN, PLAIN, Number(Kind::Advice)], Nothing),
        Syscall::FdAllocate => (&[FD, PLAIN, PLAIN], Nothing),
        Syscall::FdClose | Syscall::FdDatasync | Syscall::FdSync => (&[FD], Nothing),
        Syscall::FdFdstatGet => (&[FD], Fdstat),
        Syscall::FdFdstatSetFlags => (&[FD, FDFLAGS], Nothing),
        Syscall::FdFdstatSetRights => (&[FD, RIGHTS, RIGHTS], Nothing),
        Syscall::FdFilestatGet => (&[FD], Filestat),
        Syscall::FdFilestatSetSize => (&[FD, PLAIN], Nothing),
        Syscall::FdFilestatSetTimes => (&[FD, PLAIN, PLAIN, FST], Nothing),
        Syscall::FdPread => (&[FD, Into, PLAIN], Data),
        Syscall::FdPrestatGet => (&[FD], Prestat),
        Syscall::FdPrestatDirName => (&[FD, Room], Filled),
        Syscall::FdPwrite => (&[FD, From, PLAIN], COUNT),
        Syscall::FdRead => (&[FD, Into], Data),
        Syscall::FdReaddir => (&[FD, Room, PLAIN], Dirents),
        Syscall::FdRenumber => (&[FD, FD], Nothing),
        Syscall::FdSeek => (
            &[FD, PLAIN, Number(Kind::Whence)],
            Gives::Number("offset", 8),
        ),
        Syscall::FdTell => (&[FD], Gives::Number("offset", 8)),
        Syscall::FdWrite => (&[FD, From], COUNT),
        Syscall::PathCreateDirectory | Syscall::PathRemoveDirectory | Syscall::PathUnlinkFile => {
            (&[FD, Text], Nothing)
        }
        Syscall::PathFilestatGet => (&[FD, LOOKUP, Text], Filestat),
        Syscall::PathFilestatSetTimes => (&[FD, LOOKUP, Text, PLAIN, PLAIN, FST], Nothing),
        Syscall::PathLink => (&[FD, LOOKUP, Text, FD, Text], Nothing),
        Syscall::PathOpen => (
            &[
                FD,
                LOOKUP,
                Text,
                Number(Kind::OFlags),
                RIGHTS,
                RIGHTS,
                FDFLAGS,
            ],
            Gives::Number("fd", 4),
        ),
        Syscall::PathReadlink => (&[FD, Text, Room], Data),
        Syscall::PathRename => (&[FD, Text, FD, Text], Nothing),
        Syscall::PathSymlink => (&[Text, FD, Text], Nothing),
        Syscall::PollOneoff => (&[Subscriptions], Events),
        Syscall::ProcExit | Syscall::ProcRaise => (&[PLAIN], Nothing),
        Syscall::RandomGet => (&[Room], Filled),
        Syscall::SchedYield => (&[], Nothing),
        Syscall::SockAccept => (&[FD, FDFLAGS], Gives::Number("fd", 4)),
        Syscall::SockRecv => (&[FD, Into, Number(Kind::RiFlags)], Received),
        Syscall::SockSend => (&[FD, From, PLAIN], COUNT),
        Syscall::SockShutdown => (&[FD, Number(Kind::SdFlags)], Nothing),
    };
    (params.to_vec(), gives)
}
