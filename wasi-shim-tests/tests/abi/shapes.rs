//! What each parameter of each function is: one call of each that succeeds.
//!
//! Knows the functions' parameters by their meaning; sizes are the specification's. Knows nothing of where anything is in
//! a memory.

use crate::world::{DIR, FILE, LISTENER, SOCKET};
use std::sync::OnceLock;
use wasi_shim::abi::{Abi, CoreType, Syscall};
use wasi_shim_tests::witx::Document;

/// One parameter, or two that belong together.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    /// A descriptor.
    Fd(u32),
    /// A number that means itself.
    Number(i64),
    /// Flags, and the bits that are known.
    Flags(i64, u32),
    /// A value of an enumeration, and how many there are.
    Enum(i64, u32),
    /// Rights: bits that nobody knows are passed over.
    Rights(i64),
    /// An address and a length of a text.
    Text(&'static str),
    /// An address and a length of a buffer that is written.
    Buffer(u32),
    /// An address and a length of an array of buffers that are written, by their lengths.
    Fill(&'static [u32]),
    /// The same of buffers that are read.
    Take(&'static [u32]),
    /// An address of so many pointers, which are written.
    Pointers(u32),
    /// An address of so many bytes, which are written.
    Bytes(u32),
    /// An address of subscriptions, [`SUBSCRIPTIONS`] of them.
    Subscriptions,
    /// An address of as many events.
    Events,
    /// How many they are.
    Count,
    /// An address of a result of this type.
    Out(&'static str),
}

/// How many subscriptions the call of `poll_oneoff` has.
pub(crate) const SUBSCRIPTIONS: u32 = 2;

use Part::{
    Buffer, Bytes, Count, Enum, Events, Fd, Fill, Flags, Number, Out, Pointers, Rights,
    Subscriptions, Take, Text,
};

const LOOKUP: Part = Flags(0, 1);
const FD_FLAGS: Part = Flags(0, 0x1f);
/// Both times are to be set to what is given.
const TIMES: Part = Flags(0b101, 0xf);
const FD_READ: i64 = 1 << 1;

/// The parameters of a function, in order.
pub(crate) fn parts(call: Syscall) -> Vec<Part> {
    use Syscall as S;
    match call {
        S::ArgsGet => vec![Pointers(2), Bytes(10)],
        S::EnvironGet => vec![Pointers(1), Bytes(11)],
        S::ArgsSizesGet | S::EnvironSizesGet => vec![Out("size"), Out("size")],
        S::ClockResGet => vec![Enum(1, 4), Out("timestamp")],
        S::ClockTimeGet => vec![Enum(0, 4), Number(0), Out("timestamp")],
        S::PollOneoff => vec![Subscriptions, Events, Count, Out("size")],
        S::ProcExit => vec![Number(7)],
        S::ProcRaise => vec![Enum(1, 31)],
        S::SchedYield => vec![],
        S::RandomGet => vec![Buffer(20)],
        S::SockAccept => vec![Fd(LISTENER), FD_FLAGS, Out("fd")],
        S::SockRecv => vec![
            Fd(SOCKET),
            Fill(&[3, 5]),
            Flags(0, 3),
            Out("size"),
            Out("roflags"),
        ],
        S::SockSend => vec![Fd(SOCKET), Take(&[3, 5]), Flags(0, 0), Out("size")],
        S::SockShutdown => vec![Fd(SOCKET), Flags(3, 3)],
        call if call.name().starts_with("fd_") => on_descriptor(call),
        call => on_path(call),
    }
}

fn on_descriptor(call: Syscall) -> Vec<Part> {
    use Syscall as S;
    let more: &[Part] = match call {
        S::FdAdvise => &[Number(0), Number(4), Enum(0, 6)],
        S::FdAllocate => &[Number(0), Number(40)],
        S::FdClose | S::FdDatasync | S::FdSync => &[],
        S::FdFdstatGet => &[Out("fdstat")],
        S::FdFdstatSetFlags => &[Flags(1, 0x1f)],
        S::FdFdstatSetRights => &[Rights(FD_READ), Rights(0)],
        S::FdFilestatGet => &[Out("filestat")],
        S::FdFilestatSetSize => &[Number(4)],
        S::FdFilestatSetTimes => &[Number(5), Number(6), TIMES],
        S::FdPread => &[Fill(&[3, 2]), Number(1), Out("size")],
        S::FdPrestatGet => return vec![Fd(DIR), Out("prestat")],
        S::FdPrestatDirName => return vec![Fd(DIR), Buffer(5)],
        S::FdPwrite => &[Take(&[3, 2]), Number(1), Out("size")],
        S::FdRead => &[Fill(&[3, 2]), Out("size")],
        S::FdReaddir => return vec![Fd(DIR), Buffer(60), Number(0), Out("size")],
        S::FdRenumber => &[Fd(1)],
        S::FdSeek => &[Number(3), Enum(0, 3), Out("filesize")],
        S::FdTell => &[Out("filesize")],
        S::FdWrite => &[Take(&[3, 2]), Out("size")],
        other => panic!("{other} has no row"),
    };
    [&[Fd(FILE)], more].concat()
}

fn on_path(call: Syscall) -> Vec<Part> {
    use Syscall as S;
    let more: &[Part] = match call {
        S::PathCreateDirectory => &[Text("new")],
        S::PathFilestatGet => &[LOOKUP, Text("file"), Out("filestat")],
        S::PathFilestatSetTimes => &[LOOKUP, Text("file"), Number(5), Number(6), TIMES],
        S::PathLink => &[LOOKUP, Text("file"), Fd(DIR), Text("new")],
        S::PathOpen => &[
            LOOKUP,
            Text("new"),
            Flags(1, 0xf),
            Rights(FD_READ),
            Rights(0),
            FD_FLAGS,
            Out("fd"),
        ],
        S::PathReadlink => &[Text("link"), Buffer(9), Out("size")],
        S::PathRemoveDirectory => &[Text("dir")],
        S::PathRename => &[Text("file"), Fd(DIR), Text("new")],
        S::PathSymlink => return vec![Text("file"), Fd(DIR), Text("new")],
        S::PathUnlinkFile => &[Text("file")],
        other => panic!("{other} has no row"),
    };
    [&[Fd(DIR)], more].concat()
}

impl Part {
    /// How many parameters it is.
    pub(crate) const fn width(self) -> usize {
        match self {
            Text(_) | Buffer(_) | Fill(_) | Take(_) => 2,
            _ => 1,
        }
    }

    /// Bytes and alignment of what its address points to; nothing for what has no address.
    pub(crate) fn target(self, abi: Abi) -> Option<(u32, u32)> {
        Some(match self {
            Text(text) => (u32::try_from(text.len()).expect("a short text"), 1),
            Buffer(len) | Bytes(len) => (len, 1),
            Fill(lens) | Take(lens) => (8 * u32::try_from(lens.len()).expect("few"), 4),
            Pointers(count) => (4 * count, 4),
            Subscriptions => array(abi, "subscription"),
            Events => array(abi, "event"),
            Out(name) => spec(abi).size(name),
            Fd(_) | Number(_) | Flags(..) | Enum(..) | Rights(_) | Count => return None,
        })
    }
}

fn array(abi: Abi, name: &str) -> (u32, u32) {
    let (size, align) = spec(abi).size(name);
    (size * SUBSCRIPTIONS, align)
}

/// The specification's text of a module.
pub(crate) fn spec(abi: Abi) -> &'static Document {
    static SPECS: OnceLock<[Document; 2]> = OnceLock::new();
    let [new, old] = SPECS.get_or_init(|| [Document::of("preview1"), Document::of("preview0")]);
    match abi {
        Abi::Preview1 => new,
        Abi::Unstable => old,
    }
}

/// Every function, in each module that has it.
pub(crate) fn everywhere() -> impl Iterator<Item = (Abi, Syscall)> {
    let both = [Abi::Preview1, Abi::Unstable].into_iter();
    both.flat_map(|abi| Syscall::ALL.iter().map(move |call| (abi, *call)))
        .filter(|(abi, call)| call.is_in(*abi))
}

#[test]
fn every_parameter_of_every_function_has_a_meaning() {
    for (abi, call) in everywhere() {
        let (params, parts) = (call.signature().params, parts(call));
        let width: usize = parts.iter().map(|part| part.width()).sum();
        assert_eq!(width, params.len(), "{call}");
        let mut index = 0;
        for part in &parts {
            let (name, core) = params[index];
            if part.width() == 2 {
                assert_eq!(params[index + 1].0, format!("{name}_len"), "{call}");
            }
            let wide = core == CoreType::I64;
            assert_eq!(
                wide,
                matches!(part, Number(_) | Rights(_)) && wide,
                "{call}: {name}"
            );
            index += part.width();
        }
        // Whatever the specification answers goes through an address at the end.
        let specified = spec(abi)
            .functions
            .iter()
            .find(|function| function.name == call.name());
        let results = specified.expect("it is specified").results;
        let outs = parts.iter().filter(|part| matches!(part, Out(_))).count();
        assert_eq!(outs, results, "{call}");
        assert!(
            parts
                .iter()
                .rev()
                .take(outs)
                .all(|part| matches!(part, Out(_))),
            "{call}: results come last"
        );
    }
}
