//! Putting a guest together: the one place where clocks, directories, streams and limits meet.
//!
//! Knows every room and decides nothing for them but defaults. A guest that is given nothing has nothing: no arguments,
//! no environment, no directory, standard input at its end and standard output going nowhere.

use crate::Wasi;
use crate::abi::{FdFlags, Rights};
use crate::backends::Null;
use crate::process::{
    Access, Descriptor, FaultMode, Fds, Grant, Limits, Object, Process, RightsMode, Sleepers,
    StringError, Strings,
};
use crate::vfs::{Clock, Dir, Entropy, Stream, Waiter};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use thiserror::Error;

/// A guest in the making. Every method can be called in any order; what is wrong is reported by [`build`](Self::build).
#[must_use]
pub struct Builder {
    args: Vec<String>,
    environ: Vec<(String, String)>,
    stdin: Arc<dyn Stream>,
    stdout: Arc<dyn Stream>,
    stderr: Arc<dyn Stream>,
    preopens: Vec<Preopen>,
    sockets: Vec<Arc<dyn Stream>>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    waiter: Arc<dyn Fn() -> Arc<dyn Waiter> + Send + Sync>,
    limits: Limits,
    rights: RightsMode,
    faults: FaultMode,
}

struct Preopen {
    name: String,
    dir: Arc<dyn Dir>,
    access: Access,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the environment, which may hold secrets.
        f.debug_struct("Builder")
            .field("args", &self.args)
            .finish_non_exhaustive()
    }
}

/// Why a guest cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// An argument that cannot be passed on.
    #[error("argument {index} ({argument:?}) {reason}")]
    Argument {
        /// Its position; the program's name is 0.
        index: usize,
        /// Its text.
        argument: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// An environment variable that cannot be passed on.
    #[error("environment variable {name:?} {reason}")]
    Variable {
        /// Its name.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A directory with a name that no guest could use.
    #[error("the guest's name {name:?} for a directory {reason}")]
    Preopen {
        /// The name.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// More directories and sockets than the guest may have descriptors.
    #[error(
        "{count} descriptors to begin with are more than the limit of {limit}; raise Limits::descriptors"
    )]
    Descriptors {
        /// How many there are, standard streams included.
        count: usize,
        /// The limit.
        limit: u32,
    },
}

impl Wasi {
    /// Starts with a guest that has nothing but time and chance: with the feature `host`, the system's; without, none,
    /// until [`Builder::clock`] and [`Builder::entropy`] give it some.
    pub fn builder() -> Builder {
        Builder::new()
    }
}

const NUL: &str = "holds a NUL character, which ends a string for the guest";
const TOO_LONG: &str = "does not fit: all strings together may have 4 GiB";

const fn reason(error: StringError) -> &'static str {
    match error {
        StringError::Nul => NUL,
        StringError::TooLong => TOO_LONG,
    }
}

impl Builder {
    fn new() -> Self {
        let (clock, entropy, waiter) = ambient();
        Self {
            args: Vec::new(),
            environ: Vec::new(),
            stdin: Arc::new(Null),
            stdout: Arc::new(Null),
            stderr: Arc::new(Null),
            preopens: Vec::new(),
            sockets: Vec::new(),
            clock,
            entropy,
            waiter,
            limits: Limits::default(),
            rights: RightsMode::default(),
            faults: FaultMode::default(),
        }
    }

    /// Adds a command-line argument. The first is the program's name.
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds command-line arguments.
    pub fn args(mut self, args: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets an environment variable. A variable that is set twice has the later value.
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let name = name.into();
        self.environ.retain(|(known, _)| *known != name);
        self.environ.push((name, value.into()));
        self
    }

    /// Sets descriptor 0, which the guest may read.
    pub fn stdin(mut self, stream: Arc<dyn Stream>) -> Self {
        self.stdin = stream;
        self
    }

    /// Sets descriptor 1, which the guest may write.
    pub fn stdout(mut self, stream: Arc<dyn Stream>) -> Self {
        self.stdout = stream;
        self
    }

