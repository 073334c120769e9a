//! What only sockets do, of an embedder's file.
//!
//! This file knows receiving, sending, accepting and closing a direction, each of which may take longer than a call. Whether
//! the file listens it does not know: the file is asked. Only `stream` uses it.

use super::arrived::{Arrived, gather, room, scatter};
use super::kept::{Kept, Look, Operation};
use super::stream::{FileStream, NO_FLAGS, READ, WRITE};
use super::{Native, settle, told};
use crate::Error;
use crate::file::{self, FileType, WasiFile};
use std::io::{IoSlice, IoSliceMut};
use std::sync::Arc;
use std::task::Waker;
use wasi_shim::abi::{FileKind, Result, RiFlags, RoFlags, SdFlags};
use wasi_shim::vfs::{Socket, Stream};

type Received = (Vec<u8>, file::RoFlags);

/// What is under way.
#[derive(Default)]
pub(super) struct Operations {
    arrived: Arrived,
    receiving: Kept<Received>,
    /// What is only looked at.
    peeking: Kept<Received>,
    sending: Kept<usize>,
    accepting: Kept<Box<dyn WasiFile>>,
}

impl Operations {
    pub(super) fn reading(&self, waker: &Waker) -> Look {
        if self.arrived.count() > 0 {
            return Look::Done;
        }
        let looks = [
            self.receiving.look(waker),
            self.peeking.look(waker),
            self.accepting.look(waker),
        ];
        let of = |wanted: fn(&Look) -> bool| looks.iter().any(wanted);
        if of(|look| matches!(look, Look::Done)) {
            Look::Done
        } else if of(|look| matches!(look, Look::Later)) {
            Look::Later
        } else {
            Look::Idle
        }
    }

    pub(super) fn writing(&self, waker: &Waker) -> Look {
        self.sending.look(waker)
    }
}

async fn receive(
    file: Arc<dyn WasiFile>,
    len: usize,
    flags: file::RiFlags,
) -> Result<Received, Error> {
    let mut bytes = vec![0; len];
    let bufs = &mut [IoSliceMut::new(&mut bytes)];
    let (count, out) = file.sock_recv(bufs, flags).await?;
    bytes.truncate(usize::try_from(count)?);
    Ok((bytes, out))
}

async fn send(file: Arc<dyn WasiFile>, bytes: Vec<u8>) -> Result<usize, Error> {
    let data = &[IoSlice::new(&bytes)];
    let count = file.sock_send(data, file::SiFlags::empty()).await?;
    Ok(usize::try_from(count)?)
}

impl Socket for FileStream {
    fn accept(&self) -> Result<Arc<dyn Stream>> {
        let begin = || -> Operation<_> {
            let file = self.file.get();
            Box::pin(async move { file.sock_accept(NO_FLAGS).await })
        };
        let accepted = self.noted(self.socket.accepting.ask(begin))?;
        if let Some(Native::Socket(socket) | Native::Stream(socket)) = accepted.native() {
            return Ok(socket);
        }
        let filetype = settle(accepted.get_filetype()).unwrap_or(FileType::SocketStream);
        Ok(Arc::new(Self::new(accepted, filetype)))
    }

    fn listens(&self) -> bool {
        true
    }

    fn recv(&self, bufs: &mut [IoSliceMut<'_>], flags: RiFlags) -> Result<(usize, RoFlags)> {
        let peek = flags.contains(RiFlags::RECV_PEEK);
        let begin = || -> Operation<_> {
            let mut theirs = file::RiFlags::empty();
            theirs.set(file::RiFlags::RECV_PEEK, peek);
            Box::pin(receive(self.file.get(), room(bufs).min(READ), theirs))
        };
        let ours = |out: file::RoFlags| {
            let mut told = RoFlags::empty();
            let cut = out.contains(file::RoFlags::RECV_DATA_TRUNCATED);
            told.set(RoFlags::RECV_DATA_TRUNCATED, cut);
            told
        };
        if peek {
            let (bytes, out) = self.noted(self.socket.peeking.ask(begin))?;
            return Ok((scatter(&bytes, bufs), ours(out)));
        }
        if self.kind == FileKind::SocketDgram {
            let (bytes, out) = self.noted(self.socket.receiving.ask(begin))?;
            let count = scatter(&bytes, bufs);
            let cut = if count < bytes.len() {
                RoFlags::RECV_DATA_TRUNCATED
            } else {
                ours(out)
            };
            return Ok((count, cut));
        }
        let asked = room(bufs).min(READ);
        let begin = || -> Operation<_> {
            Box::pin(receive(self.file.get(), asked, file::RiFlags::empty()))
        };
        let count = self.socket.arrived.give(bufs, || {
            let received = self.noted(self.socket.receiving.ask(begin));
            received.map(|(bytes, _)| bytes)
        })?;
        Ok((count, RoFlags::empty()))
    }

    fn send(&self, bufs: &[IoSlice<'_>]) -> Result<usize> {
        let begin = || -> Operation<_> { Box::pin(send(self.file.get(), gather(bufs, WRITE))) };
        self.noted(self.socket.sending.ask(begin))
    }

    fn shutdown(&self, how: SdFlags) -> Result<()> {
        let mut theirs = file::SdFlags::empty();
        theirs.set(file::SdFlags::RD, how.contains(SdFlags::RD));
        theirs.set(file::SdFlags::WR, how.contains(SdFlags::WR));
        settle(self.file.get().sock_shutdown(theirs)).map_err(told)
    }
}
