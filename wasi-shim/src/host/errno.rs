//! Error codes of the operating system, as error codes of preview1.
//!
//! This file knows both vocabularies. It does not know which call failed or why. Only this room uses it: an error
//! never leaves the room untranslated.

use crate::abi::Errno;
use rustix::io::Errno as Native;
use std::io;

/// Every native code that has a counterpart. The first rows are the ones that well-behaved programs meet.
const TABLE: &[(Native, Errno)] = &[
    (Native::NOENT, Errno::Noent),
    (Native::AGAIN, Errno::Again),
    (Native::EXIST, Errno::Exist),
    (Native::NOTDIR, Errno::Notdir),
    (Native::ISDIR, Errno::Isdir),
    (Native::LOOP, Errno::Loop),
    (Native::ACCESS, Errno::Acces),
    (Native::PERM, Errno::Perm),
    (Native::INVAL, Errno::Inval),
    (Native::NOTEMPTY, Errno::Notempty),
    (Native::TOOBIG, Errno::TooBig),
    (Native::ADDRINUSE, Errno::Addrinuse),
    (Native::ADDRNOTAVAIL, Errno::Addrnotavail),
    (Native::AFNOSUPPORT, Errno::Afnosupport),
    (Native::ALREADY, Errno::Already),
    (Native::BADF, Errno::Badf),
    (Native::BADMSG, Errno::Badmsg),
    (Native::BUSY, Errno::Busy),
    (Native::CANCELED, Errno::Canceled),
    (Native::CHILD, Errno::Child),
    (Native::CONNABORTED, Errno::Connaborted),
    (Native::CONNREFUSED, Errno::Connrefused),
    (Native::CONNRESET, Errno::Connreset),
    (Native::DEADLK, Errno::Deadlk),
    (Native::DESTADDRREQ, Errno::Destaddrreq),
    (Native::DOM, Errno::Dom),
    (Native::DQUOT, Errno::Dquot),
    (Native::FAULT, Errno::Fault),
    (Native::FBIG, Errno::Fbig),
    (Native::HOSTUNREACH, Errno::Hostunreach),
    (Native::IDRM, Errno::Idrm),
    (Native::ILSEQ, Errno::Ilseq),
    (Native::INPROGRESS, Errno::Inprogress),
    (Native::INTR, Errno::Intr),
    (Native::IO, Errno::Io),
    (Native::ISCONN, Errno::Isconn),
    (Native::MFILE, Errno::Mfile),
    (Native::MLINK, Errno::Mlink),
    (Native::MSGSIZE, Errno::Msgsize),
    #[cfg(not(target_os = "openbsd"))]
    (Native::MULTIHOP, Errno::Multihop),
    (Native::NAMETOOLONG, Errno::Nametoolong),
    (Native::NETDOWN, Errno::Netdown),
    (Native::NETRESET, Errno::Netreset),
    (Native::NETUNREACH, Errno::Netunreach),
    (Native::NFILE, Errno::Nfile),
    (Native::NOBUFS, Errno::Nobufs),
    (Native::NODEV, Errno::Nodev),
    (Native::NOEXEC, Errno::Noexec),
    (Native::NOLCK, Errno::Nolck),
    #[cfg(not(target_os = "openbsd"))]
    (Native::NOLINK, Errno::Nolink),
    (Native::NOMEM, Errno::Nomem),
    (Native::NOMSG, Errno::Nomsg),
    (Native::NOPROTOOPT, Errno::Noprotoopt),
    (Native::NOSPC, Errno::Nospc),
    (Native::NOSYS, Errno::Nosys),
    (Native::NOTCONN, Errno::Notconn),
    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    (Native::NOTRECOVERABLE, Errno::Notrecoverable),
    (Native::NOTSOCK, Errno::Notsock),
    (Native::NOTSUP, Errno::Notsup),
    // The same number as the row above on Linux, another one elsewhere; preview1 has one code for both.
    (Native::OPNOTSUPP, Errno::Notsup),
    (Native::NOTTY, Errno::Notty),
    (Native::NXIO, Errno::Nxio),
    (Native::OVERFLOW, Errno::Overflow),
    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    (Native::OWNERDEAD, Errno::Ownerdead),
    (Native::PIPE, Errno::Pipe),
    (Native::PROTO, Errno::Proto),
    (Native::PROTONOSUPPORT, Errno::Protonosupport),
    (Native::PROTOTYPE, Errno::Prototype),
    (Native::RANGE, Errno::Range),
    (Native::ROFS, Errno::Rofs),
    (Native::SPIPE, Errno::Spipe),
    (Native::SRCH, Errno::Srch),
    (Native::STALE, Errno::Stale),
    (Native::TIMEDOUT, Errno::Timedout),
    (Native::TXTBSY, Errno::Txtbsy),
    (Native::XDEV, Errno::Xdev),
];

