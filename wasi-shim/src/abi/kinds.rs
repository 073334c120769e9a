//! The closed enumerations of preview1, each with its wire number. A number that is not listed is refused with `inval`.

use super::{Errno, Result};

macro_rules! wire_enum {
    (
        $(#[$meta:meta])*
        $name:ident: $repr:ident { $($(#[$doc:meta])* $variant:ident = $number:literal,)* }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr($repr)]
        pub enum $name { $($(#[$doc])* $variant = $number,)* }

        impl $name {
            /// Every value, in the order of its number.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The number on the wire.
            pub const fn number(self) -> $repr {
                self as $repr
            }

            /// The value with this number; `inval` if there is none.
            pub fn from_number(number: u32) -> Result<Self> {
                match number {
                    $($number => Ok(Self::$variant),)*
                    _ => Err(Errno::Inval),
                }
            }
        }
    };
}

wire_enum! {
    /// `filetype`: what a descriptor or a directory entry is.
    FileKind: u8 {
        /// Something else, or not known: a pipe, an event source.
        Unknown = 0,
        /// A block device.
        BlockDevice = 1,
        /// A character device; on a descriptor that cannot seek, a terminal.
        CharacterDevice = 2,
        /// A directory.
        Directory = 3,
        /// A regular file.
        RegularFile = 4,
        /// A datagram socket.
        SocketDgram = 5,
        /// A stream socket.
        SocketStream = 6,
        /// A symbolic link.
        SymbolicLink = 7,
    }
}

wire_enum! {
    /// `whence`: what a seek offset is relative to.
    Whence: u8 {
        /// The start of the file.
        Set = 0,
        /// The current offset.
        Cur = 1,
        /// The end of the file.
        End = 2,
    }
}

wire_enum! {
    /// `advice`: how a range of a file will be used.
    Advice: u8 {
        /// Nothing to say.
        Normal = 0,
        /// From lower offsets to higher.
        Sequential = 1,
        /// In no order.
        Random = 2,
        /// Soon.
        Willneed = 3,
        /// Not soon.
        Dontneed = 4,
        /// Once, then not again.
        Noreuse = 5,
    }
}

wire_enum! {
    /// `clockid`: a clock.
    ClockId: u32 {
        /// Nanoseconds since 1970-01-01 00:00 UTC.
        Realtime = 0,
        /// Nanoseconds since some moment; never runs backwards.
        Monotonic = 1,
        /// CPU time of the process.
        ProcessCputime = 2,
        /// CPU time of the thread.
        ThreadCputime = 3,
    }
}

wire_enum! {
    /// `eventtype`: what a subscription waits for.
    EventType: u8 {
        /// A clock has reached a time.
        Clock = 0,
        /// A descriptor can be read.
        FdRead = 1,
        /// A descriptor can be written.
        FdWrite = 2,
    }
}

wire_enum! {
    /// `signal`: the argument of `proc_raise`.
    Signal: u8 {
        /// No signal.
        None = 0,
        /// Hangup.
        Hup = 1,
        /// Terminal interrupt.
        Int = 2,
        /// Terminal quit.
        Quit = 3,
        /// Illegal instruction.
        Ill = 4,
        /// Trace or breakpoint trap.
        Trap = 5,
        /// Process abort.
        Abrt = 6,
        /// Undefined portion of a memory object accessed.
        Bus = 7,
        /// Erroneous arithmetic operation.
        Fpe = 8,
        /// Kill.
        Kill = 9,
        /// User-defined signal 1.
        Usr1 = 10,
        /// Invalid memory reference.
        Segv = 11,
        /// User-defined signal 2.
        Usr2 = 12,
        /// Write on a pipe with nobody to read it.
        Pipe = 13,
        /// Alarm clock.
        Alrm = 14,
        /// Termination.
        Term = 15,
        /// A child terminated, stopped or continued.
        Chld = 16,
        /// Continue executing.
        Cont = 17,
        /// Stop executing.
        Stop = 18,
        /// Terminal stop.
        Tstp = 19,
        /// Background process reading.
        Ttin = 20,
        /// Background process writing.
        Ttou = 21,
        /// High-bandwidth data available at a socket.
        Urg = 22,
        /// CPU time limit exceeded.
        Xcpu = 23,
        /// File size limit exceeded.
        Xfsz = 24,
        /// Virtual timer expired.
        Vtalrm = 25,
        /// Profiling timer expired.
        Prof = 26,
        /// Window changed.
        Winch = 27,
        /// I/O possible.
        Poll = 28,
        /// Power failure.
        Pwr = 29,
        /// Bad system call.
        Sys = 30,
    }
}
