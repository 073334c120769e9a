//! Sockets that were passed to this process when it was started.
//!
//! This file knows the variables by which systemd says how many there are, and what they are called. It does not know what
//! a guest does with them, and it makes none. Whoever builds a guest may use it.
//!
//! The numbers become handles in the crate `listenfd`: it says, in its own `unsafe`, that a number which the variables name
//! belongs to nobody else.

use super::net;
use crate::vfs::Stream;
use listenfd::ListenFd;
use rustix::net::{AddressFamily, SocketType};
use std::env::{self, VarError};
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use thiserror::Error;

/// The first descriptor that is passed, unless [`FIRST`] says otherwise.
const FIRST_DESCRIPTOR: i32 = 3;

/// More descriptors than any process is passed, and a number that is a mistake.
const MOST: i32 = 1 << 16;

const PID: &str = "LISTEN_PID";
const COUNT: &str = "LISTEN_FDS";
const NAMES: &str = "LISTEN_FDNAMES";
const FIRST: &str = "LISTEN_FDS_FIRST_FD";

/// A socket that was passed to this process.
#[derive(Debug)]
pub struct Activated {
    name: String,
    handle: OwnedFd,
    listens: bool,
}

impl Activated {
    /// What it is called in `LISTEN_FDNAMES`: of systemd's, the name of the unit unless the unit says otherwise;
    /// `unknown` if nobody named it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Does it accept connections?
    pub const fn listens(&self) -> bool {
        self.listens
    }

    /// The socket as one for [`Builder::socket`](crate::Builder::socket): by [`listener`](super::listener) if it
    /// listens, else by [`socket`](super::socket).
    ///
    /// # Errors
    /// Theirs.
    pub fn stream(self) -> io::Result<Arc<dyn Stream>> {
        if self.listens {
            net::listener(self.handle)
        } else {
            net::socket(self.handle)
        }
    }

    /// The handle itself.
    pub fn into_handle(self) -> OwnedFd {
        self.handle
    }
}

/// Why the sockets that were passed cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ActivationError {
    /// A variable that does not say what it should.
    #[error("the environment variable {name} is {value:?}, but {expected}")]
    Variable {
        /// Which one.
        name: &'static str,
        /// What it says.
        value: String,
        /// What it should be.
        expected: String,
    },
    /// A descriptor that a guest could do nothing with.
    #[error(
        "descriptor {descriptor} ({name:?}), which {COUNT} counts, is no TCP, UDP or Unix socket; \
         pass no other to a program that is started with sockets"
    )]
    NotSocket {
        /// Its number.
        descriptor: i32,
        /// What it is called.
        name: String,
    },
    /// A socket that the system tells nothing about.
    #[error("descriptor {descriptor}, which {COUNT} counts, cannot be looked at: {error}")]
    System {
        /// Its number.
        descriptor: i32,
        /// The system's answer.
        error: io::Error,
    },
}

/// Takes the sockets that were passed to this process, as `sd_listen_fds_with_names(3)` does: descriptors from 3 on, as
/// many as `LISTEN_FDS` says, if `LISTEN_PID` is this process. They are handed out once; a second call finds none. Where
/// `LISTEN_FDS_FIRST_FD` is set, as the program `systemfd` does, they begin there.
///
/// Without these variables, or if they are meant for another process, there are none. Streams, datagrams and sequenced
/// packets over IPv4, IPv6 and Unix addresses are taken, listening or not.
///
/// # Call it first
/// Before anything else is opened and before there are other threads: the descriptors are taken by their numbers, on the
/// environment's word that nobody else has them, and `LISTEN_PID` and `LISTEN_FDS` are removed from the environment so
/// that processes started later do not take them for theirs.
///
/// ```no_run
/// let mut builder = wasi_shim::Wasi::builder();
/// for socket in wasi_shim::host::activated()? {
///     // The guest has them as 3, 4 and so on, after its directories.
///     builder = builder.socket(socket.stream()?);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors, in order
/// A number that is none or too large; names that are not as many as the sockets; the first descriptor that is no such
/// socket. Handles that were taken already are closed then.
pub fn activated() -> Result<Vec<Activated>, ActivationError> {
    let Some(count) = count()? else {
        return Ok(Vec::new());
    };
    let first = number(FIRST)?.unwrap_or(FIRST_DESCRIPTOR);
    let names = names(count)?;
    let mut passed = ListenFd::from_env();
    let numbered = (first..).zip(names).enumerate();
    numbered
        .map(|(index, (descriptor, name))| take(&mut passed, index, descriptor, name))
        .collect()
}

/// How many there are; `None` if none are meant for us.
fn count() -> Result<Option<i32>, ActivationError> {
    let ours = std::process::id().to_string();
    if variable(PID)?.as_deref() != Some(ours.as_str()) {
        return Ok(None);
    }
    number(COUNT)
}

fn number(name: &'static str) -> Result<Option<i32>, ActivationError> {
    let Some(value) = variable(name)? else {
        return Ok(None);
    };
    match value.parse() {
        Ok(number @ 0..=MOST) => Ok(Some(number)),
        _ => Err(ActivationError::Variable {
            name,
            value,
            expected: format!("should be a number up to {MOST}"),
        }),
    }
}

fn names(count: i32) -> Result<Vec<String>, ActivationError> {
    let count = usize::try_from(count).unwrap_or_default();
    let Some(value) = variable(NAMES)? else {
        return Ok(vec!["unknown".to_owned(); count]);
    };
    let names: Vec<String> = value.split(':').map(str::to_owned).collect();
    if names.len() == count || (count == 0 && value.is_empty()) {
        return Ok(names.into_iter().take(count).collect());
    }
    Err(ActivationError::Variable {
        name: NAMES,
        value,
        expected: format!("should hold {count} names with colons between them, as {COUNT} says"),
    })
}

fn variable(name: &'static str) -> Result<Option<String>, ActivationError> {
    match env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(value)) => Err(ActivationError::Variable {
            name,
            value: value.to_string_lossy().into_owned(),
            expected: "should be text".to_owned(),
        }),
    }
}

/// Takes one descriptor, if it is a socket of a kind that is known.
fn take(
    passed: &mut ListenFd,
    index: usize,
    descriptor: i32,
    name: String,
) -> Result<Activated, ActivationError> {
    // Who asks for the older internet addresses is given the newer ones too.
    let families = [AddressFamily::INET, AddressFamily::UNIX];
    let kinds = [SocketType::STREAM, SocketType::DGRAM, SocketType::SEQPACKET];
    for (family, kind) in families
        .iter()
        .flat_map(|f| kinds.iter().map(move |k| (f, k)))
    {
        let family = i32::from(family.as_raw());
        let taken = passed.take_custom(index, family, kind.as_raw().cast_signed(), "socket");
        let Ok(Some(handle)) = taken else { continue };
        let handle: OwnedFd = handle;
        let listens = net::accepts(&handle);
        let listens = listens.map_err(|error| ActivationError::System { descriptor, error })?;
        return Ok(Activated {
            name,
            handle,
            listens,
        });
    }
    Err(ActivationError::NotSocket { descriptor, name })
}
