//! Calls that make the host keep, copy or look at as much as the guest says.

use crate::row::{everywhere, quietly, quietly_without_trees};
use crate::scene::Scene;
use crate::support::{
    NOFOLLOW, NONE, all_refuse, grown, handles, look, open, put, reading, returned, write,
};
use std::io::IoSliceMut;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use wasi_shim::abi::{Abi, ClockId, Errno, FileKind, OFlags, Rights, SubclockFlags, Syscall};
use wasi_shim::backends::{Capture, ClosureDir, Operation, Quota, Trace, pipe};
use wasi_shim::vfs::{Dir, Entry, Stream as _};
use wasi_shim::{Access, Limits, Outcome, Wasi};
use wasi_shim_tests::trees::ROOT;
use wasi_shim_tests::{Guest, Subscription};

const MIB: usize = 1 << 20;

/// A directory with a million entries, which counts those it is asked for.
fn endless(asked: Arc<AtomicUsize>) -> Arc<dyn Dir> {
    let list = move |sink: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>| {
        for ino in 2..1_000_002 {
            asked.fetch_add(1, Ordering::Relaxed);
            let (name, kind) = (&*format!("entry {ino}"), FileKind::RegularFile);
            if sink(Entry { name, ino, kind }).is_break() {
                break;
            }
        }
        Ok(())
    };
    Arc::new(ClosureDir::new(1, |_| Err(Errno::Noent), list))
}

/// Everything that is sized by a number of the guest's, for one of the two modules.
fn ask_for_too_much(scene: &mut Scene, abi: Abi) {
    for n in 0..40 {
        scene.file(&format!("many/{n}"), "");
    }
    let mut limits = Limits::default();
    (limits.descriptors, limits.listing_entries) = (200, 30);
    // For the second of two buffers, which is longer.
    limits.bounce = 100;
    let asked = Arc::new(AtomicUsize::new(0));
    let builder = scene.builder().limits(limits);
    let builder = builder.preopen("/endless", endless(asked.clone()), Access::ReadOnly);
    let mut guest = Guest::new(builder);
    guest.abi = abi;
    let file = write(&mut guest, "file");
    let used = grown(|| {
        let now = Subscription::Clock(ClockId::Monotonic.number(), 0, SubclockFlags::empty());
        assert_eq!(guest.poll_oneoff(&[now; 10_000]), Err(Errno::Inval));
        let path = "./".repeat(55_000) + "x";
        assert_eq!(
            guest.path_create_directory(ROOT, path),
            Err(Errno::Nametoolong)
        );
        let calls = [
            Syscall::FdRead,
            Syscall::FdWrite,
            Syscall::FdPread,
            Syscall::FdPwrite,
        ];
        for call in calls {
            // An offset, or where the result goes: both are good.
            let outcome = guest.attempt(call, &[file.into(), 4096, 10_000, 64, 64]);
            assert_eq!(returned(outcome), Err(Errno::Inval), "{call}");
        }
        let parts: [&[u8]; 2] = [b"head", &[b'x'; 10_000]];
        assert_eq!(guest.fd_writev(file, &parts), Ok(10_004));
        let read = guest.fd_pread(file, &[4, 10_000], 0);
        assert_eq!(read, Ok(parts.concat()));
        let len = guest.memory.len() as i64;
        assert_eq!(
            returned(guest.attempt(Syscall::RandomGet, &[0, len])),
            Ok(())
        );
        let mut open = 0;
        let errno = loop {
            match look(&mut guest, "file") {
                Ok(_) => open += 1,
                Err(errno) => break errno,
            }
        };
        assert_eq!((errno, open), (Errno::Mfile, 200 - 7));
        assert_eq!(guest.fd_renumber(20, 21), Ok(()));
        let dir = look(&mut guest, "many").expect("room for one");
        assert_eq!(guest.fd_readdir(dir, 24, 0), Err(Errno::Nomem));
        // What has a million entries is asked for no more than may be kept.
        assert_eq!(guest.fd_readdir(5, 24, 0), Err(Errno::Nomem));
        assert!(asked.load(Ordering::Relaxed) <= 31);
    });
    assert!(used < 3 * MIB, "{used}");
}

#[test]
fn a10_numbers_of_the_guests_size_what_the_host_keeps() {
    quietly("CVE-2026-27204", |scene| {
        ask_for_too_much(scene, Abi::Preview1)
    });
}

#[test]
fn a11_the_same_through_the_older_module() {
    quietly("GHSA-j366-h8gg-77pm", |scene| {
        ask_for_too_much(scene, Abi::Unstable)
    });
}

