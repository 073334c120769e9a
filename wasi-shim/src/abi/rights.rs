//! `rights`: the thirty things a descriptor may allow, and the sets that make sense together.

use super::FileKind;
use bitflags::bitflags;

bitflags! {
    /// What may be done with a descriptor. Bit numbers are the wire's.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Rights: u64 {
        /// `fd_datasync`; with `PATH_OPEN`, opening with `fdflags::dsync`.
        const FD_DATASYNC = 1 << 0;
        /// `fd_read` and `sock_recv`; with `FD_SEEK`, `fd_pread`.
        const FD_READ = 1 << 1;
        /// `fd_seek`; implies `FD_TELL`.
        const FD_SEEK = 1 << 2;
        /// `fd_fdstat_set_flags`.
        const FD_FDSTAT_SET_FLAGS = 1 << 3;
        /// `fd_sync`; with `PATH_OPEN`, opening with `fdflags::rsync` and `fdflags::sync`.
        const FD_SYNC = 1 << 4;
        /// `fd_tell`, and `fd_seek` that leaves the offset where it is.
        const FD_TELL = 1 << 5;
        /// `fd_write` and `sock_send`; with `FD_SEEK`, `fd_pwrite`.
        const FD_WRITE = 1 << 6;
        /// `fd_advise`.
        const FD_ADVISE = 1 << 7;
        /// `fd_allocate`.
        const FD_ALLOCATE = 1 << 8;
        /// `path_create_directory`.
        const PATH_CREATE_DIRECTORY = 1 << 9;
        /// With `PATH_OPEN`, opening with `oflags::creat`.
        const PATH_CREATE_FILE = 1 << 10;
        /// `path_link` from this directory.
        const PATH_LINK_SOURCE = 1 << 11;
        /// `path_link` into this directory.
        const PATH_LINK_TARGET = 1 << 12;
        /// `path_open`.
        const PATH_OPEN = 1 << 13;
        /// `fd_readdir`.
        const FD_READDIR = 1 << 14;
        /// `path_readlink`.
        const PATH_READLINK = 1 << 15;
        /// `path_rename` from this directory.
        const PATH_RENAME_SOURCE = 1 << 16;
        /// `path_rename` into this directory.
        const PATH_RENAME_TARGET = 1 << 17;
        /// `path_filestat_get`.
        const PATH_FILESTAT_GET = 1 << 18;
        /// With `PATH_OPEN`, opening with `oflags::trunc`.
        const PATH_FILESTAT_SET_SIZE = 1 << 19;
        /// `path_filestat_set_times`.
        const PATH_FILESTAT_SET_TIMES = 1 << 20;
        /// `fd_filestat_get`.
        const FD_FILESTAT_GET = 1 << 21;
        /// `fd_filestat_set_size`.
        const FD_FILESTAT_SET_SIZE = 1 << 22;
        /// `fd_filestat_set_times`.
        const FD_FILESTAT_SET_TIMES = 1 << 23;
        /// `path_symlink`.
        const PATH_SYMLINK = 1 << 24;
        /// `path_remove_directory`.
        const PATH_REMOVE_DIRECTORY = 1 << 25;
        /// `path_unlink_file`.
        const PATH_UNLINK_FILE = 1 << 26;
        /// With `FD_READ` or `FD_WRITE`, subscribing to the descriptor in `poll_oneoff`.
        const POLL_FD_READWRITE = 1 << 27;
        /// `sock_shutdown`.
        const SOCK_SHUTDOWN = 1 << 28;
        /// `sock_accept`.
        const SOCK_ACCEPT = 1 << 29;
    }
}

impl Rights {
    /// What applies to a regular file.
    pub const FILE: Self = Self::FD_DATASYNC
        .union(Self::FD_READ)
        .union(Self::FD_SEEK)
        .union(Self::FD_FDSTAT_SET_FLAGS)
        .union(Self::FD_SYNC)
        .union(Self::FD_TELL)
        .union(Self::FD_WRITE)
        .union(Self::FD_ADVISE)
        .union(Self::FD_ALLOCATE)
        .union(Self::FD_FILESTAT_GET)
        .union(Self::FD_FILESTAT_SET_SIZE)
        .union(Self::FD_FILESTAT_SET_TIMES)
        .union(Self::POLL_FD_READWRITE);

