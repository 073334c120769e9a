//! `args_*` and `environ_*`.

use super::{Call, Reply};
use crate::mem::{Memory, Window};
use crate::process::Strings;

/// `args_sizes_get`. *Answers* nothing but success.
pub(crate) fn args_sizes_get(call: &Call<'_>) -> Reply<(u32, u32)> {
    Ok(sizes(&call.process.args))
}

/// `environ_sizes_get`. *Answers* nothing but success.
pub(crate) fn environ_sizes_get(call: &Call<'_>) -> Reply<(u32, u32)> {
    Ok(sizes(&call.process.environ))
}

/// `args_get`. *Answers* nothing but success: both arrays are checked before a byte is written.
pub(crate) fn args_get(call: &Call<'_>, argv: u32, buf: u32, memory: &mut Memory<'_>) -> Reply<()> {
    copy(&call.process.args, argv, buf, memory)
}

/// `environ_get`. *Answers* nothing but success: both arrays are checked before a byte is written.
pub(crate) fn environ_get(
    call: &Call<'_>,
    environ: u32,
    buf: u32,
    memory: &mut Memory<'_>,
) -> Reply<()> {
    copy(&call.process.environ, environ, buf, memory)
}

fn sizes(strings: &Strings) -> (u32, u32) {
    let bytes = u32::try_from(strings.bytes().len()).unwrap_or(u32::MAX);
    (strings.count(), bytes)
}

fn copy(strings: &Strings, pointers: u32, buf: u32, memory: &mut Memory<'_>) -> Reply<()> {
    let (count, len) = sizes(strings);
    let pointers: Window = memory.array(pointers, count, 4, 4)?;
    let bytes = memory.window(buf, len)?;
    for (index, offset) in strings.offsets().iter().enumerate() {
        // The buffer fits a 32-bit memory, so no pointer into it can overflow.
        let pointer = buf.saturating_add(*offset).to_le_bytes();
        memory.write(pointers.part(index.saturating_mul(4), 4), &pointer);
    }
    memory.write(bytes, strings.bytes());
    Ok(())
}
