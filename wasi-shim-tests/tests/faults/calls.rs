//! The numbers of system calls.
//!
//! Knows them by name. Refuses to know who makes which. The kernel's part of the matrix uses them.

/// What a name stands for; a name that the system has two calls for stands for both,
/// and so do two names.
pub(crate) fn numbers(name: &str) -> Vec<i64> {
    vec![match name {
        "renameat" => return renames(),
        "lseek and fstat" => return vec![libc::SYS_lseek, libc::SYS_fstat],
        "poll" => return polls(),
        "close" => libc::SYS_close,
        "openat" => libc::SYS_openat,
        "openat2" => libc::SYS_openat2,
        "mkdirat" => libc::SYS_mkdirat,
        "unlinkat" => libc::SYS_unlinkat,
        "linkat" => libc::SYS_linkat,
        "symlinkat" => libc::SYS_symlinkat,
        "readlinkat" => libc::SYS_readlinkat,
        "fstat" => libc::SYS_fstat,
        "newfstatat" => libc::SYS_newfstatat,
        "utimensat" => libc::SYS_utimensat,
        "getdents64" => libc::SYS_getdents64,
        "pread64" => libc::SYS_pread64,
        "preadv" => libc::SYS_preadv,
        "pwrite64" => libc::SYS_pwrite64,
        "pwritev" => libc::SYS_pwritev,
        "pwritev2" => libc::SYS_pwritev2,
        "lseek" => libc::SYS_lseek,
        "fadvise64" => libc::SYS_fadvise64,
        "read" => libc::SYS_read,
        "readv" => libc::SYS_readv,
        "preadv2" => libc::SYS_preadv2,
        "write" => libc::SYS_write,
        "writev" => libc::SYS_writev,
        "recvfrom" => libc::SYS_recvfrom,
        "recvmsg" => libc::SYS_recvmsg,
        "sendto" => libc::SYS_sendto,
        "sendmsg" => libc::SYS_sendmsg,
        "accept4" => libc::SYS_accept4,
        "ftruncate" => libc::SYS_ftruncate,
        "fallocate" => libc::SYS_fallocate,
        "fsync" => libc::SYS_fsync,
        "fdatasync" => libc::SYS_fdatasync,
        _ => panic!("{name} is no system call here"),
    }]
}

/// The older of the two is not on every architecture.
fn renames() -> Vec<i64> {
    let mut numbers = vec![libc::SYS_renameat2];
    #[cfg(target_arch = "x86_64")]
    numbers.push(libc::SYS_renameat);
    #[cfg(target_arch = "aarch64")]
    numbers.push(38);
    numbers
}

/// The older of the two is not on every architecture.
fn polls() -> Vec<i64> {
    let mut numbers = vec![libc::SYS_ppoll];
    #[cfg(target_arch = "x86_64")]
    numbers.push(libc::SYS_poll);
    numbers
}
