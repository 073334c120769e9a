//! Linux's error numbers as preview1's, one by one.

use rustix::io::Errno as Native;
use wasi_shim::abi::Errno;

pub(super) fn errno(native: Native) -> Errno {
    match native {
        Native::AGAIN => Errno::Again,
        Native::BADF => Errno::Badf,
        Native::BUSY => Errno::Busy,
        Native::EXIST => Errno::Exist,
        Native::FBIG => Errno::Fbig,
        Native::INVAL => Errno::Inval,
        Native::ISDIR => Errno::Isdir,
        Native::LOOP => Errno::Loop,
        Native::NAMETOOLONG => Errno::Nametoolong,
        Native::NODEV => Errno::Nodev,
        Native::NOENT => Errno::Noent,
        Native::NOTDIR => Errno::Notdir,
        Native::NOTEMPTY => Errno::Notempty,
        Native::OPNOTSUPP => Errno::Notsup,
        Native::OVERFLOW => Errno::Overflow,
        Native::PERM => Errno::Perm,
        Native::SPIPE => Errno::Spipe,
        Native::XDEV => Errno::Xdev,
        other => panic!("{other:?} is no answer that a test provokes"),
    }
}
