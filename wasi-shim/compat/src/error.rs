//! What a file, a directory or a scheduler fails with: an error code for the guest, or an error that ends it.
//!
//! This file knows the two sorts and what becomes of the host's errors. It refuses to know who reports them to whom. All of
//! this crate uses it, and all that embedders implement.

use crate::Cause;
use crate::snapshots::types::Errno;
use std::fmt;

/// The code that a guest is answered with, or what ends it.
#[derive(Debug)]
pub struct Error {
    what: What,
    /// The last comes first.
    context: Vec<String>,
}

#[derive(Debug)]
enum What {
    Errno(Errno),
    Trap(Cause),
}

impl Error {
    /// Ends the guest with this error: the embedder's call fails with it, and can take it apart. One that is an [`Errno`]
    /// is that code for the guest.
    #[cfg(not(feature = "wiggle-36"))]
    pub fn trap(inner: Cause) -> Self {
        Self::of(inner)
    }

    /// Ends the guest with this error: the embedder's call fails with it, and can take it apart. One that is an [`Errno`]
    /// is that code for the guest.
    #[cfg(feature = "wiggle-36")]
    pub fn trap<E>(inner: E) -> Self
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>> + 'static,
    {
        Self::of(crate::cause::cause_of(inner))
    }

    fn of(cause: Cause) -> Self {
        let Some(errno) = cause.downcast_ref::<Errno>().copied() else {
            return What::Trap(cause).into();
        };
        let (error, text) = (Self::from(errno), cause.to_string());
        if text == errno.to_string() {
            error
        } else {
            error.context(text)
        }
    }

    /// The code, or else what ends the guest.
    pub fn downcast(self) -> Result<Errno, Cause> {
        let Self { what, context } = self;
        match what {
            What::Errno(errno) => Ok(errno),
            What::Trap(cause) => Err(context.into_iter().fold(cause, Cause::context)),
        }
    }

    /// The code, if it is one.
    pub fn downcast_ref(&self) -> Option<&Errno> {
        match &self.what {
            What::Errno(errno) => Some(errno),
            What::Trap(_) => None,
        }
    }

    /// Says more about it. No guest sees that.
    #[must_use]
    pub fn context(mut self, text: impl Into<String>) -> Self {
        self.context.push(text.into());
        self
    }
}

impl From<What> for Error {
    fn from(what: What) -> Self {
        Self {
            what,
            context: Vec::new(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.context.last(), &self.what) {
            (Some(text), _) => f.write_str(text),
            (None, What::Errno(errno)) => errno.fmt(f),
            (None, What::Trap(cause)) => cause.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        // Without a context it says what it is itself.
        match (self.context.is_empty(), &self.what) {
            (false, What::Errno(errno)) => Some(errno),
            (false, What::Trap(cause)) => Some(&**cause),
            (true, What::Errno(_)) => None,
            (true, What::Trap(cause)) => std::error::Error::source(&**cause),
        }
    }
}

impl From<Errno> for Error {
    fn from(errno: Errno) -> Self {
        What::Errno(errno).into()
    }
}

impl From<wasi_shim::abi::Errno> for Error {
    fn from(errno: wasi_shim::abi::Errno) -> Self {
        Errno::from(errno).into()
    }
}

/// No error of the host ends a guest: what has no counterpart is `io`.
impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        wasi_shim::host::errno(&error).into()
    }
}

impl From<std::num::TryFromIntError> for Error {
    fn from(_: std::num::TryFromIntError) -> Self {
        Errno::Overflow.into()
    }
}

impl From<wiggle::GuestError> for Error {
    fn from(error: wiggle::GuestError) -> Self {
        use wiggle::GuestError as Guest;
        match error {
            Guest::InvalidFlagValue { .. } | Guest::InvalidEnumValue { .. } => Errno::Inval.into(),
            Guest::InvalidUtf8 { .. } => Errno::Ilseq.into(),
            Guest::TryFromIntError { .. } => Errno::Overflow.into(),
            Guest::SliceLengthsDiffer => Errno::Fault.into(),
            Guest::InFunc { err, .. } => Self::from(*err),
            Guest::PtrOverflow | Guest::PtrOutOfBounds { .. } | Guest::PtrNotAligned { .. } => {
                What::Trap(error.into()).into()
            }
        }
    }
}

macro_rules! constructors {
    ($($name:ident $errno:ident)*) => {
        /// Errors by what they say.
        #[allow(missing_docs, reason = "each is the code of that name")]
        pub trait ErrorExt {
            $(fn $name() -> Self;)*
        }

        impl ErrorExt for Error {
            $(fn $name() -> Self {
                Errno::$errno.into()
            })*
        }
    };
}

constructors! {
    not_found Noent
    too_big TooBig
    badf Badf
    exist Exist
    illegal_byte_sequence Ilseq
    invalid_argument Inval
    io Io
    name_too_long Nametoolong
    not_dir Notdir
    not_supported Notsup
    overflow Overflow
    range Range
    seek_pipe Spipe
    perm Perm
}

/// The guest called `proc_exit` with this code, whatever it is: all that a guest can say is passed on.
#[derive(Debug)]
pub struct I32Exit(pub i32);

impl fmt::Display for I32Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Exited with i32 exit status {}", self.0)
    }
}

impl std::error::Error for I32Exit {}
