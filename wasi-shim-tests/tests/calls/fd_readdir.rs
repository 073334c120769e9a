//! `fd_readdir`.

use crate::support::{
    FAULTS, MAX32, Probe, a_directory, a_file, answer, check_closed, check_pointer, check_writes,
    dir, file, gates, memory, open_with,
};
use std::collections::BTreeMap;
use wasi_shim::abi::Syscall::FdReaddir;
use wasi_shim::abi::{Errno, FdFlags, FileKind, LookupFlags, OFlags, Rights};
use wasi_shim::{FaultMode, Limits, Outcome};
use wasi_shim_tests::trees::{READ_ONLY, ROOT, Tree, on_each};
use wasi_shim_tests::{Answer, Guest};

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    next: u64,
    ino: u64,
    kind: FileKind,
    name: String,
}

/// The entries that are in a buffer as a whole.
fn entries(mut bytes: &[u8]) -> Vec<Entry> {
    let mut entries = Vec::new();
    while let Some((head, rest)) = bytes.split_first_chunk::<24>() {
        let number = |at: usize| u64::from_le_bytes(head[at..at + 8].try_into().unwrap());
        let len = u32::from_le_bytes(head[16..20].try_into().unwrap()) as usize;
        assert_eq!(head[21..], [0; 3], "the padding is zero");
        let Some((name, rest)) = rest.split_at_checked(len) else {
            break;
        };
        entries.push(Entry {
            next: number(0),
            ino: number(8),
            kind: FileKind::from_number(head[20].into()).unwrap(),
            name: String::from_utf8(name.to_vec()).unwrap(),
        });
        bytes = rest;
    }
    entries
}

fn read(guest: &mut Guest, fd: u32, len: usize, cookie: u64) -> Answer<Vec<Entry>> {
    guest
        .fd_readdir(fd, len, cookie)
        .map(|bytes| entries(&bytes))
}

/// Everything from a position on, as a program with a buffer of `len` bytes reads it.
fn read_all(guest: &mut Guest, fd: u32, len: usize, mut cookie: u64) -> Vec<Entry> {
    let mut all = Vec::new();
    loop {
        let bytes = guest.fd_readdir(fd, len, cookie).expect("a directory");
        all.extend(entries(&bytes));
        cookie = all.last().map_or(cookie, |entry| entry.next);
        if bytes.len() < len {
            return all;
        }
    }
}

fn names(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.name.as_str()).collect()
}

/// A directory with a file, a directory and a link in it.
fn furnished(guest: &mut Guest) -> u32 {
    let fd = dir(guest, "d");
    file(guest, "d/file", b"x");
    dir(guest, "d/größe");
    guest.path_symlink("nowhere", fd, "l").unwrap();
    fd
}

#[test]
fn dots_come_first_then_every_entry_once_with_what_it_is() {
    on_each(|_, guest| {
        let fd = furnished(guest);
        let all = read(guest, fd, 4_096, 0).unwrap();
        assert_eq!(names(&all)[..2], [".", ".."]);
        let cookies: Vec<u64> = all.iter().map(|entry| entry.next).collect();
        assert_eq!(cookies, [1, 2, 3, 4, 5]);
        let kinds: BTreeMap<&str, FileKind> = all
            .iter()
            .map(|entry| (entry.name.as_str(), entry.kind))
            .collect();
        let expected = [
            (".", FileKind::Directory),
            ("..", FileKind::Directory),
            ("file", FileKind::RegularFile),
            ("größe", FileKind::Directory),
            ("l", FileKind::SymbolicLink),
        ];
        assert_eq!(kinds, BTreeMap::from(expected));
    });
}

#[test]
fn the_number_of_an_entry_is_what_stat_says() {
    on_each(|_, guest| {
        let fd = furnished(guest);
        for entry in read(guest, fd, 4_096, 0).unwrap() {
            let expected = match entry.name.as_str() {
                // A directory does not know its parent: 0 means "ask", and nobody asks.
                ".." => 0,
                name => {
                    guest
                        .path_filestat_get(fd, LookupFlags::empty(), name)
                        .unwrap()
                        .ino
                }
            };
            assert_eq!(entry.ino, expected, "{}", entry.name);
        }
        let own = guest.fd_filestat_get(fd).unwrap().ino;
        assert_eq!(read(guest, fd, 4_096, 0).unwrap()[0].ino, own);
    });
}

