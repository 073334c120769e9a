//! Attacks on what an embedder can set for a guest.

use crate::kit::{ROOT, all, in_memory, of, open, over, with_path, with_vectors};
use std::ops::ControlFlow;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::sync::Arc;
use std::sync::atomic::AtomicU8;
use wasi_shim::abi::{
    Abi, ClockId, Errno, FdFlags, FileKind, LookupFlags, OFlags, Rights, SubclockFlags, Syscall,
};
use wasi_shim::backends::{ClosureDir, MemDir};
use wasi_shim::mem::Memory;
use wasi_shim::vfs::{Dir, Entry, Name, Node, OpenRequest};
use wasi_shim::{Access, Limits, Outcome, Wasi, host};
use wasi_shim_tests::script::Stepwise;
use wasi_shim_tests::{Answer, Guest, Subscription};

type Round = Box<dyn FnMut()>;

fn open_dir(guest: &mut Guest) -> Answer<u32> {
    let rights = (Rights::FD_READDIR, Rights::empty());
    let (lookup, flags) = (LookupFlags::empty(), FdFlags::empty());
    guest.path_open(ROOT, lookup, ".", OFlags::DIRECTORY, rights, flags)
}

pub(crate) fn descriptors(abi: Abi, beyond: Errno) -> Round {
    let mut guest = in_memory(abi);
    Box::new(move || {
        let mut fds = Vec::new();
        let errno = loop {
            match open_dir(&mut guest) {
                Ok(fd) => fds.push(fd),
                Err(errno) => break errno,
            }
        };
        assert_eq!((fds.len(), errno), (1024 - 4, beyond));
        for fd in fds {
            guest.fd_close(fd).expect("it is open");
        }
    })
}

pub(crate) fn path(abi: Abi, beyond: Errno) -> Round {
    let mut guest = in_memory(abi);
    Box::new(move || {
        for _ in 0..20 {
            all(with_path(&mut guest, &b"a/".repeat(55_000)), beyond);
        }
    })
}

/// What a path leads to, with its last link followed.
fn follow(guest: &mut Guest, path: &str) -> Answer<()> {
    let follow = LookupFlags::SYMLINK_FOLLOW;
    guest.path_filestat_get(ROOT, follow, path).map(drop)
}

pub(crate) fn links(abi: Abi, beyond: Errno) -> Round {
    let mut guest = in_memory(abi);
    open(&mut guest, "41").expect("a new name");
    for n in 0..41 {
        let text = (n + 1).to_string();
        guest
            .path_symlink(text, ROOT, n.to_string())
            .expect("a new name");
    }
    Box::new(move || {
        for _ in 0..100 {
            assert_eq!(follow(&mut guest, "0"), Err(beyond));
            assert_eq!(follow(&mut guest, "1"), Ok(()));
        }
    })
}

/// Texts that are longer together than they may be, though links are not more than they may.
pub(crate) fn expanded_path(abi: Abi, beyond: Errno) -> Round {
    let mut limits = Limits::default();
    limits.expanded_path = 100_000;
    let builder = Wasi::builder().preopen("/", MemDir::new(), Access::ReadWrite);
    let mut guest = of(builder.limits(limits), abi);
    open(&mut guest, "30").expect("a new name");
    for n in 0..30 {
        let text = "./".repeat(2000) + &(n + 1).to_string();
        guest
            .path_symlink(text, ROOT, n.to_string())
            .expect("a new name");
    }
    Box::new(move || {
        for _ in 0..2 {
            assert_eq!(follow(&mut guest, "0"), Err(beyond));
            assert_eq!(follow(&mut guest, "10"), Ok(()));
        }
    })
}

pub(crate) fn depth(abi: Abi, beyond: Errno) -> Round {
    let root: Arc<dyn Dir> = MemDir::new();
    let mut dir = root.clone();
    let name = Name::new("d").expect("a name");
    for _ in 0..300 {
        dir.create_dir(name).expect("a new name");
        dir = match dir.open(name, &OpenRequest::STEP) {
            Ok(Node::Dir(below)) => below,
            _ => panic!("a directory"),
        };
    }
    let mut guest = over(Stepwise::over(root), abi);
    Box::new(move || {
        for _ in 0..20 {
            assert_eq!(follow(&mut guest, &"d/".repeat(300)), Err(beyond));
            assert_eq!(follow(&mut guest, &"d/".repeat(200)), Ok(()));
        }
    })
}

