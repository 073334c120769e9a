//! Output that is kept for the host.
//!
//! Knows how C makes such a stream and reads what was written. Refuses to know who writes.

#![allow(unsafe_code, reason = "the attribute that exports a name")]

use crate::raw::Room;
use crate::status::{Error, Handle, Status, attempt, make, there};
use crate::streams::{ByteStream, Kind};
use std::mem::MaybeUninit;
use wasi_shim::backends::Capture;

/// Makes a stream that keeps what is written to it, up to so many bytes. A write stops there; one that finds no room at all
/// answers `nospc`.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_stream_capture(
    capacity: usize,
    stream: Option<&mut MaybeUninit<Handle<ByteStream>>>,
) -> Status {
    make(stream, || {
        Ok(ByteStream(Kind::Capture(Capture::new(capacity))))
    })
}

/// Copies what was written to a stream of wasi_shim_stream_capture into `buffer`, as far as there is room. `*len` is how many
/// bytes it keeps, so that a call with `NULL` and no room asks for that.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_capture_read(
    stream: Option<&ByteStream>,
    mut buffer: Room<u8>,
    room: usize,
    len: Option<&mut MaybeUninit<usize>>,
) -> Status {
    attempt(|| {
        let len = there(len, "len")?;
        let kept = capture(stream)?.contents();
        len.write(kept.len());
        buffer.put(room, &kept, "buffer").map(drop)
    })
}

/// Forgets what was written so far, and makes room for as much again.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_capture_clear(stream: Option<&ByteStream>) -> Status {
    attempt(|| {
        capture(stream)?.take();
        Ok(())
    })
}

fn capture(stream: Option<&ByteStream>) -> Result<&Capture, Error> {
    match &there(stream, "stream")?.0 {
        Kind::Capture(capture) => Ok(capture),
        Kind::Any(_) => Err(Error::Kind("stream is none of wasi_shim_stream_capture")),
    }
}
