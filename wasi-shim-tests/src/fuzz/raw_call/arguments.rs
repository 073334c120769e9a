//! The arguments of a call, read from an input: most of them sensible, and what they point to put into the memory.
//!
//! Knows what a value may be for each kind of parameter, and where in the memory there is room. Now and then a parameter is
//! any number at the edges instead.

use super::SIZE;
use super::shape::{EVENT, Part, parts, subscription};
use crate::fuzz::source::Source;
use wasi_shim::abi::{Abi, Rights, Syscall};

/// Numbers at the edges: of 32 and 64 bits, and of the memory.
const EDGES: &[i64] = &[
    0,
    1,
    2,
    4,
    7,
    8,
    16,
    255,
    256,
    1024,
    1025,
    4096,
    4097,
    SIZE as i64 - 8,
    SIZE as i64 - 4,
    SIZE as i64 - 1,
    SIZE as i64,
    SIZE as i64 + 1,
    i32::MAX as i64,
    i32::MAX as i64 + 1,
    u32::MAX as i64,
    u32::MAX as i64 - 3,
    1 << 32,
    i64::MAX,
    i64::MIN,
    -1,
];

/// Puts a call into the memory, and answers its arguments. One argument of some calls is any number. `opened` are
/// descriptors that are open because of earlier calls, the last one last.
pub(super) fn arguments(
    abi: Abi,
    call: Syscall,
    memory: &mut [u8],
    opened: &[u32],
    source: &mut Source<'_>,
) -> Vec<i64> {
    let mut laid = Laid {
        args: Vec::new(),
        memory,
        opened,
        next: 0x100,
        count: 0,
    };
    let first = first_of(call);
    for (_, part) in parts(abi, call) {
        laid.argument(abi, part, first, source);
    }
    let mut args = laid.args;
    let spoilt = usize::from(source.byte());
    if spoilt > 200 && !args.is_empty() {
        let index = spoilt % args.len();
        args[index] = edge(source);
    }
    args
}

/// A call in the memory.
struct Laid<'a> {
    args: Vec<i64>,
    memory: &'a mut [u8],
    opened: &'a [u32],
    next: usize,
    count: i64,
}

