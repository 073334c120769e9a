//! Numbers at the ends of their range: times, offsets, lengths.

use crate::row::{everywhere, on_hosts};
use crate::scene::Scene;
use crate::support::{FOLLOW, NOFOLLOW, content, look, open_dir, put, returned, write};
use std::time::{Duration, SystemTime};
use wasi_shim::Outcome;
use wasi_shim::abi::{Advice, Errno, FstFlags, Syscall, Whence};
use wasi_shim_tests::Guest;
use wasi_shim_tests::trees::ROOT;

#[test]
fn a16_times_that_preview1_cannot_say() {
    let elsewhere = "times of other trees have 64 bits";
    on_hosts("GHSA-mr2v-56j5-cmfc, wasmtime#13894", elsewhere, |scene| {
        scene.file("dir/file", "content");
        let path = scene.folder().expect("a folder").join("dir/file");
        scene.share();
        let mut guest = scene.guest();
        let epoch = SystemTime::UNIX_EPOCH;
        let seconds = [
            1,
            100,
            1 << 31,
            1 << 33,
            1 << 34,
            1 << 35,
            1 << 62,
            (1 << 63) - 1,
        ];
        let before = seconds.map(|s| epoch.checked_sub(Duration::from_secs(s)));
        let after = seconds.map(|s| epoch.checked_add(Duration::from_secs(s)));
        let end = epoch.checked_add(Duration::from_secs(u64::MAX / 1_000_000_000 + 1));
        for time in before.into_iter().chain(after).chain([end]).flatten() {
            let file = std::fs::File::options()
                .write(true)
                .open(&path)
                .expect("a file");
            // What the host does not take is not to be told.
            let _ = file.set_modified(time);
            let stored = file
                .metadata()
                .and_then(|facts| facts.modified())
                .expect("a time");
            let since = stored
                .duration_since(epoch)
                .map_or(0, |since| since.as_nanos());
            let expected = u64::try_from(since).unwrap_or(u64::MAX);
            let stat = guest.path_filestat_get(ROOT, FOLLOW, "dir/file");
            assert_eq!(stat.map(|stat| stat.mtim), Ok(expected), "{time:?}");
            let fd = look(&mut guest, "dir/file").expect("a file");
            assert_eq!(
                guest.fd_filestat_get(fd).map(|stat| stat.mtim),
                Ok(expected)
            );
            assert_eq!(guest.fd_read(fd, 64), Ok(b"content".to_vec()));
            guest.fd_close(fd).expect("it is open");
            let dir = open_dir(&mut guest, "dir");
            assert!(guest.fd_readdir(dir, 4096, 0).is_ok());
            guest.fd_close(dir).expect("it is open");
        }
    });
}

#[test]
fn a53_an_offset_and_a_length_are_added() {
    everywhere("uvwasi#254", |scene| {
        let mut guest = scene.guest();
        put(&mut guest, "f", "as it was");
        let file = write(&mut guest, "f");
        let largest = i64::MAX.cast_unsigned();
        assert_eq!(guest.fd_pwrite(file, &[b"x"], largest), Err(Errno::Fbig));
        for offset in [largest + 1, u64::MAX - 1, u64::MAX] {
            assert_eq!(
                guest.fd_pwrite(file, &[b"x"], offset),
                Err(Errno::Inval),
                "{offset}"
            );
            assert_eq!(
                guest.fd_pread(file, &[1], offset),
                Err(Errno::Inval),
                "{offset}"
            );
        }
        assert_eq!(content(&mut guest, "f").as_deref(), Ok("as it was"));
    });
}

const SECOND: u64 = 1_000_000_000;

/// Times are kept, or are the last that the filesystem can keep.
fn set_large_times(scene: &mut Scene, times: &[u64]) {
    let mut guest = scene.guest();
    put(&mut guest, "f", "");
    for time in times.iter().copied() {
        let flags = FstFlags::ATIM | FstFlags::MTIM;
        let set = guest.path_filestat_set_times(ROOT, NOFOLLOW, "f", (time, time), flags);
        assert_eq!(set, Ok(()), "{time}");
        let stat = guest
            .path_filestat_get(ROOT, NOFOLLOW, "f")
            .expect("a file");
        let year_2400 = 13_569_465_600 * SECOND;
        for kept in [stat.atim, stat.mtim] {
            assert!(
                kept == time || (kept < time && kept > year_2400),
                "{time}: {kept}"
            );
        }
    }
}

#[test]
fn a58_times_beyond_32_bits_of_seconds() {
    everywhere("uvwasi adda155", |scene| {
        let seconds = [0, 1, (1 << 31) - 1, 1 << 31, (1 << 32) + 5];
        set_large_times(scene, &seconds.map(|seconds| seconds * SECOND));
    });
}

#[test]
fn a68_large_times_in_nanoseconds() {
    everywhere("WasmEdge 0f9153f", |scene| {
        set_large_times(scene, &[i64::MAX as u64, u64::MAX - 1, u64::MAX]);
    });
}

