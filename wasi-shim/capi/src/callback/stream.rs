//! Streams that the host answers for.
//!
//! Knows the callbacks of a stream, and how one says that it has become ready. Refuses to know which descriptor a guest sees
//! it as.

#![allow(unsafe_code, reason = "the attribute that exports a name")]

use super::{Errno, kind, moved};
use crate::raw::{Pointer, User};
use crate::status::{Error, Handle, Status, free, make, quietly, there};
use crate::streams::{ByteStream, Kind};
use std::ffi::c_void;
use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::sync::Arc;
use std::task::Waker;
use wasi_shim::abi::{self, FileKind, Result};
use wasi_shim::vfs::{Interest, Readiness, Stream};

/// What a stream of the host's answers. It never waits: where it would have to, it answers `again`, which is 6, and the
/// library waits for it. Where `read` or `write` is `NULL`, it answers `badf`. Any thread may call them, several at once.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct StreamCallbacks {
    /// What a guest is told that it is: WASI's `filetype`, 0 for something else. 2 is a terminal to a C program.
    pub filetype: u8,
    /// Reads up to `len` bytes; `*count`, 0 before, is how many they were. 0 of them are the end.
    pub read: Option<
        extern "C-unwind" fn(
            stream: *mut c_void,
            buffer: *mut u8,
            len: usize,
            count: &mut usize,
        ) -> u16,
    >,
    /// Writes up to `len` bytes; `*count`, 0 before, is how many they were.
    pub write: Option<
        extern "C-unwind" fn(
            stream: *mut c_void,
            bytes: *const u8,
            len: usize,
            count: &mut usize,
        ) -> u16,
    >,
    /// Would reading, or writing, answer anything but `again`? If not, keep the waker by wasi_shim_waker_keep until it would,
    /// then wake it; several may wait at once. `NULL` is always ready, for streams that never answer `again`.
    pub ready:
        Option<extern "C-unwind" fn(stream: *mut c_void, write: bool, waker: &WakerHandle) -> bool>,
    /// Frees the stream's pointer: called once, when nobody has the stream any more.
    pub drop: Option<extern "C-unwind" fn(stream: *mut c_void)>,
}

/// Somebody who waits for a stream.
pub struct WakerHandle(Waker);

struct CallbackStream {
    callbacks: StreamCallbacks,
    kind: FileKind,
    user: User,
}

impl Stream for CallbackStream {
    fn kind(&self) -> FileKind {
        self.kind
    }

    fn read(&self, bufs: &mut [IoSliceMut<'_>]) -> Result<usize> {
        let read = self.callbacks.read.ok_or(abi::Errno::Badf)?;
        let Some(buf) = bufs.iter_mut().find(|buf| !buf.is_empty()) else {
            return Ok(0);
        };
        let mut count = 0;
        let (start, len) = (buf.as_mut_ptr(), buf.len());
        let errno: Errno = read(self.user.get(), start, len, &mut count);
        moved(errno, count, len)
    }

    fn write(&self, bufs: &[IoSlice<'_>]) -> Result<usize> {
        let write = self.callbacks.write.ok_or(abi::Errno::Badf)?;
        let Some(buf) = bufs.iter().find(|buf| !buf.is_empty()) else {
            return Ok(0);
        };
        let mut count = 0;
        let errno: Errno = write(self.user.get(), buf.as_ptr(), buf.len(), &mut count);
        match moved(errno, count, buf.len())? {
            // Nothing, and no reason: whoever writes all would ask for ever.
            0 => Err(abi::Errno::Io),
            count => Ok(count),
        }
    }

    fn ready(&self, interest: Interest, waker: &Waker) -> Readiness {
        let waker = WakerHandle(waker.clone());
        let write = interest == Interest::Write;
        match self.callbacks.ready {
            Some(ready) if !ready(self.user.get(), write, &waker) => Readiness::Later,
            _ => Readiness::Now {
                bytes: 0,
                hangup: false,
            },
        }
    }
}

/// Makes a stream that the host answers for. The callbacks are copied; `user` is passed to each, and is taken only if this
/// succeeds.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_stream_new(
    callbacks: Option<&StreamCallbacks>,
    user: Pointer,
    stream: Option<&mut MaybeUninit<Handle<ByteStream>>>,
) -> Status {
    make(stream, || {
        let callbacks = *there(callbacks, "callbacks")?;
        let kind = kind(callbacks.filetype).map_err(|_| Error::Number {
            what: "filetype",
            number: callbacks.filetype.into(),
            known: "WASI has 0 to 7",
        })?;
        let user = User::new(&user, callbacks.drop);
        Ok(ByteStream(Kind::Any(Arc::new(CallbackStream {
            callbacks,
            kind,
            user,
        }))))
    })
}

/// Keeps a waker beyond the callback `ready`. Any thread may use what is kept; free it with wasi_shim_waker_wake, or with
/// wasi_shim_waker_free if there is nobody left to wake.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_waker_keep(
    waker: Option<&WakerHandle>,
    kept: Option<&mut MaybeUninit<Handle<WakerHandle>>>,
) -> Status {
    make(kept, || Ok(WakerHandle(there(waker, "waker")?.0.clone())))
}

/// Wakes whoever waits, frees the waker and sets the variable to `NULL`; nothing if it is `NULL`.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_waker_wake(waker: Option<&mut Handle<WakerHandle>>) {
    quietly((), || {
        if let Some(waker) = waker.and_then(Option::take) {
            waker.0.wake();
        }
        Ok(())
    });
}

/// Frees a waker that was kept and sets the variable to `NULL`; nothing if it is `NULL`.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_waker_free(waker: Option<&mut Handle<WakerHandle>>) {
    free(waker);
}
