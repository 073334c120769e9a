//! Knows how a guest's sockets are written on the command line.
//! Refuses to know how they are opened; `shim` opens what is listed here.
//! For `options`, which flattens it into the options of `run`, and `shim`.

use std::{net::SocketAddr, path::PathBuf};

use clap::Args;

/// Numbered after the directories, in this order.
#[derive(Debug, Default, Args)]
pub(crate) struct Sockets {
    /// Give the guest a socket that accepts connections at IP:PORT; its descriptor comes after those of the directories
    #[arg(long, value_name = "IP:PORT")]
    pub(crate) tcplisten: Vec<SocketAddr>,

    /// Give the guest a socket that accepts connections at PATH, a file that is removed when the guest ends; it comes
    /// after those of --tcplisten
    #[arg(long, value_name = "PATH")]
    pub(crate) unixlisten: Vec<PathBuf>,

    /// Give the guest the sockets that we were started with, as systemd tells in LISTEN_FDS; they come last
    #[arg(long)]
    pub(crate) listenfd: bool,
}
