//! Devices: things with a name that are neither kept nor stored.
//!
//! Knows streams without a store (zeros, random bytes, a log, terminals for tests), files and directories made of
//! closures, and a directory to put them in. Refuses to know where random bytes and time come from: they are handed in.
//! Embedders give them to guests as standard streams, or as a `/dev`.
//!
//! Only a terminal is called a character device by its descriptor, because that is what makes a C program's `isatty`
//! true. Looked at by name every stream is one, as `stat` has it of `/dev/null`.

mod capped;
mod closures;
mod directory;
mod found;
mod log;
mod random;
mod script;
mod terminal;
mod zero;

pub use capped::Capped;
pub use closures::{ClosureDir, ClosureFile};
pub use directory::{BadName, Devices, DevicesBuilder};
pub use log::Log;
pub use random::{Random, Seeded};
pub use script::{Script, ScriptedTerminal};
pub use terminal::Terminal;
pub use zero::{Full, Zero};

use super::streams::now;
use crate::abi::Result;
use crate::vfs::{Interest, Readiness};
use std::io::IoSliceMut;

/// What a poll is told of a device without an end: enough for any block, and no more than a program may put into an
/// `int`.
const ROOM: u64 = 1 << 16;

/// The most that one read of an endless device gives, about what Linux gives of `/dev/urandom`: between two reads a
/// guest can be cancelled.
const MOST: usize = 1 << 25;

/// Lets `give` fill the buffers, up to [`MOST`] bytes of them. An error after the first buffer is not reported.
fn fill(
    bufs: &mut [IoSliceMut<'_>],
    mut give: impl FnMut(&mut [u8]) -> Result<()>,
) -> Result<usize> {
    let mut done = 0_usize;
    for buf in bufs {
        let count = buf.len().min(MOST.saturating_sub(done));
        let part = buf.get_mut(..count).unwrap_or_default();
        match give(part) {
            Ok(()) => done = done.saturating_add(part.len()),
            Err(_) if done > 0 => break,
            Err(errno) => return Err(errno),
        }
    }
    Ok(done)
}

/// The readiness of what is read and written without an end.
const fn endless(_: Interest) -> Readiness {
    now(ROOM, false)
}
