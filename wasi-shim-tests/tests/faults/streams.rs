//! Streams whose system calls are interrupted.
//!
//! Knows which call each way of reading, writing, receiving, sending, accepting and waiting comes to. Refuses to know how a
//! call is interrupted. The test of interruptions uses these.

use crate::calls::numbers;
use crate::interrupted::{Case, Interruption, WHILE};
use std::any::Any;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use wasi_shim::abi::{ClockId, Errno, FdFlags, RiFlags, SubclockFlags};
use wasi_shim::{Wasi, host};
use wasi_shim_tests::seccomp::Argument;
use wasi_shim_tests::{Answer, Guest, Subscription};

/// A guest, the handle that is its stream, and what has to be held meanwhile.
type Made = (Guest, RawFd, Box<dyn Any + Send>);

/// A call on a stream of the host.
pub(crate) struct Stream {
    pub(crate) name: &'static str,
    /// The system call that is interrupted.
    call: &'static str,
    /// One that the kernel does not have.
    missing: Option<&'static str>,
    /// The system call is told by its number of handles instead of by its handle.
    handles: Option<u64>,
    make: fn() -> Made,
    run: fn(&mut Guest) -> Answer<usize>,
    expected: Answer<usize>,
}

const IO: Answer<usize> = Err(Errno::Io);

const fn stream(
    name: &'static str,
    call: &'static str,
    make: fn() -> Made,
    run: fn(&mut Guest) -> Answer<usize>,
) -> Stream {
    Stream {
        name,
        call,
        missing: None,
        handles: None,
        make,
        run,
        expected: IO,
    }
}

impl Stream {
    /// Without this system call, for which another is made.
    const fn without(mut self, call: &'static str) -> Self {
        self.missing = Some(call);
        self
    }

    /// With as many handles; the answer is how many events there are.
    const fn polling(mut self, handles: u64) -> Self {
        self.handles = Some(handles);
        self.expected = Ok(1);
        self
    }

    pub(crate) fn interruption(&self) -> Interruption {
        let (mut guest, fd, held) = (self.make)();
        let run = self.run;
        let argument: Argument = match self.handles {
            Some(handles) => (1, handles),
            None => (0, u64::from(fd.unsigned_abs())),
        };
        let case = Case {
            name: self.name.to_owned(),
            run: Box::new(move || {
                let _held = held;
                run(&mut guest)
            }),
            expected: self.expected,
        };
        Interruption {
            missing: self.missing.map(numbers).unwrap_or_default(),
            calls: numbers(self.call),
            argument: Some(argument),
            cases: vec![case],
        }
    }
}

/// Each of them.
pub(crate) const STREAMS: &[Stream] = &[
    stream("fd_read, a pipe", "preadv2", input, read),
    stream("fd_read, a pipe, read", "read", input, read).without("preadv2"),
    stream("fd_read, a pipe, readv", "readv", input, read_many).without("preadv2"),
    stream("fd_write, a pipe", "pwritev2", output, write),
    stream("fd_write, a pipe, write", "write", output, write).without("pwritev2"),
    stream("fd_write, a pipe, writev", "writev", output, write_many).without("pwritev2"),
    stream("fd_read, a socket", "recvfrom", socket, |g| {
        g.fd_read(3, 5).map(|bytes| bytes.len())
    }),
    stream("fd_write, a socket", "sendto", socket, |g| {
        g.fd_write(3, "abc")
    }),
    stream("sock_recv", "recvfrom", socket, |g| receive(g, &[5])),
    stream("sock_recv, buffers", "recvmsg", socket, |g| {
        receive(g, &[2, 3])
    }),
    stream("sock_send", "sendto", socket, |g| {
        g.sock_send(3, &[b"abc"], 0)
    }),
    stream("sock_send, buffers", "sendmsg", socket, |g| {
        g.sock_send(3, &[b"ab", b"c"], 0)
    }),
    stream("sock_accept", "accept4", listener, |g| {
        g.sock_accept(3, FdFlags::empty()).map(|_| 0)
    }),
    stream("poll_oneoff, what is ready", "poll", input, |g| {
        g.poll_oneoff(&[Subscription::Read(0)])
            .map(|events| events.len())
    })
    .polling(1),
    // Where a thread waits there is also the handle by which it is woken.
    stream("poll_oneoff, what is waited for", "poll", empty, wait).polling(2),
];

fn read(guest: &mut Guest) -> Answer<usize> {
    guest.fd_read(0, 5).map(|bytes| bytes.len())
}

fn read_many(guest: &mut Guest) -> Answer<usize> {
    guest.fd_readv(0, &[2, 3]).map(|bytes| bytes.len())
}

fn write(guest: &mut Guest) -> Answer<usize> {
    guest.fd_write(1, "abc")
}

fn write_many(guest: &mut Guest) -> Answer<usize> {
    guest.fd_writev(1, &[b"ab", b"c"])
}

fn receive(guest: &mut Guest, lens: &[usize]) -> Answer<usize> {
    let received = guest.sock_recv(3, lens, RiFlags::empty());
    received.map(|(bytes, _)| bytes.len())
}

/// Waits for what never comes, and a clock.
fn wait(guest: &mut Guest) -> Answer<usize> {
    let time = WHILE * 3;
    let clock = Subscription::Clock(
        ClockId::Monotonic.number(),
        time.as_nanos() as u64,
        SubclockFlags::empty(),
    );
    guest
        .poll_oneoff(&[Subscription::Read(0), clock])
        .map(|events| events.len())
}

fn empty() -> Made {
    let (reader, writer) = std::io::pipe().unwrap();
    let fd = reader.as_raw_fd();
    let builder = Wasi::builder().stdin(host::input(reader).unwrap());
    (Guest::new(builder), fd, Box::new(writer))
}

fn input() -> Made {
    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(b"content").unwrap();
    let fd = reader.as_raw_fd();
    let builder = Wasi::builder().stdin(host::input(reader).unwrap());
    (Guest::new(builder), fd, Box::new(writer))
}

fn output() -> Made {
    let (reader, writer) = std::io::pipe().unwrap();
    let fd = writer.as_raw_fd();
    let builder = Wasi::builder().stdout(host::output(writer).unwrap());
    (Guest::new(builder), fd, Box::new(reader))
}

fn socket() -> Made {
    let (inner, mut outer) = UnixStream::pair().unwrap();
    outer.write_all(b"content").unwrap();
    let fd = inner.as_raw_fd();
    let builder = Wasi::builder().socket(host::socket(inner).unwrap());
    (Guest::new(builder), fd, Box::new(outer))
}

fn listener() -> Made {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let fd = listener.as_raw_fd();
    let builder = Wasi::builder().socket(host::listener(listener).unwrap());
    (Guest::new(builder), fd, Box::new(client))
}
