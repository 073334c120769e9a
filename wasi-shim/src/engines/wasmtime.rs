//! wasmtime, in the version that `Cargo.toml` names. For another version use [`link_wasmtime!`](crate::link_wasmtime).

use crate::Wasi;
use wasmtime::{Linker, Result};

/// Adds the functions of `wasi_snapshot_preview1` and `wasi_unstable` to a linker.
///
/// `get` finds the guest in the store's data: `|state| &mut state.wasi`. A call that traps fails with
/// [`Trap`](crate::Trap); `proc_exit` fails with [`Exit`](crate::Exit): take either out with `error.downcast_ref`. A call
/// that has to wait blocks the thread.
///
/// # Errors
/// The linker's, if it has one of the functions already.
pub fn add_to_linker<T: 'static>(
    linker: &mut Linker<T>,
    get: impl Fn(&mut T) -> &mut Wasi + Send + Sync + Copy + 'static,
) -> Result<()> {
    crate::link_wasmtime!(wasmtime, linker, get)
}
