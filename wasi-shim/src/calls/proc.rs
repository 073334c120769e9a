//! `proc_exit`.

use super::{Call, Failure, Reply};

/// `proc_exit`. Does not return to the guest; the embedder gets all 32 bits of the code, and decides what they mean.
pub(crate) fn exit(_: &Call<'_>, code: u32) -> Reply<()> {
    Err(Failure::Exit(code))
}
