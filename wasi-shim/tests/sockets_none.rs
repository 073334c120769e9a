//! A guest that was given no socket has no way to one, whichever function it calls.
#![cfg(all(target_os = "linux", feature = "host"))]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

use std::fs;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Arc;
use wasi_shim::abi::{CoreType, Errno, FdFlags, OFlags, Rights, Syscall};
use wasi_shim::backends::{Devices, Seeded, pipe};
use wasi_shim::{Access, Outcome, RightsMode, Wasi, host};

mod guest_kit;
use guest_kit::Guest;

/// What a guest here has open: standard streams, a directory of the host, devices, then a file and a device.
const DIR: u32 = 3;
const DEV: u32 = 4;
const DESCRIPTORS: [u32; 8] = [0, 1, 2, DIR, DEV, 5, 6, 99];

/// How many sockets this process has.
fn sockets() -> usize {
    let open = fs::read_dir("/proc/self/fd").unwrap();
    let links = open.filter_map(|entry| fs::read_link(entry.unwrap().path()).ok());
    let is_socket = |link: &std::path::PathBuf| link.to_string_lossy().starts_with("socket:");
    links.filter(is_socket).count()
}

fn guest(dir: &Path, rights: RightsMode) -> Guest {
    let devices = Devices::standard(Arc::new(Seeded::new(1))).build().unwrap();
    let builder = Wasi::builder()
        .rights(rights)
        .arg("program")
        .env("LISTEN_FDS", "3")
        .stdin(pipe(8).0)
        .preopen("/", host::open_dir(dir).unwrap(), Access::ReadWrite)
        .preopen("/dev", devices, Access::ReadWrite);
    let mut guest = Guest::new(builder);
    let both = Rights::FD_READ | Rights::FD_WRITE;
    assert_eq!(guest.open(DIR, "file", OFlags::CREAT, Rights::FILE), Ok(5));
    assert_eq!(guest.open(DEV, "null", OFlags::empty(), both), Ok(6));
    guest
}

/// Where a guest's memory holds what arguments point to: the name of a socket in its directory, and an array with one
/// buffer. What a function stores goes elsewhere.
const PATH: i64 = 2048;
const VECTORS: i64 = 2064;
const SCRATCH: i64 = 4096;

/// Arguments that mean something, whatever the function is: `fd` for its descriptors, `flags` for its flags.
fn arguments(call: Syscall, fd: u32, flags: i64) -> Vec<i64> {
    let argument = |(index, (name, core)): (usize, &(&str, CoreType))| match *name {
        "fd" | "old_fd" | "new_fd" | "to" => fd.into(),
        "path_len" | "old_path_len" | "new_path_len" => 4,
        "path" | "old_path" | "new_path" => PATH,
        "iovs" | "ri_data" | "si_data" => VECTORS,
        "iovs_len" | "ri_data_len" | "si_data_len" | "nsubscriptions" => 1,
        "fs_rights_base" | "fs_rights_inheriting" => Rights::INHERITED.bits().cast_signed(),
        "buf_len" | "len" => 16,
        "flags" | "oflags" | "fdflags" | "fd_flags" | "dirflags" | "lookup_flags" | "how"
        | "ri_flags" | "id" | "advice" | "whence" => flags,
        // A position, a time, a number: small ones mean something.
        _ if *core == CoreType::I64 => 0,
        "si_flags" | "sig" | "rval" | "fst_flags" => 0,
        // What is left are pointers.
        _ => SCRATCH + 128 * index as i64,
    };
    call.signature()
        .params
        .iter()
        .enumerate()
        .map(argument)
        .collect()
}

/// One call in a guest of its own. `None` if it did not return.
fn answer(dir: &Path, call: Syscall, args: &[i64], rights: RightsMode) -> Option<u16> {
    let mut guest = guest(dir, rights);
    let before = sockets();
    guest.memory[PATH as usize..PATH as usize + 4].copy_from_slice(b"sock");
    let buffer = [SCRATCH as u32, 8].map(u32::to_le_bytes).concat();
    guest.memory[VECTORS as usize..VECTORS as usize + 8].copy_from_slice(&buffer);
    let outcome = guest.attempt(call, args);
    assert_eq!(sockets(), before, "{call}{args:?}: {outcome:?}");
    // Nor is one found among the guest's descriptors.
    for fd in 0..10 {
        let accepted = guest.accept(fd, FdFlags::empty());
        assert!(
            matches!(accepted, Err(Errno::Notsock | Errno::Badf)),
            "{call}{args:?}: {fd}"
        );
        assert!(guest.shutdown(fd, 3).is_err(), "{call}{args:?}: {fd}");
    }
    match outcome {
        Outcome::Return(number) => Some(number),
        Outcome::Exit(_) | Outcome::Block(_) => None,
        Outcome::Trap(trap) => panic!("{call}{args:?}: {trap}"),
    }
}

fn is_on_sockets(call: Syscall) -> bool {
    call.name().starts_with("sock_")
}

#[test]
fn no_function_gives_a_socket_to_a_guest_that_has_none() {
    let dir = tempfile::tempdir().unwrap();
    // A socket in the directory, at which somebody listens, is not one that the guest was given.
    let _listener = UnixListener::bind(dir.path().join("sock")).unwrap();
    let (mut tried, mut succeeded) = (0, Vec::new());
    for call in Syscall::ALL {
        for fd in DESCRIPTORS {
            for flags in 0..4 {
                let args = arguments(*call, fd, flags);
                let rights = if flags == 3 {
                    RightsMode::ReadWriteOnly
                } else {
                    RightsMode::Enforce
                };
                let answered = answer(dir.path(), *call, &args, rights);
                tried += 1;
                if answered == Some(0) {
                    succeeded.push(call.name());
                }
            }
            let exists = dir.path().join("sock").symlink_metadata();
            if exists.is_err() {
                // `path_unlink_file` and `path_rename` can remove it.
                drop(UnixListener::bind(dir.path().join("sock")).unwrap());
            }
        }
    }
    assert_eq!(tried, 46 * DESCRIPTORS.len() * 4);
    succeeded.dedup();
    // The arguments are good for something: most functions have done what they do.
    assert!(succeeded.len() > 30, "{succeeded:?}");
    assert!(
        !succeeded.iter().any(|name| name.starts_with("sock_")),
        "{succeeded:?}"
    );
}

#[test]
fn functions_on_sockets_take_no_other_descriptor() {
    let dir = tempfile::tempdir().unwrap();
    for call in Syscall::ALL.iter().filter(|call| is_on_sockets(**call)) {
        for fd in DESCRIPTORS {
            let mut guest = guest(dir.path(), RightsMode::Enforce);
            let args = arguments(*call, fd, 0);
            let answered = guest.call(*call, &args);
            // The right is judged first, and standard streams have one each.
            let lacks = match *call {
                Syscall::SockRecv => [1, 2].contains(&fd),
                Syscall::SockSend => fd == 0,
                _ => false,
            };
            let expected = match fd {
                99 => Errno::Badf,
                _ if lacks => Errno::Notcapable,
                _ => Errno::Notsock,
            };
            assert_eq!(answered, Err(expected), "{call} of {fd}");
        }
    }
}
