//! Output that is kept for the host, and output that it is told line by line.
//!
//! Knows how C makes such a stream and reads what was written. Refuses to know who writes.

#![allow(unsafe_code, reason = "the attribute that exports a name")]

use crate::raw::{Place, Pointer, Ref, Room, User};
use crate::status::{Error, Handle, Status, attempt, make, there};
use crate::streams::{ByteStream, Kind};
use std::ffi::c_void;
use wasi_shim::backends::{Capture, Log, Terminal};

/// Makes a stream that keeps what is written to it, up to so many bytes. A write stops there; one that finds no room at all
/// answers `nospc`.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_stream_capture(
    capacity: usize,
    stream: Place<Handle<ByteStream>>,
) -> Status {
    make(stream, || {
        Ok(ByteStream(Kind::Capture(Capture::new(capacity))))
    })
}

/// Makes a stream that a program takes for a terminal, and that keeps what is shown on it, as wasi_shim_stream_capture does.
/// Nobody types: what is read has ended. It can be all three of a guest's standard streams.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_stream_terminal(
    capacity: usize,
    stream: Place<Handle<ByteStream>>,
) -> Status {
    make(stream, || {
        Ok(ByteStream(Kind::Terminal(Terminal::new(capacity))))
    })
}

/// Copies what was written to a stream of wasi_shim_stream_capture or wasi_shim_stream_terminal into `buffer`, as far as
/// there is room. `*len` is how many bytes it keeps, so that a call with `NULL` and no room asks for that.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_capture_read(
    stream: Ref<ByteStream>,
    mut buffer: Room<u8>,
    room: usize,
    mut len: Place<usize>,
) -> Status {
    attempt(|| {
        buffer.check(room, "buffer")?;
        let kept = match kept(&stream)? {
            Kept::Capture(stream) => stream.contents(),
            Kept::Terminal(stream) => stream.contents(),
        };
        len.set(kept.len(), "len")?;
        buffer.put(room, &kept, "buffer").map(drop)
    })
}

/// Forgets what was written so far to such a stream, and makes room for as much again.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_capture_clear(stream: Ref<ByteStream>) -> Status {
    attempt(|| {
        match kept(&stream)? {
            Kept::Capture(stream) => stream.take(),
            Kept::Terminal(stream) => stream.take(),
        };
        Ok(())
    })
}

/// A stream that keeps what is written.
enum Kept {
    Capture(std::sync::Arc<Capture>),
    Terminal(std::sync::Arc<Terminal>),
}

fn kept(stream: &Ref<ByteStream>) -> Result<Kept, Error> {
    match stream.get("stream")?.0 {
        Kind::Capture(stream) => Ok(Kept::Capture(stream)),
        Kind::Terminal(stream) => Ok(Kept::Terminal(stream)),
        Kind::Any(_) => Err(Error::Kind(
            "stream is none of wasi_shim_stream_capture or wasi_shim_stream_terminal",
        )),
    }
}

/// Is told a line that was written, without its end. It need not be text, and it is there until the callback returns.
pub type OnLine = Option<extern "C-unwind" fn(user: *mut c_void, line: *const u8, len: usize)>;

/// Makes a stream that tells what is written to it, line by line. One that gets longer than `longest` bytes, of which there
/// is at least one, comes in pieces; one that was not ended comes when nobody has the stream any more. Give each of a
/// guest's streams one of its own, or their unfinished lines mix.
///
/// What is said of `user` and `drop` at wasi_shim_config_clock holds here too, of the stream and who has it.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_stream_log(
    longest: usize,
    line: OnLine,
    user: Pointer,
    drop: Option<extern "C-unwind" fn(user: *mut c_void)>,
    stream: Place<Handle<ByteStream>>,
) -> Status {
    make(stream, || {
        let line = there(line, "line")?;
        let user = User::new(&user, drop);
        let told = move |bytes: &[u8]| line(user.get(), bytes.as_ptr(), bytes.len());
        Ok(ByteStream(Kind::Any(Log::new(longest, told))))
    })
}