#[test]
fn class03_offsets_at_the_ends_of_their_range() {
    everywhere("no single report", |scene| {
        let mut guest = scene.guest();
        put(&mut guest, "f", "0123456789");
        let file = write(&mut guest, "f");
        assert_eq!(guest.fd_seek(file, 4, Whence::Set), Ok(4));
        for whence in [Whence::Set, Whence::Cur, Whence::End] {
            for offset in [i64::MIN, i64::MIN + 1, -11] {
                assert_eq!(
                    guest.fd_seek(file, offset, whence),
                    Err(Errno::Inval),
                    "{offset} {whence:?}"
                );
            }
        }
        for whence in [Whence::Cur, Whence::End] {
            assert_eq!(
                guest.fd_seek(file, i64::MAX, whence),
                Err(Errno::Overflow),
                "{whence:?}"
            );
        }
        let largest = i64::MAX.cast_unsigned();
        for (offset, len) in [
            (largest, 1),
            (1, largest),
            (u64::MAX, 1),
            (1, u64::MAX),
            (u64::MAX, u64::MAX),
        ] {
            assert_eq!(
                guest.fd_allocate(file, offset, len),
                Err(Errno::Fbig),
                "{offset} {len}"
            );
            let advised = guest.fd_advise(file, offset, len, Advice::Normal);
            assert!(
                matches!(advised, Ok(()) | Err(Errno::Inval)),
                "{offset} {len} {advised:?}"
            );
        }
        for size in [largest + 1, u64::MAX] {
            assert_eq!(
                guest.fd_filestat_set_size(file, size),
                Err(Errno::Fbig),
                "{size}"
            );
        }
        assert_eq!(guest.fd_tell(file), Ok(4), "it is where it was");
        assert_eq!(content(&mut guest, "f").as_deref(), Ok("0123456789"));
    });
}

/// The functions on buffers. The length of every other array and text:
/// `abi::faults::a_bad_length_is_refused_and_changes_nothing`.
#[test]
fn class02_lengths_at_the_ends_of_their_range() {
    everywhere("no single report", |scene| {
        scene.file("f", "0123456789");
        let mut guest = scene.guest();
        let file = i64::from(write(&mut guest, "f"));
        for call in [
            Syscall::FdRead,
            Syscall::FdWrite,
            Syscall::FdPread,
            Syscall::FdPwrite,
        ] {
            ends_of_lengths(&mut guest, call, file);
        }
        assert_eq!(guest.fd_tell(file as u32), Ok(0));
        assert_eq!(content(&mut guest, "f").as_deref(), Ok("0123456789"));
        let [at, count] = buffers(&mut guest, &[(4096, 0), (u32::MAX, 0), (4096, 1)]);
        let outcome = guest.attempt(Syscall::FdRead, &[file, at, count, 8]);
        let is_read = matches!(outcome, Outcome::Return(0)) && guest.memory[4096] == b'0';
        assert!(
            is_read || matches!(outcome, Outcome::Trap(_)),
            "{outcome:?}"
        );
    });
}

fn ends_of_lengths(guest: &mut Guest, call: Syscall, file: i64) {
    let attempt = |guest: &mut Guest, [at, count]: [i64; 2]| {
        let args = match call {
            Syscall::FdRead | Syscall::FdWrite => vec![file, at, count, 8],
            _ => vec![file, at, count, 0, 8],
        };
        guest.attempt(call, &args)
    };
    // One buffer of each length at address 4096, and many that are 2³² together.
    guest.memory = vec![0; Guest::MEMORY];
    for len in [1 << 31, (1 << 31) - 1, u32::MAX] {
        let array = buffers(guest, &[(4096, len)]);
        let outcome = attempt(guest, array);
        assert!(
            matches!(outcome, Outcome::Trap(_)),
            "{call} {len:#x} {outcome:?}"
        );
    }
    guest.memory = vec![0; 5 << 20];
    let [at, count] = buffers(guest, &[(0, 1 << 22); 1024]);
    for count in [count, 1025, 1 << 31, i64::from(u32::MAX)] {
        let found = returned(attempt(guest, [at, count]));
        assert_eq!(found, Err(Errno::Inval), "{call} {count:#x}");
    }
}

fn buffers(guest: &mut Guest, all: &[(u32, u32)]) -> [i64; 2] {
    let bytes: Vec<u8> = all
        .iter()
        .flat_map(|(at, len)| [*at, *len])
        .flat_map(u32::to_le_bytes)
        .collect();
    guest.memory[1024..][..bytes.len()].copy_from_slice(&bytes);
    [1024, all.len() as i64]
}

#[test]
fn class07_a_time_that_is_to_be_given_and_now() {
    everywhere("no single report", |scene| {
        let mut guest = scene.guest();
        put(&mut guest, "f", "");
        let file = write(&mut guest, "f");
        let before = guest.fd_filestat_get(file).expect("a file");
        for flags in [
            FstFlags::ATIM | FstFlags::ATIM_NOW,
            FstFlags::MTIM | FstFlags::MTIM_NOW,
            FstFlags::from_bits_retain(16),
        ] {
            let set = guest.path_filestat_set_times(ROOT, FOLLOW, "f", (5, 5), flags);
            assert_eq!(set, Err(Errno::Inval), "{flags:?}");
            assert_eq!(
                guest.fd_filestat_set_times(file, 5, 5, flags),
                Err(Errno::Inval)
            );
        }
        let after = guest.fd_filestat_get(file).expect("a file");
        assert_eq!((after.atim, after.mtim), (before.atim, before.mtim));
    });
}
