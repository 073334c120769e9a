//! What of a guest has no tree: a pipe, a pair of sockets, and a listener.
//!
//! Knows which descriptors they are, and how a visitor comes to the listener. Refuses to know the calls that are made on
//! them. Each worker's guest has its own.

use super::scene::{Scene, TREES};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use wasi_shim::abi::FdFlags;
use wasi_shim::backends::{Null, pipe};
use wasi_shim::{Limits, host};

use crate::Guest;

/// The two sockets, which are each other's ends, and the listener.
pub(super) const SOCKETS: [u32; 2] = [3 + TREES, 4 + TREES];
pub(super) const LISTENER: u32 = 5 + TREES;

/// The first descriptor that may be closed.
pub(super) const FIRST: u32 = 6 + TREES;

/// A guest over the scene, with streams that never wait, and the way to its listener.
pub(super) struct Equipped {
    pub(super) guest: Guest,
    door: PathBuf,
}

impl Equipped {
    pub(super) fn new(scene: &Scene, index: usize, descriptors: u32) -> Self {
        let door = scene.folder.path().join(format!("door-{index}"));
        let _ = std::fs::remove_file(&door);
        let listener = UnixListener::bind(&door).expect("a new name");
        let (one, other) = UnixStream::pair().expect("two sockets");
        let (reader, writer) = pipe(4096);
        let mut limits = Limits::default();
        limits.descriptors = descriptors;
        let builder = scene
            .builder()
            .limits(limits)
            .stdin(reader)
            .stdout(writer)
            .stderr(std::sync::Arc::new(Null))
            .arg("soak")
            .env("NAME", "value")
            .socket(host::socket(one).expect("a socket"))
            .socket(host::socket(other).expect("a socket"))
            .socket(host::listener(listener).expect("a listener"));
        let mut guest = Guest::new(builder);
        for fd in [0, 1, 2, SOCKETS[0], SOCKETS[1], LISTENER] {
            let set = guest.fd_fdstat_set_flags(fd, FdFlags::NONBLOCK);
            set.expect("a stream that need not wait");
        }
        Self { guest, door }
    }

    /// Somebody connects, is let in or not, and goes. Nobody is left waiting: at most one comes at a time.
    pub(super) fn visit(&mut self) -> Result<u32, wasi_shim::abi::Errno> {
        let _visitor = UnixStream::connect(&self.door).expect("the listener is there");
        let accepted = self.guest.sock_accept(LISTENER, FdFlags::NONBLOCK);
        if accepted.is_err() {
            // A table without room. The connection would stay, and a hundred of them would make the next one wait.
            let last = self.guest.fd_close(FIRST);
            last.expect("a full table has a descriptor there");
            let fd = self.guest.sock_accept(LISTENER, FdFlags::NONBLOCK)?;
            return Ok(fd);
        }
        accepted
    }
}
