//! `errno`: the 76 error codes of preview1.

use thiserror::Error;

macro_rules! errnos {
    ($($variant:ident = $number:literal $name:literal $text:literal,)*) => {
        /// Every error code of preview1. Success is not an error and is not here.
        ///
        /// The set is closed: a `match` needs no wildcard. [`Display`](core::fmt::Display) gives POSIX's description,
        /// [`name`](Errno::name) the specification's name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Error)]
        #[repr(u16)]
        pub enum Errno {
            $(
                #[doc = $text]
                #[error($text)]
                $variant = $number,
            )*
        }

        impl Errno {
            /// Every error code, in the order of its number.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The specification's name, for example `"noent"`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

errnos! {
    TooBig = 1 "2big" "argument list too long",
    Acces = 2 "acces" "permission denied",
    Addrinuse = 3 "addrinuse" "address in use",
    Addrnotavail = 4 "addrnotavail" "address not available",
    Afnosupport = 5 "afnosupport" "address family not supported",
    Again = 6 "again" "resource unavailable, or operation would block",
    Already = 7 "already" "connection already in progress",
    Badf = 8 "badf" "bad file descriptor",
    Badmsg = 9 "badmsg" "bad message",
    Busy = 10 "busy" "device or resource busy",
    Canceled = 11 "canceled" "operation canceled",
    Child = 12 "child" "no child processes",
    Connaborted = 13 "connaborted" "connection aborted",
    Connrefused = 14 "connrefused" "connection refused",
    Connreset = 15 "connreset" "connection reset",
    Deadlk = 16 "deadlk" "resource deadlock would occur",
    Destaddrreq = 17 "destaddrreq" "destination address required",
    Dom = 18 "dom" "mathematics argument out of domain of function",
    Dquot = 19 "dquot" "disk quota exceeded",
    Exist = 20 "exist" "file exists",
    Fault = 21 "fault" "bad address",
    Fbig = 22 "fbig" "file too large",
    Hostunreach = 23 "hostunreach" "host is unreachable",
    Idrm = 24 "idrm" "identifier removed",
    Ilseq = 25 "ilseq" "illegal byte sequence",
    Inprogress = 26 "inprogress" "operation in progress",
    Intr = 27 "intr" "interrupted function",
    Inval = 28 "inval" "invalid argument",
    Io = 29 "io" "input/output error",
    Isconn = 30 "isconn" "socket is connected",
    Isdir = 31 "isdir" "is a directory",
    Loop = 32 "loop" "too many levels of symbolic links",
    Mfile = 33 "mfile" "file descriptor value too large",
    Mlink = 34 "mlink" "too many links",
    Msgsize = 35 "msgsize" "message too large",
    Multihop = 36 "multihop" "multihop attempted",
    Nametoolong = 37 "nametoolong" "filename too long",
    Netdown = 38 "netdown" "network is down",
    Netreset = 39 "netreset" "connection aborted by network",
    Netunreach = 40 "netunreach" "network unreachable",
    Nfile = 41 "nfile" "too many files open in system",
    Nobufs = 42 "nobufs" "no buffer space available",
    Nodev = 43 "nodev" "no such device",
    Noent = 44 "noent" "no such file or directory",
    Noexec = 45 "noexec" "executable file format error",
    Nolck = 46 "nolck" "no locks available",
    Nolink = 47 "nolink" "link has been severed",
    Nomem = 48 "nomem" "not enough space",
    Nomsg = 49 "nomsg" "no message of the desired type",
    Noprotoopt = 50 "noprotoopt" "protocol not available",
    Nospc = 51 "nospc" "no space left on device",
    Nosys = 52 "nosys" "function not supported",
    Notconn = 53 "notconn" "the socket is not connected",
    Notdir = 54 "notdir" "not a directory or a symbolic link to a directory",
    Notempty = 55 "notempty" "directory not empty",
    Notrecoverable = 56 "notrecoverable" "state not recoverable",
    Notsock = 57 "notsock" "not a socket",
    Notsup = 58 "notsup" "not supported, or operation not supported on socket",
    Notty = 59 "notty" "inappropriate I/O control operation",
    Nxio = 60 "nxio" "no such device or address",
    Overflow = 61 "overflow" "value too large to be stored in data type",
    Ownerdead = 62 "ownerdead" "previous owner died",
    Perm = 63 "perm" "operation not permitted",
    Pipe = 64 "pipe" "broken pipe",
    Proto = 65 "proto" "protocol error",
    Protonosupport = 66 "protonosupport" "protocol not supported",
    Prototype = 67 "prototype" "protocol wrong type for socket",
    Range = 68 "range" "result too large",
    Rofs = 69 "rofs" "read-only file system",
    Spipe = 70 "spipe" "invalid seek",
    Srch = 71 "srch" "no such process",
    Stale = 72 "stale" "stale file handle",
    Timedout = 73 "timedout" "connection timed out",
    Txtbsy = 74 "txtbsy" "text file busy",
    Xdev = 75 "xdev" "cross-device link",
    Notcapable = 76 "notcapable" "capabilities insufficient",
}

impl Errno {
    /// The number on the wire: 1 to 76.
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// The error code with this number; `None` for 0 (success) and for numbers the specification does not give.
    pub fn from_number(number: u16) -> Option<Self> {
        let index = usize::from(number).checked_sub(1)?;
        Self::ALL.get(index).copied()
    }
}
