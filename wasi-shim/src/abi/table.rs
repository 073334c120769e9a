//! The table: one row for each of the 46 functions, in the order of the specification.
//!
//! A row is all there is to know about how a function crosses the boundary:
//!
//! ```text
//! name = Variant(core parameters)
//!     takes [argument: Type = core parameters; descriptor: Open[rights it needs] = fd]
//!     gives [Type = result pointer]
//!     by room::handler [with memory];
//! ```
//!
//! Arguments are decoded from left to right, then the result pointers are checked, then the handler runs, then its
//! value is stored. From these rows come [`Syscall`], its [`Signature`], the trampolines of the dispatcher, and the
//! closures of every engine's linker. `with memory` marks the handlers that move bulk data.

/// Hands the 46 rows to a macro: `for_each_syscall! { [path::to::callback] state }` becomes `callback! { state rows }`.
///
/// For adapters to engines that this crate does not know; see `link_wasmtime!` for an example.
#[macro_export]
macro_rules! for_each_syscall {
    ([$($callback:tt)+] $state:tt) => { $($callback)+! { $state
        /// Copies the command-line arguments.
        args_get = ArgsGet(argv: i32, argv_buf: i32)
            takes [argv: Pointer = argv; argv_buf: Pointer = argv_buf]
            gives []
            by args::args_get with memory;

        /// How many command-line arguments there are, and how many bytes they need.
        args_sizes_get = ArgsSizesGet(argc: i32, argv_buf_size: i32)
            takes []
            gives [u32 = argc, u32 = argv_buf_size]
            by args::args_sizes_get;

        /// Copies the environment.
        environ_get = EnvironGet(environ: i32, environ_buf: i32)
            takes [environ: Pointer = environ; environ_buf: Pointer = environ_buf]
            gives []
            by args::environ_get with memory;

        /// How many environment variables there are, and how many bytes they need.
        environ_sizes_get = EnvironSizesGet(environc: i32, environ_buf_size: i32)
            takes []
            gives [u32 = environc, u32 = environ_buf_size]
            by args::environ_sizes_get;

        /// The resolution of a clock.
        clock_res_get = ClockResGet(id: i32, resolution: i32)
            takes [id: ClockId = id]
            gives [u64 = resolution]
            by clock::res_get;

        /// The time of a clock.
        clock_time_get = ClockTimeGet(id: i32, precision: i64, time: i32)
            takes [id: ClockId = id; precision: u64 = precision]
            gives [u64 = time]
            by clock::time_get;

        /// Announces how a range of a file will be used.
        fd_advise = FdAdvise(fd: i32, offset: i64, len: i64, advice: i32)
            takes [fd: Open[FD_ADVISE] = fd; offset: u64 = offset; len: u64 = len; advice: Advice = advice]
            gives []
            by fd::advise;

        /// Makes room for a range of a file.
        fd_allocate = FdAllocate(fd: i32, offset: i64, len: i64)
            takes [fd: Open[FD_ALLOCATE] = fd; offset: u64 = offset; len: u64 = len]
            gives []
            by fd::allocate;

        /// Closes a descriptor.
        fd_close = FdClose(fd: i32)
            takes [fd: u32 = fd]
            gives []
            by fd::close;

        /// Makes a file's data durable.
        fd_datasync = FdDatasync(fd: i32)
            takes [fd: Open[FD_DATASYNC] = fd]
            gives []
            by fd::datasync;

        /// What a descriptor is, how it behaves and what it allows.
        fd_fdstat_get = FdFdstatGet(fd: i32, stat: i32)
            takes [fd: Open[] = fd]
            gives [Fdstat = stat]
            by fdstat::get;

        /// Changes how a descriptor behaves.
        fd_fdstat_set_flags = FdFdstatSetFlags(fd: i32, flags: i32)
            takes [fd: Open[FD_FDSTAT_SET_FLAGS] = fd; flags: FdFlags = flags]
            gives []
            by fdstat::set_flags;

        /// Gives up rights of a descriptor.
        fd_fdstat_set_rights = FdFdstatSetRights(fd: i32, fs_rights_base: i64, fs_rights_inheriting: i64)
            takes [fd: Open[] = fd; base: Rights = fs_rights_base; inheriting: Rights = fs_rights_inheriting]
            gives []
            by fdstat::set_rights;

        /// The facts about an open file.
        fd_filestat_get = FdFilestatGet(fd: i32, stat: i32)
            takes [fd: Open[FD_FILESTAT_GET] = fd]
            gives [Filestat = stat]
            by fd::filestat_get;

        /// Sets the length of an open file.
        fd_filestat_set_size = FdFilestatSetSize(fd: i32, size: i64)
            takes [fd: Open[FD_FILESTAT_SET_SIZE] = fd; size: u64 = size]
            gives []
            by fd::filestat_set_size;

        /// Sets the times of an open file.
        fd_filestat_set_times = FdFilestatSetTimes(fd: i32, atim: i64, mtim: i64, fst_flags: i32)
            takes [fd: Open[FD_FILESTAT_SET_TIMES] = fd; times: NewTimes = (atim, mtim, fst_flags)]
            gives []
            by fd::filestat_set_times;

        /// Reads at an offset.
        fd_pread = FdPread(fd: i32, iovs: i32, iovs_len: i32, offset: i64, nread: i32)
            takes [fd: Open[FD_READ FD_SEEK] = fd; iovs: Vectors = (iovs, iovs_len); offset: u64 = offset]
            gives [u32 = nread]
            by io::pread with memory;

        /// What a preopened descriptor is, and how long its name.
        fd_prestat_get = FdPrestatGet(fd: i32, buf: i32)
            takes [fd: u32 = fd]
            gives [Prestat = buf]
            by fdstat::prestat_get;

        /// Copies the name of a preopened directory.
        fd_prestat_dir_name = FdPrestatDirName(fd: i32, path: i32, path_len: i32)
            takes [fd: u32 = fd; path: Window = (path, path_len)]
            gives []
            by fdstat::prestat_dir_name with memory;

        /// Writes at an offset.
        fd_pwrite = FdPwrite(fd: i32, iovs: i32, iovs_len: i32, offset: i64, nwritten: i32)
            takes [fd: Open[FD_WRITE FD_SEEK] = fd; iovs: Vectors = (iovs, iovs_len); offset: u64 = offset]
            gives [u32 = nwritten]
            by io::pwrite with memory;

        /// Reads.
        fd_read = FdRead(fd: i32, iovs: i32, iovs_len: i32, nread: i32)
            takes [fd: Open[FD_READ] = fd; iovs: Vectors = (iovs, iovs_len)]
            gives [u32 = nread]
            by io::read with memory;

        /// Copies entries of a directory.
        fd_readdir = FdReaddir(fd: i32, buf: i32, buf_len: i32, cookie: i64, bufused: i32)
            takes [fd: Open[FD_READDIR] = fd; buf: Window = (buf, buf_len); cookie: u64 = cookie]
            gives [u32 = bufused]
            by readdir::readdir with memory;

        /// Moves a descriptor to the number of another, which is closed.
        fd_renumber = FdRenumber(fd: i32, to: i32)
            takes [fd: u32 = fd; to: u32 = to]
            gives []
            by fd::renumber;

        /// Moves the offset.
        fd_seek = FdSeek(fd: i32, offset: i64, whence: i32, newoffset: i32)
            takes [fd: Open[] = fd; offset: i64 = offset; whence: Whence = whence]
            gives [u64 = newoffset]
            by fd::seek;

        /// Makes a file's data and facts durable.
        fd_sync = FdSync(fd: i32)
            takes [fd: Open[FD_SYNC] = fd]
            gives []
            by fd::sync;

        /// The offset.
        fd_tell = FdTell(fd: i32, offset: i32)
            takes [fd: Open[FD_TELL] = fd]
            gives [u64 = offset]
            by fd::tell;

        /// Writes.
        fd_write = FdWrite(fd: i32, iovs: i32, iovs_len: i32, nwritten: i32)
            takes [fd: Open[FD_WRITE] = fd; iovs: Vectors = (iovs, iovs_len)]
            gives [u32 = nwritten]
            by io::write with memory;

        /// Creates a directory.
        path_create_directory = PathCreateDirectory(fd: i32, path: i32, path_len: i32)
            takes [fd: Open[PATH_CREATE_DIRECTORY] = fd; path: Text = (path, path_len)]
            gives []
            by path::create_directory;

        /// The facts about a file at a path.
        path_filestat_get = PathFilestatGet(fd: i32, flags: i32, path: i32, path_len: i32, stat: i32)
            takes [fd: Open[PATH_FILESTAT_GET] = fd; flags: LookupFlags = flags; path: Text = (path, path_len)]
            gives [Filestat = stat]
            by path::filestat_get;

        /// Sets the times of a file at a path.
        path_filestat_set_times = PathFilestatSetTimes(
            fd: i32, flags: i32, path: i32, path_len: i32, atim: i64, mtim: i64, fst_flags: i32
        )
            takes [
                fd: Open[PATH_FILESTAT_SET_TIMES] = fd; flags: LookupFlags = flags; path: Text = (path, path_len);
                times: NewTimes = (atim, mtim, fst_flags)
            ]
            gives []
            by path::filestat_set_times;

        /// Gives a file a second name.
        path_link = PathLink(
            old_fd: i32, old_flags: i32, old_path: i32, old_path_len: i32,
            new_fd: i32, new_path: i32, new_path_len: i32
        )
            takes [
                old_fd: Open[PATH_LINK_SOURCE] = old_fd; old_flags: LookupFlags = old_flags;
                old_path: Text = (old_path, old_path_len);
                new_fd: Open[PATH_LINK_TARGET] = new_fd; new_path: Text = (new_path, new_path_len)
            ]
            gives []
            by path::link;

        /// Opens a file or directory.
        path_open = PathOpen(
            fd: i32, dirflags: i32, path: i32, path_len: i32, oflags: i32,
            fs_rights_base: i64, fs_rights_inheriting: i64, fdflags: i32, opened_fd: i32
        )
            takes [
                fd: Open[PATH_OPEN] = fd; dirflags: LookupFlags = dirflags; path: Text = (path, path_len);
                oflags: OFlags = oflags; base: Rights = fs_rights_base; inheriting: Rights = fs_rights_inheriting;
                fdflags: FdFlags = fdflags
            ]
            gives [u32 = opened_fd]
            by open::open;

        /// The text of a symbolic link.
        path_readlink = PathReadlink(fd: i32, path: i32, path_len: i32, buf: i32, buf_len: i32, bufused: i32)
            takes [
                fd: Open[PATH_READLINK] = fd; path: Text = (path, path_len); buf: Window = (buf, buf_len)
            ]
            gives [Truncated = buf, u32 = bufused]
            by path::readlink;

        /// Removes an empty directory.
        path_remove_directory = PathRemoveDirectory(fd: i32, path: i32, path_len: i32)
            takes [fd: Open[PATH_REMOVE_DIRECTORY] = fd; path: Text = (path, path_len)]
            gives []
            by path::remove_directory;

        /// Moves a file or directory to another name.
        path_rename = PathRename(
            fd: i32, old_path: i32, old_path_len: i32, new_fd: i32, new_path: i32, new_path_len: i32
        )
            takes [
                fd: Open[PATH_RENAME_SOURCE] = fd; old_path: Text = (old_path, old_path_len);
                new_fd: Open[PATH_RENAME_TARGET] = new_fd; new_path: Text = (new_path, new_path_len)
            ]
            gives []
            by path::rename;

        /// Creates a symbolic link.
        path_symlink = PathSymlink(old_path: i32, old_path_len: i32, fd: i32, new_path: i32, new_path_len: i32)
            takes [
                text: Text = (old_path, old_path_len); fd: Open[PATH_SYMLINK] = fd;
                path: Text = (new_path, new_path_len)
            ]
            gives []
            by path::symlink;

        /// Removes a file.
        path_unlink_file = PathUnlinkFile(fd: i32, path: i32, path_len: i32)
            takes [fd: Open[PATH_UNLINK_FILE] = fd; path: Text = (path, path_len)]
            gives []
            by path::unlink_file;

        /// Waits for the first of several events.
        poll_oneoff = PollOneoff(subscriptions: i32, events: i32, nsubscriptions: i32, nevents: i32)
            takes [
                subscriptions: Subscriptions = (subscriptions, nsubscriptions);
                events: Events = (events, nsubscriptions)
            ]
            gives [u32 = nevents]
            by poll::oneoff with memory;

        /// Ends the process. Does not return.
        proc_exit = ProcExit(rval: i32)
            takes [code: u32 = rval]
            gives []
            by proc::exit;

        /// Sends the process a signal. Fixed answer.
        proc_raise = ProcRaise(sig: i32)
            takes [signal: Signal = sig]
            gives []
            by fixed::proc_raise;

        /// Lets others run. Fixed answer.
        sched_yield = SchedYield()
            takes []
            gives []
            by fixed::sched_yield;

        /// Fills a buffer with random bytes.
        random_get = RandomGet(buf: i32, buf_len: i32)
            takes [buf: Window = (buf, buf_len)]
            gives []
            by random::get with memory;

        /// Accepts a connection on an inherited listener.
        sock_accept = SockAccept(fd: i32, flags: i32, opened_fd: i32)
            takes [fd: Open[SOCK_ACCEPT] = fd; flags: FdFlags = flags]
            gives [u32 = opened_fd]
            by sock::accept;

        /// Receives from a socket.
        sock_recv = SockRecv(fd: i32, ri_data: i32, ri_data_len: i32, ri_flags: i32, ro_datalen: i32, ro_flags: i32)
            takes [fd: Open[FD_READ] = fd; data: Vectors = (ri_data, ri_data_len); flags: RiFlags = ri_flags]
            gives [u32 = ro_datalen, RoFlags = ro_flags]
            by sock::recv with memory;

        /// Sends on a socket.
        sock_send = SockSend(fd: i32, si_data: i32, si_data_len: i32, si_flags: i32, so_datalen: i32)
            takes [fd: Open[FD_WRITE] = fd; data: Vectors = (si_data, si_data_len); flags: SiFlags = si_flags]
            gives [u32 = so_datalen]
            by sock::send with memory;

        /// Closes one or both directions of a socket.
        sock_shutdown = SockShutdown(fd: i32, how: i32)
            takes [fd: Open[SOCK_SHUTDOWN] = fd; how: SdFlags = how]
            gives []
            by sock::shutdown;
    } };
}

