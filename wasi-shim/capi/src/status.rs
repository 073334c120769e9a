//! How a function says that it could not do what it was asked, and that no panic gets past it.
//!
//! Knows every reason, its code and its words. Refuses to know what functions do. Every exported function goes through
//! `attempt` or `quietly`.

#![allow(unsafe_code, reason = "the attribute that exports a name")]

use crate::raw::{Place, Room};
use std::any::Any;
use std::cell::RefCell;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use thiserror::Error;
use wasi_shim::BuildError;
use wasi_shim::abi::Errno;
use wasi_shim::backends::{ArchiveError, BadName, CommitError, CopyError, MountError};

/// What comes of a function that makes or changes something. wasi_shim_message has the words.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It is done.
    Ok = 0,
    /// A pointer that has to lead somewhere is null.
    NullPointer = 1,
    /// An argument is not what it has to be: text that is not UTF-8, a number without a meaning, something of the wrong
    /// kind.
    Argument = 2,
    /// The operating system refused.
    System = 3,
    /// A filesystem refused, with an error code of WASI.
    Filesystem = 4,
    /// The archive is damaged, or larger than it may be.
    Archive = 5,
    /// The guest cannot be made as it is configured.
    Configuration = 6,
    /// A mistake in the library: it panicked, and went no further. What it was working on can still be freed.
    Panic = 7,
    /// It would have to wait.
    Again = 8,
}

