//! Random calls: few names, shallow trees, short data, so that calls meet and failures shrink to something that can be read.
//!
//! Knows how likely what is. A descriptor is a number that [`resolve`](crate::run::resolve) turns into one that is open
//! when the call is made.

use proptest::collection::vec;
use proptest::prelude::*;
use wasi_shim::abi::{Advice, FdFlags, FstFlags, OFlags, Rights, Whence};
use wasi_shim_tests::model::{At, Call, Opening, Slot, Text, Times};
use wasi_shim_tests::oracles::CLOSED;

/// What may be asked, which depends on who is to answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Profile {
    /// Rights are given up, and not all are asked for.
    pub(crate) rights: bool,
    /// Offsets at the end of what can be said, which filesystems with smaller files see otherwise.
    pub(crate) extremes: bool,
    /// Files are opened for synchronous writing.
    pub(crate) sync: bool,
}

impl Profile {
    /// Everything.
    pub(crate) const ALL: Self = Self {
        rights: true,
        extremes: true,
        sync: true,
    };
}

fn fd() -> BoxedStrategy<Slot> {
    prop_oneof![30 => 0..CLOSED, 1 => Just(CLOSED)].boxed()
}

fn component() -> impl Strategy<Value = String> {
    prop_oneof![
        10 => Just("a".to_owned()),
        8 => Just("b".to_owned()),
        4 => Just("c".to_owned()),
        2 => Just(".".to_owned()),
        3 => Just("..".to_owned()),
        1 => prop_oneof![Just("n".repeat(255)), Just("n".repeat(256))],
    ]
}

fn ordinary() -> impl Strategy<Value = Text> {
    let rarely = |one_in: u32| prop_oneof![one_in => Just(false), 1 => Just(true)];
    let names = prop_oneof![5 => vec(component(), 1..=1), 4 => vec(component(), 2..=2), 1 => vec(component(), 3..=3)];
    let parts = (names, rarely(10), rarely(40), rarely(5));
    parts.prop_map(|(names, doubled, absolute, slash)| {
        let mut text = names.join(if doubled { "//" } else { "/" });
        if absolute {
            text.insert(0, '/');
        }
        if slash {
            text.push_str(if doubled { "//" } else { "/" });
        }
        Text(text.into_bytes())
    })
}

/// A path, or the text of a link.
fn text() -> BoxedStrategy<Text> {
    let odd = prop_oneof![
        Just("".into()),
        Just("/".into()),
        Just("a\0b".into()),
        Just(Text(b"a/\xff".to_vec())),
        Just(Text(b"a/".repeat(2_049))),
        Just(Text(b"./".repeat(2_049))),
        Just(Text(b"b/".repeat(100))),
        // With `c -> a`, as many links as may be followed, and one more.
        (39_usize..=41).prop_map(|count| Text([&b"c/../".repeat(count)[..], b"b"].concat())),
    ];
    prop_oneof![40 => ordinary(), 1 => odd].boxed()
}

fn at() -> BoxedStrategy<At> {
    (prop_oneof![2 => Just(0), 1 => fd()], text())
        .prop_map(|(fd, path)| At { fd, path })
        .boxed()
}

fn data() -> impl Strategy<Value = Vec<Vec<u8>>> {
    vec(
        vec(prop_oneof![Just(b'x'), Just(b'y'), Just(b'z')], 0..=4),
        0..=3,
    )
}

fn lens() -> impl Strategy<Value = Vec<usize>> {
    vec(0_usize..=4, 0..=3)
}

fn offset(profile: Profile) -> BoxedStrategy<u64> {
    let far = prop_oneof![
        Just(i64::MAX as u64),
        Just(i64::MAX as u64 + 1),
        Just(u64::MAX)
    ];
    if profile.extremes {
        prop_oneof![20 => 0_u64..=12, 1 => far].boxed()
    } else {
        (0_u64..=12).boxed()
    }
}

fn times() -> impl Strategy<Value = Times> {
    let flags = prop_oneof![8 => 0_u16..16, 1 => Just(0)];
    (0_u64..=4_000_000_000, 0_u64..=4_000_000_000, flags).prop_map(|(atim, mtim, flags)| Times {
        atim,
        mtim,
        flags: FstFlags::from_bits_truncate(flags),
    })
}

/// Rights to read, but not to write, and the other way round.
pub(crate) const READ: Rights = Rights::INHERITED
    .difference(Rights::FD_WRITE)
    .difference(Rights::FD_ALLOCATE);