#[test]
fn a_buffer_of_any_size_gets_the_start_of_the_same_bytes_and_nothing_beside_it_changes() {
    on_each(|_, guest| {
        let fd = furnished(guest);
        guest.memory.truncate(1 << 16);
        let full = guest.fd_readdir(fd, 4_096, 0).unwrap();
        // Five heads, and the names.
        assert_eq!(full.len(), 5 * 24 + 1 + 2 + 4 + 7 + 1);
        for len in 0..=200_u32 {
            guest.memory.fill(0xaa);
            let used = full.len().min(len as usize);
            let args = [fd.into(), 1_001, len.into(), 0, 64];
            let outputs = [(1_001, used as u32), (64, 4)];
            check_writes(guest, FdReaddir, &args, &outputs);
            assert_eq!(guest.u32_at(64), used as u32);
            assert_eq!(guest.bytes(1_001, used), &full[..used]);
        }
    });
}

#[test]
fn reading_can_start_at_every_cookie_and_ends_after_the_last() {
    on_each(|_, guest| {
        let fd = furnished(guest);
        let all = read(guest, fd, 4_096, 0).unwrap();
        for (index, entry) in all.iter().enumerate() {
            assert_eq!(
                read(guest, fd, 4_096, entry.next).unwrap(),
                all[index + 1..]
            );
        }
        assert_eq!(guest.fd_readdir(fd, 4_096, 5).unwrap(), b"");
        assert_eq!(guest.fd_readdir(fd, 0, 5).unwrap(), b"");
    });
}

#[test]
fn a_cookie_that_no_entry_carried_is_invalid() {
    on_each(|_, guest| {
        let fd = furnished(guest);
        for _ in 0..2 {
            // With and without a listing to look it up in.
            for cookie in [
                6,
                7,
                1 << 32,
                i64::MAX as u64,
                1 << 63,
                u64::MAX - 1,
                u64::MAX,
            ] {
                for len in [0, 10, 4_096] {
                    assert_eq!(read(guest, fd, len, cookie), Err(Errno::Inval), "{cookie}");
                }
            }
            assert_eq!(read(guest, fd, 4_096, 0).unwrap().len(), 5);
        }
    });
}

#[test]
fn a_directory_that_changes_under_a_reader_neither_repeats_nor_skips() {
    on_each(|_, guest| {
        let fd = dir(guest, "d");
        let old: Vec<String> = (0..20).map(|n| format!("old{n:02}")).collect();
        for name in &old {
            file(guest, &format!("d/{name}"), b"");
        }
        let mut seen = Vec::new();
        let mut cookie = 0;
        for step in 0.. {
            let Some(entry) = read(guest, fd, 40, cookie).unwrap().into_iter().next() else {
                break;
            };
            cookie = entry.next;
            seen.push(entry.name);
            // Entries go before and behind the reader, and others come.
            if let Some(name) = old.get((step * 7) % 20) {
                let _ = guest.path_unlink_file(fd, name);
            }
            guest
                .path_create_directory(fd, format!("new{step:02}"))
                .unwrap();
        }
        seen[2..].sort();
        assert_eq!(seen[..2], [".", ".."]);
        assert_eq!(seen[2..], old);
    });
}

#[test]
fn a_rewind_sees_the_new_state_and_old_cookies_then_mean_the_new_listing() {
    on_each(|_, guest| {
        let fd = dir(guest, "d");
        file(guest, "d/a", b"");
        assert_eq!(names(&read(guest, fd, 4_096, 0).unwrap()), [".", "..", "a"]);
        guest.path_unlink_file(fd, "a").unwrap();
        file(guest, "d/b", b"");
        assert_eq!(
            names(&read(guest, fd, 4_096, 2).unwrap()),
            ["a"],
            "no rewind so far"
        );
        assert_eq!(names(&read(guest, fd, 4_096, 0).unwrap()), [".", "..", "b"]);
        assert_eq!(names(&read(guest, fd, 4_096, 2).unwrap()), ["b"]);
        guest.path_unlink_file(fd, "b").unwrap();
        assert_eq!(read(guest, fd, 4_096, 0).unwrap().len(), 2);
        assert_eq!(
            read(guest, fd, 4_096, 3),
            Err(Errno::Inval),
            "there was a third, once"
        );
    });
}

