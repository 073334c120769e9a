//! Somebody else changes the tree at the same time, or the guest does so from several threads.

use crate::row::{everywhere, on_hosts, without_trees};
use crate::scene::Scene;
use crate::support::{FOLLOW, NOFOLLOW, NONE, look, open, open_dir, put, reading, write};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use wasi_shim::abi::{Errno, FstFlags, OFlags, Rights, Whence};
use wasi_shim_tests::Guest;
use wasi_shim_tests::trees::ROOT;

/// How long a race lasts.
const TIME: Duration = Duration::from_millis(100);

/// Does something while two threads rename a directory to and fro.
pub(crate) fn while_renaming<T>(
    folder: &Path,
    (one, other): (&str, &str),
    act: impl FnOnce() -> T,
) -> T {
    let (one, other) = (folder.join(one), folder.join(other));
    while_another(
        || {
            let _ = std::fs::rename(&one, &other);
            let _ = std::fs::rename(&other, &one);
        },
        act,
    )
}

/// Does something while another thread does something else, again and again.
fn while_another<T>(other: impl Fn() + Send + Sync, act: impl FnOnce() -> T) -> T {
    /// Ends the other thread when this one fails, too.
    struct Stop<'a>(&'a AtomicBool);
    impl Drop for Stop<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let _stop = Stop(&stop);
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                other();
            }
        });
        act()
    })
}

/// Exchanges two entries of the guest's directory on the host while the guest acts; `None` where that cannot be done.
fn while_exchanging(scene: &Scene, (one, other): (&str, &str), act: impl FnOnce()) {
    let folder = scene.folder().expect("a folder of the host");
    let (one, other) = (folder.join(one), folder.join(other));
    let exchange = || renameat_with(CWD, &one, CWD, &other, RenameFlags::EXCHANGE);
    // Twice, so that everything is in its place again whenever this ends.
    let both = || exchange().and_then(|()| exchange());
    both().expect("the test's filesystem exchanges names");
    while_another(
        || {
            let _ = both();
        },
        act,
    );
}

/// Asks again and again; the answer is judged each time, and something has to have succeeded.
fn again_and_again(mut ask: impl FnMut() -> bool) {
    let (begin, mut asked, mut found) = (Instant::now(), 0, 0);
    while begin.elapsed() < TIME || (found == 0 && begin.elapsed() < 20 * TIME) {
        asked += 1;
        found += usize::from(ask());
    }
    assert!(found > 0, "nothing of {asked}");
}

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

const IN_MEMORY: &str = "no host changes a tree in memory";

#[test]
fn a43_a_directory_is_exchanged_for_a_link_on_the_way() {
    on_hosts("wasmer#2432", IN_MEMORY, |scene| {
        scene.file("foo/bar/baz/file.txt", "inside");
        scene.link("foo/out", "../../outside");
        std::fs::create_dir(scene.folder().expect("a folder").join("../outside/baz")).expect("new");
        std::fs::copy(
            scene.absolute("secret"),
            scene.absolute("outside/baz/file.txt"),
        )
        .expect("a file");
        scene.share();
        let mut guest = scene.guest();
        while_exchanging(scene, ("foo/bar", "foo/out"), || {
            again_and_again(|| reads_inside(&mut guest, "foo/bar/baz/file.txt"));
        });
    });
}

