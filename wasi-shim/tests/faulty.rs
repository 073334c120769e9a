//! What a probe stands in the way of does not happen, and the caller is told so.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

mod probe_kit;
mod support;

use probe_kit::{ON_DIR, ON_FILE, ON_STREAM, Sockets, seen, socket, stream, take, traced, tree};
use std::io::{IoSlice, IoSliceMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Waker;
use std::time::{Duration, Instant};
use support::{name, open, subdir};
use wasi_shim::abi::{Errno, RiFlags, RoFlags};
use wasi_shim::backends::{Call, Faulty, Latency, MemDir, Operation, Probe, Tap, Verdict};
use wasi_shim::vfs::{Dir, Interest, Readiness};

const ERRORS: [Errno; 4] = [Errno::Io, Errno::Nospc, Errno::Intr, Errno::Stale];

#[test]
fn a_call_that_fails_answers_what_it_was_told_and_changes_nothing() {
    for errno in ERRORS {
        for (what, act) in ON_DIR {
            let inner = tree();
            let before = seen(&*inner);
            let root = Faulty::nth(inner.clone(), 1, errno);
            assert_eq!(act(&*root), Err(errno), "{what}");
            assert_eq!(seen(&*inner), before, "{what}");
            assert_eq!((root.probe().calls(), root.probe().faults()), (1, 1));
            // Only this call fails.
            assert_eq!(act(&*root), Ok(()), "{what}");
            assert_eq!(root.probe().faults(), 1);
        }
        for (what, act) in ON_FILE {
            let inner = tree();
            let before = seen(&*inner);
            let root = Faulty::nth(inner.clone(), 2, errno);
            let file = open(&*root, "f");
            assert_eq!(act(&*file), Err(errno), "{what}");
            assert_eq!(seen(&*inner), before, "{what}");
            assert_eq!(act(&*file), Ok(()), "{what}");
        }
        for (what, act) in ON_STREAM {
            let sockets = Sockets::default();
            let asked = Arc::clone(&sockets.0);
            let root = Faulty::nth(Arc::new(sockets), 2, errno);
            let stream = stream(&*root);
            // What cannot fail is asked, and not counted.
            let _ = stream.ready(Interest::Read, Waker::noop());
            assert_eq!(act(&*stream), Err(errno), "{what}");
            assert_eq!(asked.asked(), 1, "{what}");
            assert_eq!(act(&*stream), Ok(()), "{what}");
        }
    }
}

#[test]
fn calls_are_chosen_by_a_closure() {
    let root = Faulty::new(tree(), |call| match call.operation {
        Operation::Write { offset: 5.., .. } if call.place.is("/d/inner") => {
            Verdict::Fail(Errno::Io)
        }
        _ => Verdict::Proceed,
    });
    let (inner, other) = (open(&*subdir(&*root, "d"), "inner"), open(&*root, "f"));
    assert_eq!(inner.write_at(b"x", 4), Ok(1));
    assert_eq!(inner.write_at(b"x", 5), Err(Errno::Io));
    assert_eq!(other.write_at(b"x", 5), Ok(1));
    assert_eq!(root.probe().faults(), 1);
}

#[test]
fn what_cannot_fail_is_asked_all_the_same() {
    struct No;
    impl Probe for No {
        fn before(&self, call: &Call<'_>) -> Verdict {
            match call.operation {
                Operation::Ready { .. } => Verdict::Fail(Errno::Io),
                _ => Verdict::Proceed,
            }
        }
    }
    let root = Tap::new(Arc::new(Sockets::default()), No);
    let readiness = stream(&*root).ready(Interest::Write, Waker::noop());
    assert!(matches!(readiness, Readiness::Later));
}

#[test]
fn transfers_stop_after_so_many_bytes() {
    let root = Faulty::after(tree(), Interest::Write, 7, Errno::Nospc);
    let file = open(&*root, "f");
    assert_eq!(file.write_at(b"", 0), Ok(0));
    assert_eq!(file.write_at(b"abc", 0), Ok(3));
    let bufs = [IoSlice::new(b"de"), IoSlice::new(b""), IoSlice::new(b"fgh")];
    assert_eq!(file.write_vectored_at(&bufs, 3), Ok(4));
    assert_eq!(file.write_at(b"x", 0), Err(Errno::Nospc));
    assert_eq!(file.write_vectored_at(&bufs, 0), Err(Errno::Nospc));
    assert_eq!(file.append(&bufs), Err(Errno::Nospc));
    // Reads have no part in it.
    let mut buf = [0; 20];
    assert_eq!(file.read_at(&mut buf, 0), Ok(10));
    assert_eq!(&buf[..10], b"abcdefg789");
    assert_eq!(root.probe().faults(), 4);

    let root = Faulty::after(tree(), Interest::Write, 3, Errno::Nospc);
    let file = open(&*root, "f");
    assert_eq!(file.append(&bufs), Ok((3, 13)));
    assert_eq!(file.append(&bufs), Err(Errno::Nospc));
}

#[test]
fn what_was_not_moved_is_not_counted() {
    let root = Faulty::after(tree(), Interest::Read, 12, Errno::Io);
    let file = open(&*root, "f");
    // The file has ten bytes.
    let (mut a, mut b) = ([0; 4], [0; 4]);
    assert_eq!(file.read_at(&mut [0; 12], 2), Ok(8));
    assert_eq!(file.read_at(&mut [0; 4], 10), Ok(0));
    let mut bufs = [IoSliceMut::new(&mut a), IoSliceMut::new(&mut b)];
    assert_eq!(file.read_vectored_at(&mut bufs, 0), Ok(4));
    assert_eq!(file.read_at(&mut [0; 1], 0), Err(Errno::Io));
    assert_eq!((a, b), (*b"0123", [0; 4]));

    let root = Faulty::after(tree(), Interest::Read, 6, Errno::Io);
    let file = open(&*root, "f");
    let mut bufs = [IoSliceMut::new(&mut a), IoSliceMut::new(&mut b)];
    assert_eq!(file.read_vectored_at(&mut bufs, 0), Ok(6));
    assert_eq!((a, b), (*b"0123", *b"45\0\0"));
}

#[test]
fn streams_are_cut_too() {
    let sockets = || Arc::new(Sockets::default());
    let out = [IoSlice::new(b"abc"), IoSlice::new(b"def")];
    let root = Faulty::after(sockets(), Interest::Write, 9, Errno::Pipe);
    let opened = stream(&*root);
    assert_eq!(opened.write(&out), Ok(6));
    assert_eq!(socket(&*opened).send(&out), Ok(3));
    assert_eq!(opened.write(&out), Err(Errno::Pipe));
    let root = Faulty::after(sockets(), Interest::Read, 9, Errno::Connreset);
    let opened = stream(&*root);
    let (mut a, mut b) = ([0; 3], [0; 3]);
    let mut bufs = [IoSliceMut::new(&mut a), IoSliceMut::new(&mut b)];
    let flags = RiFlags::empty();
    assert_eq!(opened.read(&mut bufs), Ok(6));
    let received = socket(&*opened).recv(&mut bufs, flags);
    assert_eq!(received, Ok((3, RoFlags::empty())));
    assert_eq!(opened.read(&mut bufs), Err(Errno::Connreset));
    let root = Faulty::after(sockets(), Interest::Write, 2, Errno::Pipe);
    assert_eq!(stream(&*root).write(&out), Ok(2));
    let root = Faulty::after(sockets(), Interest::Write, 2, Errno::Pipe);
    assert_eq!(socket(&*stream(&*root)).send(&out), Ok(2));
    let root = Faulty::after(sockets(), Interest::Read, 2, Errno::Pipe);
    assert_eq!(stream(&*root).read(&mut bufs), Ok(2));
}

#[test]
fn threads_share_what_is_left_to_the_byte() {
    let inner = MemDir::new();
    let root = Faulty::after(inner.clone(), Interest::Write, 10_007, Errno::Nospc);
    let file = open(&*root, "f");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| while file.append(&[IoSlice::new(b"0123456789")]).is_ok() {});
        }
    });
    assert_eq!(inner.stat(name("f")).unwrap().size, 10_007);
}