/// The counterpart of a native code, `io` for one that has none.
pub(super) fn from_native(native: Native) -> Errno {
    TABLE
        .iter()
        .find(|(code, _)| *code == native)
        .map_or(Errno::Io, |&(_, errno)| errno)
}

/// The counterpart of an error: by its native code if it has one, else by its kind.
pub(super) fn from_io(error: &io::Error) -> Errno {
    Native::from_io_error(error).map_or_else(|| from_kind(error.kind()), from_native)
}

/// The kinds that errors without a native code arrive with. `PermissionDenied` is what cap-std answers to an escape,
/// and escapes answer `perm`.
fn from_kind(kind: io::ErrorKind) -> Errno {
    match kind {
        io::ErrorKind::NotFound => Errno::Noent,
        io::ErrorKind::PermissionDenied => Errno::Perm,
        io::ErrorKind::AlreadyExists => Errno::Exist,
        io::ErrorKind::WouldBlock => Errno::Again,
        io::ErrorKind::InvalidInput => Errno::Inval,
        io::ErrorKind::InvalidData => Errno::Ilseq,
        io::ErrorKind::TimedOut => Errno::Timedout,
        io::ErrorKind::BrokenPipe => Errno::Pipe,
        io::ErrorKind::Interrupted => Errno::Intr,
        io::ErrorKind::Unsupported => Errno::Notsup,
        io::ErrorKind::OutOfMemory => Errno::Nomem,
        io::ErrorKind::NotADirectory => Errno::Notdir,
        io::ErrorKind::IsADirectory => Errno::Isdir,
        _ => Errno::Io,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Codes that no row leads to, and why.
    const WITHOUT_ROW: &[(Errno, &str)] = &[
        (Errno::Notcapable, "WASI's own; POSIX has no such code"),
        #[cfg(target_os = "openbsd")]
        (Errno::Multihop, "unknown to OpenBSD"),
        #[cfg(target_os = "openbsd")]
        (Errno::Nolink, "unknown to OpenBSD"),
        #[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
        (Errno::Notrecoverable, "not given by every BSD"),
        #[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
        (Errno::Ownerdead, "not given by every BSD"),
    ];

    #[test]
    fn every_code_has_a_row_or_a_reason() {
        for &errno in Errno::ALL {
            let row = TABLE.iter().any(|&(_, to)| to == errno);
            let reason = WITHOUT_ROW.iter().any(|&(code, _)| code == errno);
            assert!(
                row != reason,
                "{}: row {row}, reason {reason}",
                errno.name()
            );
        }
    }

    #[test]
    fn a_native_code_has_one_counterpart() {
        for &(native, errno) in TABLE {
            assert_eq!(from_native(native), errno, "{native:?}");
        }
    }

    #[test]
    fn every_number_is_translated() {
        for number in 1..=4095 {
            let _ = from_native(Native::from_raw_os_error(number));
        }
        let unknown = io::Error::from_raw_os_error(4000);
        assert_eq!(from_io(&unknown), Errno::Io);
    }

    #[test]
    fn the_native_code_comes_before_the_kind() {
        // `EACCES` and `EPERM` share a kind.
        let denied = io::Error::from_raw_os_error(Native::ACCESS.raw_os_error());
        assert_eq!(from_io(&denied), Errno::Acces);
        assert_eq!(
            from_io(&io::ErrorKind::PermissionDenied.into()),
            Errno::Perm
        );
        assert_eq!(from_io(&io::Error::other("?")), Errno::Io);
    }
}
