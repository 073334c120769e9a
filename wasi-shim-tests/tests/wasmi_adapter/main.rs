//! The adapter to wasmi: what a guest sees, what an embedder gets, and guests that wait without a thread.

mod fuel;
mod kit;
mod linked;
mod resumable;
mod sleepers;
