//! Streams without a store, a file with a cap, and files made of closures.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

use std::io::{IoSlice, IoSliceMut};
use std::sync::{Arc, Mutex, mpsc};
use std::task::Waker;
use std::thread;
use std::time::Duration;
use wasi_shim::abi::{Errno, FileKind, Result};
use wasi_shim::backends::{Capped, ClosureFile, Full, Log, MemDir, Random, Seeded, Zero};
use wasi_shim::vfs::{
    Create, Dir, Entropy, File, Interest, Metadata, Name, Node, OpenRequest, Readiness, Stream,
    SyncScope, read_slice,
};

/// An empty file.
fn file() -> Arc<dyn File> {
    let (name, mut request) = (Name::new("file").unwrap(), OpenRequest::READ);
    request.create = Create::IfMissing;
    match MemDir::new().open(name, &request) {
        Ok(Node::File(file)) => file,
        _ => panic!("it should be there"),
    }
}

fn get(stream: &dyn Stream, lens: &[usize]) -> Result<Vec<u8>> {
    let mut bufs: Vec<Vec<u8>> = lens.iter().map(|len| vec![1; *len]).collect();
    let mut slices: Vec<_> = bufs.iter_mut().map(|buf| IoSliceMut::new(buf)).collect();
    let count = stream.read(&mut slices)?;
    let mut all = bufs.concat();
    all.truncate(count);
    Ok(all)
}

fn put(stream: &dyn Stream, bytes: &[u8]) -> Result<usize> {
    stream.write(&[IoSlice::new(bytes)])
}

fn ready(stream: &dyn Stream, interest: Interest) -> Option<(u64, bool)> {
    match stream.ready(interest, Waker::noop()) {
        Readiness::Now { bytes, hangup } => Some((bytes, hangup)),
        _ => None,
    }
}

#[test]
fn zeros_never_end_and_nothing_is_kept() {
    assert_eq!(get(&Zero, &[3, 0, 5]), Ok(vec![0; 8]));
    assert_eq!(get(&Zero, &[]), Ok(vec![]));
    assert_eq!(put(&Zero, b"abc"), Ok(3));
    assert_eq!(Zero.kind(), FileKind::Unknown);
    assert_eq!(ready(&Zero, Interest::Read), Some((1 << 16, false)));
    assert_eq!(ready(&Zero, Interest::Write), Some((1 << 16, false)));
    let huge = get(&Zero, &[20 << 20, 20 << 20]).unwrap();
    assert_eq!(huge.len(), 32 << 20, "one read has an end");
}

#[test]
fn a_full_device_takes_no_byte() {
    assert_eq!(get(&Full, &[4]), Ok(vec![0; 4]));
    assert_eq!(put(&Full, b"a"), Err(Errno::Nospc));
    assert_eq!(put(&Full, b""), Ok(0));
    assert_eq!(ready(&Full, Interest::Write), Some((0, false)));
    assert_eq!(ready(&Full, Interest::Read), Some((1 << 16, false)));
}

#[test]
fn a_seed_decides_every_byte_however_they_are_asked_for() {
    let whole = get(&*Random::seeded(7), &[100]).unwrap();
    // The first number of splitmix64 for this seed, as its reference has it.
    assert_eq!(whole[..8], 0x63cb_e1e4_5932_0dd7_u64.to_le_bytes());
    let pieces = Random::seeded(7);
    let parts = [&[1_usize, 2][..], &[4, 0, 9], &[8], &[76]];
    let parts: Vec<_> = parts
        .iter()
        .map(|lens| get(&*pieces, lens).unwrap())
        .collect();
    assert_eq!(parts.concat(), whole);
    assert_ne!(get(&*Random::seeded(8), &[100]).unwrap(), whole);
    let seeded = Seeded::new(7);
    let mut first = [0; 16];
    seeded.fill(&mut first).unwrap();
    assert_eq!(first, whole[..16]);
}

#[test]
fn what_is_written_to_random_changes_nothing() {
    let random = Random::seeded(1);
    assert_eq!(put(&*random, b"stir"), Ok(4));
    assert_eq!(get(&*random, &[9]), get(&*Random::seeded(1), &[9]));
    assert_eq!(ready(&*random, Interest::Write), Some((1 << 16, false)));
}

/// Fails from the second request on.
struct Dry(Mutex<u32>);

impl Entropy for Dry {
    fn fill(&self, buf: &mut [u8]) -> Result<()> {
        let mut asked = self.0.lock().unwrap();
        *asked += 1;
        buf.fill(5);
        if *asked > 1 { Err(Errno::Io) } else { Ok(()) }
    }
}

#[test]
fn an_error_of_the_source_is_reported_unless_bytes_were_given() {
    let random = Random::new(Arc::new(Dry(Mutex::new(0))));
    assert_eq!(get(&*random, &[2, 2]), Ok(vec![5, 5]));
    assert_eq!(get(&*random, &[2, 2]), Err(Errno::Io));
}

