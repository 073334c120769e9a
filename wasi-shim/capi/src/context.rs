//! A guest, as C holds it.
//!
//! Knows how one is made, ended and freed. Refuses to know its calls, which are `call`'s and `by_name`'s.

#![allow(unsafe_code, reason = "the attribute that exports a name")]

use crate::config::Config;
use crate::status::{Error, Handle, Status, attempt, free, make, quietly, there};
use std::mem::MaybeUninit;
use std::time::Duration;
use wasi_shim::Wasi;

/// A guest: its descriptors, and all that it was given. All functions on it may be called from any thread, by several at
/// once, with one exception: it is freed once, and not while another thread is about to call.
pub struct Context {
    pub(crate) wasi: Wasi,
    pub(crate) hands_out: bool,
    pub(crate) shared: bool,
}

/// Makes a guest of a configuration, which can be changed and freed afterwards. Free it with wasi_shim_context_free.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_context_new(
    config: Option<&Config>,
    context: Option<&mut MaybeUninit<Handle<Context>>>,
) -> Status {
    make(context, || {
        let config = there(config, "config")?;
        Ok(Context {
            wasi: config.build()?,
            hands_out: config.hands_out,
            shared: config.shared,
        })
    })
}

/// Frees a guest and sets the variable to `NULL`; nothing if it is `NULL`. All that is open is closed when the last of its
/// calls has returned and its blocked calls are freed: a callback may free the guest it is called by.
///
/// Freeing it again through the same variable does nothing. Through a copy of the pointer it is a mistake that nothing here
/// notices, as with `free`. So it is for everything else that is freed.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_context_free(context: Option<&mut Handle<Context>>) {
    free(context);
}

/// Ends the guest, from any thread: a call that waits stops waiting, and it and every later call trap with
/// WASI_SHIM_TRAP_CANCELLED. A guest that computes makes no call; to stop it is the engine's to do.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_cancel(context: Option<&Context>) {
    quietly((), || {
        there(context, "context")?.wasi.cancel();
        Ok(())
    });
}

/// A deadline that never comes.
pub const NEVER: u64 = u64::MAX;

/// Gives the guest so many nanoseconds from now, or with WASI_SHIM_NEVER all there are, in place of what it had. Then a call
/// that waits stops waiting, and it and every later call trap with WASI_SHIM_TRAP_DEADLINE. Time is that of the guest's
/// monotonic clock.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_set_deadline(context: Option<&Context>, nanoseconds: u64) -> Status {
    attempt(|| {
        let left = (nanoseconds != NEVER).then(|| Duration::from_nanos(nanoseconds));
        let set = there(context, "context")?.wasi.set_deadline(left);
        set.map_err(Error::of_filesystem("the guest's monotonic clock"))
    })
}