#[test]
fn probes_can_be_put_on_one_another() {
    let (traced, lines) = traced(tree());
    let outer = Faulty::after(traced, Interest::Write, 2, Errno::Io);
    let file = open(&*outer, "f");
    take(&lines);
    assert_eq!(file.write_at(b"abc", 0), Ok(2));
    assert_eq!(file.write_at(b"abc", 0), Err(Errno::Io));
    let expected = ["/f Write { offset: 0, len: 2 } = Count(2)"];
    assert_eq!(take(&lines), expected);
    // The names of two probes are of one filesystem as long as what is wrapped is.
    assert_eq!(
        outer.rename(name("f"), &*subdir(&*outer, "d"), name("g")),
        Ok(())
    );
}

#[test]
fn calls_take_longer() {
    let wait = Duration::from_millis(20);
    let root = Latency::new(tree(), wait);
    let start = Instant::now();
    let file = open(&*root, "f");
    assert_eq!(file.write_at(b"x", 0), Ok(1));
    assert!(start.elapsed() >= wait * 2);
    let asked = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&asked);
    let root = Latency::chosen(tree(), move |call| {
        counter.fetch_add(1, Ordering::Relaxed);
        match call.operation {
            Operation::Sync { .. } => Duration::from_millis(20),
            _ => Duration::ZERO,
        }
    });
    let start = Instant::now();
    let _ = (root.stat(name("f")), root.sync());
    assert!(start.elapsed() >= wait);
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}
