//! The eight records of preview1 as bytes: every offset in the crate is here.
//!
//! All numbers are little-endian; padding is zero, so that no byte of the host can reach a guest through it
//! (GHSA-96f6-r43r-8c24). `wasi_unstable` differs in two records, and only in the ways written below.
//!
//! ```text
//! fdstat        0 filetype   2 flags   8 rights base   16 rights inheriting                            24
//! filestat      0 dev  8 ino  16 filetype  24 nlink  32 size  40 atim  48 mtim  56 ctim                64
//!   unstable    0 dev  8 ino  16 filetype  20 nlink  24 size  32 atim  40 mtim  48 ctim                56
//! prestat       0 tag (0: directory)   4 length of the name                                             8
//! dirent        0 next cookie   8 ino   16 length of the name   20 filetype                            24
//! iovec         0 pointer   4 length                                                                    8
//! event         0 userdata   8 error   10 type   16 nbytes   24 flags                                  32
//! subscription  0 userdata   8 tag    16 descriptor                                                    48
//!               0 userdata   8 tag    16 clock  24 timeout  32 precision  40 flags                     48
//!   unstable    0 userdata   8 tag    16 identifier  24 clock  32 timeout  40 precision  48 flags      56
//! ```

use super::{Errno, EventRwFlags, EventType, FdFlags, FileKind, Result, Rights, SubclockFlags};

/// Which of the two published layouts a guest was compiled against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Abi {
    /// `wasi_snapshot_preview1`.
    #[default]
    Preview1,
    /// `wasi_unstable`, also called preview0.
    Unstable,
}

impl Abi {
    /// The name guests import the functions from.
    pub const fn module(self) -> &'static str {
        match self {
            Self::Preview1 => "wasi_snapshot_preview1",
            Self::Unstable => "wasi_unstable",
        }
    }
}

/// A value the guest receives through a result pointer.
pub trait Wire {
    /// Required alignment of the pointer.
    const ALIGN: u32;

    /// Bytes taken; at most 64.
    fn size(abi: Abi) -> u32;

    /// Writes the value into `out`, which is zeroed and has [`size`](Self::size) bytes.
    // claim: abi.padding
    fn encode(&self, abi: Abi, out: &mut [u8]);
}

/// The largest record.
pub(crate) const MAX_SIZE: usize = 64;

#[inline]
fn put<const N: usize>(out: &mut [u8], at: usize, bytes: [u8; N]) {
    if let Some(slot) = out.get_mut(at..).and_then(|rest| rest.first_chunk_mut()) {
        *slot = bytes;
    }
}

#[inline]
fn take<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes
        .get(at..)
        .and_then(|rest| rest.first_chunk())
        .copied()
        .unwrap_or([0; N])
}

macro_rules! wire_number {
    ($($number:ty: $size:literal,)*) => {$(
        impl Wire for $number {
            const ALIGN: u32 = $size;
            fn size(_: Abi) -> u32 {
                $size
            }
            #[inline]
            fn encode(&self, _: Abi, out: &mut [u8]) {
                put(out, 0, self.to_le_bytes());
            }
        }
    )*};
}

wire_number! { u16: 2, u32: 4, u64: 8, }

impl Wire for super::RoFlags {
    const ALIGN: u32 = 2;
    fn size(_: Abi) -> u32 {
        2
    }
    fn encode(&self, abi: Abi, out: &mut [u8]) {
        self.bits().encode(abi, out);
    }
}

/// `fdstat`: what `fd_fdstat_get` answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fdstat {
    /// What the descriptor is.
    pub filetype: FileKind,
    /// How it behaves.
    pub flags: FdFlags,
    /// What may be done with it.
    pub rights_base: Rights,
    /// What may be done with descriptors opened through it.
    pub rights_inheriting: Rights,
}

