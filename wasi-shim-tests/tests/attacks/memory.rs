//! Pointers and lengths of the guest, and what is written to its memory.

use crate::row::{everywhere, without_trees};
use crate::support::{FOLLOW, content, look, put, returned, write};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use wasi_shim::abi::{Abi, Errno, Rights, Syscall, Whence};
use wasi_shim::{FaultMode, Outcome, Trap, Wasi};
use wasi_shim_tests::Guest;
use wasi_shim_tests::trees::ROOT;

/// A call that traps, and writes nothing to the memory.
fn traps(guest: &mut Guest, call: Syscall, args: &[i64]) -> Trap {
    let before = guest.memory.clone();
    match guest.attempt(call, args) {
        Outcome::Trap(trap) => {
            assert!(guest.memory == before, "{call} {args:x?} wrote something");
            trap
        }
        outcome => panic!("{call} {args:x?}: {outcome:?}"),
    }
}

fn poke(guest: &mut Guest, at: usize, numbers: &[u32]) {
    for (place, number) in guest.memory[at..].chunks_mut(4).zip(numbers) {
        place.copy_from_slice(&number.to_le_bytes());
    }
}

#[test]
fn a15_padding_carries_bytes_of_the_host() {
    everywhere("GHSA-96f6-r43r-8c24", |scene| {
        scene.file("file", "");
        scene.link("link", "file");
        let mut guest = scene.guest();
        let (mut cookie, mut seen) = (0, 0);
        loop {
            guest.memory.fill(0xaa);
            let args = [ROOT.into(), 1000, 24, cookie, 2000];
            assert_eq!(returned(guest.attempt(Syscall::FdReaddir, &args)), Ok(()));
            if guest.u32_at(2000) == 0 {
                break;
            }
            assert_eq!(guest.memory[1021..1024], [0; 3], "behind the type");
            assert_eq!(guest.memory[1024..1032], [0xaa; 8], "behind the entry");
            (cookie, seen) = (guest.u64_at(1000).cast_signed(), seen + 1);
        }
        assert_eq!(seen, 4, "with . and ..");
        for (call, args, len) in [
            (Syscall::FdFdstatGet, [ROOT.into(), 1000], 24),
            (Syscall::FdFilestatGet, [ROOT.into(), 1000], 64),
            (Syscall::FdPrestatGet, [ROOT.into(), 1000], 8),
        ] {
            guest.memory.fill(0xaa);
            assert_eq!(returned(guest.attempt(call, &args)), Ok(()));
            let first = guest.bytes(1000, len).to_vec();
            guest.memory.fill(0x55);
            assert_eq!(returned(guest.attempt(call, &args)), Ok(()));
            assert_eq!(
                guest.bytes(1000, len),
                first,
                "{call}: every byte is written"
            );
        }
    });
}

#[test]
fn a27_a_listing_at_an_odd_address() {
    everywhere("wasmtime#615, wasmtime#3016", |scene| {
        scene.file("file", "");
        let mut guest = scene.guest();
        let plain = guest.fd_readdir(ROOT, 512, 0).expect("a listing");
        for at in 4001..4009 {
            let args = [ROOT.into(), at, 512, 0, 64];
            assert_eq!(returned(guest.attempt(Syscall::FdReaddir, &args)), Ok(()));
            assert_eq!(guest.u32_at(64) as usize, plain.len());
            assert_eq!(guest.bytes(at as u32, plain.len()), plain, "{at}");
        }
        assert_eq!(
            plain[0..8],
            [1, 0, 0, 0, 0, 0, 0, 0],
            "the lowest byte comes first"
        );
    });
}

#[test]
fn a54_a_nul_behind_the_text_of_a_link() {
    everywhere("uvwasi#263", |scene| {
        let mut guest = scene.guest();
        guest.path_symlink("target", ROOT, "l").expect("a link");
        guest.memory.fill(0xaa);
        guest.memory[16] = b'l';
        let args = [ROOT.into(), 16, 1, 100, 4, 64];
        assert_eq!(
            returned(guest.attempt(Syscall::PathReadlink, &args)),
            Ok(())
        );
        assert_eq!(guest.bytes(100, 8), b"targ\xaa\xaa\xaa\xaa");
        assert_eq!(guest.u32_at(64), 4);
    });
}

