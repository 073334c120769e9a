//! Knows how a guest's sockets are opened, and what goes with them when it has ended.
//! Refuses to know how they were asked for and what a guest does with them.
//! For `run`.

use std::{
    net::{SocketAddr, TcpListener},
    path::Path,
    sync::Arc,
};

use wasi_shim::{
    host::{self, SocketFile},
    vfs::Stream,
};

use crate::{failure::Failure, sockets::Sockets};

/// Sockets in the order in which the guest sees them. The files of those that have one are removed with it.
pub(crate) struct Opened {
    pub(super) streams: Vec<Arc<dyn Stream>>,
    _files: Vec<SocketFile>,
}

/// To be called before there is another thread: what we were started with is taken out of the environment.
pub(crate) fn open(sockets: &Sockets) -> Result<Opened, Failure> {
    let passed = if sockets.listenfd {
        passed()?
    } else {
        Vec::new()
    };
    let tcp = sockets.tcplisten.iter().map(|address| tcp(*address));
    let mut streams = tcp.collect::<Result<Vec<_>, _>>()?;
    let mut files = Vec::new();
    for path in &sockets.unixlisten {
        let (stream, file) = unix(path)?;
        streams.push(stream);
        files.push(file);
    }
    streams.extend(passed);
    Ok(Opened {
        streams,
        _files: files,
    })
}

fn tcp(address: SocketAddr) -> Result<Arc<dyn Stream>, Failure> {
    let listener = TcpListener::bind(address).and_then(host::listener);
    listener.map_err(|error| Failure::Listener { address, error })
}

fn unix(path: &Path) -> Result<(Arc<dyn Stream>, SocketFile), Failure> {
    host::listen_at(path).map_err(|error| Failure::SocketFile {
        path: path.to_owned(),
        error,
    })
}

fn passed() -> Result<Vec<Arc<dyn Stream>>, Failure> {
    let passed = host::activated().map_err(|error| Failure::Passed(error.to_string()))?;
    if passed.is_empty() {
        return Err(Failure::NothingPassed);
    }
    let streams = passed.into_iter().map(|socket| socket.stream());
    let streams = streams.collect::<Result<_, _>>();
    streams.map_err(|error| Failure::Passed(error.to_string()))
}