impl Wire for Fdstat {
    const ALIGN: u32 = 8;
    fn size(_: Abi) -> u32 {
        24
    }
    fn encode(&self, _: Abi, out: &mut [u8]) {
        put(out, 0, [self.filetype.number()]);
        put(out, 2, self.flags.bits().to_le_bytes());
        put(out, 8, self.rights_base.bits().to_le_bytes());
        put(out, 16, self.rights_inheriting.bits().to_le_bytes());
    }
}

/// `filestat`: the facts about a file. Times are nanoseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filestat {
    /// The device.
    pub dev: u64,
    /// The file's number on the device.
    pub ino: u64,
    /// What it is.
    pub filetype: FileKind,
    /// How many names it has.
    pub nlink: u64,
    /// Its length in bytes.
    pub size: u64,
    /// Last access.
    pub atim: u64,
    /// Last change of the content.
    pub mtim: u64,
    /// Last change of the content or of these facts.
    pub ctim: u64,
}

impl Wire for Filestat {
    const ALIGN: u32 = 8;
    fn size(abi: Abi) -> u32 {
        match abi {
            Abi::Preview1 => 64,
            Abi::Unstable => 56,
        }
    }
    fn encode(&self, abi: Abi, out: &mut [u8]) {
        put(out, 0, self.dev.to_le_bytes());
        put(out, 8, self.ino.to_le_bytes());
        put(out, 16, [self.filetype.number()]);
        let rest = match abi {
            Abi::Preview1 => {
                put(out, 24, self.nlink.to_le_bytes());
                32
            }
            Abi::Unstable => {
                let nlink = u32::try_from(self.nlink).unwrap_or(u32::MAX);
                put(out, 20, nlink.to_le_bytes());
                24
            }
        };
        let rest = out.get_mut(rest..).unwrap_or_default();
        put(rest, 0, self.size.to_le_bytes());
        put(rest, 8, self.atim.to_le_bytes());
        put(rest, 16, self.mtim.to_le_bytes());
        put(rest, 24, self.ctim.to_le_bytes());
    }
}

/// `prestat`: a preopened directory, by the length of its name in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prestat {
    /// The length.
    pub name_len: u32,
}

impl Wire for Prestat {
    const ALIGN: u32 = 4;
    fn size(_: Abi) -> u32 {
        8
    }
    fn encode(&self, _: Abi, out: &mut [u8]) {
        put(out, 4, self.name_len.to_le_bytes());
    }
}

/// `dirent`: the head of a directory entry; the name follows it in the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dirent {
    /// The cookie of the entry after this one.
    pub next: u64,
    /// The entry's file number; 0 for "ask".
    pub ino: u64,
    /// The length of the name in bytes.
    pub name_len: u32,
    /// What the entry is.
    pub filetype: FileKind,
}

impl Dirent {
    /// The size of the head.
    pub const SIZE: usize = 24;

    /// The head as bytes.
    pub fn bytes(&self) -> [u8; Self::SIZE] {
        let mut out = [0; Self::SIZE];
        put(&mut out, 0, self.next.to_le_bytes());
        put(&mut out, 8, self.ino.to_le_bytes());
        put(&mut out, 16, self.name_len.to_le_bytes());
        put(&mut out, 20, [self.filetype.number()]);
        out
    }
}

/// `iovec` and `ciovec`: a buffer of the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Iovec {
    /// Where it starts.
    pub buf: u32,
    /// Its length in bytes.
    pub len: u32,
}

impl Iovec {
    /// Bytes of one element of an array.
    pub const SIZE: u32 = 8;
    /// Required alignment of an array.
    pub const ALIGN: u32 = 4;

    /// Reads one element.
    pub fn decode(bytes: &[u8; 8]) -> Self {
        Self {
            buf: u32::from_le_bytes(take(bytes, 0)),
            len: u32::from_le_bytes(take(bytes, 4)),
        }
    }
}

