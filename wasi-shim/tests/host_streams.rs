//! Streams, sockets and the thread that waits for them.
#![cfg(all(unix, feature = "host"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot be set up has failed"
)]

use std::fs::File;
use std::io::{IoSlice, IoSliceMut, Read, Seek, Write};
use std::net::{Shutdown, TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::sync::Arc;
use std::task::Waker;
use std::thread;
use std::time::{Duration, Instant};
use wasi_shim::abi::{Errno, FileKind, Result, RiFlags, RoFlags, SdFlags};
use wasi_shim::host::{Poller, input, listener, output, socket};
use wasi_shim::vfs::{HostHandle, Interest, Readiness, Stream, Waiter};

const SHORT: Duration = Duration::from_millis(30);
const LONG: Duration = Duration::from_secs(30);

fn pipe() -> (OwnedFd, OwnedFd) {
    rustix::pipe::pipe().unwrap()
}

fn read(stream: &Arc<dyn Stream>, len: usize) -> Result<Vec<u8>> {
    let mut buf = vec![0; len];
    let count = stream.read(&mut [IoSliceMut::new(&mut buf)])?;
    buf.truncate(count);
    Ok(buf)
}

fn write(stream: &Arc<dyn Stream>, bytes: &[u8]) -> Result<usize> {
    stream.write(&[IoSlice::new(bytes)])
}

fn ready(stream: &Arc<dyn Stream>, interest: Interest) -> Option<(u64, bool)> {
    match stream.ready(interest, Waker::noop()) {
        Readiness::Now { bytes, hangup } => Some((bytes, hangup)),
        _ => None,
    }
}

fn handle(stream: &Arc<dyn Stream>, interest: Interest) -> HostHandle {
    match stream.ready(interest, Waker::noop()) {
        Readiness::Handle(handle) => handle,
        other => panic!("ready: {other:?}"),
    }
}

fn is_nonblocking(fd: &OwnedFd) -> bool {
    let flags = rustix::fs::fcntl_getfl(fd).unwrap();
    flags.contains(rustix::fs::OFlags::NONBLOCK)
}

#[test]
fn an_empty_pipe_answers_again_and_a_closed_one_ends() {
    let (reader, writer) = pipe();
    let stream = input(reader.try_clone().unwrap()).unwrap();
    assert_eq!(read(&stream, 4), Err(Errno::Again));
    assert_eq!(ready(&stream, Interest::Read), None);
    assert_eq!(stream.read(&mut []), Ok(0));
    rustix::io::write(&writer, b"abc").unwrap();
    assert_eq!(ready(&stream, Interest::Read), Some((3, false)));
    assert_eq!(read(&stream, 2), Ok(b"ab".to_vec()));
    // What was not asked for is left for others.
    let mut rest = [0; 4];
    assert_eq!(rustix::io::read(&reader, &mut rest), Ok(1));
    rustix::io::write(&writer, b"x").unwrap();
    drop(writer);
    assert_eq!(ready(&stream, Interest::Read), Some((1, true)));
    assert_eq!(read(&stream, 4), Ok(b"x".to_vec()));
    assert_eq!(read(&stream, 4), Ok(vec![]));
    assert_eq!(ready(&stream, Interest::Read), Some((0, true)));
    assert_eq!(write(&stream, b"x"), Err(Errno::Badf));
    assert_eq!(stream.write(&[]), Err(Errno::Badf));
}

#[test]
fn reading_fills_several_buffers_at_once() {
    let (reader, writer) = pipe();
    let stream = input(reader).unwrap();
    rustix::io::write(&writer, b"abcdef").unwrap();
    let (mut a, mut b) = ([0; 2], [0; 10]);
    let mut bufs = [
        IoSliceMut::new(&mut []),
        IoSliceMut::new(&mut a),
        IoSliceMut::new(&mut b),
    ];
    assert_eq!(stream.read(&mut bufs), Ok(6));
    assert_eq!((&a, &b[..4]), (b"ab", b"cdef".as_slice()));
}

#[test]
fn a_full_pipe_answers_again_and_is_never_changed() {
    let (reader, writer) = pipe();
    let stream = output(writer.try_clone().unwrap()).unwrap();
    let chunk = vec![7; 10_000];
    let mut sent = 0;
    loop {
        let bufs = [
            IoSlice::new(&chunk[..1]),
            IoSlice::new(&[]),
            IoSlice::new(&chunk),
        ];
        match stream.write(&bufs) {
            Ok(count) => {
                assert!((1..=10_001).contains(&count));
                sent += count;
            }
            Err(errno) => break assert_eq!(errno, Errno::Again),
        }
    }
    assert!(sent >= 4096);
    assert_eq!(ready(&stream, Interest::Write), None);
    assert!(!is_nonblocking(&writer), "shared with others");
    let mut all = vec![0; sent];
    File::from(reader).read_exact(&mut all).unwrap();
    assert!(all.iter().all(|&byte| byte == 7));
    assert_eq!(write(&stream, b"x"), Err(Errno::Pipe));
    assert_eq!(
        ready(&stream, Interest::Write).map(|(_, hangup)| hangup),
        Some(true)
    );
    assert_eq!(read(&stream, 1), Err(Errno::Badf));
    assert_eq!(stream.read(&mut []), Err(Errno::Badf));
    assert_eq!(stream.write(&[]), Ok(0));
}

#[test]
fn a_redirected_file_keeps_its_own_position() {
    let mut file = tempfile::tempfile().unwrap();
    let out = output(file.try_clone().unwrap()).unwrap();
    let big = vec![1; 100_000];
    assert_eq!(
        out.write(&[IoSlice::new(b"ab"), IoSlice::new(&big)]),
        Ok(100_002)
    );
    assert_eq!(file.stream_position().unwrap(), 100_002);
    file.rewind().unwrap();
    let stream = input(file.try_clone().unwrap()).unwrap();
    assert_eq!(ready(&stream, Interest::Read), Some((100_002, false)));
    assert_eq!(read(&stream, 1), Ok(b"a".to_vec()));
    assert_eq!(file.stream_position().unwrap(), 1);
    file.seek(std::io::SeekFrom::End(0)).unwrap();
    assert_eq!(read(&stream, 1), Ok(vec![]));
    assert_eq!(stream.kind(), FileKind::Unknown);
    // FIONREAD would be wrong here.
    file.set_len(5 << 30).unwrap();
    assert_eq!(
        ready(&stream, Interest::Read),
        Some(((5 << 30) - 100_002, false))
    );
}

#[test]
fn an_inherited_socket_is_a_stream_like_any_other() {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let fd = OwnedFd::from(ours);
    let stdin = input(fd.try_clone().unwrap()).unwrap();
    let stdout = output(fd.try_clone().unwrap()).unwrap();
    assert_eq!(read(&stdin, 4), Err(Errno::Again));
    theirs.write_all(b"abc").unwrap();
    assert_eq!(read(&stdin, 4), Ok(b"abc".to_vec()));
    let chunk = vec![0; 1 << 16];
    while write(&stdout, &chunk).is_ok() {}
    assert_eq!(write(&stdout, &chunk), Err(Errno::Again));
    assert!(!is_nonblocking(&fd));
    assert!(stdin.as_socket().is_none());
    drop(theirs);
    assert_eq!(write(&stdout, b"x"), Err(Errno::Pipe));
}

#[test]
fn an_inherited_socket_of_datagrams_ends_when_it_receives_no_more() {
    let (ours, theirs) = UnixDatagram::pair().unwrap();
    let stream = input(ours.try_clone().unwrap()).unwrap();
    assert_eq!(read(&stream, 4), Err(Errno::Again));
    assert_eq!(ready(&stream, Interest::Read), None);
    theirs.send(b"last").unwrap();
    ours.shutdown(Shutdown::Read).unwrap();
    assert_eq!(read(&stream, 4), Ok(b"last".to_vec()));
    // What is ready must not say that it would wait.
    for _ in 0..2 {
        assert_eq!(ready(&stream, Interest::Read), Some((0, true)));
        assert_eq!(read(&stream, 4), Ok(vec![]));
    }
}

#[test]
fn standard_streams_can_be_had() {
    for stream in [wasi_shim::host::stdout(), wasi_shim::host::stderr()] {
        assert_eq!(stream.unwrap().write(&[]), Ok(0));
    }
    assert_eq!(wasi_shim::host::stdin().unwrap().read(&mut []), Ok(0));
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_is_a_character_device() {
    use rustix::fs::{Mode, OFlags, open};
    let Ok(master) = open("/dev/ptmx", OFlags::RDWR | OFlags::NOCTTY, Mode::empty()) else {
        return;
    };
    assert_eq!(
        input(master.try_clone().unwrap()).unwrap().kind(),
        FileKind::CharacterDevice
    );
    let stream = output(master).unwrap();
    assert_eq!(stream.kind(), FileKind::CharacterDevice);
    let null = File::open("/dev/null").unwrap();
    let null = input(null).unwrap();
    assert_eq!(null.kind(), FileKind::Unknown);
    assert_eq!(read(&null, 1), Ok(vec![]));
}

fn connected() -> (Arc<dyn Stream>, TcpStream) {
    let host = TcpListener::bind("127.0.0.1:0").unwrap();
    let theirs = TcpStream::connect(host.local_addr().unwrap()).unwrap();
    (socket(host.accept().unwrap().0).unwrap(), theirs)
}

fn poll_until_ready(stream: &Arc<dyn Stream>, interest: Interest) {
    let poller = Poller::new();
    while let Readiness::Handle(handle) = stream.ready(interest, &poller.waker()) {
        poller.wait(&[(handle, interest)], Some(LONG));
    }
}

#[test]
fn sockets_send_and_receive_without_waiting() {
    let (stream, mut theirs) = connected();
    let sock = stream.as_socket().unwrap();
    assert_eq!(stream.kind(), FileKind::SocketStream);
    assert!(!sock.listens());
    assert_eq!(sock.accept().err(), Some(Errno::Notsup));
    assert_eq!(read(&stream, 4), Err(Errno::Again));
    assert_eq!(
        sock.recv(&mut [], RiFlags::empty()),
        Ok((0, RoFlags::empty()))
    );
    theirs.write_all(b"abcdef").unwrap();
    poll_until_ready(&stream, Interest::Read);
    assert_eq!(ready(&stream, Interest::Read), Some((6, false)));
    let mut buf = [0; 4];
    for flags in [RiFlags::RECV_PEEK, RiFlags::empty()] {
        let (a, b) = buf.split_at_mut(1);
        let mut bufs = [IoSliceMut::new(a), IoSliceMut::new(b)];
        assert_eq!(sock.recv(&mut bufs, flags), Ok((4, RoFlags::empty())));
        assert_eq!(&buf, b"abcd");
    }
    assert_eq!(read(&stream, 4), Ok(b"ef".to_vec()));
    assert_eq!(sock.send(&[IoSlice::new(b"12"), IoSlice::new(b"3")]), Ok(3));
    let mut got = [0; 3];
    theirs.read_exact(&mut got).unwrap();
    assert_eq!(&got, b"123");
}

#[test]
fn sockets_end_and_shut_down() {
    let (stream, mut theirs) = connected();
    let sock = stream.as_socket().unwrap();
    assert_eq!(sock.shutdown(SdFlags::empty()), Err(Errno::Inval));
    assert_eq!(sock.shutdown(SdFlags::WR), Ok(()));
    assert_eq!(sock.send(&[IoSlice::new(b"x")]), Err(Errno::Pipe));
    assert_eq!(theirs.read(&mut [0; 4]).unwrap(), 0);
    theirs.write_all(b"last").unwrap();
    theirs.shutdown(Shutdown::Write).unwrap();
    poll_until_ready(&stream, Interest::Read);
    assert_eq!(read(&stream, 10), Ok(b"last".to_vec()));
    poll_until_ready(&stream, Interest::Read);
    assert_eq!(ready(&stream, Interest::Read), Some((0, true)));
    assert_eq!(read(&stream, 10), Ok(vec![]));
    let (stream, _theirs) = connected();
    let sock = stream.as_socket().unwrap();
    assert_eq!(sock.shutdown(SdFlags::RD | SdFlags::WR), Ok(()));
    assert_eq!(read(&stream, 10), Ok(vec![]));
}

#[test]
fn datagrams_keep_their_borders_and_tell_when_they_were_cut() {
    let (ours, theirs) = UnixDatagram::pair().unwrap();
    let stream = socket(ours).unwrap();
    let sock = stream.as_socket().unwrap();
    assert_eq!(stream.kind(), FileKind::SocketDgram);
    for message in [b"abcdef".as_slice(), b"", b"gh"] {
        theirs.send(message).unwrap();
    }
    let mut buf = [0; 4];
    for flags in [RiFlags::RECV_PEEK, RiFlags::empty()] {
        let received = sock.recv(&mut [IoSliceMut::new(&mut buf)], flags);
        assert_eq!(received, Ok((4, RoFlags::RECV_DATA_TRUNCATED)));
    }
    assert_eq!(read(&stream, 4), Ok(vec![]));
    assert_eq!(read(&stream, 4), Ok(b"gh".to_vec()));
    assert_eq!(read(&stream, 4), Err(Errno::Again));
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    assert_eq!(socket(udp).unwrap().kind(), FileKind::SocketDgram);
}

#[test]
fn listeners_accept_without_waiting() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("socket");
    let unix = UnixListener::bind(&path).unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = tcp.local_addr().unwrap();
    let connect: [&dyn Fn() -> Box<dyn Write>; 2] =
        [&|| Box::new(UnixStream::connect(&path).unwrap()), &|| {
            Box::new(TcpStream::connect(address).unwrap())
        }];
    let listeners = [listener(unix).unwrap(), listener(tcp).unwrap()];
    for (stream, connect) in listeners.iter().zip(connect) {
        let sock = stream.as_socket().unwrap();
        assert!(sock.listens());
        assert_eq!(stream.kind(), FileKind::SocketStream);
        assert_eq!(sock.accept().err(), Some(Errno::Again));
        assert_eq!(ready(stream, Interest::Read), None);
        let mut theirs = connect();
        poll_until_ready(stream, Interest::Read);
        let accepted = sock.accept().unwrap();
        assert!(!accepted.as_socket().unwrap().listens());
        assert_eq!(read(&accepted, 4), Err(Errno::Again));
        theirs.write_all(b"hi").unwrap();
        poll_until_ready(&accepted, Interest::Read);
        assert_eq!(read(&accepted, 4), Ok(b"hi".to_vec()));
        assert!(read(stream, 1).is_err());
    }
}

#[test]
fn what_is_no_socket_is_refused() {
    let file = tempfile::tempfile().unwrap();
    assert!(socket(file.try_clone().unwrap()).is_err());
    assert!(listener(file).is_err());
    if cfg!(not(target_vendor = "apple")) {
        assert!(listener(UnixStream::pair().unwrap().0).is_err());
    }
}

#[test]
fn a_wait_ends_with_its_timeout() {
    let (reader, _writer) = pipe();
    let stream = input(reader).unwrap();
    let handles = [(handle(&stream, Interest::Read), Interest::Read)];
    for handles in [&[][..], &handles] {
        let start = Instant::now();
        Poller::new().wait(handles, Some(SHORT));
        let waited = start.elapsed();
        assert!((SHORT..LONG).contains(&waited), "{waited:?}");
    }
    Poller::new().wait(&handles, Some(Duration::ZERO));
}

#[test]
fn a_wait_ends_when_a_handle_is_ready() {
    let (reader, writer) = pipe();
    let stream = input(reader).unwrap();
    let (idle, _idle_writer) = pipe();
    let idle = input(idle).unwrap();
    let handles = [&idle, &stream].map(|s| (handle(s, Interest::Read), Interest::Read));
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(SHORT);
            rustix::io::write(&writer, b"x").unwrap();
        });
        for timeout in [Some(Duration::MAX), Some(LONG), None] {
            Poller::new().wait(&handles, timeout);
        }
    });
    assert_eq!(read(&stream, 1), Ok(b"x".to_vec()));
}

