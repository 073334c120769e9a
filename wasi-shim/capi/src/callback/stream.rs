//! Streams that the host answers for.
//!
//! Knows the callbacks of a stream, and how one says that it has become ready. Refuses to know which descriptor a guest sees
//! it as.

#![allow(unsafe_code, reason = "the attribute that exports a name")]

use super::{Errno, kind, moved, written};
use crate::raw::{Place, Pointer, Ref, User};
use crate::status::{Error, Handle, Status, free, make, quietly, taken};
use crate::streams::{ByteStream, Kind};
use std::ffi::c_void;
use std::io::{IoSlice, IoSliceMut};
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
    /// Writes up to `len` bytes; `*count`, 0 before, is how many they were, at least one.
    pub write: Option<
        extern "C-unwind" fn(
            stream: *mut c_void,
            bytes: *const u8,
            len: usize,
            count: &mut usize,
        ) -> u16,
    >,
    /// Would reading, or writing, answer anything but `again`? If not, keep the waker by wasi_shim_waker_keep until it
    /// would, then wake it; several may wait at once. `NULL` is always ready, for streams that never answer `again`.
    pub ready:
        Option<extern "C-unwind" fn(stream: *mut c_void, write: bool, waker: &WakerHandle) -> bool>,
    /// Whom this waker stands for waits no more: free those that were kept for it, which are the same by
    /// wasi_shim_waker_same. A guest that looks again and again leaves a waker each time. `NULL` if they are to stay kept
    /// until they are woken.
    pub forget: Option<extern "C-unwind" fn(stream: *mut c_void, write: bool, waker: &WakerHandle)>,
    /// Frees the stream's pointer: called once, when nobody has the stream any more.
    pub drop: Option<extern "C-unwind" fn(stream: *mut c_void)>,
}

/// Somebody who waits for a stream. What is passed to a callback is there until it returns; what was kept, until it is
/// freed. Any thread may use it, one at a time.
#[derive(Clone)]
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
        written(errno, count, buf.len())
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

    fn forget(&self, interest: Interest, waker: &Waker) {
        if let Some(forget) = self.callbacks.forget {
            let waker = WakerHandle(waker.clone());
            forget(self.user.get(), interest == Interest::Write, &waker);
        }
    }
}

/// Do two wakers stand for the same who waits? False if either is `NULL`.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_waker_same(one: Ref<WakerHandle>, other: Ref<WakerHandle>) -> bool {
    quietly(false, || {
        let (one, other) = (one.get("one")?, other.get("other")?);
        Ok(one.0.will_wake(&other.0))
    })
}

/// Makes a stream that the host answers for. The callbacks are copied; `user` is passed to each, and is taken only if this
/// succeeds.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_stream_new(
    callbacks: Ref<StreamCallbacks>,
    user: Pointer,
    stream: Place<Handle<ByteStream>>,
) -> Status {
    make(stream, || {
        let callbacks = callbacks.get("callbacks")?;
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
    waker: Ref<WakerHandle>,
    kept: Place<Handle<WakerHandle>>,
) -> Status {
    make(kept, || waker.get("waker"))
}

/// Wakes whoever waits, frees the waker and sets the variable to `NULL`; nothing if it is `NULL`.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_waker_wake(waker: Place<Handle<WakerHandle>>) {
    quietly((), || {
        if let Some(waker) = taken(waker) {
            waker.0.wake();
        }
        Ok(())
    });
}

/// Frees a waker that was kept and sets the variable to `NULL`; nothing if it is `NULL`.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_waker_free(waker: Place<Handle<WakerHandle>>) {
    free(waker);
}
