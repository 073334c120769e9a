//! What is fuzzed: one function for each target, which takes any bytes and panics on a finding.
//!
//! The functions are here and not in the package `fuzz`, so that ordinary tests replay the corpora on any compiler. Each
//! reads its input as [`arbitrary::Unstructured`] does, or as it is; a change of how one is read makes its corpus
//! worthless, so that is said in the target's file and not changed lightly.

pub mod archive;
mod calls;
mod identity;
pub mod names;
pub mod overlay;
pub mod poll;
pub mod raw_call;
pub mod readdir;
pub mod resolve;
mod snapshot;
mod source;
pub mod state;

/// A target: it takes an input and panics if that is a finding.
pub type Target = fn(&[u8]);

/// Every target, by the name that its corpus and its file in `fuzz/fuzz_targets` have.
pub const TARGETS: &[(&str, Target)] = &[
    ("archive", archive::run),
    ("names", names::run),
    ("overlay", overlay::run),
    ("poll", poll::run),
    ("raw_call", raw_call::run),
    ("readdir", readdir::run),
    ("resolve", resolve::run),
    ("state", state::run),
];