const WRITE: Rights = Rights::INHERITED
    .difference(Rights::FD_READ)
    .difference(Rights::FD_READDIR);

fn fdflags(profile: Profile) -> BoxedStrategy<FdFlags> {
    let plain = prop_oneof![
        8 => Just(FdFlags::empty()),
        3 => Just(FdFlags::APPEND),
        1 => Just(FdFlags::NONBLOCK),
    ];
    let sync = Just(FdFlags::SYNC);
    let others = prop_oneof![Just(FdFlags::DSYNC), Just(FdFlags::RSYNC)];
    match (profile.sync, profile.rights) {
        (true, true) => prop_oneof![60 => plain, 1 => sync, 1 => others].boxed(),
        // Linux, as it is asked here, does not tell the others from the first.
        (true, false) => prop_oneof![60 => plain, 1 => sync].boxed(),
        _ => plain.boxed(),
    }
}

fn oflags() -> impl Strategy<Value = OFlags> {
    prop_oneof![
        5 => Just(OFlags::empty()),
        6 => Just(OFlags::CREAT),
        2 => Just(OFlags::CREAT | OFlags::EXCL),
        3 => Just(OFlags::DIRECTORY),
        2 => Just(OFlags::TRUNC),
        1 => Just(OFlags::CREAT | OFlags::TRUNC),
        1 => Just(OFlags::EXCL),
        1 => Just(OFlags::CREAT | OFlags::DIRECTORY),
    ]
}

fn opening(profile: Profile) -> BoxedStrategy<Opening> {
    let few = if profile.rights {
        prop_oneof![Just(Rights::empty()), Just(Rights::FD_ALLOCATE)].boxed()
    } else {
        Just(READ).boxed()
    };
    let base = prop_oneof![
        5 => Just(READ),
        1 => Just(WRITE),
        4 => Just(Rights::INHERITED),
        2 => few.clone(),
    ];
    let inheriting = if profile.rights {
        prop_oneof![8 => Just(Rights::INHERITED), 2 => few].boxed()
    } else {
        Just(Rights::INHERITED).boxed()
    };
    let parts = (any::<bool>(), oflags(), base, inheriting, fdflags(profile));
    let opening = parts.prop_map(|(follow, oflags, base, inheriting, fdflags)| Opening {
        follow,
        oflags,
        base,
        inheriting,
        fdflags,
        into: 0,
    });
    opening.boxed()
}

fn right() -> impl Strategy<Value = Rights> {
    (0_u32..30).prop_map(|bit| Rights::from_bits_truncate(1 << bit))
}

fn on_data(profile: Profile) -> BoxedStrategy<Call> {
    let delta = if profile.extremes {
        prop_oneof![20 => -12_i64..=12, 1 => Just(i64::MAX), 1 => Just(i64::MIN)].boxed()
    } else {
        (-12_i64..=12).boxed()
    };
    let whence = prop_oneof![Just(Whence::Set), Just(Whence::Cur), Just(Whence::End)];
    prop_oneof![
        3 => (fd(), lens()).prop_map(|(fd, lens)| Call::Read { fd, lens }),
        2 => (fd(), lens(), offset(profile)).prop_map(|(fd, lens, offset)| Call::Pread { fd, lens, offset }),
        4 => (fd(), data()).prop_map(|(fd, parts)| Call::Write { fd, parts }),
        2 => (fd(), data(), offset(profile)).prop_map(|(fd, parts, offset)| Call::Pwrite { fd, parts, offset }),
        2 => (fd(), delta, whence).prop_map(|(fd, delta, whence)| Call::Seek { fd, delta, whence }),
        1 => fd().prop_map(|fd| Call::Tell { fd }),
        1 => (fd(), size(profile)).prop_map(|(fd, size)| Call::FilestatSetSize { fd, size }),
        1 => (fd(), size(profile), 0_u64..=8).prop_map(|(fd, offset, len)| Call::Allocate { fd, offset, len }),
    ]
    .boxed()
}

/// A size that a file can have, or that none can.
fn size(profile: Profile) -> BoxedStrategy<u64> {
    let far = prop_oneof![Just(i64::MAX as u64 + 1), Just(u64::MAX)];
    if profile.extremes {
        prop_oneof![20 => 0_u64..=12, 1 => far].boxed()
    } else {
        (0_u64..=12).boxed()
    }
}

