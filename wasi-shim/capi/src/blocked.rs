//! A call that has to wait, as an event loop in C needs it: descriptors, a time, and a way to be woken.
//!
//! Knows `poll(2)`'s terms and a descriptor that becomes readable when somebody wakes the call. Refuses to know what the
//! call waits for. `call` makes these and goes on with them.

#![allow(unsafe_code, reason = "the attribute that exports a name")]

use crate::raw::{Place, Room};
use crate::status::{Handle, free, quietly, there};
use std::io::{Read as _, Write as _};
use std::os::fd::{AsRawFd as _, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, OnceLock};
use std::task::{Wake, Waker};
use std::time::Duration;
use wasi_shim::vfs::{HostHandle, Interest};

/// How long to wait at most where something can happen that `poll(2)` would not notice.
const BLIND: Duration = Duration::from_millis(10);

/// A call that has to wait. Any thread may use it, one at a time: who asks or waits has come back before it is resumed or
/// freed, which no callback may do meanwhile. The guest's memory is not needed, and may be moved.
pub struct Blocked {
    pub(crate) inner: wasi_shim::Blocked,
    pub(crate) shared: bool,
    pipe: OnceLock<Option<Pipe>>,
}

/// Something to wait for with `poll(2)`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// The descriptor. It stays the library's, and open until the call is resumed or freed.
    pub fd: i32,
    /// Wait until it can be written; else until it can be read.
    pub write: bool,
}

/// What a waker makes readable, and the waker.
struct Pipe {
    ends: Arc<Ends>,
    waker: Waker,
}

/// Both ends, so that whoever still wakes when the call is gone writes to a socket that has a reader: else the system might
/// send a signal that ends the process, as no runtime of Rust's has it ignored.
struct Ends {
    read: UnixStream,
    write: UnixStream,
}

impl Wake for Ends {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // One that is full has been woken.
        let _ = (&self.write).write(&[0]);
    }
}

impl Pipe {
    fn new() -> std::io::Result<Self> {
        let (read, write) = UnixStream::pair()?;
        read.set_nonblocking(true)?;
        write.set_nonblocking(true)?;
        let ends = Arc::new(Ends { read, write });
        let waker = Waker::from(Arc::clone(&ends));
        Ok(Self { ends, waker })
    }

    fn drain(&self) {
        let mut bytes = [0; 64];
        while (&self.ends.read)
            .read(&mut bytes)
            .is_ok_and(|count| count > 0)
        {}
    }
}

impl Blocked {
    pub(crate) const fn new(inner: wasi_shim::Blocked, shared: bool) -> Self {
        let pipe = OnceLock::new();
        Self {
            inner,
            shared,
            pipe,
        }
    }

    /// What to wait for; nothing if it is time to go on.
    fn look(&self) -> Option<(Vec<Descriptor>, Option<Duration>)> {
        let pipe = self.pipe.get_or_init(|| Pipe::new().ok()).as_ref();
        let mut handles = Vec::new();
        // In this order, a wake that comes in between is either seen now or found in the pipe.
        pipe.inspect(|pipe| pipe.drain());
        let waker = pipe.map_or(Waker::noop(), |pipe| &pipe.waker);
        if self.inner.is_ready(waker, &mut handles) {
            return None;
        }
        let number = |fd: RawFd, interest| Descriptor {
            fd,
            write: interest == Interest::Write,
        };
        let known = |(handle, interest): &(HostHandle, Interest)| {
            let fd: &OwnedFd = handle.downcast_ref()?;
            Some(number(fd.as_raw_fd(), *interest))
        };
        let mut found: Vec<_> = handles.iter().filter_map(known).collect();
        let blind = pipe.is_none() || found.len() < handles.len();
        let wake = pipe.map(|pipe| number(pipe.ends.read.as_raw_fd(), Interest::Read));
        found.extend(wake);
        let longest = blind.then_some(BLIND);
        let timeout = [self.inner.timeout(), longest].into_iter().flatten().min();
        Some((found, timeout))
    }
}

/// Milliseconds as `poll(2)` takes them: no shorter than the time, and -1 for ever.
fn milliseconds(timeout: Option<Duration>) -> i32 {
    let round = |timeout: Duration| timeout.as_nanos().div_ceil(1_000_000);
    timeout.map_or(-1, |timeout| {
        i32::try_from(round(timeout)).unwrap_or(i32::MAX)
    })
}

/// Is it time to resume the call? True, or there is something to wait for: any of `*count` descriptors, the first of which
/// are written to `descriptors` as far as there is room for so many, or `*timeout` milliseconds, -1 for ever, both as
/// `poll(2)` has them. Whatever ends the wait, ask again, or resume.
///
/// One of the descriptors becomes readable when the guest is cancelled or has another deadline, and when a stream of the
/// host's says that it is ready. The descriptors are those of now: ask for them again each time. With a null pointer where
/// none may be it is true, and wasi_shim_message says which.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_blocked_poll(
    blocked: Option<&Blocked>,
    mut descriptors: Room<Descriptor>,
    room: usize,
    mut count: Place<usize>,
    mut timeout: Place<i32>,
) -> bool {
    quietly(true, || {
        count.set(0, "count")?;
        timeout.set(0, "timeout")?;
        let Some((found, left)) = there(blocked, "blocked")?.look() else {
            return Ok(true);
        };
        descriptors.put(room, &found, "descriptors")?;
        count.set(found.len(), "count")?;
        timeout.set(milliseconds(left), "timeout")?;
        Ok(false)
    })
}

/// Waits in this thread until it is time to resume the call. With `NULL` it does not wait, and wasi_shim_message says so.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_blocked_wait(blocked: Option<&Blocked>) {
    quietly((), || {
        there(blocked, "blocked")?.inner.wait();
        Ok(())
    });
}

/// Gives up a blocked call, which leaves no trace but the bytes already moved, and sets the variable to `NULL`; nothing if
/// it is `NULL`. It is the `blocked` of a wasi_shim_result.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_blocked_free(blocked: Place<Handle<Blocked>>) {
    free(blocked);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_never_shorter_in_milliseconds() {
        assert_eq!(milliseconds(None), -1);
        assert_eq!(milliseconds(Some(Duration::ZERO)), 0);
        assert_eq!(milliseconds(Some(Duration::from_nanos(1))), 1);
        assert_eq!(milliseconds(Some(Duration::from_millis(7))), 7);
        assert_eq!(milliseconds(Some(Duration::MAX)), i32::MAX);
    }

    #[test]
    fn a_waker_has_somebody_to_write_to_as_long_as_it_is_there() {
        let pipe = Pipe::new().unwrap();
        let (waker, read) = (pipe.waker.clone(), Arc::downgrade(&pipe.ends));
        drop(pipe);
        waker.wake_by_ref();
        let ends = read.upgrade().unwrap();
        assert_eq!((&ends.read).read(&mut [0; 2]).unwrap(), 1);
        drop((waker, ends));
        assert!(read.upgrade().is_none());
    }
}
