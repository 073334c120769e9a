//! The process of the host: what must not reach it, and what of it must not reach a guest.

use crate::row::{LINES, quietly_without_trees, without_trees};
use crate::support::{NOFOLLOW, handles, open};
use std::fs::File;
use std::io::{IoSlice, Read as _, Seek as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::sync::{Arc, Mutex};
use wasi_shim::abi::{Errno, FdFlags, OFlags, Result, RiFlags, Rights, SdFlags, Syscall};
use wasi_shim::backends::{Capture, MemDir};
use wasi_shim::vfs::Stream;
use wasi_shim::{Access, Limits, Outcome, Wasi, host};
use wasi_shim_tests::Guest;

#[test]
fn a29_exiting_ends_the_host() {
    without_trees("wasmtime#1646", || {
        let mut guest = Guest::new(Wasi::builder());
        for code in [0, 1, 125, 126, 255, 256, u32::MAX] {
            let outcome = guest.attempt(Syscall::ProcExit, &[code.into()]);
            assert!(
                matches!(outcome, Outcome::Exit(exit) if exit.0 == code),
                "{outcome:?}"
            );
        }
    });
}

#[test]
fn a32_input_is_read_ahead_and_lost() {
    without_trees("wasmtime#14077, wasmtime#13256", || {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(b"0123456789").expect("it takes bytes");
        file.rewind().expect("a file");
        let input = host::input(file.try_clone().expect("a handle")).expect("a stream");
        let mut guest = Guest::new(Wasi::builder().stdin(input));
        assert_eq!(guest.fd_read(0, 1), Ok(b"0".to_vec()));
        drop(guest);
        assert_eq!(file.stream_position().expect("a file"), 1);
        let mut rest = String::new();
        file.read_to_string(&mut rest).expect("a file");
        assert_eq!(rest, "123456789");
    });
}

/// Whether to filter it is for the embedder, who knows what the output is; nothing is taken out or put in on the way.
#[test]
fn a33_escape_sequences_pass_as_they_are() {
    without_trees("wasmtime docs/security.md", || {
        let text = "\x1b]0;pwn\x07\x1b[2J\x1b[6n\0\r\n\x7f";
        let capture = Capture::new(1024);
        let mut file = tempfile::tempfile().expect("a file");
        let output = host::output(file.try_clone().expect("a handle")).expect("a stream");
        let builder = Wasi::builder().stdout(capture.clone()).stderr(output);
        let mut guest = Guest::new(builder);
        for fd in [1, 2] {
            assert_eq!(guest.fd_write(fd, text), Ok(text.len()));
        }
        assert_eq!(capture.take(), text.as_bytes());
        let mut written = String::new();
        file.rewind().expect("a file");
        file.read_to_string(&mut written).expect("a file");
        assert_eq!(written, text);
    });
}

/// Most signals would end this process. Those that are ignored would not, so it is begun with all of them blocked: what is
/// sent stays to be seen.
#[test]
fn a57_a_signal_is_sent_to_the_host() {
    quietly_without_trees("uvwasi proc_raise, WasmEdge proc_raise", || {
        const BLOCKED: &str = "ATTACKS_BLOCKED";
        if std::env::var_os(BLOCKED).is_none() {
            let this = std::env::current_exe().expect("the binary has a path");
            let mut env = Command::new("env");
            let test = "process::a57_a_signal_is_sent_to_the_host";
            env.arg("--block-signal")
                .arg(this)
                .args(["--exact", test, "--nocapture"]);
            let status = env.env(BLOCKED, "1").env_remove(LINES).status();
            assert!(status.expect("it runs").success());
            return;
        }
        raise_all();
        assert_eq!(
            pending(),
            [0, 0],
            "signals of this thread, and of the process"
        );
        // Shows that one would be seen: 23, which is ignored otherwise.
        let pid = std::process::id().to_string();
        let sent = Command::new("kill").args(["-s", "URG", &pid]).status();
        assert!(sent.expect("it runs").success());
        assert_ne!(pending()[1] & 1 << 22, 0);
    });
}

/// The signals that wait for this thread, and for the process, a bit for each.
fn pending() -> [u64; 2] {
    let status = std::fs::read_to_string("/proc/thread-self/status").expect("procfs");
    ["SigPnd:", "ShdPnd:"].map(|field| {
        let line = status.lines().find_map(|line| line.strip_prefix(field));
        u64::from_str_radix(line.expect("a field").trim(), 16).expect("a number")
    })
}

fn raise_all() {
    let mut guest = Guest::new(Wasi::builder());
    for signal in (0..=255).chain([1 << 31, u32::MAX]) {
        let expected = if signal < 31 {
            Errno::Notsup
        } else {
            Errno::Inval
        };
        assert_eq!(guest.proc_raise(signal), Err(expected), "{signal}");
    }
}

/// A guest with a listener as 3, and a way to connect.
fn listening(limits: Limits) -> (Guest, OwnedFd, impl Fn() -> TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let same = listener.as_fd().try_clone_to_owned().expect("a handle");
    let socket = host::listener(listener).expect("a listener");
    let builder = Wasi::builder().limits(limits).socket(socket);
    let connect = move || TcpStream::connect(address).expect("a connection");
    (Guest::new(builder), same, connect)
}

#[test]
fn a70_a_flag_for_a_connection_is_set_on_the_listener() {
    without_trees("WasmEdge#4670", || {
        let (mut guest, listener, connect) = listening(Limits::default());
        let before = rustix::fs::fcntl_getfl(&listener).expect("its flags");
        let _other = connect();
        let accepted = guest
            .sock_accept(3, FdFlags::NONBLOCK)
            .expect("a connection");
        assert_eq!(
            rustix::fs::fcntl_getfl(&listener).expect("its flags"),
            before
        );
        let flags = |guest: &mut Guest, fd| guest.fd_fdstat_get(fd).expect("a socket").flags;
        assert_eq!(flags(&mut guest, 3), FdFlags::empty());
        assert_eq!(flags(&mut guest, accepted), FdFlags::NONBLOCK);
        assert_eq!(guest.fd_read(accepted, 1), Err(Errno::Again));
    });
}

#[test]
fn a71_accepting_on_what_is_no_listener() {
    without_trees("WasmEdge#3041", || {
        let tree = MemDir::new();
        tree.file("f", "").expect("a file");
        let mut guest = Guest::new(Wasi::builder().preopen("/", tree, Access::ReadWrite));
        let file = open(
            &mut guest,
            (3, NOFOLLOW),
            "f",
            OFlags::empty(),
            Rights::FILE,
        )
        .expect("a file");
        for (fd, errno) in [
            (9999, Errno::Badf),
            (u32::MAX, Errno::Badf),
            (file, Errno::Notsock),
            (3, Errno::Notsock),
            (0, Errno::Notsock),
            (1, Errno::Notcapable),
        ] {
            let found = guest.sock_accept(fd, FdFlags::empty());
            assert!(
                found == Err(errno) || fd == 1 && found == Err(Errno::Notsock),
                "{fd} {found:?}"
            );
        }
    });
}

#[test]
fn a75_random_bytes_that_can_be_guessed() {
    without_trees("WasmEdge randomGet", || {
        // Two guests, and one of them twice: the state of no generator is shared.
        let mut draws = Vec::new();
        for _ in 0..2 {
            let mut guest = Guest::new(Wasi::builder());
            for _ in 0..2 {
                draws.push(guest.random_get(64).expect("bytes"));
            }
        }
        let distinct: std::collections::BTreeSet<&Vec<u8>> = draws.iter().collect();
        assert_eq!(distinct.len(), 4);
        let bits: u32 = draws.iter().flatten().map(|byte| byte.count_ones()).sum();
        // 2048 bits; as far from half as this they are once in 10^40 times.
        assert!((724..1324).contains(&bits), "{bits}");
    });
}

#[test]
fn class08_nothing_of_the_host_s_environment_is_there() {
    without_trees("no single report", || {
        assert!(std::env::vars_os().count() > 0, "the host has some");
        let mut guest = Guest::new(Wasi::builder());
        assert_eq!(guest.args(), Ok(Vec::new()));
        assert_eq!(guest.environ(), Ok(Vec::new()));
        assert_eq!(guest.fd_prestat_get(3), Err(Errno::Badf));
        assert_eq!(guest.fd_read(0, 9), Ok(Vec::new()), "the end");
        assert_eq!(guest.fd_write(1, "gone"), Ok(4));
        for (name, value) in [("a\0", "b"), ("a", "\0b"), ("a=b", "c"), ("", "c")] {
            assert!(
                Wasi::builder().env(name, value).build().is_err(),
                "{name:?} {value:?}"
            );
        }
        assert!(Wasi::builder().arg("a\0b").build().is_err());
    });
}

#[test]
fn class09_only_what_was_inherited_is_a_socket() {
    quietly_without_trees("no single report", || {
        let mut limits = Limits::default();
        limits.descriptors = 10;
        let (mut guest, _listener, connect) = listening(limits);
        let clients: Vec<TcpStream> = (0..9).map(|_| connect()).collect();
        let before = handles();
        let mut accepted = Vec::new();
        let errno = loop {
            match guest.sock_accept(3, FdFlags::empty()) {
                Ok(fd) => accepted.push(fd),
                Err(errno) => break errno,
            }
        };
        assert_eq!((errno, accepted.len()), (Errno::Mfile, 6));
        assert_eq!(
            handles(),
            before + 6,
            "a connection that finds no room stays in the queue"
        );
        let stat = guest.fd_fdstat_get(accepted[0]).expect("a socket");
        assert!(Rights::SOCKET.contains(stat.rights_base) && stat.rights_inheriting.is_empty());
        assert!(!stat.rights_base.contains(Rights::SOCK_ACCEPT));
        for fd in accepted {
            assert_eq!(guest.fd_close(fd), Ok(()));
        }
        assert_eq!(handles(), before);
        for _ in 0..3 {
            assert!(
                guest.sock_accept(3, FdFlags::empty()).is_ok(),
                "none was lost"
            );
        }
        drop(clients);
        let (tree, file) = (MemDir::new(), 4);
        tree.file("f", "").expect("a file");
        let mut guest = Guest::new(Wasi::builder().preopen("/", tree, Access::ReadWrite));
        let found = open(
            &mut guest,
            (3, NOFOLLOW),
            "f",
            OFlags::empty(),
            Rights::FILE,
        );
        assert_eq!(found, Ok(file));
        for fd in [3, file] {
            assert_eq!(
                guest.sock_recv(fd, &[1], RiFlags::empty()).map(drop),
                Err(Errno::Notsock)
            );
            assert_eq!(guest.sock_send(fd, &[b"x"], 0), Err(Errno::Notsock));
            assert_eq!(guest.sock_shutdown(fd, SdFlags::RD), Err(Errno::Notsock));
        }
    });
}

/// A stream that takes three bytes at a time, and is interrupted before the first.
struct Slow(Mutex<(Vec<u8>, bool)>);

impl Stream for Slow {
    fn write(&self, bufs: &[IoSlice<'_>]) -> Result<usize> {
        let mut state = self.0.lock().expect("no panic");
        state.1 = !state.1;
        if state.1 {
            return Err(Errno::Again);
        }
        let bytes: Vec<u8> = bufs
            .iter()
            .flat_map(|buf| buf.iter().copied())
            .take(3)
            .collect();
        state.0.extend(&bytes);
        Ok(bytes.len())
    }
}

#[test]
fn class10_what_moved_in_part_is_moved_once() {
    without_trees("no single report", || {
        let slow = Arc::new(Slow(Mutex::default()));
        let mut guest = Guest::new(Wasi::builder().stdout(slow.clone()));
        let mut left = &b"0123456789"[..];
        while !left.is_empty() {
            let written = guest.fd_write(1, left).expect("it goes on");
            assert!((1..=left.len()).contains(&written));
            left = &left[written..];
        }
        assert_eq!(slow.0.lock().expect("no panic").0, b"0123456789");
        // The same of a pipe of the system's, which is full at times.
        let (inner, outer) = UnixStream::pair().expect("a pair");
        let socket = host::socket(inner).expect("a socket");
        let mut guest = Guest::new(Wasi::builder().socket(socket));
        let sent: Vec<u8> = (0..600_000_u32).map(|n| (n % 251) as u8).collect();
        let expected = sent.clone();
        let reader = std::thread::spawn(move || {
            let mut received = vec![0; expected.len()];
            (&outer).read_exact(&mut received).expect("all of it");
            assert!(received == expected);
        });
        let mut left = &sent[..];
        while !left.is_empty() {
            let written = guest.fd_write(3, left).expect("it goes on");
            left = &left[written..];
        }
        reader.join().expect("every byte came once");
        let full = File::options()
            .write(true)
            .open("/dev/full")
            .expect("a device");
        let mut guest = Guest::new(Wasi::builder().stdout(host::output(full).expect("a stream")));
        assert_eq!(guest.fd_write(1, "x"), Err(Errno::Nospc));
    });
}
