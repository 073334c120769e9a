//! Streams: what a guest's standard descriptors and sockets are.
//!
//! Knows how each kind is made from C, and how the host's side reads and writes one. Refuses to know which descriptor a
//! guest sees it as. `capture` has the kind that keeps what is written, `callback` the one that the host answers for.

#![allow(unsafe_code, reason = "the attribute that exports a name")]

use crate::raw::{Place, Ref, Room, Values, duplicate};
use crate::status::{Error, Handle, Status, attempt, free, make};
use std::io::{IoSlice, IoSliceMut};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use wasi_shim::backends::{Capture, Input, Null, Terminal, pipe};
use wasi_shim::host;
use wasi_shim::vfs::Stream;

/// A stream of bytes. To give it to a configuration keeps what it stands for, so that it can be freed at any time. Any
/// thread may use it, several at once.
#[derive(Clone)]
pub struct ByteStream(pub(crate) Kind);

/// What a stream is. Those with functions of their own are told from the rest.
#[derive(Clone)]
pub(crate) enum Kind {
    Any(Arc<dyn Stream>),
    Capture(Arc<Capture>),
    Terminal(Arc<Terminal>),
}

impl ByteStream {
    pub(crate) fn get(&self) -> Arc<dyn Stream> {
        match &self.0 {
            Kind::Any(stream) => Arc::clone(stream),
            Kind::Capture(stream) => stream.clone(),
            Kind::Terminal(stream) => stream.clone(),
        }
    }
}

/// Makes a stream of a descriptor, which is duplicated and stays the caller's.
fn of_descriptor(
    descriptor: i32,
    stream: Place<Handle<ByteStream>>,
    open: impl FnOnce(OwnedFd) -> std::io::Result<Arc<dyn Stream>>,
) -> Status {
    make(stream, || {
        let opened = duplicate(descriptor).and_then(open);
        let opened = opened.map_err(Error::of_system(format!("descriptor {descriptor}")))?;
        Ok(ByteStream(Kind::Any(opened)))
    })
}

/// Makes a stream that is read from a descriptor: a pipe, a terminal, a file, a socket. The descriptor is duplicated: it
/// stays the caller's to close, and nothing about it is changed.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_stream_input(
    descriptor: i32,
    stream: Place<Handle<ByteStream>>,
) -> Status {
    of_descriptor(descriptor, stream, host::input)
}

/// The same of one that is written. Ignore SIGPIPE: see wasi_shim_config_inherit_stdio.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_stream_output(
    descriptor: i32,
    stream: Place<Handle<ByteStream>>,
) -> Status {
    of_descriptor(descriptor, stream, host::output)
}

/// The same of a connected socket, for wasi_shim_config_socket.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_stream_socket(
    descriptor: i32,
    stream: Place<Handle<ByteStream>>,
) -> Status {
    of_descriptor(descriptor, stream, host::socket)
}

/// The same of a listening socket, which is set to O_NONBLOCK.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_stream_listener(
    descriptor: i32,
    stream: Place<Handle<ByteStream>>,
) -> Status {
    of_descriptor(descriptor, stream, host::listener)
}

/// Makes a stream that gives these bytes, which are copied, and then ends.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_stream_bytes(
    bytes: Values<u8>,
    len: usize,
    stream: Place<Handle<ByteStream>>,
) -> Status {
    make(stream, || {
        let bytes = bytes.get(len, "bytes")?;
        Ok(ByteStream(Kind::Any(Input::new(bytes))))
    })
}

/// Makes a stream that takes whatever is written and has ended for who reads.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_stream_null(stream: Place<Handle<ByteStream>>) -> Status {
    make(stream, || Ok(ByteStream(Kind::Any(Arc::new(Null)))))
}

/// Makes both ends of a pipe within this process, which holds up to `capacity` bytes. Each end is closed when it is freed
/// and no guest has it. Both are made, or neither.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_stream_pipe(
    capacity: usize,
    mut reader: Place<Handle<ByteStream>>,
    mut writer: Place<Handle<ByteStream>>,
) -> Status {
    attempt(|| {
        let nowhere = [reader.set(None, "reader"), writer.set(None, "writer")];
        nowhere.into_iter().collect::<Result<(), _>>()?;
        let (read, write) = pipe(capacity);
        let end = |stream: Arc<dyn Stream>| Some(Box::new(ByteStream(Kind::Any(stream))));
        reader.set(end(read), "reader")?;
        writer.set(end(write), "writer")
    })
}

/// Reads from a stream on the host's side: up to `room` bytes into `buffer`, `*count` of which are there, none if it fails.
/// 0 of them are the end. It never waits: WASI_SHIM_STATUS_AGAIN if there is nothing yet.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_stream_read(
    stream: Ref<ByteStream>,
    mut buffer: Room<u8>,
    room: usize,
    mut count: Place<usize>,
) -> Status {
    attempt(|| {
        count.set(0, "count")?;
        let stream = stream.get("stream")?;
        // What cannot be handed out must not be taken.
        buffer.check(room, "buffer")?;
        let mut bytes = vec![0; room.min(1 << 16)];
        let read = stream.get().read(&mut [IoSliceMut::new(&mut bytes)]);
        let read = read.map_err(Error::of_filesystem("reading"))?;
        let read = bytes.get(..read).unwrap_or_default();
        count.set(buffer.put(room, read, "buffer")?, "count")
    })
}

/// Writes to a stream on the host's side: `*count` of the bytes, which may be fewer, and none if it fails. It never waits:
/// WASI_SHIM_STATUS_AGAIN if there is no room for now.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_stream_write(
    stream: Ref<ByteStream>,
    bytes: Values<u8>,
    len: usize,
    mut count: Place<usize>,
) -> Status {
    attempt(|| {
        count.set(0, "count")?;
        let stream = stream.get("stream")?;
        let bytes = bytes.get(len, "bytes")?;
        let written = stream.get().write(&[IoSlice::new(bytes)]);
        count.set(written.map_err(Error::of_filesystem("writing"))?, "count")
    })
}

/// Frees a stream and sets the variable to `NULL`; nothing if it is `NULL`. What it was given to keeps what it needs.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_stream_free(stream: Place<Handle<ByteStream>>) {
    free(stream);
}