    /// What applies to a directory itself.
    pub const DIRECTORY: Self = Self::FD_DATASYNC
        .union(Self::FD_FDSTAT_SET_FLAGS)
        .union(Self::FD_SYNC)
        .union(Self::PATH_CREATE_DIRECTORY)
        .union(Self::PATH_CREATE_FILE)
        .union(Self::PATH_LINK_SOURCE)
        .union(Self::PATH_LINK_TARGET)
        .union(Self::PATH_OPEN)
        .union(Self::FD_READDIR)
        .union(Self::PATH_READLINK)
        .union(Self::PATH_RENAME_SOURCE)
        .union(Self::PATH_RENAME_TARGET)
        .union(Self::PATH_FILESTAT_GET)
        .union(Self::PATH_FILESTAT_SET_SIZE)
        .union(Self::PATH_FILESTAT_SET_TIMES)
        .union(Self::FD_FILESTAT_GET)
        .union(Self::FD_FILESTAT_SET_TIMES)
        .union(Self::PATH_SYMLINK)
        .union(Self::PATH_REMOVE_DIRECTORY)
        .union(Self::PATH_UNLINK_FILE)
        .union(Self::POLL_FD_READWRITE);

    /// What a directory passes on to what is opened through it.
    pub const INHERITED: Self = Self::FILE.union(Self::DIRECTORY);

    /// What applies to a byte stream. No seeking: wasi-libc takes a character device for a terminal only if it can
    /// neither seek nor tell (`isatty.c`).
    pub const STREAM: Self = Self::FD_READ
        .union(Self::FD_FDSTAT_SET_FLAGS)
        .union(Self::FD_WRITE)
        .union(Self::FD_FILESTAT_GET)
        .union(Self::POLL_FD_READWRITE);

    /// What applies to a connected socket.
    pub const SOCKET: Self = Self::STREAM.union(Self::SOCK_SHUTDOWN);

    /// What applies to a listening socket itself; accepted sockets get [`Self::SOCKET`].
    pub const LISTENER: Self = Self::FD_FDSTAT_SET_FLAGS
        .union(Self::FD_READ)
        .union(Self::FD_FILESTAT_GET)
        .union(Self::POLL_FD_READWRITE)
        .union(Self::SOCK_ACCEPT)
        .union(Self::SOCK_SHUTDOWN);

    /// What applies to any socket, connected or listening.
    const ANY_SOCKET: Self = Self::SOCKET.union(Self::LISTENER);

    /// What changes a filesystem. The sources of links and renames are among it: a file that may only be read could
    /// otherwise be written under its new name (GHSA-4ch3-9j33-3pmj). `path_open`'s conditional rights are not here: they
    /// are judged by the request.
    pub const MUTATING: Self = Self::FD_WRITE
        .union(Self::FD_ALLOCATE)
        .union(Self::FD_FILESTAT_SET_SIZE)
        .union(Self::FD_FILESTAT_SET_TIMES)
        .union(Self::PATH_CREATE_DIRECTORY)
        .union(Self::PATH_LINK_SOURCE)
        .union(Self::PATH_LINK_TARGET)
        .union(Self::PATH_RENAME_SOURCE)
        .union(Self::PATH_RENAME_TARGET)
        .union(Self::PATH_FILESTAT_SET_TIMES)
        .union(Self::PATH_SYMLINK)
        .union(Self::PATH_REMOVE_DIRECTORY)
        .union(Self::PATH_UNLINK_FILE);

    /// What changes the size of an open file.
    pub const RESIZING: Self = Self::FD_ALLOCATE.union(Self::FD_FILESTAT_SET_SIZE);

    /// The rights that mean something on a descriptor of this kind.
    pub const fn applicable(kind: FileKind) -> Self {
        match kind {
            FileKind::RegularFile => Self::FILE,
            FileKind::Directory => Self::DIRECTORY,
            FileKind::SocketDgram | FileKind::SocketStream => Self::ANY_SOCKET,
            FileKind::Unknown
            | FileKind::BlockDevice
            | FileKind::CharacterDevice
            | FileKind::SymbolicLink => Self::STREAM,
        }
    }
}