type Lines = Arc<Mutex<Vec<String>>>;

fn log(longest: usize) -> (Arc<Log>, Lines) {
    let lines = Lines::default();
    let sink = Arc::clone(&lines);
    let log = Log::new(longest, move |line| {
        let line = String::from_utf8_lossy(line).into_owned();
        sink.lock().unwrap().push(line);
    });
    (log, lines)
}

fn taken(lines: &Lines) -> Vec<String> {
    std::mem::take(&mut *lines.lock().unwrap())
}

#[test]
fn a_line_is_handed_on_when_it_ends() {
    let (log, lines) = log(100);
    assert_eq!(put(&*log, b"on"), Ok(2));
    assert_eq!(taken(&lines), [""; 0]);
    let bufs = [
        IoSlice::new(b"e\ntw"),
        IoSlice::new(b""),
        IoSlice::new(b"o\n\nth"),
    ];
    assert_eq!(log.write(&bufs), Ok(9));
    assert_eq!(taken(&lines), ["one", "two", ""]);
    assert_eq!(put(&*log, b"ree\r\n\xff"), Ok(6));
    assert_eq!(taken(&lines), ["three\r"]);
    assert_eq!(put(&*log, b""), Ok(0));
    assert_eq!(get(&*log, &[1]), Err(Errno::Badf));
    assert_eq!(ready(&*log, Interest::Write), Some((1 << 16, false)));
    assert_eq!(ready(&*log, Interest::Read), Some((0, false)));
    drop(log);
    assert_eq!(taken(&lines), ["\u{fffd}"], "what was not ended");
}

#[test]
fn a_line_that_is_too_long_goes_in_pieces() {
    let (log, lines) = log(4);
    put(&*log, b"abcd\nabcde\nabcdefgh\nab").unwrap();
    assert_eq!(taken(&lines), ["abcd", "abcd", "e", "abcd", "efgh"]);
    put(&*log, b"cd").unwrap();
    assert_eq!(taken(&lines), [""; 0], "it may end here");
    put(&*log, b"\n").unwrap();
    assert_eq!(taken(&lines), ["abcd"]);
    drop(log);
    assert_eq!(taken(&lines), [""; 0], "nothing is left");
    let (begun, lines) = self::log(4);
    put(&*begun, b"ab").unwrap();
    put(&*begun, b"cde\n").unwrap();
    assert_eq!(taken(&lines), ["abcd", "e"], "what was begun counts");
    let (narrow, lines) = self::log(0);
    put(&*narrow, b"ab").unwrap();
    assert_eq!(taken(&lines), ["a"]);
}

#[test]
fn a_log_takes_a_large_write_in_parts() {
    let (log, lines) = log(1 << 20);
    let all = vec![b'x'; 100_000];
    assert_eq!(put(&*log, &all), Ok(1 << 16));
    assert_eq!(put(&*log, &all[1 << 16..]), Ok(100_000 - (1 << 16)));
    drop(log);
    assert_eq!(taken(&lines).concat().len(), 100_000);
}

#[test]
fn a_sink_may_write_to_a_log_itself() {
    let slot: Arc<Mutex<Option<Arc<Log>>>> = Arc::default();
    let again = Arc::clone(&slot);
    let (outer, lines) = log(10);
    let log = Log::new(10, move |line| {
        outer
            .write(&[IoSlice::new(line), IoSlice::new(b"!\n")])
            .unwrap();
        let log = again.lock().unwrap().take();
        if let Some(log) = log {
            log.write(&[IoSlice::new(b"again\n")]).unwrap();
        }
    });
    *slot.lock().unwrap() = Some(Arc::clone(&log));
    thread::spawn(move || put(&*log, b"once\n"))
        .join()
        .unwrap()
        .unwrap();
    assert_eq!(taken(&lines), ["once!", "again!"]);
}

fn capped(cap: u64) -> Arc<Capped> {
    Capped::new(file(), cap)
}

#[test]
fn a_file_grows_up_to_its_cap_and_counts() {
    let file = capped(10);
    assert_eq!(file.write_at(b"abcdef", 0), Ok(6));
    let bufs = [
        IoSlice::new(b"gh"),
        IoSlice::new(b"ijkl"),
        IoSlice::new(b"m"),
    ];
    assert_eq!(file.write_vectored_at(&bufs, 6), Ok(4), "what fits");
    assert_eq!(file.write_at(b"x", 10), Err(Errno::Fbig));
    assert_eq!(file.write_at(b"x", u64::MAX), Err(Errno::Fbig));
    assert_eq!(file.append(&bufs), Err(Errno::Fbig));
    assert_eq!(file.write_at(b"", 10), Ok(0));
    assert_eq!(file.append(&[]), Ok((0, 10)));
    assert_eq!((file.bytes_written(), file.bytes_read()), (10, 0));
    let mut buf = [0; 20];
    assert_eq!(file.read_at(&mut buf, 0), Ok(10));
    assert_eq!(&buf[..10], b"abcdefghij");
    let (a, b) = buf.split_at_mut(3);
    let mut bufs = [IoSliceMut::new(a), IoSliceMut::new(b)];
    assert_eq!(file.read_vectored_at(&mut bufs, 5), Ok(5));
    assert_eq!((file.bytes_written(), file.bytes_read()), (10, 15));
    assert_eq!(file.sync(SyncScope::Full), Ok(()));
}

