//! wasmi, in the version that `Cargo.toml` names. For another version use [`link_wasmi!`](crate::link_wasmi).
//!
//! Knows what an error of wasmi can carry: a [`Trap`](crate::Trap) can be taken out of one by `error.downcast_ref`, and
//! `proc_exit` is what wasmi calls an exit status, `error.i32_exit_status()`.
//!
//! A guest that waits need not keep a thread: link it by [`add_to_linker_resumable`], and [`call`] it. Then a call that has
//! to wait gives the thread back, and is [resumed](Suspended::resume) when it is time.
//!
//! ```
//! use wasi_shim::Wasi;
//! use wasi_shim::wasmi::{Call, add_to_linker_resumable, call};
//!
//! fn run(module: &wasmi::Module, wasi: Wasi) -> Result<(), Box<dyn std::error::Error>> {
//!     let mut linker = wasmi::Linker::new(module.engine());
//!     add_to_linker_resumable(&mut linker, |wasi: &mut Wasi| wasi)?;
//!     let mut store = wasmi::Store::new(module.engine(), wasi);
//!     let instance = linker.instantiate_and_start(&mut store, module)?;
//!     let start = instance.get_func(&store, "_start").ok_or("no program")?;
//!     let mut state = call(&mut store, start, &[], &mut [])?;
//!     loop {
//!         state = match state {
//!             Call::Finished => return Ok(()),
//!             Call::Suspended(suspended) => {
//!                 // Other guests may run here, until `suspended.blocked()` is ready.
//!                 suspended.blocked().wait();
//!                 suspended.resume(&mut store, &mut [])?
//!             }
//!             Call::HostTrap(trap) => return Err(trap.into_host_error().into()),
//!             Call::OutOfFuel(_) => return Err("it computes for too long".into()),
//!         }
//!     }
//! }
//! ```

pub use super::wasmi_resumable::{Call, Suspended, call};

use super::wasmi_resumable::leave;
use crate::{Trap, Wasi};
use wasmi::errors::HostError;
use wasmi::{Error, Linker};

/// So that it can be taken out of an error: `error.downcast_ref::<Trap>()`.
impl HostError for Trap {}

/// Adds the functions of `wasi_snapshot_preview1` and `wasi_unstable` to a linker.
///
/// `get` finds the guest in the store's data: `|state| &mut state.wasi`. A call that traps fails with a
/// [`Trap`](crate::Trap): take it out with `error.downcast_ref`. `proc_exit` fails with an `error.i32_exit_status()`, whose
/// bits are the code. A call that has to wait blocks the thread.
///
/// # Errors
/// The linker's, if it has one of the functions already.
pub fn add_to_linker<T: 'static>(
    linker: &mut Linker<T>,
    get: impl Fn(&mut T) -> &mut Wasi + Send + Sync + Copy + 'static,
) -> Result<(), Error> {
    crate::wasmi_settle! { wasmi, |trap| Error::host(trap) }
    crate::link_wasmi!(wasmi, linker, get, settle)
}

/// Adds the functions to a linker, for guests that are called by [`call`].
///
/// They are those of [`add_to_linker`], but a call that has to wait leaves the guest. Where wasmi cannot resume it, because
/// the guest was called in another way, is being instantiated, or is called by a function that the guest called, it fails
/// and the error says so.
///
/// # Errors
/// The linker's, if it has one of the functions already.
pub fn add_to_linker_resumable<T: 'static>(
    linker: &mut Linker<T>,
    get: impl Fn(&mut T) -> &mut Wasi + Send + Sync + Copy + 'static,
) -> Result<(), Error> {
    crate::link_wasmi!(wasmi, linker, get, leave)
}
