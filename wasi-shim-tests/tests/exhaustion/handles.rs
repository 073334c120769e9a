//! A process that may have fewer handles than its guest descriptors: the guest is told, and nothing is lost.
//!
//! The limit is the whole process's, so that the test starts itself again to set it.

use crate::kit::{ROOT, of, open};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;
use wasi_shim::abi::{Abi, Errno, FdFlags, LookupFlags, OFlags, Rights, Syscall};
use wasi_shim::mem::Memory;
use wasi_shim::{Access, Outcome, Trap, Wasi, host};
use wasi_shim_tests::{Answer, Guest};

const TEST: &str = "handles::a_process_with_few_handles_tells_its_guest_and_loses_nothing";

/// How many handles the process may have beyond those that it has, much fewer than the 1,024 descriptors.
const FEW: u64 = 40;

/// The descriptors behind the directory.
const LISTENER: u32 = 4;

fn lower_the_limit() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let there = std::fs::read_dir("/proc/self/fd")
        .expect("Linux has it")
        .count();
    let current = Some(there as u64 + FEW);
    setrlimit(Resource::Nofile, Rlimit { current, maximum }).expect("it may be lowered");
}

fn is_out(answer: &Answer<u32>) -> bool {
    matches!(answer, Err(Errno::Mfile | Errno::Nfile))
}

/// Opens a file until there is no handle left.
fn take_all(guest: &mut Guest) -> Vec<u32> {
    let mut fds = Vec::new();
    loop {
        match open(guest, "file") {
            Ok(fd) => fds.push(fd),
            refused => {
                assert!(is_out(&refused), "{refused:?}");
                return fds;
            }
        }
    }
}

/// Without a handle: nothing is made, cut or accepted.
fn nothing_happens(guest: &mut Guest, folder: &Path) {
    assert!(is_out(&open(guest, "new")));
    assert!(!folder.join("new").exists());
    let rights = (Rights::FILE, Rights::empty());
    let (lookup, flags) = (LookupFlags::empty(), FdFlags::empty());
    let cut = guest.path_open(ROOT, lookup, "file", OFlags::TRUNC, rights, flags);
    assert!(is_out(&cut), "{cut:?}");
    assert_eq!(
        folder.join("file").metadata().expect("it is there").len(),
        7
    );
    let accepted = guest.sock_accept(LISTENER, FdFlags::empty());
    assert!(is_out(&accepted), "{accepted:?}");
}

/// Without a handle to wake it by, a call that waits can be ended all the same.
fn waiting_ends(guest: &mut Guest) {
    guest.memory[64..72].copy_from_slice(&[0, 1, 0, 0, 4, 0, 0, 0]);
    let Outcome::Block(blocked) = guest.attempt(Syscall::FdRead, &[0, 64, 1, 80]) else {
        panic!("it waits")
    };
    let wasi = guest.wasi.clone();
    let canceller = thread::spawn(move || {
        thread::sleep(Duration::from_millis(5));
        wasi.cancel();
    });
    blocked.wait();
    canceller.join().expect("it cancels");
    let outcome = blocked.resume(&mut Memory::new(&mut guest.memory));
    assert!(
        matches!(outcome, Outcome::Trap(Trap::Cancelled)),
        "{outcome:?}"
    );
}

fn with_few_handles() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("file"), "content").expect("a file");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let client = TcpStream::connect(listener.local_addr().expect("an address"));
    let (input, _held) = std::io::pipe().expect("a pipe");
    let dir = host::open_dir(folder.path()).expect("it opens");
    let builder = Wasi::builder()
        .stdin(host::input(input).expect("a stream"))
        .preopen("/", dir, Access::ReadWrite)
        .socket(host::listener(listener).expect("a listener"));
    let mut guest = of(builder, Abi::Preview1);
    lower_the_limit();
    let mut counts = Vec::new();
    for _ in 0..3 {
        let fds = take_all(&mut guest);
        nothing_happens(&mut guest, folder.path());
        counts.push(fds.len());
        for fd in fds {
            guest.fd_close(fd).expect("it is open");
        }
    }
    assert!(
        counts[0] > 10 && counts.iter().all(|count| *count == counts[0]),
        "{counts:?}"
    );
    guest
        .sock_accept(LISTENER, FdFlags::empty())
        .expect("it is still there");
    drop(client);
    let _all = take_all(&mut guest);
    waiting_ends(&mut guest);
}

#[test]
fn a_process_with_few_handles_tells_its_guest_and_loses_nothing() {
    if std::env::var_os("FEW_HANDLES").is_some() {
        return with_few_handles();
    }
    let this = std::env::current_exe().expect("the binary has a path");
    let output = Command::new(this)
        .args(["--exact", TEST, "--nocapture"])
        .env("FEW_HANDLES", "1")
        .output()
        .expect("the binary runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    // It has run, and was not just not found.
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("1 passed"),
        "{said}"
    );
}
