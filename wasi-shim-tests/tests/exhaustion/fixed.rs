//! Attacks on what is fixed.

use crate::kit::{all, in_memory, of, open, with_path, with_vectors};
use std::os::unix::net::UnixStream;
use wasi_shim::abi::{Abi, Errno, Whence};
use wasi_shim::backends::MemDir;
use wasi_shim::{Access, Wasi, host};

type Round = Box<dyn FnMut()>;

pub(crate) fn component(abi: Abi, beyond: Errno) -> Round {
    let mut guest = in_memory(abi);
    Box::new(move || {
        for _ in 0..50 {
            all(with_path(&mut guest, &[b'n'; 256]), beyond);
        }
    })
}

/// The same four mebibytes so often that they are 4 GiB together.
pub(crate) fn buffers(abi: Abi, beyond: Errno) -> Round {
    let (inner, outer) = UnixStream::pair().expect("a pair");
    let socket = host::socket(inner).expect("a socket");
    let builder = Wasi::builder().preopen("/", MemDir::new(), Access::ReadWrite);
    let mut guest = of(builder.socket(socket), abi);
    let file = open(&mut guest, "file").expect("a new name");
    guest.memory = vec![1; 5 << 20];
    Box::new(move || {
        let _held = &outer;
        for _ in 0..20 {
            let vectors = [(1 << 18, 4 << 20); 1024];
            all(with_vectors(&mut guest, &vectors, file), beyond);
        }
    })
}

/// A file that is as long as files can be has no pages, and none is longer.
pub(crate) fn offsets(abi: Abi) -> Round {
    const MOST: u64 = i64::MAX as u64;
    let mut guest = in_memory(abi);
    let file = open(&mut guest, "file").expect("a new name");
    Box::new(move || {
        for beyond in [MOST + 1, u64::MAX] {
            let size = guest.fd_filestat_set_size(file, beyond);
            let room = guest.fd_allocate(file, beyond, 1);
            let written = guest.fd_pwrite(file, &[b"x"], beyond).map(drop);
            let answers = [size, room, written];
            assert_eq!(answers, [Errno::Fbig, Errno::Fbig, Errno::Inval].map(Err));
        }
        assert_eq!(guest.fd_pwrite(file, &[b"x"], MOST), Err(Errno::Fbig));
        assert_eq!(guest.fd_filestat_set_size(file, MOST), Ok(()));
        assert_eq!(guest.fd_seek(file, 0, Whence::End), Ok(MOST));
        assert_eq!(guest.fd_seek(file, 1, Whence::Cur), Err(Errno::Overflow));
        assert_eq!(guest.fd_filestat_set_size(file, 0), Ok(()));
    })
}
