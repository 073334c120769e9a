//! Somebody else changes the tree at the same time, or the guest does so from several threads.

use crate::others::{again_and_again, while_another, while_exchanging};
use crate::row::{everywhere, without_trees};
use crate::support::{
    FOLLOW, Listed, NOFOLLOW, NONE, content, entries, ino, look, open, open_dir, put, reading,
    write,
};
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use wasi_shim::abi::{Errno, FstFlags, OFlags, Rights, Whence};
use wasi_shim_tests::Guest;
use wasi_shim_tests::trees::ROOT;

/// Reads a file, which has to be the one inside, if it is there.
fn reads_inside(guest: &mut Guest, path: &str) -> bool {
    match look(guest, path) {
        Ok(fd) => {
            let bytes = guest.fd_read(fd, 64).expect("a file");
            assert_eq!(bytes, b"inside", "{path} leads out");
            guest.fd_close(fd).expect("it is open");
            true
        }
        Err(errno) => {
            let known = [
                Errno::Perm,
                Errno::Noent,
                Errno::Notdir,
                Errno::Loop,
                Errno::Stale,
            ];
            assert!(known.contains(&errno), "{path}: {errno}");
            false
        }
    }
}

#[test]
fn a43_a_directory_is_exchanged_for_a_link_on_the_way() {
    everywhere("wasmer#2432", |scene| {
        scene.file("foo/bar/baz/file.txt", "inside");
        scene.link("foo/out", "../../outside");
        scene.outside("outside/baz/file.txt", "outside");
        scene.share();
        let mut guest = scene.guest();
        while_exchanging(scene, ("foo/bar", "foo/out"), || {
            again_and_again(|| reads_inside(&mut guest, "foo/bar/baz/file.txt"));
        });
    });
}

#[test]
fn a56_a_file_is_exchanged_for_a_link_that_leads_out() {
    everywhere("node-wasi-preopens-escape", |scene| {
        scene.file("inside.txt", "inside");
        scene.link("other", "../secret");
        scene.share();
        let mut guest = scene.guest();
        while_exchanging(scene, ("inside.txt", "other"), || {
            again_and_again(|| reads_inside(&mut guest, "inside.txt"));
        });
    });
}

#[test]
fn a82_a_file_is_exchanged_between_the_check_and_a_change() {
    everywhere("epsilon#79", |scene| {
        scene.file("leaf", "inside");
        scene.link("other", "../secret");
        scene.share();
        let mut guest = scene.guest();
        // Numbers of what is outside are not known to look like, those inside are.
        let leaf = ino(&mut guest, "leaf");
        while_exchanging(scene, ("leaf", "other"), || {
            again_and_again(|| {
                let stat = guest.path_filestat_get(ROOT, FOLLOW, "leaf");
                if let Ok(stat) = stat {
                    assert_eq!(Ok(stat.ino), leaf, "the facts of another file");
                }
                let linked = guest.path_link((ROOT, NOFOLLOW, "leaf"), (ROOT, "linked"));
                let times = (1, 1);
                let flags = FstFlags::ATIM | FstFlags::MTIM;
                let set = guest.path_filestat_set_times(ROOT, FOLLOW, "leaf", times, flags);
                let _ = guest.path_unlink_file(ROOT, "linked");
                linked.is_ok() || set.is_ok()
            });
        });
    });
}

#[test]
fn a96_an_entry_is_exchanged_between_the_listing_and_a_look() {
    everywhere("CVE-2026-27139", |scene| {
        scene.file("dir/file", "inside");
        scene.link("dir/other", "../../outside/secret");
        scene.share();
        let mut guest = scene.guest();
        let dir = open_dir(&mut guest, "dir");
        let list = |guest: &mut Guest| entries(&guest.fd_readdir(dir, 4096, 0).expect("a listing"));
        let inside: Vec<u64> = list(&mut guest).iter().map(|entry| entry.ino).collect();
        while_exchanging(scene, ("dir/file", "dir/other"), || {
            again_and_again(|| {
                let listed = list(&mut guest);
                let is_inside = |entry: &Listed| inside.contains(&entry.ino);
                assert!(listed.iter().all(is_inside), "{listed:?} of {inside:?}");
                listed.iter().any(|entry| entry.name == "file")
            });
        });
    });
}