impl Laid<'_> {
    /// A descriptor that most often fits: one of the four from `first` on, or else a file.
    fn fd(&self, first: Option<i64>, source: &mut Source<'_>) -> i64 {
        let choice = source.byte();
        let opened = self.opened.len().checked_sub(1 + usize::from(choice) % 4);
        match (choice, first, opened.map(|index| self.opened[index])) {
            (..=180, Some(first), _) => first + i64::from(choice) % 4,
            (..=180, None, Some(fd)) => fd.into(),
            (..=247, ..) => i64::from(choice) % 24,
            _ => edge(source),
        }
    }

    fn argument(&mut self, abi: Abi, part: Part, first: Option<i64>, source: &mut Source<'_>) {
        let values = match part {
            Part::Fd => [self.fd(first, source)].to_vec(),
            Part::Small(bound) => [small(bound, source)].to_vec(),
            Part::Wide => [wide(source)].to_vec(),
            Part::Rights => [rights(source)].to_vec(),
            Part::Text => {
                let text = path(source);
                self.bytes(&text).to_vec()
            }
            Part::Buffer => {
                let len = source.pick(&[64, 0, 1, 3, 24, 30, 300]);
                [self.room(len), len as i64].to_vec()
            }
            Part::Fill | Part::Take => self.buffers(source).to_vec(),
            Part::Out(len) => [self.room(len as usize)].to_vec(),
            Part::Subscriptions => [self.subscriptions(abi, source)].to_vec(),
            Part::Events => [self.room(self.count as usize * EVENT as usize)].to_vec(),
            Part::Count => [self.count].to_vec(),
        };
        self.args.extend(values);
    }

    /// Room that is aligned, or at the end of the memory where it has no end.
    fn room(&mut self, len: usize) -> i64 {
        let start = self.next.min(SIZE);
        self.next = (start + len).next_multiple_of(16);
        start as i64
    }

    fn bytes(&mut self, bytes: &[u8]) -> [i64; 2] {
        let at = self.room(bytes.len());
        let to = self.memory.get_mut(at as usize..).unwrap_or_default();
        let len = to.len().min(bytes.len());
        to[..len].copy_from_slice(&bytes[..len]);
        [at, bytes.len() as i64]
    }

    fn buffers(&mut self, source: &mut Source<'_>) -> [i64; 2] {
        let count = source.below(5);
        let mut array = Vec::new();
        for _ in 0..count {
            let len = source.pick(&[4, 0, 1, 8, 33]);
            let at = if source.rarely() {
                edge(source)
            } else {
                self.room(len)
            };
            let len = if source.rarely() {
                edge(source)
            } else {
                len as i64
            };
            array.extend((at as u32).to_le_bytes());
            array.extend((len as u32).to_le_bytes());
        }
        let [at, _] = self.bytes(&array);
        [at, count as i64]
    }

    /// Records of which every field may be anything.
    fn subscriptions(&mut self, abi: Abi, source: &mut Source<'_>) -> i64 {
        self.count = source.below(5) as i64;
        let mut all = Vec::new();
        for _ in 0..self.count {
            let mut one = vec![0; subscription(abi) as usize];
            one[0] = source.byte();
            one[8] = source.below(4) as u8;
            let fields = if abi == Abi::Unstable && one[8] == 0 {
                24
            } else {
                16
            };
            one[fields..fields + 4].copy_from_slice(&(self.fd(None, source) as u32).to_le_bytes());
            if one[8] == 0 {
                one[fields] = source.below(5) as u8;
                one[fields + 8..fields + 16].copy_from_slice(&wide(source).to_le_bytes());
                one[fields + 24] = source.below(4) as u8;
            }
            all.extend(one);
        }
        self.bytes(&all)[0]
    }
}

fn edge(source: &mut Source<'_>) -> i64 {
    source.pick(EDGES)
}

/// The first of the four descriptors that a function is most likely for, by how [`World`](super::World) is built.
fn first_of(call: Syscall) -> Option<i64> {
    let by_name = [
        ("path_", 3),
        ("fd_prestat", 3),
        ("fd_readdir", 3),
        ("sock_", 7),
    ];
    let found = by_name
        .iter()
        .find(|(start, _)| call.name().starts_with(start));
    found.map(|(_, first)| *first)
}

/// A path, most often one that is short and may lead somewhere.
fn path(source: &mut Source<'_>) -> Vec<u8> {
    const NEAR: &[&[u8]] = &[
        b"a", b"b", b"c", b"d", b"b/a", b"b/b", b"new", b"n", b"b/n", b"c/n", b"e", b"e/a", b".",
        b"b/b/a",
    ];
    match source.byte() {
        choice @ ..=199 => NEAR[usize::from(choice) % NEAR.len()].to_vec(),
        _ => source.text().0,
    }
}

/// Flags or an enumeration's value: more often than not one of the first two.
fn small(bound: u8, source: &mut Source<'_>) -> i64 {
    match source.byte() {
        choice @ ..=119 => (choice % bound.min(2)).into(),
        choice @ 120..=244 => (choice % bound).into(),
        _ => edge(source),
    }
}

fn wide(source: &mut Source<'_>) -> i64 {
    match source.byte() {
        byte @ ..=127 => byte.into(),
        128..=191 => source.size().cast_signed(),
        192..=239 => edge(source),
        _ => source.wide().cast_signed(),
    }
}

fn rights(source: &mut Source<'_>) -> i64 {
    let rights = match source.byte() {
        ..=127 => Rights::INHERITED,
        128..=199 => Rights::FD_READ | Rights::FD_SEEK | Rights::FD_TELL | Rights::FD_READDIR,
        200..=219 => Rights::FD_READ | Rights::FD_WRITE,
        220..=229 => Rights::empty(),
        _ => return source.wide().cast_signed(),
    };
    rights.bits().cast_signed()
}
