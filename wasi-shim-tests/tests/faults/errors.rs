//! What calls fail with.
//!
//! Knows each error code with the number that the kernel has for it. Every part of the matrix uses all of them.

use wasi_shim::abi::Errno;

/// preview1's, and Linux's.
pub(crate) const ERRORS: [(Errno, i32); 12] = [
    (Errno::Nospc, libc::ENOSPC),
    (Errno::Dquot, libc::EDQUOT),
    (Errno::Io, libc::EIO),
    (Errno::Intr, libc::EINTR),
    (Errno::Again, libc::EAGAIN),
    (Errno::Mfile, libc::EMFILE),
    (Errno::Nfile, libc::ENFILE),
    (Errno::Nomem, libc::ENOMEM),
    (Errno::Rofs, libc::EROFS),
    (Errno::Stale, libc::ESTALE),
    (Errno::Txtbsy, libc::ETXTBSY),
    (Errno::Fbig, libc::EFBIG),
];