pub(crate) fn iovecs(abi: Abi, beyond: Errno) -> Round {
    let (inner, outer) = UnixStream::pair().expect("a pair");
    let socket = host::socket(inner).expect("a socket");
    let builder = Wasi::builder().preopen("/", MemDir::new(), Access::ReadWrite);
    let mut guest = of(builder.socket(socket), abi);
    let file = open(&mut guest, "file").expect("a new name");
    Box::new(move || {
        let _held = &outer;
        for _ in 0..20 {
            all(with_vectors(&mut guest, &[(0, 0); 10_000], file), beyond);
        }
    })
}

/// All of a shared memory at once, which is copied piece by piece; and a message, which cannot be.
pub(crate) fn bounce(abi: Abi) -> Round {
    const SIZE: usize = 4 << 20;
    let cells: Vec<AtomicU8> = (0..SIZE).map(|_| AtomicU8::new(1)).collect();
    let (inner, outer) = UnixDatagram::pair().expect("a pair");
    let socket = host::socket(inner).expect("a socket");
    let wasi = Wasi::builder().socket(socket).build().expect("a guest");
    let vector = (64_u32.to_le_bytes(), (SIZE as u32 - 64).to_le_bytes());
    Box::new(move || {
        let _held = &outer;
        let call =
            |call, args: &[i64]| match wasi.call(abi, &mut Memory::shared(&cells), call, args) {
                Outcome::Return(number) => number,
                other => panic!("{call}: {other:?}"),
            };
        assert_eq!(call(Syscall::RandomGet, &[64, SIZE as i64 - 64]), 0);
        for (cell, byte) in cells.iter().zip(vector.0.into_iter().chain(vector.1)) {
            cell.store(byte, std::sync::atomic::Ordering::SeqCst);
        }
        assert_eq!(call(Syscall::FdWrite, &[1, 0, 1, 16]), 0);
        assert_eq!(
            call(Syscall::SockSend, &[3, 0, 1, 0, 16]),
            Errno::Msgsize.number()
        );
    })
}

/// A guest in a directory that never ends, with names of so many bytes, and these limits.
fn endless(len: usize, abi: Abi, change: impl FnOnce(&mut Limits)) -> Guest {
    let list = move |sink: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>| {
        for n in 0_u64.. {
            let (name, kind) = (&*format!("{n:0len$}"), FileKind::RegularFile);
            if sink(Entry { name, ino: 1, kind }).is_break() {
                break;
            }
        }
        Ok(())
    };
    let root = ClosureDir::new(1, |_| Err(Errno::Noent), list);
    let mut limits = Limits::default();
    change(&mut limits);
    let builder = Wasi::builder().preopen("/", Arc::new(root), Access::ReadWrite);
    of(builder.limits(limits), abi)
}

fn list(beyond: Errno, mut guest: Guest) -> Round {
    Box::new(move || {
        for _ in 0..3 {
            assert_eq!(guest.fd_readdir(ROOT, 24, 0).map(drop), Err(beyond));
        }
    })
}

pub(crate) fn listing_entries(abi: Abi, beyond: Errno) -> Round {
    list(
        beyond,
        endless(1, abi, |limits| limits.listing_entries = 50_000),
    )
}

pub(crate) fn listing_bytes(abi: Abi, beyond: Errno) -> Round {
    list(
        beyond,
        endless(250, abi, |limits| limits.listing_bytes = 4 << 20),
    )
}

pub(crate) fn subscriptions(abi: Abi, beyond: Errno) -> Round {
    let mut guest = in_memory(abi);
    let clock = ClockId::Monotonic.number();
    let sleep = Subscription::Clock(clock, u64::MAX, SubclockFlags::empty());
    Box::new(move || {
        for count in [4096, 10_000] {
            let subscriptions = guest.encode_subscriptions(&vec![sleep; count]);
            let args = [subscriptions.into(), 600_000, count as i64, 0];
            let outcome = guest.attempt(Syscall::PollOneoff, &args);
            match count {
                4096 => assert!(matches!(outcome, Outcome::Block(_)), "{outcome:?}"),
                _ => {
                    assert!(matches!(outcome, Outcome::Return(number) if number == beyond.number()))
                }
            }
        }
    })
}