#[test]
fn a_cap_holds_for_lengths_too() {
    let file = capped(10);
    assert_eq!(file.set_len(11), Err(Errno::Fbig));
    assert_eq!(file.set_len(10), Ok(()));
    assert_eq!(file.set_len(0), Ok(()));
    assert_eq!(file.allocate(5, 6), Err(Errno::Fbig));
    assert_eq!(file.allocate(u64::MAX, 6), Err(Errno::Fbig));
    assert_eq!(file.allocate(5, 5), Ok(()));
    assert_eq!(file.metadata().unwrap().size, 10);
}

#[test]
fn a_file_that_was_larger_stays_so() {
    let inner = file();
    inner.write_at(b"0123456789", 0).unwrap();
    let file = Capped::new(inner, 4);
    assert_eq!(file.write_at(b"abcdef", 2), Ok(2));
    assert_eq!(file.append(&[IoSlice::new(b"x")]), Err(Errno::Fbig));
    let mut buf = [0; 10];
    assert_eq!(file.read_at(&mut buf, 0), Ok(10));
    assert_eq!(&buf, b"01ab456789");
    assert_eq!(file.set_len(3), Ok(()));
}

/// Takes its time between looking at its size and telling it.
struct Slow(Arc<dyn File>, mpsc::Sender<()>);

impl File for Slow {
    fn metadata(&self) -> Result<Metadata> {
        let facts = self.0.metadata();
        let _ = self.1.send(());
        thread::sleep(Duration::from_millis(50));
        facts
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        self.0.read_at(buf, offset)
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> Result<usize> {
        self.0.write_at(buf, offset)
    }

    fn append(&self, bufs: &[IoSlice<'_>]) -> Result<(usize, u64)> {
        self.0.append(bufs)
    }
}

#[test]
fn nobody_grows_a_file_that_is_being_appended_to() {
    let (looking, looked) = mpsc::channel();
    let inner = file();
    let file = Capped::new(Arc::new(Slow(Arc::clone(&inner), looking)), 10);
    thread::scope(|scope| {
        let appended = scope.spawn(|| file.append(&[IoSlice::new(&[1; 10])]));
        looked.recv().unwrap();
        assert_eq!(file.write_at(&[2; 5], 0), Ok(5));
        assert_eq!(appended.join().unwrap(), Ok((10, 10)));
    });
    assert_eq!(inner.metadata().unwrap().size, 10);
}

#[test]
fn threads_that_write_and_append_do_not_exceed_the_cap() {
    let file = capped(10_000);
    thread::scope(|scope| {
        for number in 0..4_u64 {
            let file = &file;
            scope.spawn(move || {
                for step in 0..1_000_u64 {
                    let bytes = [7; 17];
                    let _ = file.append(&[IoSlice::new(&bytes)]);
                    let _ = file.write_at(&bytes, number * 2_500 + step * 3);
                }
            });
        }
    });
    assert_eq!(file.metadata().unwrap().size, 10_000);
}

#[test]
fn a_file_of_closures_answers_with_them() {
    let kept = Arc::new(Mutex::new(b"hello".to_vec()));
    let [len, reads, writes, cuts] = [(); 4].map(|()| Arc::clone(&kept));
    let file = ClosureFile::new(
        9,
        move || Ok(len.lock().unwrap().len() as u64),
        move |buf, offset| Ok(read_slice(&reads.lock().unwrap(), buf, offset)),
    );
    assert_eq!(file.metadata(), Ok(Metadata::file(9, 5)));
    assert_eq!(file.write_at(b"x", 0), Err(Errno::Rofs));
    assert_eq!(file.set_len(0), Err(Errno::Rofs));
    let file = file
        .on_write(move |buf, offset| {
            assert_eq!(offset, 5);
            writes.lock().unwrap().extend(buf);
            Ok(buf.len())
        })
        .on_set_len(move |len| {
            cuts.lock().unwrap().truncate(len as usize);
            Ok(())
        });
    assert_eq!(file.append(&[IoSlice::new(b", you")]), Ok((5, 10)));
    let mut buf = [0; 4];
    assert_eq!(file.read_at(&mut buf, 8), Ok(2));
    assert_eq!(&buf[..2], b"ou");
    assert_eq!(file.set_len(4), Ok(()));
    assert_eq!(*kept.lock().unwrap(), b"hell");
}
