//! `random_get`.

use super::{Call, Reply};
use crate::abi::Errno;
use crate::mem::{Memory, Window};

/// `random_get`. *Answers* the error of the host's source of randomness, if it has one; `canceled` if the guest is ended
/// meanwhile.
pub(crate) fn get(call: &Call<'_>, buf: Window, memory: &mut Memory<'_>) -> Reply<()> {
    let process = call.process;
    memory.fill(buf, call.bounce(), |bytes| {
        if process.ended().is_some() {
            return Err(Errno::Canceled);
        }
        process.entropy.fill(bytes)
    })?;
    Ok(())
}