#[test]
fn a59_buffers_that_are_not_in_the_memory() {
    everywhere("wasm3 #197, wasm3 #324", |scene| {
        scene.file("in", "content");
        let mut guest = scene.guest();
        let (from, to) = (
            look(&mut guest, "in").expect("a file"),
            write(&mut guest, "out"),
        );
        let end = guest.memory.len() as u32;
        for (at, len) in [
            (end - 1, 2),
            (u32::MAX, 1),
            (end, 1),
            (0, u32::MAX),
            (end - 16, 17),
        ] {
            poke(&mut guest, 64, &[128, 3, at, len]);
            for (call, fd) in [
                (Syscall::FdRead, from),
                (Syscall::FdWrite, to),
                (Syscall::FdPread, from),
                (Syscall::FdPwrite, to),
            ] {
                let offset = matches!(call, Syscall::FdPread | Syscall::FdPwrite);
                let args: &[i64] = if offset {
                    &[fd.into(), 64, 2, 0, 32]
                } else {
                    &[fd.into(), 64, 2, 32]
                };
                traps(&mut guest, call, args);
            }
        }
        let outcome = guest.attempt(Syscall::FdRead, &[from.into(), 64, 0x2000_0000, 32]);
        assert_eq!(
            returned(outcome),
            Err(Errno::Inval),
            "no array is that long"
        );
        assert_eq!(guest.fd_tell(from), Ok(0), "nothing was read");
        assert_eq!(content(&mut guest, "out").as_deref(), Ok(""), "nor written");
    });
}

#[test]
fn a59_arguments_where_no_memory_is() {
    without_trees("wasm3 #197", || {
        let mut guest = Guest::new(Wasi::builder().args(["a", "b"]).env("c", "d"));
        let end = guest.memory.len() as i64;
        for call in [Syscall::ArgsGet, Syscall::EnvironGet, Syscall::ArgsSizesGet] {
            for k in 1..4 {
                traps(&mut guest, call, &[end - k, 64]);
                if call != Syscall::ArgsSizesGet {
                    traps(&mut guest, call, &[64, end - k]);
                }
            }
        }
    });
}

#[test]
fn a60_pointers_of_the_functions_on_sockets() {
    without_trees("WAMR#4611, WAMR#4665", || {
        let (inner, outer) = UnixStream::pair().expect("a pair");
        outer.set_nonblocking(true).expect("a socket");
        let socket = wasi_shim::host::socket(inner).expect("a socket");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let listener = wasi_shim::host::listener(listener).expect("a listener");
        let mut guest = Guest::new(Wasi::builder().socket(socket).socket(listener));
        let end = guest.memory.len() as i64;
        poke(&mut guest, 64, &[end as u32 - 1, 2, u32::MAX, 1]);
        for at in [64, 72, end - 4, end, u32::MAX.into()] {
            traps(&mut guest, Syscall::SockRecv, &[3, at, 1, 0, 8, 16]);
            traps(&mut guest, Syscall::SockSend, &[3, at, 1, 0, 8]);
        }
        poke(&mut guest, 64, &[128, 2]);
        for at in [end - 3, end, u32::MAX.into()] {
            traps(&mut guest, Syscall::SockRecv, &[3, 64, 1, 0, at, 16]);
            traps(&mut guest, Syscall::SockRecv, &[3, 64, 1, 0, 8, at | 1]);
            traps(&mut guest, Syscall::SockSend, &[3, 64, 1, 0, at]);
        }
        for at in [1, end - 3, end, u32::MAX.into()] {
            traps(&mut guest, Syscall::SockAccept, &[4, 0, at]);
        }
        let sent = std::io::Read::read(&mut &outer, &mut [0; 9]);
        assert!(sent.is_err(), "nothing was sent: {sent:?}");
    });
}

/// The functions that store a record or an array at an address: the arguments but for the address, its place among them,
/// and its alignment.
const RECORDS: &[(Syscall, &[i64], usize, u32)] = &[
    (Syscall::FdSeek, &[5, 0, 0, 512], 3, 8),
    (Syscall::FdTell, &[5, 512], 1, 8),
    (Syscall::FdFilestatGet, &[5, 512], 1, 8),
    (Syscall::FdFdstatGet, &[5, 512], 1, 8),
    (Syscall::FdPrestatGet, &[3, 512], 1, 4),
    (Syscall::FdRead, &[5, 512, 1, 64], 1, 4),
    (Syscall::FdRead, &[5, 64, 1, 512], 3, 4),
    (Syscall::FdReaddir, &[3, 1024, 64, 0, 512], 4, 4),
    (Syscall::PathFilestatGet, &[3, 0, 16, 1, 512], 4, 8),
    (Syscall::PathReadlink, &[3, 16, 1, 1024, 9, 512], 5, 4),
    (Syscall::PathOpen, &[3, 0, 16, 1, 0, 0, 0, 0, 512], 8, 4),
    (Syscall::ClockTimeGet, &[0, 0, 512], 2, 8),
    (Syscall::ClockResGet, &[0, 512], 1, 8),
    (Syscall::ArgsSizesGet, &[512, 64], 0, 4),
    (Syscall::EnvironSizesGet, &[64, 512], 1, 4),
    (Syscall::PollOneoff, &[512, 1024, 1, 64], 0, 8),
    (Syscall::PollOneoff, &[512, 1024, 1, 64], 1, 8),
];

