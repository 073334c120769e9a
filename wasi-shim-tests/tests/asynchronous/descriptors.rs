//! Handles of the host that behave unlike most.

use crate::kit::{block_on, others, read_byte};
use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat, open};
use std::future::poll_fn;
use std::io::Write;
use std::net::UdpSocket;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use wasi_shim::abi::{Errno, Syscall};
use wasi_shim::{Outcome, Wasi, host};
use wasi_shim_tests::Guest;

/// The reactor remembers for good that the other end has closed, as long as anybody waits.
#[test]
fn a_fifo_that_is_opened_again_wakes_who_waits() {
    block_on(async {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("fifo");
        mknodat(CWD, &path, FileType::Fifo, Mode::RWXU, 0).expect("a fifo");
        let flags = OFlags::RDONLY | OFlags::NONBLOCK;
        let handle = open(&path, flags, Mode::empty()).expect("it opens");
        let stream = host::input(handle).expect("a stream");
        let guest = || {
            let guest = Wasi::builder().stdin(Arc::clone(&stream)).build();
            guest.expect("a guest")
        };
        let first = fs_writer(&path);
        let mut slow = pin!(read_byte(guest(), 0));
        let once = poll_fn(|cx| Poll::Ready(slow.as_mut().poll(cx)));
        assert!(once.await.is_pending());
        drop(first);
        others().await;
        // Nobody has looked since.
        let mut second = fs_writer(&path);
        let quick = tokio::spawn(read_byte(guest(), 0));
        others().await;
        assert!(!quick.is_finished());
        second.write_all(b"x").expect("it is written");
        assert_eq!(quick.await.expect("it reads"), b'x');
        second.write_all(b"y").expect("it is written");
        assert_eq!(slow.await, b'y');
    });
}

fn fs_writer(path: &std::path::Path) -> std::fs::File {
    let file = std::fs::File::options().write(true).open(path);
    file.expect("it opens")
}

/// Such an error is an event of its own for a reactor, neither one for readers nor one for writers.
#[test]
fn an_error_that_comes_alone_wakes_who_waits() {
    block_on(async {
        let nobody = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let address = nobody.local_addr().expect("an address");
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        socket.connect(address).expect("it connects");
        let same = socket.try_clone().expect("a handle");
        let socket = host::socket(socket).expect("a socket");
        let guest = Wasi::builder().socket(socket);
        let mut guest = Guest::new(guest);
        guest.memory[64..68].copy_from_slice(&4096_u32.to_le_bytes());
        guest.memory[68] = 8;
        let receiving = tokio::spawn(async move {
            let outcome = guest.attempt(Syscall::SockRecv, &[3, 64, 1, 0, 80, 84]);
            crate::kit::finish(outcome, &mut guest.memory).await
        });
        others().await;
        assert!(!receiving.is_finished());
        drop(nobody);
        same.send(b"x").expect("it is sent");
        let outcome = receiving.await.expect("it ends");
        let refused =
            matches!(outcome, Outcome::Return(number) if number == Errno::Connrefused.number());
        assert!(refused, "{outcome:?}");
    });
}

/// To be looked at is all that can be done with a handle that no reactor takes.
#[test]
fn a_file_that_no_reactor_takes_is_always_ready() {
    block_on(async {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(b"xy").expect("it is written");
        std::io::Seek::rewind(&mut file).expect("it has a position");
        let stream = host::input(file).expect("a stream");
        let guest = Wasi::builder().stdin(stream).build().expect("a guest");
        assert_eq!(read_byte(guest.clone(), 0).await, b'x');
        assert_eq!(read_byte(guest, 0).await, b'y');
    });
}
