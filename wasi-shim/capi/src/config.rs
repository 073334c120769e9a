//! What a guest is to be given, until it is made.
//!
//! Knows the settings of C and the numbers that stand for some of them. Refuses to know what they do: a context is made of
//! them by the library's builder.

#![allow(unsafe_code, reason = "the attribute that exports a name")]

use crate::context::NEVER;
use crate::dirs::Directory;
use crate::raw::{Place, Ref, Text};
use crate::status::{Error, Handle, Status, attempt, free, make};
use crate::streams::ByteStream;
use std::sync::Arc;
use std::time::Duration;
use wasi_shim::vfs::{Clock, Dir, Entropy, Stream};
use wasi_shim::{Access, BuildError, Builder, FaultMode, Limits, RightsMode, Wasi};

/// What a guest is to be given. A new one gives nothing: no arguments, no environment, no directory, standard input at its
/// end, standard output going nowhere. One thread at a time may use it. Any number of contexts can be made of it.
#[derive(Clone)]
pub struct Config {
    pub(crate) args: Vec<String>,
    environ: Vec<(String, String)>,
    streams: [Option<Arc<dyn Stream>>; 3],
    preopens: Vec<(String, Arc<dyn Dir>, Access)>,
    sockets: Vec<Arc<dyn Stream>>,
    pub(crate) clock: Option<Arc<dyn Clock>>,
    pub(crate) entropy: Option<Arc<dyn Entropy>>,
    limits: Limits,
    rights: RightsMode,
    faults: FaultMode,
    deadline: Option<Duration>,
    pub(crate) hands_out: bool,
    pub(crate) shared: bool,
}

/// What a directory is given for.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DirAccess {
    /// Nothing below it can be changed through it; trying answers `perm`.
    ReadOnly = 0,
    /// Whatever its filesystem allows.
    ReadWrite = 1,
}

/// Whether WASI's rights are enforced.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rights {
    /// As the specification says. The default.
    Enforce = 0,
    /// Only whether a file was opened for reading or for writing counts, as in wasmtime.
    ReadWriteOnly = 1,
}

/// What a pointer of the guest's does that leads outside its memory.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Faults {
    /// It traps. The default.
    Trap = 0,
    /// The call answers `fault`.
    Errno = 1,
}

/// What a call does that has to wait.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocking {
    /// It waits, and returns when it is done. The default.
    Wait = 0,
    /// It returns WASI_SHIM_OUTCOME_BLOCKED, and the host decides how to wait.
    Return = 1,
}

/// How much a guest may make the host do or keep. What each means, and what it is unless set, is on the page
/// `spec-notes/limits.md`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Open descriptors.
    Descriptors = 0,
    /// Bytes of a path or of a link's text.
    Path = 1,
    /// Links followed in one resolution.
    Links = 2,
    /// Bytes of the texts of those links together.
    ExpandedPath = 3,
    /// Directories walked one by one.
    Depth = 4,
    /// Buffers in one read or write.
    Iovecs = 5,
    /// Bytes copied at a time.
    Bounce = 6,
    /// Entries in all listings that the descriptors hold.
    ListingEntries = 7,
    /// Bytes of the names in those listings.
    ListingBytes = 8,
    /// Subscriptions in one `poll_oneoff`.
    Subscriptions = 9,
}

impl Config {
    fn new() -> Self {
        Self {
            args: Vec::new(),
            environ: Vec::new(),
            streams: [None, None, None],
            preopens: Vec::new(),
            sockets: Vec::new(),
            clock: None,
            entropy: None,
            limits: Limits::default(),
            rights: RightsMode::default(),
            faults: FaultMode::default(),
            deadline: None,
            hands_out: false,
            shared: false,
        }
    }

