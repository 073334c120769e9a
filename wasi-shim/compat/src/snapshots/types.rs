//! The error codes as wasi-common names them, and the error that has one.
//!
//! This file knows that success is one of them there. It refuses to know what any means: that is wasi-shim's. Embedders
//! make errors of them.

pub use crate::Error;

use std::fmt;
use wiggle::GuestError;

macro_rules! errnos {
    ($($name:ident)*) => {
        /// An error code of preview1, or success.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs, reason = "wasi_shim::abi::Errno has the same names, and says what they mean")]
        pub enum Errno {
            Success,
            $($name,)*
        }

        impl Errno {
            /// Every code, under its number.
            const ALL: &[Self] = &[Self::Success, $(Self::$name),*];

            /// The code of wasi-shim; none for success.
            pub(crate) const fn code(self) -> Option<wasi_shim::abi::Errno> {
                match self {
                    Self::Success => None,
                    $(Self::$name => Some(wasi_shim::abi::Errno::$name),)*
                }
            }
        }

        impl From<wasi_shim::abi::Errno> for Errno {
            fn from(errno: wasi_shim::abi::Errno) -> Self {
                match errno {
                    $(wasi_shim::abi::Errno::$name => Self::$name,)*
                }
            }
        }
    };
}

errnos! {
    TooBig Acces Addrinuse Addrnotavail Afnosupport Again Already Badf Badmsg Busy Canceled Child
    Connaborted Connrefused Connreset Deadlk Destaddrreq Dom Dquot Exist Fault Fbig Hostunreach
    Idrm Ilseq Inprogress Intr Inval Io Isconn Isdir Loop Mfile Mlink Msgsize Multihop Nametoolong
    Netdown Netreset Netunreach Nfile Nobufs Nodev Noent Noexec Nolck Nolink Nomem Nomsg Noprotoopt
    Nospc Nosys Notconn Notdir Notempty Notrecoverable Notsock Notsup Notty Nxio Overflow Ownerdead
    Perm Pipe Proto Protonosupport Prototype Range Rofs Spipe Srch Stale Timedout Txtbsy Xdev
    Notcapable
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code() {
            Some(errno) => errno.fmt(f),
            None => f.write_str("success"),
        }
    }
}

impl std::error::Error for Errno {}

impl From<Errno> for u16 {
    fn from(errno: Errno) -> Self {
        errno.code().map_or(0, wasi_shim::abi::Errno::number)
    }
}

impl TryFrom<u16> for Errno {
    type Error = GuestError;

    fn try_from(number: u16) -> Result<Self, GuestError> {
        let errno = Self::ALL.get(usize::from(number)).copied();
        errno.ok_or(GuestError::InvalidEnumValue("Errno"))
    }
}

impl TryFrom<i32> for Errno {
    type Error = GuestError;

    fn try_from(number: i32) -> Result<Self, GuestError> {
        u16::try_from(number)?.try_into()
    }
}
