//! Sockets of the host.
//!
//! This file knows which of cap-std's types can be handed to a guest. A guest gets the shim's own sockets for them; what
//! stands here is for embedders that wrap one. There is no way from here to the network but through sockets that were handed
//! over.

use super::file::set_fd_flags;
use crate::adapt::Native;
use crate::file::{FdFlags, FileType, RiFlags, RoFlags, SdFlags, SiFlags, WasiFile};
use crate::ready::{in_a_task, ready};
use crate::{Error, ErrorExt};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};
use std::any::Any;
use std::io::{IoSlice, IoSliceMut, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd};
use wasi_shim::vfs::Interest;

/// A socket that can be handed to a guest.
#[allow(missing_docs, reason = "each is what its name says")]
pub enum Socket {
    TcpListener(cap_std::net::TcpListener),
    TcpStream(cap_std::net::TcpStream),
    UnixStream(cap_std::os::unix::net::UnixStream),
    UnixListener(cap_std::os::unix::net::UnixListener),
}

impl From<Socket> for Box<dyn WasiFile> {
    fn from(socket: Socket) -> Self {
        match socket {
            Socket::TcpListener(socket) => Box::new(TcpListener(socket)),
            Socket::TcpStream(socket) => Box::new(TcpStream(socket)),
            Socket::UnixListener(socket) => Box::new(UnixListener(socket)),
            Socket::UnixStream(socket) => Box::new(UnixStream(socket)),
        }
    }
}

/// The type, how it is made, and what both kinds of socket have in common.
macro_rules! socket {
    ($type:ident $cap:ty, $native:ident { $($methods:tt)* }) => {
        #[doc = concat!("A `", stringify!($type), "`, as a file.")]
        pub struct $type($cap);

        impl $type {
            /// This socket.
            pub const fn from_cap_std(socket: $cap) -> Self {
                Self(socket)
            }
        }

        impl From<$cap> for Socket {
            fn from(socket: $cap) -> Self {
                Self::$type(socket)
            }
        }

        impl AsFd for $type {
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.0.as_fd()
            }
        }

        #[async_trait::async_trait]
        impl WasiFile for $type {
            fn as_any(&self) -> &dyn Any {
                self
            }

            fn pollable(&self) -> Option<BorrowedFd<'_>> {
                Some(self.0.as_fd())
            }

            async fn get_filetype(&self) -> Result<FileType, Error> {
                Ok(FileType::SocketStream)
            }

            async fn get_fdflags(&self) -> Result<FdFlags, Error> {
                Ok(get_fd_flags(&self.0)?)
            }

            async fn set_fdflags(&mut self, flags: FdFlags) -> Result<(), Error> {
                if FdFlags::NONBLOCK.contains(flags) {
                    set_fd_flags(&self.0, flags)
                } else {
                    Err(Error::invalid_argument().context("a socket has no other flag"))
                }
            }

            fn native(&self) -> Option<Native> {
                let handle = self.0.as_fd().try_clone_to_owned().ok()?;
                wasi_shim::host::$native(handle).ok().map(Native::Socket)
            }

            fn immediate(&self) -> bool {
                true
            }

            $($methods)*
        }
    };
}

macro_rules! listener {
    ($type:ident $cap:ty, $stream:ident) => {
        socket! { $type $cap, listener {
            async fn sock_accept(&self, flags: FdFlags) -> Result<Box<dyn WasiFile>, Error> {
                let (socket, _) = self.0.accept()?;
                let mut socket = $stream(socket);
                socket.set_fdflags(flags).await?;
                Ok(Box::new(socket))
            }

            fn num_ready_bytes(&self) -> Result<u64, Error> {
                Ok(1)
            }

            async fn readable(&self) -> Result<(), Error> {
                ready(&self.0, Interest::Read).await
            }

            async fn writable(&self) -> Result<(), Error> {
                ready(&self.0, Interest::Write).await
            }
        } }
    };
}