    /// Sets descriptor 2, which the guest may write.
    pub fn stderr(mut self, stream: Arc<dyn Stream>) -> Self {
        self.stderr = stream;
        self
    }

    /// Gives the guest this process's standard streams. Fails if one of them is closed.
    #[cfg(all(feature = "host", unix))]
    pub fn inherit_stdio(self) -> std::io::Result<Self> {
        use crate::host::{stderr, stdin, stdout};
        Ok(self.stdin(stdin()?).stdout(stdout()?).stderr(stderr()?))
    }

    /// Gives the guest a directory under a name. Directories are numbered from 3 in the order they are given.
    pub fn preopen(mut self, name: impl Into<String>, dir: Arc<dyn Dir>, access: Access) -> Self {
        self.preopens.push(Preopen {
            name: name.into(),
            dir,
            access,
        });
        self
    }

    /// Gives the guest a connected or listening socket. Sockets are numbered after the directories: wasi-libc stops
    /// looking for directories at the first descriptor that is none.
    pub fn socket(mut self, socket: Arc<dyn Stream>) -> Self {
        self.sockets.push(socket);
        self
    }

    /// Sets where time comes from.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Sets where random bytes come from.
    pub fn entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.entropy = entropy;
        self
    }

    /// Sets how [`Blocked::wait`](crate::Blocked::wait) waits: it makes one waiter for each wait.
    pub fn waiter(mut self, make: impl Fn() -> Arc<dyn Waiter> + Send + Sync + 'static) -> Self {
        self.waiter = Arc::new(make);
        self
    }

    /// Sets the limits.
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets whether rights are enforced.
    pub const fn rights(mut self, rights: RightsMode) -> Self {
        self.rights = rights;
        self
    }

    /// Sets what a bad pointer does.
    pub const fn faults(mut self, faults: FaultMode) -> Self {
        self.faults = faults;
        self
    }

    /// Makes the guest.
    ///
    /// # Errors, in order
    /// Arguments, then variables, then directories that hold a NUL or, for a variable's name, an `=`; more descriptors
    /// than the limit.
    pub fn build(self) -> Result<Wasi, BuildError> {
        let args = self.pack_args()?;
        let environ = self.pack_environ()?;
        let fds = self.open_all()?;
        let mut limits = self.limits;
        // Transfers of no bytes would never come to an end.
        limits.bounce = limits.bounce.max(1);
        Ok(Wasi(Arc::new(Process {
            args,
            environ,
            fds,
            clock: self.clock,
            entropy: self.entropy,
            waiter: self.waiter,
            limits,
            faults: self.faults,
            cancelled: AtomicBool::new(false),
            sleepers: Sleepers::default(),
            listings: Arc::default(),
        })))
    }

    fn pack_args(&self) -> Result<Strings, BuildError> {
        let mut strings = Strings::default();
        for (index, argument) in self.args.iter().enumerate() {
            strings
                .push(argument)
                .map_err(|error| BuildError::Argument {
                    index,
                    argument: argument.clone(),
                    reason: reason(error),
                })?;
        }
        Ok(strings)
    }

    fn pack_environ(&self) -> Result<Strings, BuildError> {
        let mut strings = Strings::default();
        for (name, value) in &self.environ {
            let failed = |reason| BuildError::Variable {
                name: name.clone(),
                reason,
            };
            if name.is_empty() || name.contains('=') {
                return Err(failed("is no name: it is empty or holds a '='"));
            }
            strings
                .push(&format!("{name}={value}"))
                .map_err(|error| failed(reason(error)))?;
        }
        Ok(strings)
    }

    fn open_all(&self) -> Result<Fds, BuildError> {
        let fds = Fds::new(self.limits.descriptors);
        let mut first = Vec::new();
        first.push(self.stream(&self.stdin, Rights::STREAM.difference(Rights::FD_WRITE)));
        for output in [&self.stdout, &self.stderr] {
            first.push(self.stream(output, Rights::STREAM.difference(Rights::FD_READ)));
        }
        for (ordinal, preopen) in (1..).zip(&self.preopens) {
            first.push(self.directory(preopen, ordinal)?);
        }
        for socket in &self.sockets {
            first.push(self.inherited(socket));
        }
        let count = first.len();
        for descriptor in first {
            fds.reserve()
                .and_then(|place| place.fill(descriptor))
                .map_err(|_| BuildError::Descriptors {
                    count,
                    limit: self.limits.descriptors,
                })?;
        }
        Ok(fds)
    }

    fn stream(&self, stream: &Arc<dyn Stream>, base: Rights) -> Descriptor {
        let grant = Grant::new(base, Rights::empty(), Access::ReadWrite, self.rights);
        let object = Object::Stream(Arc::clone(stream));
        Descriptor::new(object, grant, 0, FdFlags::empty())
    }

    /// A directory reports and passes on every right, whatever it was given for: wasi-libc asks for what a directory
    /// passes on, and a file opened without the right to write would only fail when it is written.
    fn directory(&self, preopen: &Preopen, ordinal: u64) -> Result<Descriptor, BuildError> {
        let Preopen { name, dir, access } = preopen;
        if name.is_empty() {
            return Err(BuildError::Preopen {
                name: String::new(),
                reason: "is empty; the root is \"/\"",
            });
        }
        if name.contains('\0') {
            return Err(BuildError::Preopen {
                name: name.clone(),
                reason: NUL,
            });
        }
        let grant = Grant::new(Rights::DIRECTORY, Rights::INHERITED, *access, self.rights);
        let object = Object::Dir(Arc::clone(dir));
        let mut descriptor = Descriptor::new(object, grant, ordinal, FdFlags::empty());
        descriptor.preopen = Some(name.as_str().into());
        Ok(descriptor)
    }

    fn inherited(&self, socket: &Arc<dyn Stream>) -> Descriptor {
        if socket.as_socket().is_some_and(|socket| socket.listens()) {
            let grant = Grant::new(
                Rights::LISTENER,
                Rights::SOCKET,
                Access::ReadWrite,
                self.rights,
            );
            let object = Object::Stream(Arc::clone(socket));
            return Descriptor::new(object, grant, 0, FdFlags::empty());
        }
        self.stream(socket, Rights::SOCKET)
    }
}