/// A guest with a file called `f`, open as 5, whose name is at address 16.
fn with_a_file(scene: &mut crate::scene::Scene) -> Guest {
    scene.file("f", "content");
    let mut guest = scene.guest();
    assert_eq!(look(&mut guest, "f"), Ok(5));
    guest.memory[16] = b'f';
    guest
}

#[test]
fn a73_addresses_that_are_not_aligned() {
    everywhere("WasmEdge#5089, WasmEdge#5229, WasmEdge#5263", |scene| {
        let mut guest = with_a_file(scene);
        for (call, args, index, align) in RECORDS {
            for k in 1..8 {
                let mut args = args.to_vec();
                args[*index] += k;
                if k % i64::from(*align) != 0 {
                    let trap = traps(&mut guest, *call, &args);
                    assert!(matches!(trap, Trap::Misaligned { .. }), "{call}: {trap}");
                }
            }
        }
    });
}

#[test]
fn class01_pointers_to_the_end_of_the_memory_and_beyond() {
    everywhere("no single report", |scene| {
        let mut guest = with_a_file(scene);
        let end = guest.memory.len() as i64;
        for (call, args, index, align) in RECORDS {
            let align = i64::from(*align);
            // Places that are outside, and below one that is too near to the end and not aligned.
            for at in [
                end,
                end + align,
                i64::from(u32::MAX) - align + 1,
                u32::MAX.into(),
            ] {
                let mut args = args.to_vec();
                args[*index] = at;
                traps(&mut guest, *call, &args);
            }
            let mut args = args.to_vec();
            args[*index] = end - 3;
            traps(&mut guest, *call, &args);
        }
        let mut lax = Guest::new(scene.builder().faults(FaultMode::Errno));
        lax.memory[16] = b'f';
        for (call, args, index, _) in RECORDS.iter().filter(|row| row.1[0] != 5) {
            let mut args = args.to_vec();
            args[*index] = end;
            assert_eq!(
                returned(lax.attempt(*call, &args)),
                Err(Errno::Fault),
                "{call}"
            );
        }
        // No memory at all.
        let mut none = scene.guest();
        none.memory = Vec::new();
        assert!(matches!(
            none.attempt(Syscall::ClockTimeGet, &[0, 0, 0]),
            Outcome::Trap(_)
        ));
        assert!(matches!(
            none.attempt(Syscall::SchedYield, &[]),
            Outcome::Return(0)
        ));
    });
}

/// What is read from the memory was read before what is written there.
#[test]
fn class01_results_that_lie_over_arguments() {
    everywhere("no single report", |scene| {
        let mut guest = with_a_file(scene);
        read_over(&mut guest);
        let plain = guest.path_filestat_get(ROOT, FOLLOW, "f").expect("a file");
        for at in [512, 512 + 32, 512 + 63] {
            guest.memory[at] = b'f';
            let args = [3, 1, at as i64, 1, 512];
            let outcome = guest.attempt(Syscall::PathFilestatGet, &args);
            assert_eq!(returned(outcome), Ok(()), "the path is at {at}");
            assert_eq!(
                (guest.u64_at(520), guest.u64_at(544)),
                (plain.ino, plain.size)
            );
        }
        guest.memory[512] = b'f';
        let rights = Rights::FD_READ.bits().cast_signed();
        let outcome = guest.attempt(Syscall::PathOpen, &[3, 0, 512, 1, 0, rights, 0, 0, 512]);
        assert_eq!((returned(outcome), guest.u32_at(512)), (Ok(()), 6));
        guest.path_symlink("target", ROOT, "l").expect("a link");
        guest.memory[512] = b'l';
        let outcome = guest.attempt(Syscall::PathReadlink, &[3, 512, 1, 512, 64, 520]);
        assert_eq!(returned(outcome), Ok(()));
        assert_eq!(
            (guest.bytes(512, 6), guest.u32_at(520)),
            (&b"target"[..], 6)
        );
    });
}

