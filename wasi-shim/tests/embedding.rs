//! What an embedder does with a guest besides handing calls on: names, messages, waiting its own way.

#![allow(clippy::unwrap_used, reason = "what is wrong in a test should fail it")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Waker;
use std::time::Duration;
use wasi_shim::abi::{Abi, Errno, Syscall};
use wasi_shim::backends::{MemDir, pipe};
use wasi_shim::mem::Memory;
use wasi_shim::vfs::{HostHandle, Interest, Stream, Waiter};
use wasi_shim::{Access, BuildError, Limits, Outcome, Trap, Wasi, raw};

/// `fd_read` of standard input into one buffer of eight bytes.
fn read(wasi: &Wasi) -> Outcome {
    let mut memory = [0; 64];
    memory[16] = 40;
    memory[20] = 8;
    raw::fd_read(
        wasi,
        Abi::Preview1,
        &mut Memory::new(&mut memory),
        0,
        16,
        1,
        32,
    )
}

#[test]
fn what_is_printed_of_a_guest_leaves_its_environment_out() {
    let (reader, _writer) = pipe(16);
    let builder = Wasi::builder()
        .arg("program")
        .env("TOKEN", "secret")
        .stdin(reader);
    let shown = format!("{builder:?}");
    assert!(
        shown.contains("program") && !shown.contains("secret"),
        "{shown}"
    );
    let wasi = builder.build().unwrap();
    assert_eq!(format!("{wasi:?}"), "Wasi { .. }");
    let Outcome::Block(blocked) = read(&wasi) else {
        panic!("there is nothing to read yet");
    };
    assert_eq!(format!("{blocked:?}"), "Blocked { call: FdRead, .. }");
}

#[test]
fn functions_and_their_modules_have_names() {
    assert_eq!(Abi::Preview1.module(), "wasi_snapshot_preview1");
    assert_eq!(Abi::Unstable.module(), "wasi_unstable");
    assert_eq!(Syscall::by_name("path_open"), Some(Syscall::PathOpen));
    assert_eq!(Syscall::by_name("path_teleport"), None);
    assert_eq!(Syscall::PathOpen.to_string(), "path_open");
    for call in Syscall::ALL {
        assert_eq!(Syscall::by_name(call.name()), Some(*call));
        assert_eq!(call.is_in(Abi::Unstable), *call != Syscall::SockAccept);
        assert!(call.is_in(Abi::Preview1));
    }
}

#[test]
fn errors_have_the_names_of_the_specification_and_the_texts_of_posix() {
    let long = Errno::Nametoolong;
    assert_eq!(
        (long.name(), long.to_string()),
        ("nametoolong", "filename too long".to_owned())
    );
    for errno in Errno::ALL {
        assert_eq!(Errno::from_number(errno.number()), Some(*errno));
    }
}

#[test]
fn more_directories_than_descriptors_are_no_guest() {
    let mut limits = Limits::default();
    limits.descriptors = 4;
    let with = |count| {
        (0..count).fold(Wasi::builder().limits(limits), |builder, number| {
            builder.preopen(format!("/{number}"), MemDir::new(), Access::ReadOnly)
        })
    };
    assert!(with(1).build().is_ok());
    let error = with(2).build().err();
    assert_eq!(error, Some(BuildError::Descriptors { count: 5, limit: 4 }));
    assert_eq!(
        error.unwrap().to_string(),
        "5 descriptors to begin with are more than the limit of 4; raise Limits::descriptors"
    );
}

/// Feeds the pipe that is waited for, instead of waiting.
struct Feeder {
    writer: Arc<dyn Stream>,
    waits: AtomicUsize,
}

impl Waiter for Feeder {
    fn wait(&self, handles: &[(HostHandle, Interest)], timeout: Option<Duration>) {
        assert!(handles.is_empty() && timeout.is_none());
        // The first wait ends early, as any may.
        if self.waits.fetch_add(1, Ordering::SeqCst) > 0 {
            let fed = self.writer.write(&[std::io::IoSlice::new(b"food")]);
            assert_eq!(fed, Ok(4));
        }
    }

    fn waker(&self) -> Waker {
        Waker::noop().clone()
    }
}

#[test]
fn a_guest_waits_as_its_embedder_has_it() {
    let (reader, writer) = pipe(16);
    let feeder = Arc::new(Feeder {
        writer,
        waits: AtomicUsize::new(0),
    });
    let waiter = Arc::clone(&feeder);
    let wasi = Wasi::builder()
        .stdin(reader)
        .waiter(move || waiter.clone())
        .build()
        .unwrap();
    let Outcome::Block(blocked) = read(&wasi) else {
        panic!("there is nothing to read yet");
    };
    assert_eq!(blocked.syscall(), Syscall::FdRead);
    blocked.wait();
    assert_eq!(feeder.waits.load(Ordering::SeqCst), 2);
    let mut memory = [0; 64];
    memory[16] = 40;
    memory[20] = 8;
    let outcome = blocked.resume(&mut Memory::new(&mut memory));
    assert!(matches!(outcome, Outcome::Return(0)));
    assert_eq!(&memory[40..44], b"food");
}

#[test]
fn a_cancelled_guest_does_nothing_more_by_either_door() {
    let wasi = Wasi::builder().build().unwrap();
    assert!(matches!(read(&wasi), Outcome::Return(0)));
    wasi.cancel();
    assert!(matches!(read(&wasi), Outcome::Trap(Trap::Cancelled)));
    let outcome = wasi.call(
        Abi::Preview1,
        &mut Memory::new(&mut []),
        Syscall::SchedYield,
        &[],
    );
    assert!(matches!(outcome, Outcome::Trap(Trap::Cancelled)));
}