/// The type of a core WebAssembly parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CoreType {
    /// A 32-bit integer.
    I32,
    /// A 64-bit integer.
    I64,
}

/// How a function looks from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Its name in the import section.
    pub name: &'static str,
    /// Its core parameters, result pointers last.
    pub params: &'static [(&'static str, CoreType)],
    /// For each descriptor among the parameters, the rights it needs whatever the other arguments are.
    pub needs: &'static [(&'static str, super::Rights)],
}

macro_rules! core_type {
    (i32) => {
        CoreType::I32
    };
    (i64) => {
        CoreType::I64
    };
}

macro_rules! needs {
    (@one $arg:ident [$($right:ident)*]) => {
        (stringify!($arg), super::Rights::empty()$(.union(super::Rights::$right))*)
    };
    (@all [$($done:expr,)*]) => { const { &[$($done),*] } };
    (@all [$($done:expr,)*] $arg:ident [$($right:ident)*] $($rest:tt)*) => {
        needs!(@all [$($done,)* needs!(@one $arg [$($right)*]),] $($rest)*)
    };
}

macro_rules! syscalls {
    ({} $(
        $(#[$doc:meta])*
        $name:ident = $variant:ident($($param:ident: $core:ident),*)
        takes [$($arg:ident: $type:ident $([$($right:ident)*])? = $raw:tt);*]
        gives [$($out:ident = $ptr:ident),*]
        by $room:ident::$handler:ident $(with $memory:ident)?;
    )*) => {
        /// A function of preview1.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Syscall { $($(#[$doc])* $variant,)* }

        impl Syscall {
            /// All 46, in the order of the specification.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// How it looks from outside.
            pub const fn signature(self) -> Signature {
                match self {
                    $(Self::$variant => Signature {
                        name: stringify!($name),
                        params: &[$((stringify!($param), core_type!($core))),*],
                        needs: needs!(@all [] $($($arg [$($right)*])?)*),
                    },)*
                }
            }
        }
    };
}

for_each_syscall! { [syscalls] {} }

impl Syscall {
    /// Its name in the import section.
    pub const fn name(self) -> &'static str {
        self.signature().name
    }

    /// The function with this name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|call| call.name() == name)
    }

    /// The function that a module asks for with this import, and the layout it expects.
    pub fn imported(module: &str, name: &str) -> Option<(super::Abi, Self)> {
        let abi = [super::Abi::Preview1, super::Abi::Unstable];
        let abi = abi.into_iter().find(|abi| abi.module() == module)?;
        let call = Self::by_name(name)?;
        call.is_in(abi).then_some((abi, call))
    }

    /// Does the older module have it? Only `sock_accept` came later.
    pub const fn is_in(self, abi: super::Abi) -> bool {
        matches!(abi, super::Abi::Preview1) || !matches!(self, Self::SockAccept)
    }
}

impl core::fmt::Display for Syscall {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
}
