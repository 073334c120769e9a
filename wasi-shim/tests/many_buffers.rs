//! Any number of buffers in one call, wherever they lie: what arrives, and how much of it.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use wasi_shim::abi::{Abi, Errno, OFlags, Result, Rights};
use wasi_shim::backends::MemDir;
use wasi_shim::mem::Memory;
use wasi_shim::{Access, Limits, Outcome, Wasi, raw};

/// The file that is read and written.
const FILE: i32 = 4;
/// Where the count goes, and where the array of buffers begins.
const COUNT: usize = 0;
const ARRAY: usize = 8;
/// Where buffers lie.
const BYTES: usize = 1 << 15;
const SIZE: usize = 1 << 17;

/// Numbers of buffers on both sides of every size that is treated by itself.
const COUNTS: [usize; 11] = [0, 1, 2, 3, 16, 17, 128, 129, 1_024, 1_025, 3_000];

/// A guest with a file, and a memory.
struct Guest {
    wasi: Wasi,
    tree: Arc<MemDir>,
    bytes: Vec<u8>,
    /// Do others write the memory too?
    shared: bool,
}

type Span = (usize, usize);

/// A function that moves bytes: descriptor, array, number of buffers, where the count goes.
type Transfer = fn(&Wasi, &mut Memory<'_>, i32, i32) -> Outcome;

const TRANSFERS: [[Transfer; 2]; 2] = [
    [
        |wasi, memory, at, count| {
            let out = COUNT as i32;
            raw::fd_write(wasi, Abi::Preview1, memory, FILE, at, count, out)
        },
        |wasi, memory, at, count| {
            let out = COUNT as i32;
            raw::fd_read(wasi, Abi::Preview1, memory, FILE, at, count, out)
        },
    ],
    [
        |wasi, memory, at, count| {
            let out = COUNT as i32;
            raw::fd_pwrite(wasi, Abi::Preview1, memory, FILE, at, count, 0, out)
        },
        |wasi, memory, at, count| {
            let out = COUNT as i32;
            raw::fd_pread(wasi, Abi::Preview1, memory, FILE, at, count, 0, out)
        },
    ],
];

impl Guest {
    fn new(content: &[u8], shared: bool, bounce: usize) -> Self {
        let mut limits = Limits::default();
        limits.iovecs = 3_000;
        limits.bounce = bounce;
        let tree = MemDir::new();
        tree.file("file", content).unwrap();
        let builder = Wasi::builder().limits(limits);
        let wasi = builder.preopen("/", tree.clone(), Access::ReadWrite);
        let mut guest = Self {
            wasi: wasi.build().unwrap(),
            tree,
            bytes: (0..SIZE).map(|at| (at * 7) as u8).collect(),
            shared,
        };
        guest.bytes[16..20].copy_from_slice(b"file");
        assert_eq!(guest.call(open), Ok(()));
        assert_eq!(guest.number(), FILE as u32);
        guest
    }

    /// Calls a function on the memory, and takes what is in it then.
    fn call(&mut self, call: impl FnOnce(&Wasi, &mut Memory<'_>) -> Outcome) -> Result<()> {
        let outcome = if self.shared {
            let cells: Vec<_> = self.bytes.iter().copied().map(AtomicU8::new).collect();
            let outcome = call(&self.wasi, &mut Memory::shared(&cells));
            let bytes = cells.iter().map(|cell| cell.load(Ordering::Relaxed));
            self.bytes = bytes.collect();
            outcome
        } else {
            call(&self.wasi, &mut Memory::new(&mut self.bytes))
        };
        match outcome {
            Outcome::Return(0) => Ok(()),
            Outcome::Return(number) => Err(Errno::from_number(number).unwrap()),
            other => panic!("{other:?}"),
        }
    }

    /// The number that was stored last.
    fn number(&self) -> u32 {
        u32::from_le_bytes(*self.bytes[COUNT..].first_chunk().unwrap())
    }

    /// Puts an array of buffers into the memory, and moves bytes; how many is the answer.
    fn transfer(&mut self, transfer: Transfer, at: usize, spans: &[Span]) -> Result<usize> {
        for (index, span) in spans.iter().enumerate() {
            let element = [span.0, span.1].map(|number| (number as u32).to_le_bytes());
            self.bytes[at + 8 * index..][..8].copy_from_slice(&element.concat());
        }
        let count = spans.len() as i32;
        self.call(|wasi, memory| transfer(wasi, memory, at as i32, count))?;
        Ok(self.number() as usize)
    }

    /// What lies in these buffers, one after the other.
    fn gathered(&self, spans: &[Span]) -> Vec<u8> {
        let parts = spans.iter().map(|span| &self.bytes[span.0..][..span.1]);
        parts.flatten().copied().collect()
    }

    fn content(&self) -> Vec<u8> {
        self.tree.contents("file").unwrap()
    }
}

fn open(wasi: &Wasi, memory: &mut Memory<'_>) -> Outcome {
    let rights = Rights::FILE.bits().cast_signed();
    let flags = i32::from(OFlags::empty().bits());
    let abi = Abi::Preview1;
    raw::path_open(wasi, abi, memory, 3, 0, 16, 4, flags, rights, 0, 0, 0)
}

/// Runs a test with memory of the guest's own, and with memory that is copied in pieces of several sizes; by file offset and
/// at an offset that is given.
fn on_every_memory(content: &[u8], test: impl Fn(Guest, usize)) {
    for (shared, bounce, ways) in [
        (false, 1, 0..2),
        (true, 61, 0..1),
        (true, 300, 1..2),
        (true, 1 << 16, 0..1),
    ] {
        for way in ways {
            println!("shared: {shared}, in pieces of {bounce}, way {way}");
            test(Guest::new(content, shared, bounce), way);
        }
    }
}

/// So many buffers of 0 to 12 bytes, in order, with gaps.
fn spread(count: usize) -> Vec<Span> {
    let len = |index: usize| (index * 5) % 13;
    (0..count)
        .map(|index| (BYTES + 16 * index, len(index)))
        .collect()
}

fn length(spans: &[Span]) -> usize {
    spans.iter().map(|span| span.1).sum()
}

#[test]
fn any_number_of_buffers_is_written_whole_and_in_order() {
    for count in COUNTS {
        on_every_memory(b"", |mut guest, way| {
            let spans = spread(count);
            let moved = guest.transfer(TRANSFERS[way][0], ARRAY, &spans);
            assert_eq!(moved, Ok(length(&spans)), "{count}");
            assert!(guest.content() == guest.gathered(&spans), "{count}");
        });
    }
}

#[test]
fn any_number_of_buffers_is_read_whole_and_in_order() {
    let content: Vec<u8> = (0..40_000_u32).map(|at| (at % 251) as u8).collect();
    for count in COUNTS {
        on_every_memory(&content, |mut guest, way| {
            let spans = spread(count);
            let before = guest.bytes.clone();
            let moved = guest.transfer(TRANSFERS[way][1], ARRAY, &spans);
            assert_eq!(moved, Ok(length(&spans)), "{count}");
            assert!(guest.gathered(&spans) == content[..length(&spans)]);
            for gap in spans.iter().map(|span| span.0 + span.1..span.0 + 16) {
                assert_eq!(guest.bytes[gap.clone()], before[gap], "between buffers");
            }
        });
    }
}

#[test]
fn a_file_that_ends_early_leaves_the_rest_of_the_buffers() {
    for left in [0, 1, 5, 6, 40] {
        let content = vec![0xee; left];
        on_every_memory(&content, |mut guest, way| {
            let spans = [
                (BYTES, 2),
                (BYTES + 9, 0),
                (BYTES + 10, 4),
                (BYTES + 20, 34),
            ];
            let before = guest.gathered(&spans);
            let moved = guest.transfer(TRANSFERS[way][1], ARRAY, &spans);
            assert_eq!(moved, Ok(left));
            let found = guest.gathered(&spans);
            assert_eq!(found[..left], content);
            assert_eq!(found[left..], before[left..]);
        });
    }
}

#[test]
fn one_buffer_may_be_much_larger_than_a_piece() {
    let content: Vec<u8> = (0..80_000_u32).map(|at| (at % 241) as u8).collect();
    for spans in [
        vec![(BYTES, 80_000)],
        vec![(BYTES + 3, 79_999), (BYTES + 80_010, 1)],
        vec![
            (BYTES + 1, 13),
            (BYTES + 101, 79_000),
            (BYTES + 79_200, 987),
        ],
    ] {
        on_every_memory(&content, |mut guest, way| {
            let moved = guest.transfer(TRANSFERS[way][1], ARRAY, &spans);
            assert_eq!(moved, Ok(80_000));
            assert!(guest.gathered(&spans) == content);
            guest.bytes[BYTES..].reverse();
            let moved = guest.transfer(TRANSFERS[1][0], ARRAY, &spans);
            assert_eq!(moved, Ok(80_000));
            assert!(guest.content() == guest.gathered(&spans));
        });
    }
}

#[test]
fn a_buffer_written_twice_is_written_twice() {
    on_every_memory(b"", |mut guest, way| {
        let spans = [(BYTES, 20), (BYTES + 10, 20), (BYTES, 20), (BYTES + 5, 1)];
        let moved = guest.transfer(TRANSFERS[way][0], ARRAY, &spans);
        assert_eq!(moved, Ok(61));
        assert_eq!(guest.content(), guest.gathered(&spans));
    });
}

#[test]
fn of_buffers_that_overlap_the_last_keeps_what_was_read() {
    let content: Vec<u8> = (1..=80).collect();
    for spans in [
        [(BYTES, 30), (BYTES + 10, 30), (BYTES + 5, 20)],
        [(BYTES + 10, 30), (BYTES, 30), (BYTES + 10, 20)],
        [(BYTES, 40), (BYTES, 20), (BYTES + 39, 20)],
    ] {
        on_every_memory(&content, |mut guest, way| {
            let mut expected = guest.bytes.clone();
            let mut left = content.as_slice();
            for (at, len) in spans {
                expected[at..][..len].copy_from_slice(&left[..len]);
                left = &left[len..];
            }
            let moved = guest.transfer(TRANSFERS[way][1], ARRAY, &spans);
            assert_eq!(moved, Ok(80));
            assert_eq!(guest.bytes[BYTES..][..100], expected[BYTES..][..100]);
        });
    }
}

#[test]
fn an_array_that_is_read_over_counts_as_it_was() {
    let content = vec![0xff; 500];
    // More buffers than fit the stack, so that the array is long; one of them lies over all of it.
    for count in [2, 17, 40] {
        on_every_memory(&content, |mut guest, way| {
            let mut spans = spread(count);
            spans[0] = (ARRAY, 8 * count);
            let expected = length(&spans).min(500);
            let moved = guest.transfer(TRANSFERS[way][1], ARRAY, &spans);
            assert_eq!(moved, Ok(expected), "{count}");
            assert_eq!(guest.gathered(&spans)[..expected], content[..expected]);
        });
    }
}

#[test]
fn one_buffer_too_many_or_out_of_bounds_moves_nothing() {
    let content = vec![0xff; 5_000];
    on_every_memory(&content, |mut guest, way| {
        for transfer in TRANSFERS[way] {
            let before = guest.bytes[BYTES..].to_vec();
            let moved = guest.transfer(transfer, ARRAY, &spread(3_001));
            assert_eq!(moved, Err(Errno::Inval));
            let mut spans = spread(1_024);
            spans[1_023] = (SIZE - 3, 4);
            let at = |index: usize| [spans[index].0, spans[index].1];
            for index in 0..1_024 {
                let element = at(index).map(|number| (number as u32).to_le_bytes());
                guest.bytes[ARRAY + 8 * index..][..8].copy_from_slice(&element.concat());
            }
            let outcome = {
                let memory = &mut Memory::new(&mut guest.bytes);
                transfer(&guest.wasi, memory, ARRAY as i32, 1_024)
            };
            assert!(matches!(outcome, Outcome::Trap(_)), "{outcome:?}");
            assert!(guest.bytes[BYTES..] == before);
            assert!(guest.content() == content);
        }
    });
}
