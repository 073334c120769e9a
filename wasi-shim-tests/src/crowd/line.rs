//! What a guest reads from and writes to, and the other end of it.

use super::Failure;
use std::io::{IoSlice, IoSliceMut, PipeReader, PipeWriter, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use wasi_shim::backends::{self, pipe};
use wasi_shim::host;
use wasi_shim::vfs::Stream;

/// A way to reach a guest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Line {
    /// Pipes within the program.
    #[default]
    Pipes,
    /// Pipes of the host, which take four handles of a guest.
    HostPipes,
    /// A pair of sockets, which take two.
    Sockets,
}

/// The guest's end.
pub(super) struct Inner {
    pub(super) input: Arc<dyn Stream>,
    pub(super) output: Arc<dyn Stream>,
}

/// The other end.
pub(super) enum End {
    Pipes(Arc<backends::PipeWriter>, Arc<backends::PipeReader>),
    HostPipes(PipeWriter, PipeReader),
    Sockets(UnixStream),
}

impl Line {
    pub(super) fn open(self) -> Result<(Inner, End), Failure> {
        Ok(match self {
            Self::Pipes => {
                let ((input, to), (from, output)) = (pipe(1), pipe(1));
                (Inner { input, output }, End::Pipes(to, from))
            }
            Self::HostPipes => {
                let ((input, to), (from, output)) = (std::io::pipe()?, std::io::pipe()?);
                let (input, output) = (host::input(input)?, host::output(output)?);
                (Inner { input, output }, End::HostPipes(to, from))
            }
            Self::Sockets => {
                let (inner, outer) = UnixStream::pair()?;
                let input = host::socket(inner)?;
                let output = Arc::clone(&input);
                (Inner { input, output }, End::Sockets(outer))
            }
        })
    }
}

impl End {
    pub(super) fn send(&mut self, byte: u8) -> Result<(), Failure> {
        match self {
            Self::Pipes(to, _) => {
                to.write(&[IoSlice::new(&[byte])])?;
            }
            Self::HostPipes(to, _) => to.write_all(&[byte])?,
            Self::Sockets(both) => both.write_all(&[byte])?,
        }
        Ok(())
    }

    pub(super) fn receive(&mut self) -> Result<u8, Failure> {
        let mut byte = [0];
        match self {
            Self::Pipes(_, from) => {
                from.read(&mut [IoSliceMut::new(&mut byte)])?;
            }
            Self::HostPipes(_, from) => from.read_exact(&mut byte)?,
            Self::Sockets(both) => both.read_exact(&mut byte)?,
        }
        Ok(byte[0])
    }
}
