//! Whatever a call waits for, when it comes the executor hears of it.

use crate::kit::{block_on, others};
use crate::waits::poll;
use std::io::{IoSlice, IoSliceMut, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixDatagram, UnixStream};
use wasi_shim::abi::{ClockId, SubclockFlags, Syscall};
use wasi_shim::backends::pipe;
use wasi_shim::mem::Memory;
use wasi_shim::tokio::ready;
use wasi_shim::vfs::Stream as _;
use wasi_shim::{Blocked, Builder, Outcome, Wasi, host};
use wasi_shim_tests::{Guest, Subscription};

/// Lets what is waited for come. It holds the other ends of the guest's streams.
pub(crate) type Happen = Box<dyn FnMut() + Send>;

/// A call that waits, and what it waits for.
pub(crate) struct Event {
    pub(crate) name: &'static str,
    streams: fn(Builder) -> (Builder, Happen),
    call: fn(&mut Guest) -> Outcome,
}

impl Event {
    /// Starts the call, and expects it to wait.
    pub(crate) fn start(&self) -> (Guest, Blocked, Happen) {
        let (builder, happen) = (self.streams)(Wasi::builder());
        let mut guest = Guest::new(builder);
        match (self.call)(&mut guest) {
            Outcome::Block(blocked) => (guest, blocked, happen),
            other => panic!("{}: {other:?}", self.name),
        }
    }
}

/// Each of them.
pub(crate) const ALL: &[Event] = &[
    Event {
        name: "a time",
        streams: |builder| (builder, Box::new(|| ())),
        call: |guest| poll(guest, &[SOON]),
    },
    Event {
        name: "something in a pipe",
        streams: written,
        call: |guest| poll(guest, &[Subscription::Read(0)]),
    },
    Event {
        name: "something to read in a pipe",
        streams: written,
        call: |guest| read(guest, 0),
    },
    Event {
        name: "the end of a pipe",
        streams: closed,
        call: |guest| read(guest, 0),
    },
    Event {
        name: "room in a pipe",
        streams: drained,
        call: |guest| write(guest, 1, 6),
    },
    Event {
        name: "something to read in a host pipe",
        streams: host_written,
        call: |guest| read(guest, 0),
    },
    Event {
        name: "the end of a host pipe",
        streams: host_closed,
        call: |guest| read(guest, 0),
    },
    Event {
        name: "room in a host pipe",
        streams: host_drained,
        call: |guest| write(guest, 1, 80_000),
    },
    Event {
        name: "something in a socket",
        streams: |builder| socket(builder, write_one),
        call: |guest| poll(guest, &[Subscription::Read(3)]),
    },
    Event {
        name: "something to receive from a socket",
        streams: |builder| socket(builder, write_one),
        call: |guest| receive(guest, 3),
    },
    Event {
        name: "the end of a socket",
        streams: |builder| {
            socket(builder, |other| {
                let ended = other.shutdown(std::net::Shutdown::Write);
                ended.expect("it ends");
            })
        },
        call: |guest| receive(guest, 3),
    },
    Event {
        name: "room in a socket",
        streams: |builder| {
            socket(builder, |other| {
                other.set_nonblocking(true).expect("it can be");
                let mut room = [0; 4096];
                while other.read(&mut room).is_ok() {}
            })
        },
        call: |guest| write(guest, 3, 800_000),
    },
    Event {
        name: "a datagram",
        streams: datagram,
        call: |guest| receive(guest, 3),
    },
    Event {
        name: "a connection",
        streams: connected,
        call: |guest| guest.attempt(Syscall::SockAccept, &[3, 0, 80]),
    },
    Event {
        name: "one of everything",
        streams: |builder| {
            let (builder, mut pipe) = written(builder);
            let (builder, other) = with_socket(builder);
            let write = move || {
                let _held = &other;
                pipe();
            };
            (builder, Box::new(write))
        },
        call: |guest| poll(guest, &[LATE, Subscription::Read(3), Subscription::Read(0)]),
    },
    Event {
        name: "the other of everything",
        streams: |builder| {
            let (builder, pipe) = written(builder);
            let (builder, mut other) = with_socket(builder);
            let write = move || {
                let _held = &pipe;
                write_one(&mut other);
            };
            (builder, Box::new(write))
        },
        call: |guest| poll(guest, &[Subscription::Read(0), LATE, Subscription::Read(3)]),
    },
    Event {
        name: "the time of everything",
        streams: |builder| {
            let (builder, pipe) = written(builder);
            let (builder, other) = with_socket(builder);
            let hold = move || {
                let _held = (&pipe, &other);
            };
            (builder, Box::new(hold))
        },
        call: |guest| poll(guest, &[Subscription::Read(0), SOON, Subscription::Read(3)]),
    },
];

/// What comes of a call whose wait is over; it may have to wait for more of the same.
pub(crate) fn go_on(blocked: Blocked, memory: &mut [u8], happen: &mut Happen) -> Outcome {
    let mut outcome = blocked.resume(&mut Memory::new(memory));
    while let Outcome::Block(blocked) = outcome {
        happen();
        block_on(ready(&blocked));
        outcome = blocked.resume(&mut Memory::new(memory));
    }
    outcome
}

const SOON: Subscription = after(5_000_000);
const LATE: Subscription = after(3_600_000_000_000);

const fn after(nanoseconds: u64) -> Subscription {
    let clock = ClockId::Monotonic.number();
    Subscription::Clock(clock, nanoseconds, SubclockFlags::empty())
}