macro_rules! stream {
    ($type:ident $cap:ty) => {
        socket! { $type $cap, socket {
            async fn read_vectored<'a>(&self, bufs: &mut [IoSliceMut<'a>]) -> Result<u64, Error> {
                Ok((&self.0).read_vectored(bufs)? as u64)
            }

            async fn write_vectored<'a>(&self, bufs: &[IoSlice<'a>]) -> Result<u64, Error> {
                Ok((&self.0).write_vectored(bufs)? as u64)
            }

            async fn peek(&self, buf: &mut [u8]) -> Result<u64, Error> {
                Ok(peeked(&self.0, buf)? as u64)
            }

            fn num_ready_bytes(&self) -> Result<u64, Error> {
                Ok(rustix::io::ioctl_fionread(&self.0).map_err(std::io::Error::from)?)
            }

            async fn readable(&self) -> Result<(), Error> {
                if in_a_task() {
                    return ready(&self.0, Interest::Read).await;
                }
                let (readable, _) = is_read_write(&self.0)?;
                readable.then_some(()).ok_or_else(Error::io)
            }

            async fn writable(&self) -> Result<(), Error> {
                if in_a_task() {
                    return ready(&self.0, Interest::Write).await;
                }
                let (_, writable) = is_read_write(&self.0)?;
                writable.then_some(()).ok_or_else(Error::io)
            }

            async fn sock_recv<'a>(
                &self,
                data: &mut [IoSliceMut<'a>],
                flags: RiFlags,
            ) -> Result<(u64, RoFlags), Error> {
                let count = if flags.contains(RiFlags::RECV_PEEK) {
                    let mut first = data.iter_mut().find(|buf| !buf.is_empty());
                    first.as_mut().map_or(Ok(0), |buf| peeked(&self.0, buf))?
                } else if flags.contains(RiFlags::RECV_WAITALL) {
                    received_all(&self.0, data)?
                } else {
                    (&self.0).read_vectored(data)?
                };
                Ok((count as u64, RoFlags::empty()))
            }

            async fn sock_send<'a>(&self, data: &[IoSlice<'a>], _: SiFlags) -> Result<u64, Error> {
                Ok((&self.0).write_vectored(data)? as u64)
            }

            async fn sock_shutdown(&self, how: SdFlags) -> Result<(), Error> {
                let how = match (how.contains(SdFlags::RD), how.contains(SdFlags::WR)) {
                    (true, true) => Shutdown::Both,
                    (true, false) => Shutdown::Read,
                    (false, true) => Shutdown::Write,
                    (false, false) => return Err(Error::invalid_argument()),
                };
                Ok(self.0.shutdown(how)?)
            }
        } }
    };
}

stream! { TcpStream cap_std::net::TcpStream }
stream! { UnixStream cap_std::os::unix::net::UnixStream }
listener! { TcpListener cap_std::net::TcpListener, TcpStream }
listener! { UnixListener cap_std::os::unix::net::UnixListener, UnixStream }

/// What a socket is, by what the host says of a file: all but what is taken for a block device are streams.
pub fn filetype_from(filetype: &cap_std::fs::FileType) -> FileType {
    if cap_fs_ext::FileTypeExt::is_block_device(filetype) {
        FileType::SocketDgram
    } else {
        FileType::SocketStream
    }
}

/// The flags that the system has for a socket: whether it waits.
pub fn get_fd_flags(socket: impl AsFd) -> std::io::Result<FdFlags> {
    Ok(super::file::get_fd_flags(socket)? & FdFlags::NONBLOCK)
}

/// Which directions of a connection are open: receiving, sending.
pub fn is_read_write(socket: impl AsFd) -> std::io::Result<(bool, bool)> {
    let (peek, at_once) = (RecvFlags::PEEK | RecvFlags::DONTWAIT, SendFlags::DONTWAIT);
    let readable = match rustix::net::recv(&socket, &mut [0_u8], peek) {
        Ok((_, count)) => count > 0,
        Err(Errno::AGAIN) => true,
        Err(error) => return Err(error.into()),
    };
    let writable = match rustix::net::send(&socket, &[], at_once | SendFlags::NOSIGNAL) {
        Ok(_) | Err(Errno::AGAIN) => true,
        Err(Errno::PIPE) => false,
        Err(error) => return Err(error.into()),
    };
    Ok((readable, writable))
}

fn peeked(socket: impl AsFd, buf: &mut [u8]) -> std::io::Result<usize> {
    let (_, count) = rustix::net::recv(socket, buf, RecvFlags::PEEK)?;
    Ok(count)
}

/// Fills the buffers, or comes to the end.
fn received_all<S>(socket: &S, bufs: &mut [IoSliceMut<'_>]) -> std::io::Result<usize>
where
    for<'a> &'a S: Read,
{
    let mut all = 0;
    for buf in bufs {
        let mut filled = 0;
        while filled < buf.len() {
            match (&*socket).read(&mut buf[filled..])? {
                0 => return Ok(all + filled),
                count => filled += count,
            }
        }
        all += filled;
    }
    Ok(all)
}
