//! Operations on streams and sockets.

use super::Operation;
use super::guest::{BUFFER, Guest, OUT, SOCKET, STDIN, STDOUT, STREAMS, call};

/// Those that every stream is good for.
pub(crate) fn all(guest: &mut Guest) -> Vec<Operation> {
    let (byte, one) = guest.vectors(1, 1);
    let (bytes, count) = guest.vectors(16, 4096);
    vec![
        Operation::new("fd_read, a stream", move |g| {
            call!(g.fd_read(STDIN, bytes, one, OUT))
        }),
        Operation::new("fd_write, a stream, 1 byte", move |g| {
            call!(g.fd_write(STDOUT, byte, one, OUT))
        }),
        Operation::new("fd_write, a stream, 16 buffers", move |g| {
            call!(g.fd_write(STDOUT, bytes, count, OUT))
        }),
        polling(guest, "1 stream", 1),
        polling(guest, "100 streams", STREAMS),
    ]
}

/// Those of sockets. What they send stays where it is.
pub(crate) fn sockets(guest: &mut Guest) -> Vec<Operation> {
    let (byte, one) = guest.vectors(1, 1);
    let (bytes, count) = guest.vectors(16, 16);
    vec![
        Operation::new("sock_recv", move |g| {
            call!(g.sock_recv(SOCKET, byte, one, 0, OUT, OUT + 4))
        }),
        Operation::new("sock_recv, 16 buffers", move |g| {
            call!(g.sock_recv(SOCKET, bytes, count, 0, OUT, OUT + 4))
        }),
        Operation::new("sock_send", move |g| {
            call!(g.sock_send(SOCKET, byte, one, 0, OUT))
        }),
        Operation::new("sock_send, 16 buffers", move |g| {
            call!(g.sock_send(SOCKET, bytes, count, 0, OUT))
        }),
    ]
}

/// A subscription to reading from a stream.
pub(crate) fn subscription(stream: usize) -> [u8; 48] {
    let mut bytes = [0; 48];
    bytes[8] = 1;
    bytes[16] = u8::try_from(SOCKET as usize + stream).expect("a small number");
    bytes
}

fn polling(guest: &mut Guest, name: &str, count: usize) -> Operation {
    let all: Vec<u8> = (0..count).flat_map(subscription).collect();
    let at = guest.put(&all);
    let count = i32::try_from(count).expect("a small number");
    let poll = move |g: &mut Guest| {
        call!(g.poll_oneoff(at, BUFFER, count, OUT))?;
        assert_eq!(
            g.number_at(OUT),
            count,
            "all of them have something to read"
        );
        Ok(())
    };
    Operation::new(format!("poll_oneoff, {name}"), poll)
}
