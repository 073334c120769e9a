//! Putting a guest together: the one place where clocks, directories, streams and limits meet.
//!
//! Knows every room and decides nothing for them but defaults. A guest that is given nothing has nothing: no arguments,
//! no environment, no directory, standard input at its end and standard output going nowhere.

mod given;

pub use given::Given;

use crate::Wasi;
use crate::abi::Errno;
use crate::backends::Null;
use crate::process::{
    Access, End, FaultMode, Fds, Limits, Process, RightsMode, Sleepers, StringError, Strings, after,
};
use crate::vfs::{Clock, Dir, Entropy, Stream, Waiter};
use std::fmt;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
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
    waiter: MakeWaiter,
    limits: Limits,
    rights: RightsMode,
    faults: FaultMode,
    deadline: Option<Duration>,
}

type MakeWaiter = Arc<dyn Fn() -> Arc<dyn Waiter> + Send + Sync>;

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
    /// A deadline for a guest that has no monotonic clock.
    #[error("there is no time for the deadline: the guest's monotonic clock answers `{}`", .0.name())]
    Deadline(Errno),
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
            stdin: null(),
            stdout: null(),
            stderr: null(),
            preopens: Vec::new(),
            sockets: Vec::new(),
            clock,
            entropy,
            waiter,
            limits: Limits::default(),
            rights: RightsMode::default(),
            faults: FaultMode::default(),
            deadline: None,
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
        // Most guests have one directory, for which four places would be the largest part of making a guest.
        self.preopens.reserve_exact(1);
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

    /// Gives the guest so much time, from [`build`](Self::build) on: see [`Wasi::set_deadline`], which changes it.
    pub const fn deadline(mut self, left: Duration) -> Self {
        self.deadline = Some(left);
        self
    }

    /// Makes the guest.
    ///
    /// # Errors, in order
    /// Arguments, then variables, then directories that hold a NUL or, for a variable's name, an `=`; a deadline without a
    /// clock; more descriptors than the limit.
    pub fn build(self) -> Result<Wasi, BuildError> {
        let args = self.pack_args()?;
        let environ = self.pack_environ()?;
        let names = self.preopens.iter().map(|preopen| &*preopen.name);
        names.into_iter().try_for_each(check_name)?;
        let mut limits = self.limits;
        // Transfers of no bytes would never come to an end.
        limits.bounce = limits.bounce.max(1);
        let faults = self.faults;
        let (clock, entropy) = (Arc::clone(&self.clock), Arc::clone(&self.entropy));
        let deadline = self.deadline.map(|left| after(&*clock, left));
        let deadline = deadline.transpose().map_err(BuildError::Deadline)?;
        let waiter = Arc::clone(&self.waiter);
        let rights = self.rights;
        // The first directory is number 1; nothing else has one.
        let directories = u32::try_from(self.preopens.len()).unwrap_or(u32::MAX);
        let devices = AtomicU32::new(directories.saturating_add(1));
        let fds = self.open_all()?;
        Ok(Wasi(Arc::new(Process {
            args,
            environ,
            fds,
            devices,
            rights,
            clock,
            entropy,
            waiter,
            limits,
            faults,
            end: End::new(deadline),
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

    fn open_all(self) -> Result<Fds, BuildError> {
        let (rights, limit) = (self.rights, self.limits.descriptors);
        let streams = [
            Given::stream(self.stdin).without_writing(),
            Given::stream(self.stdout).without_reading(),
            Given::stream(self.stderr).without_reading(),
        ];
        let counts = [streams.len(), self.preopens.len(), self.sockets.len()];
        let count = counts.into_iter().fold(0, usize::saturating_add);
        let mut first = Vec::with_capacity(count);
        first.extend(streams.map(|stream| Arc::new(stream.open(0, rights))));
        for (ordinal, Preopen { name, dir, access }) in (1..).zip(self.preopens) {
            first.push(Arc::new(
                Given::named(name, dir, access).open(ordinal, rights),
            ));
        }
        for socket in self.sockets {
            first.push(Arc::new(Given::socket(socket).open(0, rights)));
        }
        Fds::new(limit, first).map_err(|_| BuildError::Descriptors { count, limit })
    }
}

/// Could a guest use this name for a directory?
fn check_name(name: &str) -> Result<(), BuildError> {
    let reason = if name.is_empty() {
        "is empty; the root is \"/\""
    } else if name.contains('\0') {
        NUL
    } else {
        return Ok(());
    };
    let name = name.to_owned();
    Err(BuildError::Preopen { name, reason })
}

/// The stream of a guest that was given none. It has no state, so all guests share it, as they do what else has none:
/// making a guest should cost what is its own.
fn null() -> Arc<dyn Stream> {
    static NULL: LazyLock<Arc<Null>> = LazyLock::new(Arc::default);
    NULL.clone()
}

type Ambient = (Arc<dyn Clock>, Arc<dyn Entropy>, MakeWaiter);

#[cfg(all(feature = "host", unix))]
fn ambient() -> Ambient {
    use crate::host::{OsClock, OsEntropy, Poller};
    static ENTROPY: LazyLock<Arc<OsEntropy>> = LazyLock::new(Arc::default);
    static WAITER: LazyLock<MakeWaiter> = LazyLock::new(|| Arc::new(|| Arc::new(Poller::new())));
    // Not the clock: a guest's starts when the guest is made.
    let clock = Arc::new(OsClock::new());
    (clock, ENTROPY.clone(), WAITER.clone())
}

#[cfg(not(all(feature = "host", unix)))]
fn ambient() -> Ambient {
    static NOTHING: LazyLock<Arc<Nothing>> = LazyLock::new(Arc::default);
    static WAITER: LazyLock<MakeWaiter> =
        LazyLock::new(|| Arc::new(|| Arc::new(crate::Parker::new())));
    (NOTHING.clone(), NOTHING.clone(), WAITER.clone())
}

/// The clock and the entropy of a guest that was given none.
#[cfg(not(all(feature = "host", unix)))]
#[derive(Default)]
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
