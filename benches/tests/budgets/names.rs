//! Names of Linux's system calls.
//!
//! Knows the numbers of those that anything here may make. Every other is told by its number, which is enough to look it up.

use nix::libc;

macro_rules! names {
    ($($(#[$where:meta])* $name:ident)*) => {
        const NAMES: &[(i64, &str)] = &[$($(#[$where])* (libc::$name, stringify!($name)),)*];
    };
}

names! {
    SYS_brk SYS_chdir SYS_clock_getres SYS_clock_gettime SYS_clock_nanosleep SYS_close SYS_close_range SYS_copy_file_range
    SYS_dup SYS_dup3 SYS_epoll_create1 SYS_epoll_ctl SYS_epoll_pwait SYS_eventfd2 SYS_execve SYS_exit SYS_exit_group
    SYS_faccessat SYS_faccessat2 SYS_fadvise64 SYS_fallocate SYS_fchdir SYS_fchmod SYS_fchmodat SYS_fchown SYS_fchownat
    SYS_fcntl SYS_fdatasync SYS_flock SYS_fstat SYS_fstatfs SYS_fsync SYS_ftruncate SYS_futex SYS_getcwd SYS_getdents64
    SYS_getpid SYS_getppid SYS_getrandom SYS_getrusage SYS_getsockname SYS_getsockopt SYS_gettid SYS_gettimeofday
    SYS_getuid SYS_ioctl SYS_io_uring_enter SYS_kill SYS_linkat SYS_lseek SYS_madvise SYS_mkdirat SYS_mknodat SYS_mmap
    SYS_mprotect SYS_mremap SYS_munmap SYS_nanosleep SYS_newfstatat SYS_openat SYS_openat2 SYS_pipe2 SYS_ppoll SYS_prctl
    SYS_pread64 SYS_preadv SYS_preadv2 SYS_pselect6 SYS_pwrite64 SYS_pwritev SYS_pwritev2 SYS_read SYS_readlinkat SYS_readv
    SYS_recvfrom SYS_recvmsg SYS_renameat2 SYS_restart_syscall SYS_rt_sigaction SYS_rt_sigprocmask SYS_rt_sigreturn
    SYS_sched_yield SYS_sendmsg SYS_sendto SYS_setsockopt SYS_shutdown SYS_splice SYS_statfs SYS_statx SYS_symlinkat
    SYS_tgkill SYS_unlinkat SYS_utimensat SYS_write SYS_writev
    #[cfg(target_arch = "x86_64")] SYS_access
    #[cfg(target_arch = "x86_64")] SYS_dup2
    #[cfg(target_arch = "x86_64")] SYS_link
    #[cfg(target_arch = "x86_64")] SYS_lstat
    #[cfg(target_arch = "x86_64")] SYS_mkdir
    #[cfg(target_arch = "x86_64")] SYS_open
    #[cfg(target_arch = "x86_64")] SYS_poll
    #[cfg(target_arch = "x86_64")] SYS_readlink
    #[cfg(target_arch = "x86_64")] SYS_rename
    #[cfg(target_arch = "x86_64")] SYS_rmdir
    #[cfg(target_arch = "x86_64")] SYS_stat
    #[cfg(target_arch = "x86_64")] SYS_symlink
    #[cfg(target_arch = "x86_64")] SYS_unlink
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))] SYS_renameat
}

/// The name of a system call, or `syscall 462`.
pub(crate) fn name(number: u64) -> String {
    let known = NAMES
        .iter()
        .find(|(known, _)| i64::try_from(number) == Ok(*known));
    known.map_or_else(
        || format!("syscall {number}"),
        |(_, name)| name.trim_start_matches("SYS_").to_owned(),
    )
}
