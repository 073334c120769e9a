//! What is in a directory of the host and is neither a file nor a directory.

use crate::others::while_another;
use crate::row::on_hosts;
use crate::scene::Place;
use crate::support::{FOLLOW, NONE, entries, open, open_dir};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::Duration;
use wasi_shim::abi::{Errno, FdFlags, FileKind, OFlags, Rights};
use wasi_shim_tests::Guest;
use wasi_shim_tests::trees::ROOT;

/// How long opening may take that must not wait, on a slow machine that does other things. What waits, waits for ever.
const PATIENCE: Duration = Duration::from_secs(5);

/// A FIFO, a socket and a link to a device, in the directory `dir`.
fn furnish(folder: &Path) {
    let mode = Mode::from_raw_mode(0o600);
    mknodat(CWD, folder.join("dir/fifo"), FileType::Fifo, mode, 0).expect("a fifo");
    drop(UnixListener::bind(folder.join("dir/socket")).expect("a socket"));
    std::os::unix::fs::symlink("/dev/null", folder.join("dir/null")).expect("a link");
}

/// Opens each in every way. What comes of it is the host's business, but it comes.
fn open_all(guest: &mut Guest) {
    for rights in [
        Rights::FD_READ,
        Rights::FD_WRITE,
        Rights::FD_READ | Rights::FD_WRITE,
    ] {
        for oflags in [NONE, OFlags::CREAT, OFlags::TRUNC, OFlags::DIRECTORY] {
            for path in ["dir/fifo", "dir/socket", "dir/null", "dir/fifo/"] {
                let rights = (rights, Rights::empty());
                let found = guest.path_open(ROOT, FOLLOW, path, oflags, rights, FdFlags::empty());
                if let Ok(fd) = found {
                    guest.fd_close(fd).expect("it is open");
                }
                assert!(!path.ends_with("null") || found == Err(Errno::Perm));
            }
        }
    }
}

/// Lists the directory while a file comes and goes in it.
fn list_all(guest: &mut Guest, folder: &Path) {
    let dir = open_dir(guest, "dir");
    let path = folder.join("dir/vanishing");
    let come_and_go = || {
        std::fs::write(&path, "").expect("a file");
        std::fs::remove_file(&path).expect("a file");
    };
    while_another(come_and_go, || {
        for _ in 0..200 {
            let listed = guest.fd_readdir(dir, 4096, 0).expect("a listing");
            let names: Vec<_> = entries(&listed)
                .into_iter()
                .map(|entry| entry.name)
                .collect();
            for name in ["fifo", "socket", "null", "file"] {
                assert!(names.iter().any(|found| found == name), "{name}: {names:?}");
            }
        }
    });
}

/// The page of `path_open`: reading waits for no writer, and what nobody reads cannot be opened to be written. In an
/// overlay a FIFO of the lower tree cannot be written at all.
fn open_the_fifo(guest: &mut Guest, place: Place) {
    let fifo = |guest: &mut Guest, rights| open(guest, (ROOT, FOLLOW), "dir/fifo", NONE, rights);
    let nobody_reads = match place {
        Place::Host => Errno::Nxio,
        _ => Errno::Rofs,
    };
    assert_eq!(fifo(guest, Rights::FD_WRITE), Err(nobody_reads));
    let fd = fifo(guest, Rights::FD_READ).expect("a stream");
    guest.fd_close(fd).expect("it is open");
}

#[test]
fn a34_fifos_and_sockets_among_the_files() {
    let elsewhere = "memory has files, directories and links only";
    on_hosts("wasmtime p1.rs, cap-primitives 4.0.3", elsewhere, |scene| {
        scene.file("dir/file", "");
        let folder = scene.folder().expect("a folder");
        furnish(&folder);
        scene.share();
        let (mut guest, place) = (scene.guest(), scene.place);
        for (name, kind) in [
            ("fifo", FileKind::Unknown),
            ("socket", FileKind::SocketStream),
        ] {
            let stat = guest.path_filestat_get(ROOT, FOLLOW, format!("dir/{name}"));
            assert_eq!(stat.map(|stat| stat.filetype), Ok(kind), "{name}");
        }
        // Who waits here waits for ever: another thread, so that this one can say so.
        let (done, opened) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            open_the_fifo(&mut guest, place);
            open_all(&mut guest);
            done.send(guest)
        });
        let mut guest = opened.recv_timeout(PATIENCE).expect("nothing waits");
        list_all(&mut guest, &folder);
    });
}