    /// Makes a guest of it.
    pub(crate) fn build(&self) -> Result<Wasi, BuildError> {
        let builder = Wasi::builder()
            .args(self.args.iter().map(String::as_str))
            .limits(self.limits)
            .rights(self.rights)
            .faults(self.faults);
        let builder = fold(builder, &self.environ, |to, (name, value)| {
            to.env(name, value)
        });
        let builder = fold(builder, &self.preopens, |to, (name, dir, access)| {
            to.preopen(name, Arc::clone(dir), *access)
        });
        let builder = fold(builder, &self.sockets, |to, socket| {
            to.socket(Arc::clone(socket))
        });
        let [stdin, stdout, stderr] = &self.streams;
        let builder = fold(builder, stdin, |to, stream| to.stdin(Arc::clone(stream)));
        let builder = fold(builder, stdout, |to, stream| to.stdout(Arc::clone(stream)));
        let builder = fold(builder, stderr, |to, stream| to.stderr(Arc::clone(stream)));
        let builder = fold(builder, &self.clock, |to, clock| {
            to.clock(Arc::clone(clock))
        });
        let builder = fold(builder, &self.entropy, |to, chance| {
            to.entropy(Arc::clone(chance))
        });
        let builder = fold(builder, &self.deadline, |to, left| to.deadline(*left));
        builder.build()
    }
}

fn fold<'a, T: 'a>(
    builder: Builder,
    values: impl IntoIterator<Item = &'a T>,
    add: impl Fn(Builder, &'a T) -> Builder,
) -> Builder {
    values.into_iter().fold(builder, add)
}

/// Changes a configuration. What is replaced is handed out: whoever is told that it is dropped may use the configuration.
pub(crate) fn change<T>(
    mut config: Place<Config>,
    work: impl FnOnce(&mut Config) -> Result<T, Error>,
) -> Status {
    attempt(|| {
        let replaced = config.with("config", work)??;
        drop(replaced);
        Ok(())
    })
}

fn unknown(what: &'static str, number: u32, known: &'static str) -> Error {
    let number = u64::from(number);
    Error::Number {
        what,
        number,
        known,
    }
}

/// What a directory is given for.
pub(crate) fn what_for(access: u32) -> Result<Access, Error> {
    match access {
        0 => Ok(Access::ReadOnly),
        1 => Ok(Access::ReadWrite),
        other => Err(unknown("access", other, "see wasi_shim_access")),
    }
}

/// Makes a configuration that gives nothing. Free it with wasi_shim_config_free.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_config_new(config: Place<Handle<Config>>) -> Status {
    make(config, || Ok(Config::new()))
}

/// Frees a configuration and sets the variable to `NULL`; nothing if it is `NULL`. Contexts that were made of it stay.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_config_free(config: Place<Handle<Config>>) {
    free(config);
}

/// Adds a command-line argument. The first is the program's name.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_config_arg(config: Place<Config>, argument: Text) -> Status {
    change(config, |config| {
        config.args.push(argument.get("argument")?.to_owned());
        Ok(())
    })
}

/// Sets an environment variable. One that is set twice has the later value.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_config_env(config: Place<Config>, name: Text, value: Text) -> Status {
    change(config, |config| {
        let value = value.get("value")?.to_owned();
        config.environ.push((name.get("name")?.to_owned(), value));
        Ok(())
    })
}

/// Gives the guest this process's standard streams. They are read and written past the buffers of stdio: call `fflush`
/// first. Ignore SIGPIPE, as a host that serves pipes should: `signal(SIGPIPE, SIG_IGN)`; then a guest that writes to a pipe
/// without a reader has `pipe` for an answer, and this process goes on.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_config_inherit_stdio(config: Place<Config>) -> Status {
    change(config, |config| {
        use wasi_shim::host::{stderr, stdin, stdout};
        let of_system = || Error::of_system("the standard streams");
        let (input, output) = (
            stdin().map_err(of_system())?,
            stdout().map_err(of_system())?,
        );
        let errors = stderr().map_err(of_system())?;
        let inherited = [Some(input), Some(output), Some(errors)];
        Ok(std::mem::replace(&mut config.streams, inherited))
    })
}

/// Sets the guest's descriptor 0, 1 or 2. The stream stays the caller's to free, at any time.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_config_stdio(
    config: Place<Config>,
    descriptor: u32,
    stream: Ref<ByteStream>,
) -> Status {
    change(config, |config| {
        let stream = stream.get("stream")?.get();
        let place = usize::try_from(descriptor).ok();
        let place = place.and_then(|place| config.streams.get_mut(place));
        let known = "standard streams are 0, 1 and 2";
        let place = place.ok_or_else(|| unknown("descriptor", descriptor, known))?;
        Ok(place.replace(stream))
    })
}