/// `event`: what happened to a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// The subscription's mark.
    pub userdata: u64,
    /// Why it could not be waited for, if so.
    pub error: Option<Errno>,
    /// What was waited for.
    pub kind: EventType,
    /// How many bytes can be read or written; 0 for clocks.
    pub nbytes: u64,
    /// The descriptor's state.
    pub flags: EventRwFlags,
}

impl Wire for Event {
    const ALIGN: u32 = 8;
    fn size(_: Abi) -> u32 {
        32
    }
    fn encode(&self, _: Abi, out: &mut [u8]) {
        let error = self.error.map_or(0, Errno::number);
        put(out, 0, self.userdata.to_le_bytes());
        put(out, 8, error.to_le_bytes());
        put(out, 10, [self.kind.number()]);
        put(out, 16, self.nbytes.to_le_bytes());
        put(out, 24, self.flags.bits().to_le_bytes());
    }
}

/// `subscription`: something to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// A mark that comes back in the event.
    pub userdata: u64,
    /// What to wait for.
    pub kind: SubscriptionKind,
}

/// What a [`Subscription`] waits for. Numbers inside are as the guest wrote them: a bad one is that subscription's own
/// error, not the whole call's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubscriptionKind {
    /// A clock.
    Clock {
        /// Which one, see [`ClockId`](super::ClockId).
        clock: u32,
        /// When, in nanoseconds.
        timeout: u64,
        /// `subclockflags`; `Err` if a bit is set that nobody knows.
        flags: Result<SubclockFlags>,
    },
    /// A descriptor that can be read.
    FdRead(u32),
    /// A descriptor that can be written.
    FdWrite(u32),
}

impl SubscriptionKind {
    /// What an event says that was waited for.
    pub(crate) const fn event_type(self) -> EventType {
        match self {
            Self::Clock { .. } => EventType::Clock,
            Self::FdRead(_) => EventType::FdRead,
            Self::FdWrite(_) => EventType::FdWrite,
        }
    }
}

impl Subscription {
    /// Required alignment of an array.
    pub const ALIGN: u32 = 8;

    /// Bytes of one element of an array.
    pub const fn size(abi: Abi) -> u32 {
        match abi {
            Abi::Preview1 => 48,
            Abi::Unstable => 56,
        }
    }

    /// What an element's tag says. `inval` if it is none of the three.
    #[inline]
    pub(crate) fn tag(bytes: &[u8]) -> Result<EventType> {
        let [tag] = take(bytes, 8);
        EventType::from_number(u32::from(tag))
    }

    /// Reads one element. `inval` if its tag is none of the three.
    #[inline]
    pub fn decode(abi: Abi, bytes: &[u8]) -> Result<Self> {
        match abi {
            Abi::Preview1 => Self::read(bytes.first_chunk().unwrap_or(&[0; 48]), 16),
            Abi::Unstable => Self::read(bytes.first_chunk().unwrap_or(&[0; 56]), 24),
        }
    }

    /// Reads one element of a size that is known, with the clock at `clock`.
    #[inline]
    fn read<const N: usize>(bytes: &[u8; N], clock: usize) -> Result<Self> {
        let fd = u32::from_le_bytes(take(bytes, 16));
        let kind = match Self::tag(bytes)? {
            EventType::Clock => {
                let flags = u16::from_le_bytes(take(bytes, clock.saturating_add(24)));
                SubscriptionKind::Clock {
                    clock: u32::from_le_bytes(take(bytes, clock)),
                    timeout: u64::from_le_bytes(take(bytes, clock.saturating_add(8))),
                    flags: SubclockFlags::from_bits(flags).ok_or(Errno::Inval),
                }
            }
            EventType::FdRead => SubscriptionKind::FdRead(fd),
            EventType::FdWrite => SubscriptionKind::FdWrite(fd),
        };
        Ok(Self {
            userdata: u64::from_le_bytes(take(bytes, 0)),
            kind,
        })
    }
}
