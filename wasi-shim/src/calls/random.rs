//! `random_get`.

use super::{Call, Reply};
use crate::mem::{Memory, Window};

/// `random_get`. *Answers* the error of the host's source of randomness, if it has one.
pub(crate) fn get(call: &Call<'_>, buf: Window, memory: &mut Memory<'_>) -> Reply<()> {
    let entropy = &call.process.entropy;
    memory.fill(buf, call.process.limits.bounce, |bytes| entropy.fill(bytes))?;
    Ok(())
}
