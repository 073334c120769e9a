//! Every way in which a call of a guest can wait, in memory and on the host: a guest, the call, and what it waits for,
//! which never comes.

use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat, open};
use std::any::Any;
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use wasi_shim::abi::{
    ClockId, FdFlags, LookupFlags, OFlags as Opening, Rights, SubclockFlags, Syscall,
};
use wasi_shim::backends::{Script, ScriptedTerminal, pipe};
use wasi_shim::{Access, Blocked, Builder, Outcome, host};
use wasi_shim_tests::{Guest, Subscription};

/// More than any pipe or socket here holds.
const MUCH: usize = 900_000;

/// A call that waits.
pub(crate) struct Wait {
    /// What it is, for messages.
    pub(crate) name: &'static str,
    /// The guest's streams, and what has to be held meanwhile.
    pub(crate) streams: fn(Builder) -> (Builder, Box<dyn Any>),
    /// Makes the call.
    pub(crate) call: fn(&mut Guest) -> Outcome,
}

/// Each of them.
pub(crate) const ALL: &[Wait] = &[
    Wait {
        name: "poll_oneoff, a monotonic clock",
        streams: nothing,
        call: |guest| poll(guest, &[FOREVER]),
    },
    Wait {
        name: "poll_oneoff, a clock that can be set",
        streams: nothing,
        call: |guest| poll(guest, &[NEVER]),
    },
    Wait {
        name: "poll_oneoff, a pipe to read",
        streams: input,
        call: |guest| poll(guest, &[Read(0)]),
    },
    Wait {
        name: "poll_oneoff, a pipe to write",
        streams: output,
        call: |guest| when_full(guest, 1),
    },
    Wait {
        name: "poll_oneoff, everything",
        streams: host_everything,
        call: |guest| poll(guest, &[FOREVER, NEVER, Read(0), Read(3)]),
    },
    Wait {
        name: "fd_read, a pipe",
        streams: input,
        call: |guest| read(guest, 0),
    },
    Wait {
        name: "fd_write, a full pipe",
        streams: output,
        call: |guest| write(guest, Syscall::FdWrite, 1),
    },
    Wait {
        name: "fd_read, a scripted terminal",
        streams: scripted,
        call: |guest| read(guest, 0),
    },
    Wait {
        name: "poll_oneoff, a host pipe to read",
        streams: host_input,
        call: |guest| poll(guest, &[Read(0)]),
    },
    Wait {
        name: "poll_oneoff, a host pipe to write",
        streams: host_output,
        call: |guest| when_full(guest, 1),
    },
    Wait {
        name: "poll_oneoff, a socket to read",
        streams: socket,
        call: |guest| poll(guest, &[Read(3)]),
    },
    Wait {
        name: "poll_oneoff, a listener",
        streams: listener,
        call: |guest| poll(guest, &[Read(3)]),
    },
    Wait {
        name: "fd_read, a host pipe",
        streams: host_input,
        call: |guest| read(guest, 0),
    },
    Wait {
        name: "fd_read, a terminal",
        streams: terminal,
        call: |guest| read(guest, 0),
    },
    Wait {
        name: "fd_read, a fifo in a directory",
        streams: fifo,
        call: |guest| {
            let fd = open_fifo(guest, Rights::FD_READ);
            read(guest, fd)
        },
    },
    Wait {
        name: "fd_write, a full fifo in a directory",
        streams: fifo,
        call: |guest| {
            let fd = open_fifo(guest, Rights::FD_WRITE);
            write(guest, Syscall::FdWrite, fd)
        },
    },
    Wait {
        name: "poll_oneoff, a fifo in a directory to read",
        streams: fifo,
        call: |guest| {
            let fd = open_fifo(guest, Rights::FD_READ);
            poll(guest, &[Read(fd)])
        },
    },
    Wait {
        name: "poll_oneoff, a fifo in a directory to write",
        streams: fifo,
        call: |guest| {
            let fd = open_fifo(guest, Rights::FD_WRITE);
            when_full(guest, fd)
        },
    },
    Wait {
        name: "fd_write, a full host pipe",
        streams: host_output,
        call: |guest| write(guest, Syscall::FdWrite, 1),
    },
    Wait {
        name: "fd_read, a socket",
        streams: socket,
        call: |guest| read(guest, 3),
    },
    Wait {
        name: "fd_write, a full socket",
        streams: socket,
        call: |guest| write(guest, Syscall::FdWrite, 3),
    },
    Wait {
        name: "sock_accept",
        streams: listener,
        call: accept,
    },
    Wait {
        name: "sock_recv",
        streams: socket,
        call: receive,
    },
    Wait {
        name: "sock_send, a full socket",
        streams: socket,
        call: |guest| write(guest, Syscall::SockSend, 3),
    },
];

use Subscription::{Clock as At, Read, Write};

/// 584 years from now.
const FOREVER: Subscription = At(
    ClockId::Monotonic.number(),
    u64::MAX,
    SubclockFlags::empty(),
);

/// A time of the clock that somebody may set.
const NEVER: Subscription = At(
    ClockId::Realtime.number(),
    u64::MAX,
    SubclockFlags::SUBSCRIPTION_CLOCK_ABSTIME,
);