#[test]
fn a12_a_gibibyte_to_an_output_that_goes_nowhere() {
    quietly_without_trees("GHSA-gqmc-89g8-p25r", || {
        let mut guest = Guest::new(Wasi::builder());
        guest.memory = vec![0; (1 << 30) + 65536];
        let used = grown(|| {
            guest.memory[0..4].copy_from_slice(&1024_u32.to_le_bytes());
            guest.memory[4..8].copy_from_slice(&(1_u32 << 30).to_le_bytes());
            assert_eq!(
                returned(guest.attempt(Syscall::FdWrite, &[1, 0, 1, 16])),
                Ok(())
            );
            assert_eq!(guest.u32_at(16), 1 << 30);
            for _ in 0..100_000 {
                assert_eq!(guest.fd_write(1, "x"), Ok(1));
            }
        });
        assert!(used < MIB, "{used}");
    });
}

#[test]
fn a13_empty_writes_to_an_output_that_is_full() {
    quietly_without_trees("GHSA-5m8g-xhq4-4h93", || {
        let (_drain, stdout) = pipe(1);
        let mut guest = Guest::new(Wasi::builder().stdout(stdout));
        assert_eq!(guest.fd_write(1, "x"), Ok(1));
        let used = grown(|| {
            for _ in 0..100_000 {
                assert_eq!(guest.fd_writev(1, &[b""]), Ok(0));
            }
        });
        assert!(used < MIB, "{used}");
    });
}

#[test]
fn a14_one_write_of_64_mebibytes() {
    quietly("GHSA-x84v-gj2h-g759", |scene| {
        scene.seal();
        let root = Quota::builder()
            .bytes(MIB as u64)
            .build(scene.root.clone())
            .expect("a tree");
        let (drain, stdout) = pipe(65536);
        let builder = Wasi::builder()
            .preopen("/", root, Access::ReadWrite)
            .stdout(stdout);
        let mut guest = Guest::new(builder);
        let file = write(&mut guest, "file");
        guest.memory = vec![b'x'; 64 * MIB];
        for (at, number) in [(0, 1024_u32), (4, (64 * MIB - 1024) as u32)] {
            guest.memory[at..at + 4].copy_from_slice(&number.to_le_bytes());
        }
        let used = grown(|| {
            let attempt = |guest: &mut Guest, fd: u32| {
                guest.memory[16..20].fill(0);
                guest.attempt(Syscall::FdWrite, &[fd.into(), 0, 1, 16])
            };
            // A file takes what fits, and a pipe makes who writes wait with the rest.
            assert_eq!(returned(attempt(&mut guest, file)), Ok(()));
            let written = guest.u32_at(16);
            assert!((1..=MIB as u32).contains(&written), "{written}");
            assert!(matches!(attempt(&mut guest, 1), Outcome::Block(_)));
            assert_eq!(returned(attempt(&mut guest, file)), Err(Errno::Dquot));
        });
        assert!(used < 4 * MIB, "{used}");
        let mut room = vec![0; MIB];
        assert_eq!(drain.read(&mut [IoSliceMut::new(&mut room)]), Ok(65536));
    });
}

#[test]
fn a35_a_long_path_to_every_function() {
    everywhere("wasmtime p1.rs", |scene| {
        let mut guest = scene.guest();
        all_refuse(&mut guest, &("./".repeat(55_000) + "x"), Errno::Nametoolong);
        let long = "x".repeat(110_000);
        all_refuse(&mut guest, &long, Errno::Nametoolong);
        let linked = guest.path_symlink(&long, ROOT, "l");
        assert_eq!(linked, Err(Errno::Nametoolong), "the text of a link");
        assert_eq!(guest.path_readlink(ROOT, "l", 9), Err(Errno::Noent));
    });
}

/// The cost is counted, not timed, so that few entries are enough; what a listing keeps is in A10.
#[test]
fn a36_a_listing_read_through_a_small_buffer() {
    everywhere("wasmtime p1.rs", |scene| {
        for n in 0..200 {
            scene.file(&format!("many/{n:03}"), "");
        }
        scene.seal();
        let (lists, looks) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (counted, looked) = (lists.clone(), looks.clone());
        let root = Trace::new(scene.root.clone(), move |event| {
            let is_list = matches!(event.call.operation, Operation::List);
            let counter = if is_list { &counted } else { &looked };
            counter.fetch_add(1, Ordering::Relaxed);
        });
        let mut guest = Guest::new(Wasi::builder().preopen("/", root, Access::ReadWrite));
        let dir = look(&mut guest, "many").expect("a directory");
        looks.store(0, Ordering::Relaxed);
        let (mut cookie, mut entries) = (0, 0);
        loop {
            let bytes = guest.fd_readdir(dir, 64, cookie).expect("a listing");
            if bytes.is_empty() {
                break;
            }
            cookie = u64::from_le_bytes(bytes[..8].try_into().expect("a cookie"));
            entries += 1;
        }
        assert_eq!(entries, 202, "with . and ..");
        assert_eq!(lists.load(Ordering::Relaxed), 1);
        assert!(
            looks.load(Ordering::Relaxed) <= 202,
            "no entry is looked at twice"
        );
    });
}