/// Why something could not be done.
#[derive(Debug, Error)]
pub(crate) enum Error {
    #[error("{0} is a null pointer")]
    Null(&'static str),
    #[error("{0} is not UTF-8")]
    NotText(&'static str),
    #[error("{0} is not aligned as its type asks for")]
    Misaligned(&'static str),
    #[error("{0} is longer than anything can be in memory")]
    TooLong(&'static str),
    #[error("{what} is {number}, which means nothing: {known}")]
    Number {
        what: &'static str,
        number: u64,
        known: &'static str,
    },
    #[error("{0}")]
    Kind(&'static str),
    #[error("{what}: {error}")]
    System { what: String, error: io::Error },
    #[error("{what}: {errno} ({})", errno.name())]
    Filesystem { what: String, errno: Errno },
    #[error("{what}: {}", of_archive(error))]
    Archive { what: String, error: ArchiveError },
    #[error("{}", of_build(.0))]
    Build(#[from] BuildError),
    #[error(transparent)]
    Commit(#[from] CommitError),
    #[error(transparent)]
    Copy(#[from] CopyError),
    #[error(transparent)]
    Mount(#[from] MountError),
    #[error(transparent)]
    Name(#[from] BadName),
    #[error("wasi-shim panicked, which is a mistake in it: {0}")]
    Panic(String),
}

impl Error {
    pub(crate) const fn status(&self) -> Status {
        match self {
            Self::Null(_) => Status::NullPointer,
            Self::NotText(_)
            | Self::Misaligned(_)
            | Self::TooLong(_)
            | Self::Number { .. }
            | Self::Kind(_)
            | Self::Mount(MountError::Path { .. } | MountError::Duplicate { .. })
            | Self::Name(_) => Status::Argument,
            Self::System { .. } => Status::System,
            Self::Filesystem {
                errno: Errno::Again,
                ..
            } => Status::Again,
            Self::Filesystem { .. } | Self::Commit(_) | Self::Copy(_) | Self::Mount(_) => {
                Status::Filesystem
            }
            Self::Archive { .. } => Status::Archive,
            Self::Build(_) => Status::Configuration,
            Self::Panic(_) => Status::Panic,
        }
    }

    pub(crate) fn of_system(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        |error| Self::System { what, error }
    }

    pub(crate) fn of_filesystem(what: impl Into<String>) -> impl FnOnce(Errno) -> Self {
        let what = what.into();
        |errno| Self::Filesystem { what, errno }
    }
}

/// The words, which tell what raises a limit in C.
fn of_archive(error: &ArchiveError) -> String {
    match error {
        ArchiveError::Limit { what, limit } => format!(
            "the archive has more {what} than {limit}, which is the limit; wasi_shim_archive_limits has those that can be raised"
        ),
        other => other.to_string(),
    }
}

/// Likewise.
fn of_build(error: &BuildError) -> String {
    match error {
        BuildError::Descriptors { count, limit } => format!(
            "{count} descriptors to begin with are more than the limit of {limit}; raise WASI_SHIM_LIMIT_DESCRIPTORS"
        ),
        other => other.to_string(),
    }
}

thread_local! {
    /// The words for what went wrong last in this thread.
    static MESSAGE: RefCell<String> = const { RefCell::new(String::new()) };
}

pub(crate) fn tell(message: String) {
    // A thread that ends has nobody to tell.
    let _ = MESSAGE.try_with(|place| {
        if let Ok(mut place) = place.try_borrow_mut() {
            *place = message;
        }
    });
}

/// Does it, and makes an error of a panic.
#[inline]
pub(crate) fn caught<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    // What a panic may leave half done is behind locks that the library takes all the same, or is freed.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(Error::Panic(words(panic))))
}

fn words(panic: Box<dyn Any + Send>) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    let text = text.unwrap_or("without a word").to_owned();
    // Freeing what it carries could panic again.
    std::mem::forget(panic);
    text
}

/// What every function does that has a status.
pub(crate) fn attempt(work: impl FnOnce() -> Result<(), Error>) -> Status {
    match caught(work) {
        Ok(()) => Status::Ok,
        Err(error) => {
            let status = error.status();
            tell(error.to_string());
            status
        }
    }
}

/// What a function does that has no way to say that it failed.
pub(crate) fn quietly<T>(otherwise: T, work: impl FnOnce() -> Result<T, Error>) -> T {
    caught(work).unwrap_or_else(|error| {
        tell(error.to_string());
        otherwise
    })
}

/// A handle in C: a pointer, or null.
pub(crate) type Handle<T> = Option<Box<T>>;

/// What every function does that makes something: its place holds it, or null.
pub(crate) fn make<T>(
    mut place: Place<Handle<T>>,
    work: impl FnOnce() -> Result<T, Error>,
) -> Status {
    const WHAT: &str = "the place for what is made";
    attempt(|| {
        place.set(None, WHAT)?;
        let made = work()?;
        place.set(Some(Box::new(made)), WHAT)
    })
}

/// What every function does that frees something: its place holds null. Whoever is called while it is freed may free the
/// place.
pub(crate) fn free<T>(place: Place<Handle<T>>) {
    quietly((), || {
        drop(taken(place));
        Ok(())
    });
}

/// What a place held, which holds null now.
pub(crate) fn taken<T>(mut place: Place<Handle<T>>) -> Handle<T> {
    place.with("the place", Option::take).ok().flatten()
}

/// A pointer that must not be null.
pub(crate) fn there<T>(pointer: Option<T>, what: &'static str) -> Result<T, Error> {
    pointer.ok_or(Error::Null(what))
}

/// Copies the words for what went wrong last in this thread into `buffer`, with a NUL at the end: a function's status that
/// was not WASI_SHIM_STATUS_OK, a trap, a call that failed. What does not fit is cut off.
///
/// Returns how many bytes the words have without the NUL, so that a call with `NULL` and 0 asks for the room. Nothing that
/// is returned can dangle: the words are copied, and stay until something else goes wrong in the same thread.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_message(mut buffer: Room<u8>, size: usize) -> usize {
    let words = MESSAGE.try_with(|place| place.try_borrow().map(|words| words.clone()));
    let words = words.ok().and_then(Result::ok).unwrap_or_default();
    let Some(room) = size.checked_sub(1) else {
        return words.len();
    };
    let mut fitting = words
        .as_bytes()
        .get(..room)
        .unwrap_or(words.as_bytes())
        .to_vec();
    fitting.push(0);
    let _ = buffer.put(size, &fitting, "buffer");
    words.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> String {
        let mut buffer = [1; 200];
        let len = wasi_shim_message(Room::of(&mut buffer), buffer.len());
        assert_eq!(buffer[len], 0);
        String::from_utf8_lossy(&buffer[..len]).into_owned()
    }

    #[test]
    fn a_panic_is_a_status_and_leaves_the_thread_as_it_was() {
        assert_eq!(attempt(|| panic!("{} bricks", 3)), Status::Panic);
        assert!(
            message().ends_with("a mistake in it: 3 bricks"),
            "{}",
            message()
        );
        assert_eq!(attempt(|| std::panic::panic_any(7_u8)), Status::Panic);
        assert!(message().ends_with("without a word"));
        assert_eq!(attempt(|| Ok(())), Status::Ok);
    }

    #[test]
    fn freeing_what_panics_while_it_is_freed_is_survived() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("as it is freed");
            }
        }
        let mut place = Some(Box::new(Bomb));
        free(Place::of(&mut place));
        assert!(place.is_none());
        assert!(message().ends_with("as it is freed"));
    }

    #[test]
    fn a_message_is_cut_to_the_room_there_is() {
        tell("grüße".to_owned());
        let mut buffer = [1; 5];
        assert_eq!(wasi_shim_message(Room::of(&mut buffer), 0), 7);
        assert_eq!(buffer, [1; 5]);
        assert_eq!(wasi_shim_message(Room::of(&mut buffer), 1), 7);
        assert_eq!(buffer, [0, 1, 1, 1, 1]);
        assert_eq!(wasi_shim_message(Room::of(&mut buffer), 3), 7);
        assert_eq!(&buffer, b"gr\0\x01\x01");
    }

    #[test]
    fn what_raises_a_limit_is_said_in_words_of_c() {
        let (what, limit) = ("members", 3);
        let error = ArchiveError::Limit { what, limit };
        let what = "a.tar".to_owned();
        let archive = Error::Archive { what, error }.to_string();
        assert!(archive.starts_with("a.tar: the archive has more members than 3"));
        let build = BuildError::Descriptors { count: 5, limit: 4 };
        for words in [archive, Error::Build(build).to_string()] {
            assert!(words.contains("_limits has") || words.contains("WASI_SHIM_LIMIT_DESCRIPTORS"));
            assert!(
                !words.contains("::") && !words.contains("Builder"),
                "{words}"
            );
        }
    }

    #[test]
    fn a_message_belongs_to_its_thread() {
        tell("here".to_owned());
        std::thread::spawn(|| tell("there".to_owned()))
            .join()
            .unwrap();
        assert_eq!(message(), "here");
    }
}
