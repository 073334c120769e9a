//! Attacks on streams.

use crate::kit::{fill, of};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use wasi_shim::abi::{Abi, Errno, Syscall};
use wasi_shim::backends::{Capture, Log, Null, Script, ScriptedTerminal, Terminal, pipe};
use wasi_shim::vfs::Stream;
use wasi_shim::{Outcome, Wasi};
use wasi_shim_tests::Guest;

type Round = Box<dyn FnMut()>;

fn with_output(stream: Arc<dyn Stream>, abi: Abi) -> Guest {
    of(Wasi::builder().stdout(stream), abi)
}

pub(crate) fn capture(abi: Abi, beyond: Errno) -> Round {
    let output = Capture::new(Capture::DEFAULT_CAP);
    let mut guest = with_output(output.clone(), abi);
    Box::new(move || {
        assert_eq!(fill(&mut guest, 1), (Capture::DEFAULT_CAP, beyond));
        output.take();
    })
}

pub(crate) fn terminals(abi: Abi, beyond: Errno) -> Round {
    const CAP: usize = 200_000;
    let terminal = Terminal::new(CAP);
    let mut first = with_output(terminal.clone(), abi);
    // The script's has no way to be emptied, so that it stays full.
    let scripted = ScriptedTerminal::new(Script::new(), CAP);
    let mut second = with_output(scripted, abi);
    assert_eq!(fill(&mut second, 1), (CAP, beyond));
    Box::new(move || {
        assert_eq!(fill(&mut first, 1), (CAP, beyond));
        terminal.take();
        assert_eq!(fill(&mut second, 1), (0, beyond));
    })
}

/// A line that never ends.
pub(crate) fn log(abi: Abi) -> Round {
    const LONGEST: usize = 1000;
    let seen = Arc::new(AtomicUsize::new(0));
    let count = seen.clone();
    let log = Log::new(LONGEST, move |piece| {
        assert!(piece.len() <= LONGEST);
        count.fetch_add(piece.len(), Ordering::SeqCst);
    });
    let mut guest = with_output(log, abi);
    Box::new(move || {
        let before = seen.load(Ordering::SeqCst);
        for _ in 0..40 {
            assert_eq!(guest.fd_write(1, [b'x'; 60_000]), Ok(60_000));
        }
        let now = seen.load(Ordering::SeqCst) - before;
        assert!(now + LONGEST >= 40 * 60_000, "{now}");
    })
}

/// Writes to a pipe that nobody reads: they wait, and those of nothing do not pile up.
pub(crate) fn pipes(abi: Abi) -> Round {
    let (reader, writer) = pipe(64 << 10);
    let mut guest = with_output(writer, abi);
    Box::new(move || {
        let _held = &reader;
        for _ in 0..20 {
            guest.memory[64..72].copy_from_slice(&[0, 0, 1, 0, 0, 0, 8, 0]);
            let outcome = guest.attempt(Syscall::FdWrite, &[1, 64, 1, 80]);
            assert!(matches!(outcome, Outcome::Block(_)), "{outcome:?}");
        }
        for _ in 0..20_000 {
            assert_eq!(guest.fd_write(1, b""), Ok(0));
        }
    })
}

/// A gibibyte at once, and very many writes of little.
pub(crate) fn null(abi: Abi) -> Round {
    const MIB: u32 = 1 << 20;
    let mut guest = with_output(Arc::new(Null), abi);
    Box::new(move || {
        let vector = [0_u32.to_le_bytes(), MIB.to_le_bytes()].concat();
        guest.memory[1 << 16..][..8 * 1024].copy_from_slice(&vector.repeat(1024));
        let outcome = guest.attempt(Syscall::FdWrite, &[1, 1 << 16, 1024, 80]);
        assert!(matches!(outcome, Outcome::Return(0)), "{outcome:?}");
        assert_eq!(guest.u32_at(80), 1 << 30);
        for _ in 0..20_000 {
            assert_eq!(guest.fd_write(1, b"x"), Ok(1));
        }
    })
}