#[test]
fn a56_a_file_is_exchanged_for_a_link_that_leads_out() {
    on_hosts("node-wasi-preopens-escape", IN_MEMORY, |scene| {
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
    on_hosts("epsilon#79", IN_MEMORY, |scene| {
        scene.file("leaf", "inside");
        scene.link("other", "../secret");
        scene.share();
        let mut guest = scene.guest();
        let outside = std::fs::metadata(scene.absolute("secret")).expect("a file");
        let secret = std::os::unix::fs::MetadataExt::ino(&outside);
        while_exchanging(scene, ("leaf", "other"), || {
            again_and_again(|| {
                let stat = guest.path_filestat_get(ROOT, FOLLOW, "leaf");
                assert!(
                    !stat.is_ok_and(|stat| stat.ino == secret),
                    "the secret's facts"
                );
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
    on_hosts("CVE-2026-27139", IN_MEMORY, |scene| {
        scene.file("dir/file", "inside");
        scene.link("dir/other", "../../outside/secret");
        scene.share();
        let outside = std::fs::metadata(scene.absolute("outside/secret")).expect("a file");
        let secret = std::os::unix::fs::MetadataExt::ino(&outside);
        let mut guest = scene.guest();
        let dir = open_dir(&mut guest, "dir");
        while_exchanging(scene, ("dir/file", "dir/other"), || {
            again_and_again(|| {
                let listed = guest.fd_readdir(dir, 4096, 0).expect("a listing");
                let has = |name: &[u8]| listed.windows(name.len()).any(|part| part == name);
                let ino = secret.to_le_bytes();
                assert!(!has(&ino), "the number of something outside");
                has(b"file")
            });
        });
    });
}

#[test]
fn a55_a_descriptor_is_closed_while_another_thread_uses_it() {
    everywhere("uvwasi eea4508", |scene| {
        scene.file("one", "1111");
        scene.file("other", "2222");
        let mut closing = scene.guest();
        let fd = look(&mut closing, "one").expect("a file");
        let mut reading_one = Guest::of(closing.wasi.clone());
        let (begin, mut read) = (Instant::now(), 0);
        let closing = std::sync::Mutex::new(closing);
        while_another(
            || {
                let mut guest = closing.lock().expect("no panic");
                // The same number is the one file's, nobody's, and again the one's; never the other's.
                let other = open(&mut guest, (ROOT, NOFOLLOW), "other", NONE, reading());
                guest.fd_close(fd).expect("it is open");
                let again = look(&mut guest, "one").expect("a file");
                assert_eq!(again, fd, "the lowest number that is free");
                guest.fd_close(other.expect("a file")).expect("it is open");
            },
            || {
                while begin.elapsed() < TIME || (read == 0 && begin.elapsed() < 20 * TIME) {
                    match reading_one.fd_pread(fd, &[4], 0) {
                        Ok(bytes) => {
                            assert_eq!(bytes, b"1111", "another file's bytes");
                            read += 1;
                        }
                        Err(errno) => assert_eq!(errno, Errno::Badf),
                    }
                    let moved = reading_one.fd_seek(fd, 1, Whence::Set);
                    assert!(matches!(moved, Ok(1) | Err(Errno::Badf)), "{moved:?}");
                }
            },
        );
        assert!(read > 0);
    });
}

#[test]
fn a85_names_come_and_go_while_a_tree_is_read() {
    everywhere("WasmKit#315, WasmKit#363", |scene| {
        scene.dir("dir");
        let guest = scene.guest();
        let others = std::sync::Mutex::new(Guest::of(guest.wasi.clone()));
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
                    match look(&mut guest, "dir/moved") {
                        Ok(fd) => {
                            assert_eq!(guest.fd_read(fd, 64), Ok(b"inside".to_vec()));
                            guest.fd_close(fd).expect("it is open");
                            true
                        }
                        Err(errno) => {
                            assert_eq!(errno, Errno::Noent);
                            false
                        }
                    }
                });
            },
        );
    });
}

/// The host moves the directory that the guest is in somewhere else: `..` stays what it was.
#[test]
fn class06_a_directory_is_moved_out_while_the_guest_is_in_it() {
    on_hosts("no single report", IN_MEMORY, |scene| {
        scene.file("a/b/file", "inside");
        scene.file("a/file", "inside");
        scene.link("a/out", "../../outside");
        scene.dir("b");
        scene.share();
        let mut guest = scene.guest();
        let below = open_dir(&mut guest, "a/b");
        let folder = scene.folder().expect("a folder");
        let (inside, outside) = (folder.join("a/b"), folder.join("../moved"));
        std::fs::rename(&inside, &outside).expect("it moves");
        for path in ["..", "../secret", "../file", "../../a/file"] {
            let found = open(&mut guest, (below, FOLLOW), path, NONE, reading());
            assert_eq!(found, Err(Errno::Perm), "{path}");
        }
        std::fs::rename(&outside, &inside).expect("it moves back");
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