#[test]
fn a_wait_ends_when_it_is_woken() {
    let poller = Poller::new();
    let start = Instant::now();
    // Before it starts …
    poller.waker().wake();
    poller.wait(&[], Some(LONG));
    // … while it lasts …
    let waker = poller.waker();
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(SHORT);
            waker.wake_by_ref();
        });
        poller.wait(&[], None);
    });
    // … and from a thread that had the waker before anybody waited.
    let waker = poller.waker();
    waker.wake_by_ref();
    thread::scope(|scope| scope.spawn(|| poller.wait(&[], None)).join().unwrap());
    assert!(start.elapsed() < LONG);
}

#[test]
fn a_wake_reaches_every_thread_that_waits() {
    let poller = Poller::new();
    let (started, starts) = std::sync::mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..4 {
            let (started, poller) = (started.clone(), &poller);
            scope.spawn(move || {
                let _waker = poller.waker();
                started.send(()).unwrap();
                poller.wait(&[], None);
            });
        }
        (0..4).for_each(|_| starts.recv().unwrap());
        poller.waker().wake();
    });
}

#[test]
fn many_wakes_are_forgotten_with_the_wait_they_end() {
    let poller = Poller::new();
    let waker = poller.waker();
    (0..100_000).for_each(|_| waker.wake_by_ref());
    poller.wait(&[], Some(LONG));
    let start = Instant::now();
    poller.wait(&[], Some(SHORT));
    assert!(start.elapsed() >= SHORT);
}

#[test]
fn a_handle_of_somebody_else_is_looked_at_often() {
    let foreign = HostHandle::new(Arc::new("not a descriptor"));
    let start = Instant::now();
    Poller::new().wait(&[(foreign, Interest::Read)], None);
    assert!(start.elapsed() < LONG);
}
