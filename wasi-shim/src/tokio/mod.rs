//! Waiting in an executor: calls that wait without a thread of their own.
//!
//! This room knows futures, wakers and tokio's timer. It does not know what a call does, nor any engine; how a handle of
//! the host is watched, `host` knows. Adapters to engines use it, and so does whoever calls
//! [`Wasi::call`](crate::Wasi::call) from an asynchronous function.

mod ready;
mod runtime;
mod watches;

pub use ready::{Ready, ready};