impl Wait {
    /// Starts the call, and expects it to wait. What is held has to be held until it has ended.
    pub(crate) fn start(
        &self,
        builder: Builder,
        change: impl FnOnce(&mut Guest),
    ) -> (Guest, Blocked, Box<dyn Any>) {
        let (builder, held) = (self.streams)(builder);
        let mut guest = Guest::new(builder);
        change(&mut guest);
        match (self.call)(&mut guest) {
            Outcome::Block(blocked) => (guest, blocked, held),
            other => panic!("{}: {other:?}", self.name),
        }
    }
}

fn nothing(builder: Builder) -> (Builder, Box<dyn Any>) {
    (builder, Box::new(()))
}

fn input(builder: Builder) -> (Builder, Box<dyn Any>) {
    let (reader, writer) = pipe(4);
    (builder.stdin(reader), Box::new(writer))
}

fn output(builder: Builder) -> (Builder, Box<dyn Any>) {
    let (reader, writer) = pipe(4);
    (builder.stdout(writer), Box::new(reader))
}

fn scripted(builder: Builder) -> (Builder, Box<dyn Any>) {
    let script = Script::new().expect("a question").send("an answer");
    (
        builder.stdin(ScriptedTerminal::new(script, 100)),
        Box::new(()),
    )
}

fn host_input(builder: Builder) -> (Builder, Box<dyn Any>) {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let stream = host::input(reader).expect("a stream");
    (builder.stdin(stream), Box::new(writer))
}

fn host_output(builder: Builder) -> (Builder, Box<dyn Any>) {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let stream = host::output(writer).expect("a stream");
    (builder.stdout(stream), Box::new(reader))
}

fn socket(builder: Builder) -> (Builder, Box<dyn Any>) {
    let (inner, outer) = UnixStream::pair().expect("a pair");
    let socket = host::socket(inner).expect("a socket");
    (builder.socket(socket), Box::new(outer))
}

fn listener(builder: Builder) -> (Builder, Box<dyn Any>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let socket = host::listener(listener).expect("a listener");
    (builder.socket(socket), Box::new(()))
}

/// A pipe in memory and a socket of the host.
fn host_everything(builder: Builder) -> (Builder, Box<dyn Any>) {
    let (builder, one) = input(builder);
    let (builder, two) = socket(builder);
    (builder, Box::new((one, two)))
}

/// A terminal at which nobody types.
fn terminal(builder: Builder) -> (Builder, Box<dyn Any>) {
    let flags = OFlags::RDWR | OFlags::NOCTTY;
    let master = open("/dev/ptmx", flags, Mode::empty()).expect("a terminal");
    let stream = host::input(master.try_clone().expect("a handle")).expect("a stream");
    (builder.stdin(stream), Box::new(master))
}

/// A FIFO that somebody has open, to read and to write, in a directory.
fn fifo(builder: Builder) -> (Builder, Box<dyn Any>) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("fifo");
    mknodat(CWD, &path, FileType::Fifo, Mode::RWXU, 0).expect("a fifo");
    let writer = open(&path, OFlags::RDWR, Mode::empty()).expect("it opens");
    let dir = host::open_dir(folder.path()).expect("it opens");
    let builder = builder.preopen("/", dir, Access::ReadWrite);
    (builder, Box::new((folder, writer)))
}

/// `poll_oneoff` of these.
pub(crate) fn poll(guest: &mut Guest, subscriptions: &[Subscription]) -> Outcome {
    let count = subscriptions.len() as i64;
    let subscriptions = guest.encode_subscriptions(subscriptions);
    guest.attempt(
        Syscall::PollOneoff,
        &[subscriptions.into(), 4096, count, 8192],
    )
}

/// Fills what has this number, then polls until there is room in it.
fn when_full(guest: &mut Guest, fd: u32) -> Outcome {
    assert!(matches!(
        write(guest, Syscall::FdWrite, fd),
        Outcome::Block(_)
    ));
    poll(guest, &[Write(fd)])
}

fn read(guest: &mut Guest, fd: u32) -> Outcome {
    vector(guest, 64, 8);
    guest.attempt(Syscall::FdRead, &[fd.into(), 64, 1, 80])
}

fn receive(guest: &mut Guest) -> Outcome {
    vector(guest, 64, 8);
    guest.attempt(Syscall::SockRecv, &[3, 64, 1, 0, 80, 84])
}

fn accept(guest: &mut Guest) -> Outcome {
    guest.attempt(Syscall::SockAccept, &[3, 0, 80])
}

/// Writes until it would have to wait.
fn write(guest: &mut Guest, call: Syscall, fd: u32) -> Outcome {
    let args: &[i64] = match call {
        Syscall::SockSend => &[fd.into(), 64, 1, 0, 80],
        _ => &[fd.into(), 64, 1, 80],
    };
    loop {
        vector(guest, 64, MUCH as u32);
        match guest.attempt(call, args) {
            Outcome::Return(0) => {}
            other => return other,
        }
    }
}

fn open_fifo(guest: &mut Guest, right: Rights) -> u32 {
    let (lookup, none) = (LookupFlags::empty(), Rights::empty());
    let rights = right | Rights::POLL_FD_READWRITE;
    let fd = guest.path_open(
        3,
        lookup,
        "fifo",
        Opening::empty(),
        (rights, none),
        FdFlags::empty(),
    );
    fd.expect("it opens")
}

/// Puts the vector of one buffer into the memory.
fn vector(guest: &mut Guest, at: usize, len: u32) {
    guest.memory[at..at + 4].copy_from_slice(&4096_u32.to_le_bytes());
    guest.memory[at + 4..at + 8].copy_from_slice(&len.to_le_bytes());
}
