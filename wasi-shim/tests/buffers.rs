//! How a guest's buffers reach a stream: all at once where they can be lent, in a bounded copy where they cannot.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

use std::io::{IoSlice, IoSliceMut};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use wasi_shim::abi::{Abi, Errno, Result};
use wasi_shim::mem::Memory;
use wasi_shim::vfs::Stream;
use wasi_shim::{Limits, Outcome, Wasi, raw};

/// Keeps what it is given, and gives `#` for every byte that it is asked for.
#[derive(Default)]
struct Tape(Mutex<Vec<Vec<Vec<u8>>>>);

impl Tape {
    /// The buffers of each call.
    fn calls(&self) -> Vec<Vec<Vec<u8>>> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Stream for Tape {
    fn read(&self, bufs: &mut [IoSliceMut<'_>]) -> Result<usize> {
        for buf in &mut *bufs {
            buf.fill(b'#');
        }
        let call = bufs.iter().map(|buf| buf.to_vec()).collect();
        self.0.lock().unwrap().push(call);
        Ok(bufs.iter().map(|buf| buf.len()).sum())
    }

    fn write(&self, bufs: &[IoSlice<'_>]) -> Result<usize> {
        let call = bufs.iter().map(|buf| buf.to_vec()).collect();
        self.0.lock().unwrap().push(call);
        Ok(bufs.iter().map(|buf| buf.len()).sum())
    }
}

/// Memory with an array of these buffers at 16, and the letters of the alphabet over and over.
fn memory(buffers: &[(u32, u32)]) -> Vec<u8> {
    let mut memory: Vec<u8> = (b'a'..=b'z').cycle().take(256).collect();
    let array = buffers.iter().flat_map(|(at, len)| {
        let (at, len) = (at.to_le_bytes(), len.to_le_bytes());
        at.into_iter().chain(len)
    });
    for (to, from) in memory.iter_mut().skip(16).zip(array) {
        *to = from;
    }
    memory
}

fn guest(tape: &Arc<Tape>, bounce: usize) -> Wasi {
    let mut limits = Limits::default();
    limits.bounce = bounce;
    let builder = Wasi::builder().stdin(tape.clone()).stdout(tape.clone());
    builder.limits(limits).build().unwrap()
}

fn answer(outcome: &Outcome) -> std::result::Result<(), Errno> {
    match outcome {
        Outcome::Return(0) => Ok(()),
        Outcome::Return(number) => Err(Errno::from_number(*number).unwrap()),
        other => panic!("{other:?}"),
    }
}

/// Writes buffers to the tape; the count that the guest is told.
fn write(wasi: &Wasi, memory: &mut Memory<'_>, count: u32) -> std::result::Result<(), Errno> {
    answer(&raw::fd_write(
        wasi,
        Abi::Preview1,
        memory,
        1,
        16,
        count as i32,
        8,
    ))
}

#[test]
fn buffers_are_lent_at_once_and_empty_ones_are_left_out() {
    let tape = Arc::new(Tape::default());
    let wasi = guest(&tape, 2);
    let mut bytes = memory(&[(130, 0), (104, 3), (256, 0), (130, 2), (0, 0)]);
    assert_eq!(write(&wasi, &mut Memory::new(&mut bytes), 5), Ok(()));
    assert_eq!(tape.calls(), [[b"abc".to_vec(), b"ab".to_vec()]]);
    assert_eq!(&bytes[8..12], [5, 0, 0, 0]);
}

#[test]
fn as_many_buffers_as_there_are_keep_their_order() {
    let tape = Arc::new(Tape::default());
    let wasi = guest(&tape, 2);
    for count in [15, 16, 17, 20] {
        let buffers: Vec<(u32, u32)> = (0..count).map(|index| (200 + index, 1)).collect();
        let mut bytes = memory(&buffers);
        let expected: Vec<Vec<u8>> = bytes[200..][..count as usize]
            .iter()
            .map(|byte| vec![*byte])
            .collect();
        assert_eq!(write(&wasi, &mut Memory::new(&mut bytes), count), Ok(()));
        assert_eq!(tape.calls(), [expected], "{count}");
    }
}

#[test]
fn shared_memory_is_copied_as_far_as_the_limit_allows() {
    let tape = Arc::new(Tape::default());
    let wasi = guest(&tape, 4);
    let shared: Vec<AtomicU8> = memory(&[(104, 3), (130, 3)])
        .into_iter()
        .map(AtomicU8::new)
        .collect();
    assert_eq!(write(&wasi, &mut Memory::shared(&shared), 2), Ok(()));
    let told = shared[8].load(Ordering::Relaxed);
    assert_eq!(
        tape.calls().concat(),
        [b"abca".to_vec(), b"bc".to_vec()][..]
    );
    assert_eq!(told, 6);
}

fn read(wasi: &Wasi, memory: &mut Memory<'_>, count: u32) -> std::result::Result<(), Errno> {
    answer(&raw::fd_read(
        wasi,
        Abi::Preview1,
        memory,
        0,
        16,
        count as i32,
        8,
    ))
}

/// What the guest finds at 100 after reading into these buffers, and the lengths of those the stream was given.
fn reads(buffers: &[(u32, u32)], bounce: usize) -> (Vec<u8>, Vec<usize>) {
    let tape = Arc::new(Tape::default());
    let wasi = guest(&tape, bounce);
    let mut bytes = memory(buffers);
    let count = u32::try_from(buffers.len()).unwrap();
    assert_eq!(read(&wasi, &mut Memory::new(&mut bytes), count), Ok(()));
    let calls = tape.calls();
    let lengths = calls.concat().iter().map(Vec::len).collect();
    (bytes[100..116].to_vec(), lengths)
}

#[test]
fn buffers_in_order_are_filled_in_place() {
    let found = reads(&[(100, 2), (104, 0), (104, 3), (107, 1)], 1);
    assert_eq!(found, (b"##yz####efghijkl".to_vec(), vec![2, 3, 1]));
}

#[test]
fn buffers_out_of_order_or_on_top_of_each_other_are_filled_through_a_copy() {
    for second in [(101, 3), (100, 2)] {
        let (bytes, lengths) = reads(&[(102, 2), second], 8);
        assert_eq!(lengths, [2 + second.1 as usize], "one copy for {second:?}");
        let until = bytes.iter().rposition(|byte| *byte == b'#').unwrap();
        assert_eq!(until, 3);
    }
}
