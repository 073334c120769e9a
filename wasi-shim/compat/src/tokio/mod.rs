//! The same for guests whose calls wait without a thread, on tokio's.
//!
//! This room knows tokio. Files, directories and sockets are those of `sync`: the shim waits for none of them by standing
//! still, whoever waits. Embedders with asynchronous stores use it.

/// Sockets.
pub mod net {
    pub use crate::sync::net::*;
}

/// Standard streams.
pub mod stdio {
    pub use crate::sync::stdio::*;
}

pub mod sched;

pub use self::net::{TcpListener, TcpStream, UnixListener, UnixStream};
pub use self::stdio::{Stderr, Stdin, Stdout, stderr, stdin, stdout};
pub use crate::sync::dir::Dir;
pub use crate::sync::file::File;
pub use crate::sync::{clocks_ctx, random_ctx};
pub use sched::sched_ctx;

crate::sync::builder! { sched_ctx, Dir, stdio }

#[cfg(feature = "wasmtime")]
crate::link::linkers! { crate::link::add_async, Send }