/// Nothing the reader ever gets is another file's: not by the number of the descriptor, nor by that of the host's handle,
/// which a second guest's file takes as soon as it is free.
#[test]
fn a55_a_descriptor_is_closed_while_another_thread_uses_it() {
    everywhere("uvwasi eea4508", |scene| {
        scene.file("one", "1111");
        scene.file("other", "2222");
        let mut closing = scene.guest();
        let fd = look(&mut closing, "one").expect("a file");
        let reading = Guest::of(closing.wasi.clone());
        let both = Mutex::new((closing, scene.guest()));
        let take_the_handle = |second: &mut Guest| {
            let other = look(second, "other").expect("a file");
            assert_eq!(second.fd_read(other, 4), Ok(b"2222".to_vec()));
            second.fd_close(other).expect("it is open");
        };
        let close = || {
            let (closing, second) = &mut *both.lock().expect("no panic");
            closing.fd_close(fd).expect("it is open");
            take_the_handle(second);
            let again = look(closing, "one").expect("a file");
            assert_eq!(again, fd, "the lowest number that is free");
        };
        let move_over = || {
            let (closing, second) = &mut *both.lock().expect("no panic");
            let again = look(closing, "one").expect("a file");
            assert_eq!(closing.fd_renumber(again, fd), Ok(()));
            take_the_handle(second);
        };
        let reading = reads_only_its_own(reading, fd, &[Errno::Badf], close);
        reads_only_its_own(reading, fd, &[], move_over);
    });
}

/// Reads the file while another thread does something to its descriptor, for which there are some errors.
fn reads_only_its_own(
    mut guest: Guest,
    fd: u32,
    errors: &[Errno],
    other: impl Fn() + Send + Sync,
) -> Guest {
    while_another(other, || {
        again_and_again(|| {
            let moved = guest.fd_seek(fd, 1, Whence::Set);
            assert!(
                moved.is_ok_and(|at| at == 1) || moved.is_err_and(|errno| errors.contains(&errno))
            );
            match guest.fd_pread(fd, &[4], 0) {
                Ok(bytes) => {
                    assert_eq!(bytes, b"1111", "another file's bytes");
                    true
                }
                Err(errno) => {
                    assert!(errors.contains(&errno), "{errno}");
                    false
                }
            }
        });
    });
    guest
}

#[test]
fn a85_names_come_and_go_while_a_tree_is_read() {
    everywhere("WasmKit#315, WasmKit#363", |scene| {
        scene.dir("dir");
        let guest = scene.guest();
        let others = Mutex::new(Guest::of(guest.wasi.clone()));
        let mut guest = guest;
        while_another(
            || {
                let mut other = others.lock().expect("no panic");
                let fd = open(
                    &mut other,
                    (ROOT, NOFOLLOW),
                    "dir/file",
                    OFlags::CREAT,
                    Rights::FILE,
                );
                let fd = fd.expect("a file");
                assert_eq!(other.fd_write(fd, "inside"), Ok(6));
                other.fd_close(fd).expect("it is open");
                assert_eq!(
                    other.path_rename(ROOT, "dir/file", ROOT, "dir/moved"),
                    Ok(())
                );
                assert_eq!(other.path_unlink_file(ROOT, "dir/moved"), Ok(()));
            },
            || {
                let dir = open_dir(&mut guest, "dir");
                again_and_again(|| {
                    guest.fd_readdir(dir, 4096, 0).expect("a listing");
                    let file = content_if_there(&mut guest, "dir/file");
                    let moved = content_if_there(&mut guest, "dir/moved");
                    assert!(
                        file.as_ref()
                            .is_none_or(|file| ["", "inside"].contains(&&**file))
                    );
                    assert!(moved.as_ref().is_none_or(|moved| moved == "inside"));
                    file.is_some() || moved.is_some()
                });
            },
        );
    });
}

/// What a file has that comes and goes.
fn content_if_there(guest: &mut Guest, path: &str) -> Option<String> {
    match content(guest, path) {
        Err(errno) => {
            assert_eq!(errno, Errno::Noent);
            None
        }
        found => found.ok(),
    }
}

