//! Streams and sockets with a probe.
//!
//! Knows which operation each of their methods is. Refuses to know what the probe makes of it, and lets it stand in the
//! way of nothing that cannot fail. Only the directories of this folder, and listeners, make such streams.

use super::{Operation, Probe, Tapped};
use crate::abi::{Errno, FdFlags, FileKind, Result, RiFlags, RoFlags, SdFlags};
use crate::backends::forward::{cut, cut_mut, room};
use crate::backends::streams::total;
use crate::vfs::{Interest, Readiness, Socket, Stream};
use std::io::{IoSlice, IoSliceMut};
use std::sync::Arc;
use std::task::Waker;

pub(super) struct TapStream<P> {
    pub(super) inner: Arc<dyn Stream>,
    pub(super) tapped: Tapped<P>,
}

impl<P: Probe> TapStream<P> {
    fn socket(&self) -> Result<&dyn Socket> {
        self.inner.as_socket().ok_or(Errno::Notsock)
    }
}

impl<P: Probe> Stream for TapStream<P> {
    fn kind(&self) -> FileKind {
        self.inner.kind()
    }

    fn read(&self, bufs: &mut [IoSliceMut<'_>]) -> Result<usize> {
        let all = room(bufs);
        self.tapped
            .transfer(Operation::ReadStream { len: all }, |len| {
                if len < all {
                    self.inner.read(&mut cut_mut(bufs, len))
                } else {
                    self.inner.read(bufs)
                }
            })
    }

    fn write(&self, bufs: &[IoSlice<'_>]) -> Result<usize> {
        let all = total(bufs);
        self.tapped
            .transfer(Operation::WriteStream { len: all }, |len| {
                if len < all {
                    self.inner.write(&cut(bufs, len))
                } else {
                    self.inner.write(bufs)
                }
            })
    }

    fn ready(&self, interest: Interest, waker: &Waker) -> Readiness {
        let mut answer = None;
        let mut ask = || {
            let readiness = self.inner.ready(interest, waker);
            let ready = matches!(readiness, Readiness::Now { .. });
            answer = Some(readiness);
            Ok(ready)
        };
        let _ = self.tapped.call(Operation::Ready { interest }, &mut ask);
        answer.unwrap_or_else(|| self.inner.ready(interest, waker))
    }

    fn forget(&self, interest: Interest, waker: &Waker) {
        self.inner.forget(interest, waker);
    }

    fn flags_set(&self, flags: FdFlags) {
        self.inner.flags_set(flags);
    }

    fn as_socket(&self) -> Option<&dyn Socket> {
        self.inner.as_socket().map(|_| self as &dyn Socket)
    }
}

impl<P: Probe> Socket for TapStream<P> {
    fn accept(&self) -> Result<Arc<dyn Stream>> {
        let inner = self
            .tapped
            .call(Operation::Accept, || self.socket()?.accept())?;
        let tapped = self.tapped.here();
        Ok(Arc::new(Self { inner, tapped }))
    }

    fn listens(&self) -> bool {
        self.inner.as_socket().is_some_and(Socket::listens)
    }

    fn recv(&self, bufs: &mut [IoSliceMut<'_>], flags: RiFlags) -> Result<(usize, RoFlags)> {
        let all = room(bufs);
        let operation = Operation::Receive { len: all, flags };
        self.tapped.transfer(operation, |len| {
            if len < all {
                self.socket()?.recv(&mut cut_mut(bufs, len), flags)
            } else {
                self.socket()?.recv(bufs, flags)
            }
        })
    }

    fn send(&self, bufs: &[IoSlice<'_>]) -> Result<usize> {
        let all = total(bufs);
        self.tapped.transfer(Operation::Send { len: all }, |len| {
            if len < all {
                self.socket()?.send(&cut(bufs, len))
            } else {
                self.socket()?.send(bufs)
            }
        })
    }

    fn shutdown(&self, how: SdFlags) -> Result<()> {
        self.tapped
            .call(Operation::Shutdown { how }, || self.socket()?.shutdown(how))
    }
}