#[test]
fn a79_a_result_that_cannot_be_stored_keeps_a_descriptor() {
    quietly("epsilon#57", |scene| {
        scene.file("file", "");
        scene.link("link", "file");
        let mut guest = scene.guest();
        let end = guest.memory.len() as i64;
        let path = i64::from(guest.put(b"new"));
        let rights = Rights::FILE.bits().cast_signed();
        let before = handles();
        for _ in 0..2000 {
            let args = [ROOT.into(), 0, path, 3, 1, rights, 0, 0, end - 3];
            assert!(matches!(
                guest.attempt(Syscall::PathOpen, &args),
                Outcome::Trap(_)
            ));
        }
        assert_eq!(handles(), before);
        assert_eq!(
            look(&mut guest, "new"),
            Err(Errno::Noent),
            "it was not made"
        );
        let file = look(&mut guest, "file").expect("a file");
        assert_eq!(file, 5, "every number is free");
        assert_eq!(guest.fd_readdir(ROOT, 64, u64::MAX), Err(Errno::Inval));
        let longest = i64::from(u32::MAX);
        let link = i64::from(guest.put(b"link"));
        for (call, args) in [
            (Syscall::RandomGet, vec![0, longest]),
            (
                Syscall::PathReadlink,
                vec![ROOT.into(), link, 4, 64, longest, 0],
            ),
            (Syscall::FdReaddir, vec![ROOT.into(), 64, longest, -1, 0]),
        ] {
            assert!(
                matches!(guest.attempt(call, &args), Outcome::Trap(_)),
                "{call}"
            );
        }
    });
}

#[test]
fn a84_a_flood_of_output_that_is_captured() {
    quietly_without_trees("zwasm#158", || {
        let capture = Capture::new(MIB);
        let mut guest = Guest::new(Wasi::builder().stdout(capture.clone()));
        let block = vec![b'x'; 40_000];
        let mut written = 0;
        let used = grown(|| {
            for _ in 0..2000 {
                match guest.fd_write(1, &block) {
                    Ok(count) => written += count,
                    Err(errno) => assert_eq!(errno, Errno::Nospc),
                }
            }
        });
        assert_eq!(written, MIB);
        assert!(used < 4 * MIB, "{used}");
    });
}

#[test]
fn a85_listing_again_and_again_keeps_a_handle() {
    quietly("WasmKit#363", |scene| {
        for n in 0..50 {
            scene.file(&format!("dir/{n}"), "");
        }
        let mut guest = scene.guest();
        let dir = look(&mut guest, "dir").expect("a directory");
        guest.fd_readdir(dir, 4096, 0).expect("a listing");
        let before = handles();
        for _ in 0..2000 {
            guest.fd_readdir(dir, 4096, 0).expect("a listing");
        }
        assert_eq!(handles(), before);
    });
}

#[test]
fn a90_calls_that_look_harmless() {
    quietly("arXiv 2509.11242", |scene| {
        scene.file("there", "0123456789");
        scene.seal();
        let quota = Quota::builder().bytes(1000).inodes(8);
        let root = quota.build(scene.root.clone()).expect("a tree");
        let mut guest = Guest::new(Wasi::builder().preopen("/", root.clone(), Access::ReadWrite));
        let used = grown(|| {
            let mut made = 0;
            while guest.path_create_directory(ROOT, format!("d{made}")) == Ok(()) {
                made += 1;
            }
            assert_eq!(guest.path_create_directory(ROOT, "x"), Err(Errno::Dquot));
            assert!((1..8).contains(&made), "{made}");
            for n in 0..made {
                assert_eq!(guest.path_remove_directory(ROOT, format!("d{n}")), Ok(()));
            }
            let file = write(&mut guest, "new");
            for size in [1001, 1 << 40, i64::MAX.cast_unsigned()] {
                assert_eq!(
                    guest.fd_filestat_set_size(file, size),
                    Err(Errno::Dquot),
                    "{size}"
                );
                assert_eq!(
                    guest.fd_allocate(file, 0, size),
                    Err(Errno::Dquot),
                    "{size}"
                );
            }
            for _ in 0..500 {
                put(&mut guest, "come", "go");
                assert_eq!(guest.path_unlink_file(ROOT, "come"), Ok(()));
                assert_eq!(guest.sched_yield(), Ok(()));
                assert_eq!(guest.random_get(4096).map(|bytes| bytes.len()), Ok(4096));
            }
        });
        assert!(used < 2 * MIB, "{used}");
        let fd = open(&mut guest, (ROOT, NOFOLLOW), "there", NONE, reading()).expect("a file");
        assert_eq!(guest.fd_read(fd, 64), Ok(b"0123456789".to_vec()));
        let found = open(
            &mut guest,
            (ROOT, NOFOLLOW),
            "last",
            OFlags::CREAT,
            Rights::FILE,
        );
        assert!(found.is_ok(), "what was removed can be made again");
    });
}