/// Somebody moves the directory that the guest is in somewhere else: `..` stays what it was.
#[test]
fn class06_a_directory_is_moved_out_while_the_guest_is_in_it() {
    everywhere("no single report", |scene| {
        scene.file("a/b/file", "inside");
        scene.file("a/file", "inside");
        scene.link("a/out", "../../outside");
        scene.dir("b");
        scene.share();
        let mut guest = scene.guest();
        let below = open_dir(&mut guest, "a/b");
        scene.move_around("root/a/b", "moved");
        for path in ["..", "../secret", "../file", "../../a/file"] {
            let found = open(&mut guest, (below, FOLLOW), path, NONE, reading());
            assert_eq!(found, Err(Errno::Perm), "{path}");
        }
        scene.move_around("moved", "root/a/b");
        while_exchanging(scene, ("a", "b"), || {
            again_and_again(|| reads_inside(&mut guest, "a/b/../file"));
        });
        while_exchanging(scene, ("a/b", "a/out"), || {
            again_and_again(|| reads_inside(&mut guest, "a/b/file"));
        });
    });
}

/// While a thread of the guest writes a buffer, another changes where the buffers are and what is in them.
#[test]
fn a26_another_thread_writes_to_the_memory_during_a_call() {
    without_trees("CVE-2025-64345", || {
        use std::sync::atomic::AtomicU8;
        use wasi_shim::abi::{Abi, Syscall};
        use wasi_shim::backends::Capture;
        use wasi_shim::mem::Memory;
        let capture = Capture::new(1 << 20);
        let wasi = wasi_shim::Wasi::builder()
            .stdout(capture.clone())
            .build()
            .expect("a guest");
        let bytes: Vec<AtomicU8> = (0..65536).map(|_| AtomicU8::new(b'a')).collect();
        let poke = |at: usize, value: u32| {
            for (byte, place) in value.to_le_bytes().into_iter().zip(&bytes[at..]) {
                place.store(byte, Ordering::Relaxed);
            }
        };
        poke(0, 1024);
        poke(4, 64);
        while_another(
            || {
                // Inside, and far outside; the letters are a or b.
                poke(0, 0xffff_0000);
                poke(4, 0xffff_ffff);
                bytes[1030].store(b'b', Ordering::Relaxed);
                poke(4, 64);
                poke(0, 1024);
                bytes[1030].store(b'a', Ordering::Relaxed);
            },
            || {
                again_and_again(|| {
                    let mut memory = Memory::shared(&bytes);
                    let args = [1, 0, 1, 2048];
                    let outcome = wasi.call(Abi::Preview1, &mut memory, Syscall::FdWrite, &args);
                    let written = capture.take();
                    // Whatever the other thread wrote: nothing from outside the memory.
                    assert!(written.len() <= bytes.len(), "{outcome:?}");
                    let letters = |byte: &u8| [b'a', b'b'].contains(byte);
                    written.len() == 64 && written.iter().all(letters)
                });
            },
        );
        poke(0, 1024);
        poke(4, 64);
    });
}

#[test]
fn a86_links_in_circles() {
    everywhere("WasmKit#307", |scene| {
        scene.dir("a");
        scene.file("kept/file", "kept");
        scene.link("a/b", "..");
        scene.link("a/self", "self");
        let mut guest = scene.guest();
        let deep = "a/b/".repeat(20);
        assert!(look(&mut guest, format!("{deep}kept/file")).is_ok());
        let found = look(&mut guest, format!("{deep}{deep}a/b/kept/file"));
        assert_eq!(found, Err(Errno::Loop));
        assert_eq!(look(&mut guest, "a/self"), Err(Errno::Loop));
        // What copies a tree meets the links, and does not follow them.
        assert_eq!(guest.path_rename(ROOT, "a", ROOT, "c"), Ok(()));
        assert_eq!(guest.path_readlink(ROOT, "c/b", 9), Ok(b"..".to_vec()));
        put(&mut guest, "kept/new", "new");
        let fd = write(&mut guest, "kept/file");
        assert_eq!(guest.fd_write(fd, "K"), Ok(1));
        for path in ["c/b", "c/self"] {
            assert_eq!(guest.path_unlink_file(ROOT, path), Ok(()));
        }
        assert_eq!(guest.path_remove_directory(ROOT, "c"), Ok(()));
    });
}