#[test]
fn each_descriptor_has_a_listing_of_its_own() {
    on_each(|_, guest| {
        let first = furnished(guest);
        let rights = (Rights::FD_READDIR, Rights::empty());
        let (lookup, flags) = (LookupFlags::empty(), FdFlags::empty());
        let second = guest
            .path_open(ROOT, lookup, "d", OFlags::DIRECTORY, rights, flags)
            .unwrap();
        assert_eq!(read(guest, first, 4_096, 0).unwrap().len(), 5);
        guest.path_unlink_file(first, "file").unwrap();
        assert_eq!(read(guest, second, 4_096, 0).unwrap().len(), 4);
        assert_eq!(read(guest, first, 4_096, 2).unwrap().len(), 3);
        assert_eq!(read(guest, second, 4_096, 2).unwrap().len(), 2);
    });
}

#[test]
fn a_directory_is_listed_once_for_each_rewind_however_small_the_buffer() {
    let probe = Probe::new(&["a", "b", "c", "d", "e", "f", "g"]);
    let (mut guest, _) = probe.guest();
    let lists = || probe.asked().iter().filter(|what| *what == "list").count();
    assert_eq!(read_all(&mut guest, ROOT, 26, 0).len(), 9);
    assert_eq!(lists(), 1);
    assert_eq!(read_all(&mut guest, ROOT, 26, 4).len(), 5);
    assert_eq!(lists(), 0);
    assert_eq!(read_all(&mut guest, ROOT, 4_096, 0).len(), 9);
    assert_eq!(lists(), 1);
    // A position without a rewind before it.
    let (mut guest, _) = probe.guest();
    assert_eq!(names(&read_all(&mut guest, ROOT, 26, 6)), ["e", "f", "g"]);
    assert_eq!(
        probe.asked(),
        ["list"],
        "and nothing but the list was asked for"
    );
}

#[test]
fn a_thousand_entries_are_each_read_once_through_a_small_buffer() {
    on_each(|tree, guest| {
        let expected: Vec<String> = (0..1_000).map(|n| format!("entry-{n:03}")).collect();
        for name in &expected {
            let name = wasi_shim::vfs::Name::new(name).unwrap();
            tree.root.create_dir(name).unwrap();
        }
        for len in [33, 64, 100] {
            let all = read_all(guest, READ_ONLY, len, 0);
            let mut found = names(&all[2..]);
            found.sort_unstable();
            assert_eq!(found, expected, "{len}");
        }
    });
}

#[test]
fn names_that_no_guest_could_use_are_left_out() {
    let long = "x".repeat(256).leak();
    let probe = Probe::new(&["a", "", ".", "..", "b/c", "/", "nul\0", long, "z"]);
    let (mut guest, _) = probe.guest();
    let all = read(&mut guest, ROOT, 4_096, 0).unwrap();
    assert_eq!(names(&all), [".", "..", "a", "z"]);
    assert_eq!(all[3].next, 4);
}

#[test]
fn a_listing_beyond_the_limits_is_refused_and_one_at_them_is_not() {
    let tree = Tree::memory();
    let limited = |entries, bytes| {
        let mut limits = Limits::default();
        (limits.listing_entries, limits.listing_bytes) = (entries, bytes);
        Guest::new(tree.builder().limits(limits))
    };
    for name in ["aa", "bb", "cc"] {
        file(&mut tree.guest(), name, b"");
    }
    for (entries, bytes, fits) in [(3, 6, true), (2, 6, false), (3, 5, false), (0, 0, false)] {
        let mut guest = limited(entries, bytes);
        for len in [0, 4_096] {
            let found = read(&mut guest, ROOT, len, 0).map(drop);
            assert_eq!(found, if fits { Ok(()) } else { Err(Errno::Nomem) });
        }
    }
    let mut guest = limited(0, 0);
    let empty = dir(&mut tree.guest(), "d");
    let rights = (Rights::FD_READDIR, Rights::empty());
    let (lookup, flags) = (LookupFlags::empty(), FdFlags::empty());
    let fd = guest
        .path_open(ROOT, lookup, "d", OFlags::empty(), rights, flags)
        .unwrap();
    assert_eq!(fd, empty);
    assert_eq!(
        read(&mut guest, fd, 4_096, 0).unwrap().len(),
        2,
        "dots do not count"
    );
}

