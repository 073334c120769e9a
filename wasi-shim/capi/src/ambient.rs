//! Time and chance from callbacks.
//!
//! Knows how a clock and a source of random bytes are asked in C. Refuses to know who asks. `config` takes what is made
//! here.

#![allow(unsafe_code, reason = "the attribute that exports a name")]

use crate::callback::{Errno, answer};
use crate::config::{Config, change};
use crate::raw::{Place, Pointer, User};
use crate::status::{Error, Status};
use std::ffi::c_void;
use std::sync::Arc;
use wasi_shim::abi::{ClockId, Result};
use wasi_shim::vfs::{Clock, Entropy, Timestamp};

/// Tells the time of a clock: 0 is real time since 1970, 1 monotonic time, 2 and 3 are the CPU time of the process and of
/// the thread; in nanoseconds. The answer is 0 or an error code of WASI: `inval`, which is 28, if there is no such clock.
pub type Now = Option<extern "C-unwind" fn(user: *mut c_void, clock: u32, time: &mut u64) -> u16>;

/// Fills a buffer with random bytes. The answer is 0 or an error code of WASI.
pub type Fill = Option<extern "C-unwind" fn(user: *mut c_void, buffer: *mut u8, len: usize) -> u16>;

struct CallbackClock {
    now: extern "C-unwind" fn(*mut c_void, u32, &mut u64) -> u16,
    resolution: u64,
    user: User,
}

impl Clock for CallbackClock {
    fn resolution(&self, clock: ClockId) -> Result<Timestamp> {
        self.now(clock)?;
        Ok(Timestamp(self.resolution))
    }

    fn now(&self, clock: ClockId) -> Result<Timestamp> {
        let mut time = 0;
        answer((self.now)(self.user.get(), clock.number(), &mut time))?;
        Ok(Timestamp(time))
    }
}

struct CallbackEntropy {
    fill: extern "C-unwind" fn(*mut c_void, *mut u8, usize) -> Errno,
    user: User,
}

impl Entropy for CallbackEntropy {
    fn fill(&self, buf: &mut [u8]) -> Result<()> {
        answer((self.fill)(self.user.get(), buf.as_mut_ptr(), buf.len()))
    }
}

/// Sets where guests' time comes from. `resolution` is in nanoseconds; 0 counts as 1. Unless set, it is the system's.
///
/// A guest that waits for a time is woken by the host: with the default way of blocking, it sleeps as long as this clock
/// says is left, by the system's time. A clock that stands still is for hosts that take blocked calls into their own hands.
///
/// `drop` may be `NULL`. It is called once with `user`, when neither the configuration nor a context needs it any more, in
/// whichever thread that is; not if this function fails. `now` may be called by any thread, by several at once.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_config_clock(
    config: Place<Config>,
    now: Now,
    resolution: u64,
    user: Pointer,
    drop: Option<extern "C-unwind" fn(user: *mut c_void)>,
) -> Status {
    change(config, |config| {
        let now = now.ok_or(Error::Null("now"))?;
        Ok(config.clock.replace(Arc::new(CallbackClock {
            now,
            resolution: resolution.max(1),
            user: User::new(&user, drop),
        })))
    })
}

/// Sets where guests' random bytes come from. Unless set, it is the system. What is said of `user` and `drop` at
/// wasi_shim_config_clock holds here too.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_config_random(
    config: Place<Config>,
    fill: Fill,
    user: Pointer,
    drop: Option<extern "C-unwind" fn(user: *mut c_void)>,
) -> Status {
    change(config, |config| {
        let fill = fill.ok_or(Error::Null("fill"))?;
        let user = User::new(&user, drop);
        let entropy = Arc::new(CallbackEntropy { fill, user });
        Ok(config.entropy.replace(entropy))
    })
}