/// Gives the guest a directory under a name, for what a wasi_shim_access says. Directories are numbered from 3 in the
/// order in which they are given. The directory stays the caller's to free, at any time.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_config_preopen(
    config: Place<Config>,
    name: Text,
    dir: Ref<Directory>,
    access: u32,
) -> Status {
    change(config, |config| {
        let dir = dir.get("dir")?.get();
        let access = what_for(access)?;
        config
            .preopens
            .push((name.get("name")?.to_owned(), dir, access));
        Ok(())
    })
}

/// Gives the guest a socket, numbered after the directories. The stream stays the caller's to free, at any time.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_config_socket(
    config: Place<Config>,
    socket: Ref<ByteStream>,
) -> Status {
    change(config, |config| {
        config.sockets.push(socket.get("socket")?.get());
        Ok(())
    })
}

/// Sets a limit: a wasi_shim_limit. Values that are larger than the limit can be are the largest it can be.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_config_limit(config: Place<Config>, limit: u32, value: u64) -> Status {
    change(config, |config| {
        let number = u32::try_from(value).unwrap_or(u32::MAX);
        let size = usize::try_from(value).unwrap_or(usize::MAX);
        let limits = &mut config.limits;
        match limit {
            0 => limits.descriptors = number,
            1 => limits.path = number,
            2 => limits.links = number,
            3 => limits.expanded_path = size,
            4 => limits.depth = size,
            5 => limits.iovecs = number,
            6 => limits.bounce = size,
            7 => limits.listing_entries = size,
            8 => limits.listing_bytes = size,
            9 => limits.subscriptions = number,
            other => return Err(unknown("limit", other, "see wasi_shim_limit")),
        }
        Ok(())
    })
}

/// Sets whether rights are enforced: a wasi_shim_rights.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_config_rights(config: Place<Config>, mode: u32) -> Status {
    change(config, |config| {
        config.rights = match mode {
            0 => RightsMode::Enforce,
            1 => RightsMode::ReadWriteOnly,
            other => return Err(unknown("mode", other, "see wasi_shim_rights")),
        };
        Ok(())
    })
}

/// Sets what a pointer of the guest's does that leads outside its memory: a wasi_shim_faults.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_config_faults(config: Place<Config>, mode: u32) -> Status {
    change(config, |config| {
        config.faults = match mode {
            0 => FaultMode::Trap,
            1 => FaultMode::Errno,
            other => return Err(unknown("mode", other, "see wasi_shim_faults")),
        };
        Ok(())
    })
}

/// Sets what a call does that has to wait: a wasi_shim_blocking.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_config_blocking(config: Place<Config>, mode: u32) -> Status {
    change(config, |config| {
        config.hands_out = match mode {
            0 => false,
            1 => true,
            other => return Err(unknown("mode", other, "see wasi_shim_blocking")),
        };
        Ok(())
    })
}

/// Says whether other threads of the guest may write its memory while a call has it. Such a memory is copied byte by byte
/// and never lent to a system call, which is slower. Not so unless set.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_config_shared_memory(config: Place<Config>, shared: bool) -> Status {
    change(config, |config| {
        config.shared = shared;
        Ok(())
    })
}

/// Gives each guest so many nanoseconds, from when its context is made, or with WASI_SHIM_NEVER all there are, which is so
/// unless set; see wasi_shim_set_deadline.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_config_deadline(config: Place<Config>, nanoseconds: u64) -> Status {
    change(config, |config| {
        config.deadline = (nanoseconds != NEVER).then(|| Duration::from_nanos(nanoseconds));
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_of_the_library_can_be_set_and_no_other() {
        let fields = |limits: &Limits| -> Vec<String> {
            let text = format!("{limits:?}");
            text.split(", ").map(str::to_owned).collect()
        };
        let before = fields(&Limits::default());
        for (limit, untouched) in (0..).zip(&before) {
            let mut config = Config::new();
            let set = wasi_shim_config_limit(Place::of(&mut config), limit, 7);
            assert_eq!(set, Status::Ok, "{untouched}");
            let after = fields(&config.limits);
            let changed = before.iter().zip(&after).filter(|(old, new)| old != new);
            let changed: Vec<_> = changed.map(|(old, _)| old).collect();
            assert_eq!(changed, [untouched]);
        }
        let none = u32::try_from(before.len()).unwrap();
        let mut config = Config::new();
        let set = wasi_shim_config_limit(Place::of(&mut config), none, 7);
        assert_eq!(set, Status::Argument);
    }
}
