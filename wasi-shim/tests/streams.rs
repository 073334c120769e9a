//! The streams that need no operating system.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

use std::io::{IoSlice, IoSliceMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};
use std::thread;
use wasi_shim::abi::{Errno, FileKind, Result};
use wasi_shim::backends::{
    Capture, Devices, Input, Null, ReadOnly, Script, ScriptedTerminal, Trace, pipe,
};
use wasi_shim::vfs::{Dir, Interest, Name, Node, OpenRequest, Readiness, Stream};

/// Counts how often it was woken.
#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Bell {
    fn new() -> (Arc<Self>, Waker) {
        let bell = Arc::new(Self::default());
        (Arc::clone(&bell), Waker::from(bell))
    }

    fn rung(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// Lets a thread sleep until it is woken.
struct Unpark(thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn put(stream: &dyn Stream, bytes: &[u8]) -> Result<usize> {
    stream.write(&[IoSlice::new(bytes)])
}

fn get(stream: &dyn Stream, len: usize) -> Result<Vec<u8>> {
    let (mut a, mut b) = (vec![0; len / 2], vec![0; len.div_ceil(2)]);
    let count = stream.read(&mut [IoSliceMut::new(&mut a), IoSliceMut::new(&mut b)])?;
    a.append(&mut b);
    a.truncate(count);
    Ok(a)
}

/// The bytes and the hangup of a stream that is ready; `None` of one that is not.
fn ready(stream: &dyn Stream, interest: Interest) -> Option<(u64, bool)> {
    match stream.ready(interest, Waker::noop()) {
        Readiness::Now { bytes, hangup } => Some((bytes, hangup)),
        _ => None,
    }
}

#[test]
fn null_is_empty_and_swallows_all() {
    let huge = vec![1; 1 << 20];
    let bufs = vec![IoSlice::new(&huge); 4096];
    assert_eq!(Null.write(&bufs), Ok(4096 << 20));
    assert_eq!(get(&Null, 10), Ok(vec![]));
    assert_eq!(Null.kind(), FileKind::Unknown);
    assert_eq!(ready(&Null, Interest::Read), Some((0, false)));
}

#[test]
fn a_capture_keeps_what_fits() {
    let capture = Capture::new(10);
    assert_eq!(put(&*capture, b"hello "), Ok(6));
    assert_eq!(ready(&*capture, Interest::Write), Some((4, false)));
    assert_eq!(
        capture.write(&[IoSlice::new(b"wo"), IoSlice::new(b"rld")]),
        Ok(4)
    );
    assert_eq!(put(&*capture, b"d"), Err(Errno::Nospc));
    assert_eq!(put(&*capture, b""), Ok(0));
    assert_eq!(capture.contents(), b"hello worl");
    assert_eq!(capture.take(), b"hello worl");
    assert_eq!((capture.contents(), put(&*capture, b"d")), (vec![], Ok(1)));
    assert_eq!(get(&*capture, 1), Err(Errno::Badf));
    let default = Capture::default();
    assert_eq!(put(&default, &vec![0; 2 << 20]), Ok(1 << 20));
}

#[test]
fn an_input_ends_after_its_bytes() {
    let input = Input::new("hello");
    assert_eq!(ready(&*input, Interest::Read), Some((5, false)));
    assert_eq!(get(&*input, 3), Ok(b"hel".to_vec()));
    assert_eq!(get(&*input, 0), Ok(vec![]));
    assert_eq!(get(&*input, 10), Ok(b"lo".to_vec()));
    assert_eq!(get(&*input, 10), Ok(vec![]));
    assert_eq!(put(&*input, b"x"), Err(Errno::Badf));
}

#[test]
fn a_pipe_is_full_or_empty_until_an_end_goes() {
    let (reader, writer) = pipe(4);
    assert_eq!(get(&*reader, 1), Err(Errno::Again));
    assert_eq!(get(&*reader, 0), Ok(vec![]));
    assert_eq!(ready(&*reader, Interest::Read), None);
    assert_eq!(ready(&*writer, Interest::Write), Some((4, false)));
    assert_eq!(
        writer.write(&[IoSlice::new(b"ab"), IoSlice::new(b"cdef")]),
        Ok(4)
    );
    assert_eq!(put(&*writer, b"e"), Err(Errno::Again));
    assert_eq!(ready(&*writer, Interest::Write), None);
    assert_eq!(ready(&*reader, Interest::Read), Some((4, false)));
    assert_eq!(get(&*reader, 3), Ok(b"abc".to_vec()));
    assert_eq!(put(&*writer, b"ef"), Ok(2));
    drop(writer);
    assert_eq!(ready(&*reader, Interest::Read), Some((3, true)));
    assert_eq!(get(&*reader, 10), Ok(b"def".to_vec()));
    assert_eq!(get(&*reader, 10), Ok(vec![]));
    assert_eq!(ready(&*reader, Interest::Read), Some((0, true)));

    let (reader, writer) = pipe(0);
    assert_eq!(put(&*writer, b"ab"), Ok(1));
    drop(reader);
    assert_eq!(put(&*writer, b"c"), Err(Errno::Pipe));
    assert_eq!(put(&*writer, b""), Ok(0));
    assert_eq!(ready(&*writer, Interest::Write), Some((1, true)));
    assert_eq!(get(&*writer, 1), Err(Errno::Badf));
}

#[test]
fn a_pipe_wakes_those_who_wait_once() {
    let (reader, writer) = pipe(2);
    let (bell, waker) = Bell::new();
    assert!(matches!(
        reader.ready(Interest::Read, &waker),
        Readiness::Later
    ));
    assert!(matches!(
        reader.ready(Interest::Read, &waker),
        Readiness::Later
    ));
    put(&*writer, b"ab").unwrap();
    assert_eq!(bell.rung(), 1);
    assert!(matches!(
        writer.ready(Interest::Write, &waker),
        Readiness::Later
    ));
    get(&*reader, 1).unwrap();
    assert_eq!(bell.rung(), 2);
    get(&*reader, 1).unwrap();
    assert_eq!(bell.rung(), 2);
    assert!(matches!(
        reader.ready(Interest::Read, &waker),
        Readiness::Later
    ));
    drop(writer);
    assert_eq!(bell.rung(), 3);

    let (reader, writer) = pipe(1);
    put(&*writer, b"a").unwrap();
    assert!(matches!(
        writer.ready(Interest::Write, &waker),
        Readiness::Later
    ));
    drop(reader);
    assert_eq!(bell.rung(), 4);
}

#[test]
fn wakers_do_not_pile_up() {
    let (reader, writer) = pipe(1);
    let bells: Vec<_> = (0..5_000).map(|_| Bell::new()).collect();
    for (_, waker) in &bells {
        assert!(matches!(
            reader.ready(Interest::Read, waker),
            Readiness::Later
        ));
    }
    let early = bells
        .iter()
        .take_while(|(bell, _)| bell.rung() == 1)
        .count();
    assert!(early > 900, "{early}");
    put(&*writer, b"a").unwrap();
    assert!(bells.iter().all(|(bell, _)| bell.rung() == 1));
}

/// The stream itself, and the same behind each wrapper that lets one through.
fn wrapped(stream: Arc<dyn Stream>) -> [Arc<dyn Stream>; 3] {
    let devices = Devices::builder().stream("it", Arc::clone(&stream));
    let devices = devices.build().unwrap();
    let open = |dir: Arc<dyn Dir>| match dir.open(Name::new("it").unwrap(), &OpenRequest::READ) {
        Ok(Node::Stream(stream)) => stream,
        _ => panic!("it is a stream"),
    };
    let read_only = open(ReadOnly::new(devices.clone()));
    [stream, read_only, open(Trace::new(devices, |_| ()))]
}

#[test]
fn a_waker_that_is_forgotten_is_not_kept_and_others_are() {
    let (reader, _writer) = pipe(1);
    let (_reader, writer) = pipe(1);
    put(&*writer, b"a").unwrap();
    let script = Script::new().expect("a question").send("an answer");
    let terminal = ScriptedTerminal::new(script, 100);
    for (stream, interest) in [
        (wrapped(reader), Interest::Read),
        (wrapped(terminal), Interest::Read),
        (
            [(); 3].map(|()| -> Arc<dyn Stream> { writer.clone() }),
            Interest::Write,
        ),
    ] {
        for stream in stream {
            let (one, first) = Bell::new();
            let (other, second) = Bell::new();
            let (first, second) = (first.clone(), second.clone());
            for waker in [&first, &second] {
                assert!(matches!(stream.ready(interest, waker), Readiness::Later));
            }
            let held = [&one, &other].map(Arc::strong_count);
            stream.forget(interest, &first);
            // Nobody has that one any more.
            stream.forget(interest, &first);
            assert_eq!(Arc::strong_count(&one), held[0] - 1);
            assert_eq!(Arc::strong_count(&other), held[1]);
        }
    }
}

#[test]
fn two_threads_move_a_megabyte_through_a_small_pipe() {
    let (reader, writer) = pipe(61);
    let data: Vec<u8> = (0..1_u32 << 20).map(|n| (n % 251) as u8).collect();
    let sent = data.clone();
    let sender = thread::spawn(move || {
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut rest = &sent[..];
        while !rest.is_empty() {
            match put(&*writer, rest) {
                Ok(count) => rest = &rest[count..],
                Err(errno) => {
                    assert_eq!(errno, Errno::Again);
                    if let Readiness::Later = writer.ready(Interest::Write, &waker) {
                        thread::park();
                    }
                }
            }
        }
    });
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut received = Vec::new();
    loop {
        match get(&*reader, 100) {
            Ok(bytes) if bytes.is_empty() => break,
            Ok(bytes) => received.extend(bytes),
            Err(errno) => {
                assert_eq!(errno, Errno::Again);
                if let Readiness::Later = reader.ready(Interest::Read, &waker) {
                    thread::park();
                }
            }
        }
    }
    sender.join().unwrap();
    assert_eq!(received, data);
}