/// Buffers, and the count, over the array of buffers, and over each other.
fn read_over(guest: &mut Guest) {
    let read = |guest: &mut Guest, array: &[u32], count_at: i64| {
        assert_eq!(guest.fd_seek(5, 0, Whence::Set), Ok(0));
        poke(guest, 64, array);
        let args = [5, 64, array.len() as i64 / 2, count_at];
        assert_eq!(returned(guest.attempt(Syscall::FdRead, &args)), Ok(()));
        assert_eq!(guest.u32_at(count_at as u32), 7, "{array:?}");
    };
    read(guest, &[64, 7], 32);
    assert_eq!(guest.bytes(64, 7), b"content");
    read(guest, &[64, 3, 256, 4], 32);
    assert_eq!(
        (guest.bytes(64, 3), guest.bytes(256, 4)),
        (&b"con"[..], &b"tent"[..])
    );
    read(guest, &[256, 7], 68);
    assert_eq!(guest.bytes(256, 7), b"content");
    read(guest, &[256, 7], 256);
    assert_eq!(guest.bytes(260, 3), b"ent", "the count is written last");
}

#[test]
fn a76_an_address_and_a_length_are_added() {
    without_trees("CVE-2025-69261", || {
        let mut guest = Guest::new(Wasi::builder());
        let random = |guest: &mut Guest, at: u32, len: u32| {
            guest.attempt(Syscall::RandomGet, &[at.into(), len.into()])
        };
        for (at, len) in [
            (0xffff_fff0, 0x20),
            (0xffff_fff0, 0x10),
            (16, u32::MAX - 15),
            (u32::MAX, u32::MAX),
        ] {
            assert!(
                matches!(random(&mut guest, at, len), Outcome::Trap(_)),
                "{at:#x} {len:#x}"
            );
        }
        // As large as a memory gets. Only what is touched is there.
        guest.memory = vec![0; 1 << 32];
        assert!(matches!(
            random(&mut guest, 0xffff_ffe0, 0x20),
            Outcome::Return(0)
        ));
        assert_ne!(guest.memory[0xffff_ffe0..], [0; 0x20]);
        assert!(matches!(
            random(&mut guest, 0xffff_fff0, 0x20),
            Outcome::Trap(_)
        ));
    });
}

#[test]
fn a78_lengths_that_are_negative_if_they_are_signed() {
    everywhere("endive 7a9de88", |scene| {
        let mut guest = with_a_file(scene);
        for len in [0x8000_0000, 0x8000_0001, u32::MAX] {
            poke(&mut guest, 64, &[1024, len]);
            traps(&mut guest, Syscall::FdRead, &[5, 64, 1, 32]);
            traps(&mut guest, Syscall::RandomGet, &[1024, len.into()]);
            traps(
                &mut guest,
                Syscall::FdReaddir,
                &[3, 1024, len.into(), 0, 32],
            );
            let path = guest.attempt(Syscall::PathCreateDirectory, &[3, 1024, len.into()]);
            let refused =
                matches!(path, Outcome::Trap(_)) || returned(path) == Err(Errno::Nametoolong);
            assert!(refused, "{len:#x}");
        }
        assert_eq!(guest.fd_tell(5), Ok(0));
    });
}

#[test]
fn a88_a_failing_call_writes_to_the_wrong_place() {
    everywhere("walrus#460", |scene| {
        let mut guest = with_a_file(scene);
        put(&mut guest, "f", "content");
        for abi in [Abi::Preview1, Abi::Unstable] {
            guest.abi = abi;
            guest.memory.fill(0xaa);
            guest.memory[16] = b'f';
            let before = guest.memory.clone();
            let rights = Rights::FILE.bits().cast_signed();
            for (call, args) in [
                (Syscall::FdSeek, vec![5, -1, 0, 512]),
                (Syscall::FdSeek, vec![99, 0, 0, 512]),
                (Syscall::FdReaddir, vec![5, 1024, 64, 0, 512]),
                (Syscall::PathOpen, vec![3, 0, 16, 1, 5, rights, 0, 0, 512]),
                (Syscall::PathFilestatGet, vec![3, 0, 16, 2, 512]),
                (Syscall::PathReadlink, vec![3, 16, 1, 1024, 9, 512]),
                (Syscall::ClockTimeGet, vec![9, 0, 512]),
                (Syscall::FdPrestatGet, vec![5, 512]),
            ] {
                assert!(returned(guest.attempt(call, &args)).is_err(), "{call}");
                assert!(guest.memory == before, "{call}");
            }
            // And one that succeeds writes its result, and nothing else.
            assert_eq!(returned(guest.attempt(Syscall::FdTell, &[5, 512])), Ok(()));
            assert_eq!(guest.memory[..512], before[..512]);
            assert_eq!(guest.memory[520..], before[520..]);
        }
        guest.abi = Abi::Preview1;
        assert!(guest.path_filestat_get(ROOT, FOLLOW, "f").is_ok());
    });
}