#[test]
fn the_limits_hold_for_all_descriptors_together_and_closing_one_makes_room() {
    let mut limits = Limits::default();
    limits.listing_entries = 5;
    let mut guest = Guest::new(Tree::memory().builder().limits(limits));
    for name in ["a", "b", "c"] {
        dir(&mut guest, name);
    }
    assert_eq!(read(&mut guest, ROOT, 4_096, 0).unwrap().len(), 5);
    for _ in 0..2 {
        assert_eq!(read(&mut guest, READ_ONLY, 4_096, 0), Err(Errno::Nomem));
    }
    let again = read(&mut guest, ROOT, 4_096, 0).unwrap();
    assert_eq!(again.len(), 5, "a rewind takes the place of what was there");
    guest.fd_close(ROOT).unwrap();
    assert_eq!(read(&mut guest, READ_ONLY, 4_096, 0).unwrap().len(), 5);
}

#[test]
fn a_filesystem_s_error_is_the_answer_and_the_last_listing_is_gone() {
    let probe = Probe::new(&["a", "b"]);
    let (mut guest, _) = probe.guest();
    assert_eq!(read(&mut guest, ROOT, 4_096, 0).unwrap().len(), 4);
    probe.answer(Err(Errno::Io));
    assert_eq!(read(&mut guest, ROOT, 4_096, 0), Err(Errno::Io));
    assert_eq!(read(&mut guest, ROOT, 4_096, 2), Err(Errno::Io));
    probe.answer(Ok(()));
    let rest = read(&mut guest, ROOT, 4_096, 2).unwrap();
    assert_eq!(names(&rest), ["a", "b"]);
}

#[test]
fn a_removed_directory_has_no_more_than_dots() {
    on_each(|_, guest| {
        let fd = dir(guest, "d");
        guest.path_remove_directory(ROOT, "d").unwrap();
        assert_eq!(names(&read(guest, fd, 4_096, 0).unwrap()), [".", ".."]);
    });
}

#[test]
fn only_directories_have_entries() {
    on_each(|_, guest| {
        let fd = file(guest, "f", b"x");
        for fd in [fd, 0, 1, 2] {
            for cookie in [0, u64::MAX] {
                assert_eq!(read(guest, fd, 4_096, cookie), Err(Errno::Notdir));
            }
        }
    });
}

#[test]
fn it_takes_the_right_to_it_and_no_other() {
    let args = [64, 100, 0, 200];
    assert_eq!(gates(a_directory, FdReaddir, &args), Rights::FD_READDIR);
    assert_eq!(gates(a_file, FdReaddir, &args), Rights::empty());
    assert_eq!(
        gates(|| (memory(FaultMode::Trap), 0), FdReaddir, &args),
        Rights::empty()
    );
    let mut guest = memory(FaultMode::Trap);
    crate::support::give_up(&mut guest, ROOT, Rights::FD_READDIR);
    assert_eq!(
        read(&mut guest, ROOT, 4_096, u64::MAX),
        Err(Errno::Notcapable)
    );
}

#[test]
fn a_file_opened_for_its_entries_only_is_still_no_directory() {
    on_each(|_, guest| {
        file(guest, "f", b"x");
        let fd = open_with(guest, READ_ONLY, "f", Rights::FD_READDIR).unwrap();
        assert_eq!(read(guest, fd, 100, 0), Err(Errno::Notdir));
    });
}

#[test]
fn a_bad_pointer_is_refused_before_anything_is_listed() {
    for faults in FAULTS {
        let mut guest = memory(faults);
        file(&mut guest, "f", b"");
        let args = [3, 256, 100, 0, 64];
        check_pointer((&mut guest, faults), FdReaddir, &args, 1, (100, 1));
        check_pointer((&mut guest, faults), FdReaddir, &args, 4, (4, 4));
    }
    let probe = Probe::new(&["a"]);
    let (mut guest, _) = probe.guest();
    for args in [
        [3, MAX32, 2, 0, 64],
        [3, 64, MAX32, 0, 64],
        [3, 256, 100, 0, MAX32],
    ] {
        assert!(matches!(guest.attempt(FdReaddir, &args), Outcome::Trap(_)));
    }
    assert!(probe.asked().is_empty());
}

#[test]
fn what_is_not_open_has_no_entries() {
    check_closed(FdReaddir, &[256, 100, 0, 64]);
    check_closed(FdReaddir, &[MAX32, MAX32, -1, MAX32]);
    let mut guest = memory(FaultMode::Trap);
    guest.fd_close(ROOT).unwrap();
    let found = guest.attempt(FdReaddir, &[3, 256, 100, 0, 64]);
    assert_eq!(answer(found), Err(Errno::Badf));
}
