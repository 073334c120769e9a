//! Several calls and several guests that wait for one handle of the host.

use crate::kit::{accept, block_on, in_time, others, read_byte};
use std::future::poll_fn;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use wasi_shim::vfs::Stream;
use wasi_shim::{Wasi, host};
use wasi_shim_tests::Guest;

const MANY: usize = 30;

fn with_input(stream: &Arc<dyn Stream>) -> Wasi {
    let guest = Wasi::builder().stdin(Arc::clone(stream)).build();
    guest.expect("a guest")
}

/// Guests that each read a byte of one stream. They are given one after the other.
async fn share(stream: Arc<dyn Stream>, mut other: impl Write) {
    let readers: Vec<_> = (0..MANY)
        .map(|_| tokio::spawn(read_byte(with_input(&stream), 0)))
        .collect();
    for byte in 0..MANY {
        others().await;
        let byte = u8::try_from(byte).expect("they are few");
        other.write_all(&[byte]).expect("it is written");
    }
    let mut bytes = Vec::new();
    for reader in readers {
        bytes.push(reader.await.expect("it reads"));
    }
    bytes.sort_unstable();
    assert!(
        bytes
            .iter()
            .copied()
            .eq(0..u8::try_from(MANY).expect("few"))
    );
}

#[test]
fn each_byte_of_a_pipe_wakes_one_of_many_guests() {
    block_on(async {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        share(host::input(reader).expect("a stream"), writer).await;
    });
}

#[test]
fn each_byte_of_a_socket_wakes_one_of_many_guests() {
    block_on(async {
        let (inner, outer) = UnixStream::pair().expect("a pair");
        share(host::socket(inner).expect("a socket"), outer).await;
    });
}

#[test]
fn each_byte_wakes_one_of_many_guests_on_several_threads() {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(3).enable_all().build();
    runtime.expect("a runtime").block_on(in_time(async {
        let (inner, outer) = UnixStream::pair().expect("a pair");
        share(host::socket(inner).expect("a socket"), outer).await;
    }));
}

#[test]
fn each_connection_wakes_one_of_many_guests_that_accept() {
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let listener = host::listener(listener).expect("a listener");
        let serve = |_| {
            let guest = Wasi::builder().socket(Arc::clone(&listener)).build();
            tokio::spawn(async move {
                let mut guest = Guest::of(guest.expect("a guest"));
                let fd = accept(&mut guest, 3).await;
                guest.sock_send(fd, &[b"x"], 0).expect("it is sent")
            })
        };
        let guests: Vec<_> = (0..MANY).map(serve).collect();
        for _ in 0..MANY {
            others().await;
            let connect = move || {
                let mut client = TcpStream::connect(address)?;
                client.read_exact(&mut [0])
            };
            let client = tokio::task::spawn_blocking(connect);
            client.await.expect("it ends").expect("it is served");
        }
        for guest in guests {
            assert_eq!(guest.await.expect("it serves"), 1);
        }
    });
}

/// Both directions of one socket are one registration.
#[test]
fn one_handle_is_waited_for_to_read_and_to_write() {
    block_on(async {
        let (inner, mut outer) = UnixStream::pair().expect("a pair");
        let socket = host::socket(inner).expect("a socket");
        let guest = Wasi::builder().stdin(Arc::clone(&socket)).stdout(socket);
        let mut guest = Guest::new(guest);
        let reader = tokio::spawn(read_byte(guest.wasi.clone(), 0));
        others().await;
        let len = 800_000;
        let writer = tokio::spawn(async move {
            guest.memory[64..68].copy_from_slice(&4096_u32.to_le_bytes());
            let vector = u32::try_from(len).expect("a length");
            guest.memory[68..72].copy_from_slice(&vector.to_le_bytes());
            let args = [1, 64, 1, 80];
            let outcome = guest.attempt(wasi_shim::abi::Syscall::FdWrite, &args);
            let outcome = crate::kit::finish(outcome, &mut guest.memory).await;
            assert!(matches!(outcome, wasi_shim::Outcome::Return(0)));
            guest.u32_at(80) as usize
        });
        others().await;
        assert!(!reader.is_finished() && !writer.is_finished());
        outer.set_nonblocking(true).expect("it can be");
        let (mut left, mut room) = (len, vec![0; 4096]);
        while left > 0 {
            match outer.read(&mut room) {
                Ok(count) => left -= count,
                Err(_) => others().await,
            }
        }
        assert_eq!(writer.await.expect("it writes"), len);
        assert!(!reader.is_finished());
        outer.write_all(b"y").expect("it is written");
        assert_eq!(reader.await.expect("it reads"), b'y');
    });
}

/// The reactor keeps what it has seen: whoever took that for news would ask again and again.
#[test]
fn who_waits_for_a_handle_that_was_ready_for_another_is_left_alone() {
    block_on(async {
        let (inner, mut outer) = UnixStream::pair().expect("a pair");
        let stream = host::socket(inner).expect("a socket");
        let polls = Arc::new(AtomicUsize::new(0));
        let read = || {
            let (guest, polls) = (with_input(&stream), Arc::clone(&polls));
            let mut reading = Box::pin(read_byte(guest, 0));
            tokio::spawn(poll_fn(move |cx| {
                polls.fetch_add(1, Ordering::SeqCst);
                reading.as_mut().poll(cx)
            }))
        };
        let readers = [read(), read()];
        others().await;
        outer.write_all(b"x").expect("it is written");
        others().await;
        let before = polls.load(Ordering::SeqCst);
        for _ in 0..5 {
            others().await;
        }
        assert_eq!(polls.load(Ordering::SeqCst), before);
        outer.write_all(b"y").expect("it is written");
        for reader in readers {
            reader.await.expect("it reads");
        }
    });
}