type Ambient = (
    Arc<dyn Clock>,
    Arc<dyn Entropy>,
    Arc<dyn Fn() -> Arc<dyn Waiter> + Send + Sync>,
);

#[cfg(all(feature = "host", unix))]
fn ambient() -> Ambient {
    use crate::host::{OsClock, OsEntropy, Poller};
    (
        Arc::new(OsClock::new()),
        Arc::new(OsEntropy),
        Arc::new(|| Arc::new(Poller::new())),
    )
}

#[cfg(not(all(feature = "host", unix)))]
fn ambient() -> Ambient {
    let nothing = Arc::new(Nothing);
    (
        nothing.clone(),
        nothing,
        Arc::new(|| Arc::new(crate::Parker::new())),
    )
}

/// The clock and the entropy of a guest that was given none.
#[cfg(not(all(feature = "host", unix)))]
struct Nothing;

#[cfg(not(all(feature = "host", unix)))]
impl Clock for Nothing {
    fn resolution(&self, _: crate::abi::ClockId) -> crate::abi::Result<crate::vfs::Timestamp> {
        Err(crate::abi::Errno::Inval)
    }
    fn now(&self, _: crate::abi::ClockId) -> crate::abi::Result<crate::vfs::Timestamp> {
        Err(crate::abi::Errno::Inval)
    }
}

#[cfg(not(all(feature = "host", unix)))]
impl Entropy for Nothing {
    fn fill(&self, _: &mut [u8]) -> crate::abi::Result<()> {
        Err(crate::abi::Errno::Nosys)
    }
}
