//! `random_get`.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use wasi_shim::abi::{Abi, Errno, Result, Syscall};
use wasi_shim::mem::Memory;
use wasi_shim::vfs::Entropy;
use wasi_shim::{FaultMode, Limits, Outcome, Trap, Wasi};
use wasi_shim_tests::Guest;
use wasi_shim_tests::trees::Tree;

/// Bytes that count up, and the lengths that were asked for.
#[derive(Default)]
struct Counting {
    asked: Mutex<Vec<usize>>,
    next: AtomicU8,
    fails: bool,
}

impl Entropy for Counting {
    fn fill(&self, buf: &mut [u8]) -> Result<()> {
        self.asked.lock().expect("no panic").push(buf.len());
        if self.fails {
            return Err(Errno::Io);
        }
        buf.fill_with(|| self.next.fetch_add(1, Ordering::SeqCst));
        Ok(())
    }
}

#[test]
fn buffers_of_every_length_are_filled() {
    let mut guest = Tree::memory().guest();
    assert_eq!(guest.random_get(0), Ok(Vec::new()));
    assert_eq!(guest.random_get(1).map(|bytes| bytes.len()), Ok(1));
    for len in [32, 1024, 100 << 10] {
        let (one, other) = (
            guest.random_get(len).expect("bytes"),
            guest.random_get(len).expect("bytes"),
        );
        assert_ne!(one, other, "two draws of {len} bytes");
        // That eight bytes in a row are 0 happens once in 2^64 times.
        assert!(
            one.chunks_exact(8).all(|chunk| chunk != [0; 8]),
            "every part of it is drawn"
        );
    }
}

#[test]
fn nothing_but_the_buffer_is_written() {
    for abi in [Abi::Preview1, Abi::Unstable] {
        let mut guest = Guest::new(Wasi::builder().entropy(Arc::new(Counting::default())));
        guest.abi = abi;
        guest.memory.fill(0xaa);
        assert_eq!(guest.call(Syscall::RandomGet, &[101, 10]), Ok(()));
        assert_eq!(guest.memory[101..111], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        let rest = guest.memory[..101].iter().chain(&guest.memory[111..]);
        assert!(rest.copied().all(|byte| byte == 0xaa));
    }
}

#[test]
fn the_sources_error_is_the_guests() {
    let source = Counting {
        fails: true,
        ..Counting::default()
    };
    let mut guest = Guest::new(Wasi::builder().entropy(Arc::new(source)));
    assert_eq!(guest.random_get(10), Err(Errno::Io));
}

#[test]
fn bad_pointers_trap_before_a_byte_is_drawn() {
    let source = Arc::new(Counting::default());
    for faults in [FaultMode::Trap, FaultMode::Errno] {
        let mut guest = Guest::new(Wasi::builder().entropy(source.clone()).faults(faults));
        let end = guest.memory.len() as i64;
        let far = i64::from(u32::MAX);
        for (buf, len) in [
            (end, 1),
            (end - 1, 2),
            (0, end + 1),
            (0, 1 << 31),
            (0, far),
            (far, 1),
            (far, far),
            (end + 1, 0),
        ] {
            match guest.attempt(Syscall::RandomGet, &[buf, len]) {
                Outcome::Trap(Trap::OutOfBounds { .. }) => assert_eq!(faults, FaultMode::Trap),
                Outcome::Return(errno) => {
                    assert_eq!((errno, faults), (Errno::Fault.number(), FaultMode::Errno));
                }
                _ => panic!("{buf:#x} {len:#x}"),
            }
        }
        assert!(source.asked.lock().expect("no panic").is_empty());
        assert_eq!(guest.call(Syscall::RandomGet, &[end, 0]), Ok(()));
        source.asked.lock().expect("no panic").clear();
    }
}

#[test]
fn shared_memory_is_filled_piece_by_piece() {
    let source = Arc::new(Counting::default());
    let mut limits = Limits::default();
    limits.bounce = 64;
    let wasi = Wasi::builder()
        .entropy(source.clone())
        .limits(limits)
        .build()
        .expect("a guest");
    let cells: Vec<AtomicU8> = (0..1000).map(|_| AtomicU8::new(0)).collect();
    let outcome = wasi.call(
        Abi::Preview1,
        &mut Memory::shared(&cells),
        Syscall::RandomGet,
        &[10, 200],
    );
    assert!(matches!(outcome, Outcome::Return(0)));
    assert_eq!(*source.asked.lock().expect("no panic"), [64, 64, 64, 8]);
    for (index, cell) in cells.iter().enumerate() {
        let expected = if (10..210).contains(&index) {
            (index - 10) as u8
        } else {
            0
        };
        assert_eq!(cell.load(Ordering::SeqCst), expected, "{index}");
    }
}

/// Ends its guest when it is first asked.
#[derive(Default)]
struct Ending {
    guest: OnceLock<Wasi>,
    asked: AtomicU8,
}

impl Entropy for Ending {
    fn fill(&self, buf: &mut [u8]) -> Result<()> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        buf.fill(1);
        self.guest.get().expect("a guest").cancel();
        Ok(())
    }
}

#[test]
fn a_guest_that_is_ended_meanwhile_draws_no_more() {
    let entropy = Arc::new(Ending::default());
    let mut guest = Guest::new(Wasi::builder().entropy(entropy.clone()));
    entropy.guest.set(guest.wasi.clone()).expect("only once");
    let piece = Limits::default().bounce;
    assert_eq!(guest.random_get(3 * piece), Err(Errno::Canceled));
    assert_eq!(entropy.asked.load(Ordering::SeqCst), 1);
}
