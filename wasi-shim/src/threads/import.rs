//! `wasi:thread-spawn` as a guest sees it: its names and its answers.

use super::SpawnError;
use crate::Trap;
use crate::abi::Errno;

/// The import's two names (wasi-threads, `wasi-threads.abi.md`).
pub const THREAD_SPAWN: (&str, &str) = ("wasi", "thread-spawn");

/// What a guest is told that has nothing to begin a thread with: no function `wasi_thread_start` of its type.
pub const NO_START: i32 = negative(Errno::Nosys);

/// Is this import the function that begins threads?
pub fn is_thread_spawn(module: &str, name: &str) -> bool {
    (module, name) == THREAD_SPAWN
}

/// What a guest is told: a thread's number, or an error code as a negative number.
///
/// # Errors
/// If the guest has ended, its thread does too.
pub fn answer(begun: Result<u32, SpawnError>) -> Result<i32, Trap> {
    match begun {
        Ok(tid) => Ok(tid.cast_signed()),
        Err(error) => error.errno().map(negative).ok_or(Trap::Cancelled),
    }
}

const fn negative(errno: Errno) -> i32 {
    // It is less than a hundred.
    (errno.number() as i32).wrapping_neg()
}
