//! Calls that wait in an executor, with an engine and without.

mod crowd;
mod descriptors;
mod endings;
mod events;
mod executors;
mod guests;
mod in_place;
mod kit;
mod leftovers;
mod sharing;
mod six;
#[path = "../exhaustion/waits.rs"]
mod waits;