fn on_descriptor(profile: Profile) -> BoxedStrategy<Call> {
    let advice = prop::sample::select(Advice::ALL);
    let flags = prop_oneof![
        3 => Just(FdFlags::empty()),
        3 => Just(FdFlags::APPEND),
        1 => Just(FdFlags::NONBLOCK),
        1 => Just(if profile.rights { FdFlags::SYNC } else { FdFlags::empty() }),
    ];
    prop_oneof![
        3 => fd().prop_map(|fd| Call::Close { fd }),
        1 => (fd(), offset(profile), 0_u64..=8, advice)
            .prop_map(|(fd, offset, len, advice)| Call::Advise { fd, offset, len, advice }),
        1 => fd().prop_map(|fd| Call::FdstatGet { fd }),
        2 => (fd(), flags).prop_map(|(fd, flags)| Call::FdstatSetFlags { fd, flags }),
        2 => (fd(), right(), prop_oneof![4 => Just(Rights::empty()), 1 => right()])
            .prop_map(|(fd, without, gain)| Call::FdstatSetRights { fd, without, gain }),
        3 => fd().prop_map(|fd| Call::FilestatGet { fd }),
        1 => (fd(), times()).prop_map(|(fd, times)| Call::FilestatSetTimes { fd, times }),
        1 => fd().prop_map(|fd| Call::PrestatGet { fd }),
        1 => (fd(), 0_usize..=2).prop_map(|(fd, len)| Call::PrestatDirName { fd, len }),
        3 => (fd(), 0_usize..=60).prop_map(|(fd, len)| Call::Readdir { fd, len }),
        1 => (fd(), 0_u64..=6).prop_map(|(fd, cookie)| Call::ReaddirFrom { fd, cookie }),
        2 => (fd(), fd()).prop_map(|(from, to)| Call::Renumber { from, to }),
    ]
    .boxed()
}

/// Waiting for a disk takes longer than everything else together.
fn durable() -> BoxedStrategy<Call> {
    prop_oneof![
        fd().prop_map(|fd| Call::Datasync { fd }),
        fd().prop_map(|fd| Call::Sync { fd }),
    ]
    .boxed()
}

fn on_path(profile: Profile) -> BoxedStrategy<Call> {
    let rarely = prop_oneof![20 => Just(false), 1 => Just(true)];
    prop_oneof![
        4 => at().prop_map(|at| Call::CreateDirectory { at }),
        4 => (at(), any::<bool>()).prop_map(|(at, follow)| Call::PathFilestatGet { at, follow }),
        2 => (at(), any::<bool>(), times())
            .prop_map(|(at, follow, times)| Call::PathFilestatSetTimes { at, follow, times }),
        3 => (at(), rarely, at()).prop_map(|(old, follow, new)| Call::Link { old, follow, new }),
        12 => (at(), opening(profile)).prop_map(|(at, opening)| Call::Open { at, opening }),
        3 => (at(), 0_usize..=8).prop_map(|(at, len)| Call::Readlink { at, len }),
        3 => at().prop_map(|at| Call::RemoveDirectory { at }),
        5 => (at(), at()).prop_map(|(old, new)| Call::Rename { old, new }),
        5 => (text(), at()).prop_map(|(text, at)| Call::Symlink { text, at }),
        3 => at().prop_map(|at| Call::Unlink { at }),
    ]
    .boxed()
}

/// A tree to begin with: `a/b`, the file `b`, and `c`, a link to `a`.
pub(crate) fn furnished() -> Vec<Call> {
    let at = |path: &str| At {
        fd: 0,
        path: path.into(),
    };
    let opening = Opening {
        follow: false,
        oflags: OFlags::CREAT,
        base: Rights::INHERITED,
        inheriting: Rights::INHERITED,
        fdflags: FdFlags::empty(),
        into: 0,
    };
    vec![
        Call::CreateDirectory { at: at("a") },
        Call::CreateDirectory { at: at("a/b") },
        Call::Open {
            at: at("b"),
            opening,
        },
        Call::Write {
            fd: 1,
            parts: vec![b"0123".to_vec()],
        },
        Call::Symlink {
            text: "a".into(),
            at: at("c"),
        },
    ]
}

/// A sequence of calls.
pub(crate) fn calls(profile: Profile) -> impl Strategy<Value = Vec<Call>> {
    let call = prop_oneof![
        300 => on_path(profile),
        150 => on_data(profile),
        120 => on_descriptor(profile),
        1 => durable(),
    ];
    let start = prop_oneof![Just(Vec::new()), Just(furnished())];
    (start, vec(call, 1..=40)).prop_map(|(mut start, calls)| {
        start.extend(calls);
        start
    })
}
