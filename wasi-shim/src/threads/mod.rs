//! The threads of one guest: who runs, what ended them first, and that nothing of them is left.
//!
//! Knows the standard library's threads and a guest's end. It does not know what a thread does, how an engine makes an
//! instance for it, or how one that computes is stopped: adapters to engines give it closures for these. Whoever runs guests
//! of several threads uses it; [`run_threads_wasmtime!`](crate::run_threads_wasmtime) does.
//!
//! [`Threads::run`] runs the main thread of a guest on a thread of its own and stays behind to look after all of them.
//! Whatever comes first ends the guest: that main returns, that any thread fails, that one panics, or that somebody ends
//! the [`Wasi`](crate::Wasi) itself, by [`cancel`](crate::Wasi::cancel), [`exit`](crate::Wasi::exit) or a deadline. Then
//! all calls of the guest are refused, the adapter interrupts what makes no calls, every thread is joined, and what came
//! first is the result.

mod chase;
mod group;
mod import;
mod spawn;
mod sweep;

pub use group::{ThreadLimits, Threads};
pub use import::{NO_START, THREAD_SPAWN, answer, is_thread_spawn};
pub use spawn::SpawnError;
pub use sweep::sweep;
