//! A guest, as C holds it.
//!
//! Knows how one is made, ended and freed. Refuses to know its calls, which are `call`'s and `by_name`'s.

#![allow(unsafe_code, reason = "the attribute that exports a name")]

use crate::config::Config;
use crate::raw::{Place, Ref};
use crate::status::{Error, Handle, Status, attempt, free, make, quietly};
use std::task::Waker;
use std::time::Duration;
use wasi_shim::Wasi;

/// A guest: its descriptors, and all that it was given. All functions on it may be called from any thread, by several at
/// once, with one exception: it is freed once, and not while another thread is about to call.
#[derive(Clone)]
pub struct Context {
    pub(crate) wasi: Wasi,
    pub(crate) hands_out: bool,
    pub(crate) shared: bool,
}

/// Makes a guest of a configuration, which can be changed and freed afterwards. Free it with wasi_shim_context_free.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_context_new(
    config: Ref<Config>,
    context: Place<Handle<Context>>,
) -> Status {
    make(context, || {
        let config = config.get("config")?;
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
pub extern "C" fn wasi_shim_context_free(context: Place<Handle<Context>>) {
    free(context);
}

/// Ends the guest, from any thread: a call that waits stops waiting, and it and every later call trap with
/// WASI_SHIM_TRAP_CANCELLED. A guest that computes makes no call; to stop it is the engine's to do, and wasi_shim_ended
/// tells it when.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_cancel(context: Ref<Context>) {
    quietly((), || {
        context.get("context")?.wasi.cancel();
        Ok(())
    });
}

/// A deadline that never comes.
pub const NEVER: u64 = u64::MAX;

/// Gives the guest so many nanoseconds from now, or with WASI_SHIM_NEVER all there are, in place of what it had. Then a call
/// that waits stops waiting, and it and every later call trap with WASI_SHIM_TRAP_DEADLINE. Time is that of the guest's
/// monotonic clock.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_set_deadline(context: Ref<Context>, nanoseconds: u64) -> Status {
    attempt(|| {
        let left = (nanoseconds != NEVER).then(|| Duration::from_nanos(nanoseconds));
        let set = context.get("context")?.wasi.set_deadline(left);
        set.map_err(Error::of_filesystem("the guest's monotonic clock"))
    })
}

/// Ends the guest as if it had exited with this code, from any thread: a call that waits stops waiting, and it and every
/// later call are WASI_SHIM_OUTCOME_EXITED with the code. Nothing if the guest was cancelled or exited by this before.
///
/// `proc_exit` itself ends only the call that it is. A host whose guest runs in several threads calls this when one of them
/// exits, so that the others do not wait for ever.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_exit(context: Ref<Context>, code: u32) {
    quietly((), || {
        context.get("context")?.wasi.exit(code);
        Ok(())
    });
}

/// Has the guest been ended, by wasi_shim_cancel, by wasi_shim_exit or by its deadline? From any thread, and without a call:
/// for engines that ask now and then whether to go on. False if `context` is `NULL`, and wasi_shim_message says so.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_ended(context: Ref<Context>) -> bool {
    quietly(false, || {
        let watch = context.get("context")?.wasi.watch();
        Ok(watch.ended(Waker::noop()).is_some())
    })
}