fn written(builder: Builder) -> (Builder, Happen) {
    let (reader, writer) = pipe(4);
    let write = move || {
        let count = writer.write(&[IoSlice::new(b"x")]);
        assert_eq!(count, Ok(1));
    };
    (builder.stdin(reader), Box::new(write))
}

fn closed(builder: Builder) -> (Builder, Happen) {
    let (reader, writer) = pipe(4);
    let mut writer = Some(writer);
    (builder.stdin(reader), Box::new(move || drop(writer.take())))
}

fn drained(builder: Builder) -> (Builder, Happen) {
    let (reader, writer) = pipe(4);
    let read = move || {
        let mut room = [0; 4];
        let count = reader.read(&mut [IoSliceMut::new(&mut room)]);
        assert_eq!(count, Ok(4));
    };
    (builder.stdout(writer), Box::new(read))
}

fn host_written(builder: Builder) -> (Builder, Happen) {
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    let stream = host::input(reader).expect("a stream");
    let write = move || writer.write_all(b"x").expect("it is written");
    (builder.stdin(stream), Box::new(write))
}

fn host_closed(builder: Builder) -> (Builder, Happen) {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let stream = host::input(reader).expect("a stream");
    let mut writer = Some(writer);
    (builder.stdin(stream), Box::new(move || drop(writer.take())))
}

fn host_drained(builder: Builder) -> (Builder, Happen) {
    let (mut reader, writer) = std::io::pipe().expect("a pipe");
    let stream = host::output(writer).expect("a stream");
    let read = move || {
        let mut room = vec![0; 40_000];
        reader.read_exact(&mut room).expect("it is read");
    };
    (builder.stdout(stream), Box::new(read))
}

fn with_socket(builder: Builder) -> (Builder, UnixStream) {
    let (inner, outer) = UnixStream::pair().expect("a pair");
    let socket = host::socket(inner).expect("a socket");
    (builder.socket(socket), outer)
}

fn socket(builder: Builder, happen: fn(&mut UnixStream)) -> (Builder, Happen) {
    let (builder, mut outer) = with_socket(builder);
    (builder, Box::new(move || happen(&mut outer)))
}

fn write_one(socket: &mut UnixStream) {
    socket.write_all(b"x").expect("it is written");
}

fn datagram(builder: Builder) -> (Builder, Happen) {
    let (inner, outer) = UnixDatagram::pair().expect("a pair");
    let socket = host::socket(inner).expect("a socket");
    let send = move || {
        let count = outer.send(b"x");
        assert_eq!(count.expect("it is sent"), 1);
    };
    (builder.socket(socket), Box::new(send))
}

fn connected(builder: Builder) -> (Builder, Happen) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let socket = host::listener(listener).expect("a listener");
    let mut clients = Vec::new();
    let connect = move || clients.push(TcpStream::connect(address).expect("it connects"));
    (builder.socket(socket), Box::new(connect))
}

fn read(guest: &mut Guest, fd: u32) -> Outcome {
    vector(guest, 8);
    guest.attempt(Syscall::FdRead, &[fd.into(), 64, 1, 80])
}

fn receive(guest: &mut Guest, fd: u32) -> Outcome {
    vector(guest, 8);
    guest.attempt(Syscall::SockRecv, &[fd.into(), 64, 1, 0, 80, 84])
}

fn write(guest: &mut Guest, fd: u32, len: u32) -> Outcome {
    vector(guest, len);
    guest.attempt(Syscall::FdWrite, &[fd.into(), 64, 1, 80])
}

/// Puts the vector of one buffer into the memory.
fn vector(guest: &mut Guest, len: u32) {
    guest.memory[64..68].copy_from_slice(&4096_u32.to_le_bytes());
    guest.memory[68..72].copy_from_slice(&len.to_le_bytes());
}

#[test]
fn every_event_wakes_who_waits_for_it_and_only_then() {
    for event in ALL {
        let (mut guest, blocked, mut happen) = event.start();
        let by_itself = matches!(event.name, "a time" | "the time of everything");
        block_on(async {
            tokio::select! {
                biased;
                () = ready(&blocked) => assert!(by_itself, "{}: it is woken too early", event.name),
                () = others() => {}
            }
            tokio::join!(ready(&blocked), async { happen() })
        });
        let outcome = go_on(blocked, &mut guest.memory, &mut happen);
        assert!(matches!(outcome, Outcome::Return(0)), "{}", event.name);
    }
}

#[test]
fn what_came_before_anybody_waited_is_seen() {
    for event in ALL {
        let (mut guest, blocked, mut happen) = event.start();
        happen();
        block_on(ready(&blocked));
        let outcome = go_on(blocked, &mut guest.memory, &mut happen);
        assert!(matches!(outcome, Outcome::Return(0)), "{}", event.name);
    }
}

#[test]
fn memory_that_grows_and_moves_while_a_call_waits_is_used_where_it_is_then() {
    for event in ALL {
        let (mut guest, blocked, mut happen) = event.start();
        block_on(async {
            tokio::join!(ready(&blocked), async {
                others().await;
                happen();
            })
        });
        let mut larger = guest.memory.clone();
        larger.resize(2 * Guest::MEMORY, 0);
        guest.memory.fill(0xff);
        let outcome = go_on(blocked, &mut larger, &mut happen);
        assert!(matches!(outcome, Outcome::Return(0)), "{}", event.name);
        assert!(guest.memory.iter().all(|byte| *byte == 0xff));
    }
}
