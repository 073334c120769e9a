//! Sockets that a process is started with. The process is this test, started again by a shell, which makes its standard
//! streams descriptors 3 and 4.
#![cfg(all(target_os = "linux", feature = "host"))]
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

use std::env;
use std::fs::File;
use std::io::{IoSlice, IoSliceMut, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use wasi_shim::host::{Poller, activated};
use wasi_shim::vfs::{Interest, Readiness, Stream, Waiter};

/// What the inner process is to do; without it, this is the outer.
const TASK: &str = "WASI_SHIM_TEST_TASK";

/// Starts the inner process with these descriptors 3 and 4, and these variables, in the words of a shell. Answers what
/// it reported.
fn inner(task: &str, variables: &str, passed: [OwnedFd; 2]) -> String {
    let [third, fourth] = passed;
    let command = format!(
        "export {variables}; exec \"$0\" --exact the_inner_process --nocapture 3<&0 4<&1 </dev/null >&2"
    );
    let child = Command::new("sh")
        .args(["-c", &command])
        .arg(env::current_exe().unwrap())
        .env(TASK, task)
        .stdin(Stdio::from(third))
        .stdout(Stdio::from(fourth))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    said
}

fn wait(stream: &Arc<dyn Stream>) {
    let poller = Poller::new();
    while let Readiness::Handle(handle) = stream.ready(Interest::Read, &poller.waker()) {
        poller.wait(&[(handle, Interest::Read)], Some(Duration::from_secs(30)));
    }
}

/// Sends back in capitals what comes first, on each socket; on a listener, on one connection.
fn answer_each() {
    for passed in activated().unwrap() {
        let (name, listens) = (passed.name().to_owned(), passed.listens());
        println!("{name} listens: {listens}");
        let mut stream = passed.stream().unwrap();
        wait(&stream);
        if listens {
            stream = stream.as_socket().unwrap().accept().unwrap();
            wait(&stream);
        }
        let mut said = [0; 64];
        let count = stream.read(&mut [IoSliceMut::new(&mut said)]).unwrap();
        let answer = said[..count].to_ascii_uppercase();
        assert_eq!(stream.write(&[IoSlice::new(&answer)]), Ok(count));
    }
    assert_eq!(activated().unwrap().len(), 0, "they are handed out once");
    assert_eq!(
        (env::var("LISTEN_FDS").ok(), env::var("LISTEN_PID").ok()),
        (None, None)
    );
}

#[test]
fn the_inner_process() {
    match env::var(TASK).as_deref() {
        Ok("answer") => answer_each(),
        Ok("count") => match activated() {
            Ok(passed) => println!("{} sockets", passed.len()),
            Err(error) => println!("error: {error}"),
        },
        _ => assert_eq!(
            activated().unwrap().len(),
            0,
            "this process was passed none"
        ),
    }
}

fn pair() -> (OwnedFd, File) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    (ours.into(), File::from(OwnedFd::from(theirs)))
}

fn echo(mut peer: impl Read + Write) -> String {
    let mut answer = [0; 5];
    peer.write_all(b"hello").unwrap();
    peer.read_exact(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn sockets_are_taken_with_their_names_whatever_they_are() {
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(tcp.local_addr().unwrap()).unwrap();
    let client = std::thread::spawn(|| echo(client));
    let (ours, theirs) = pair();
    let peer = std::thread::spawn(|| echo(theirs));
    let variables = "LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=web:control";
    let said = inner("answer", variables, [tcp.into(), ours]);
    assert!(
        said.contains("web listens: true\ncontrol listens: false\n"),
        "{said}"
    );
    assert_eq!(client.join().unwrap(), "HELLO");
    assert_eq!(peer.join().unwrap(), "HELLO");
}

#[test]
fn names_are_unknown_where_nobody_gave_any() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("socket");
    let unix = UnixListener::bind(&path).unwrap();
    let client = UnixStream::connect(&path).unwrap();
    let client = std::thread::spawn(|| echo(client));
    let [ours, theirs] = [(); 2].map(|()| UdpSocket::bind("127.0.0.1:0").unwrap());
    ours.connect(theirs.local_addr().unwrap()).unwrap();
    theirs.connect(ours.local_addr().unwrap()).unwrap();
    theirs.send(b"hello").unwrap();
    let said = inner(
        "answer",
        "LISTEN_PID=$$ LISTEN_FDS=2",
        [unix.into(), ours.into()],
    );
    assert!(
        said.contains("unknown listens: true\nunknown listens: false\n"),
        "{said}"
    );
    assert_eq!(client.join().unwrap(), "HELLO");
    let mut answer = [0; 9];
    assert_eq!(theirs.recv(&mut answer).unwrap(), 5);
    assert_eq!(&answer[..5], b"HELLO");
}

#[test]
fn none_are_taken_that_are_not_meant_for_this_process() {
    for variables in [
        "LISTEN_FDS=2",
        "LISTEN_FDS=2 LISTEN_PID=1",
        "LISTEN_FDS=2 LISTEN_PID=",
        "LISTEN_PID=$$",
        "LISTEN_PID=$$ LISTEN_FDS=0 LISTEN_FDNAMES=",
    ] {
        let (a, _a) = pair();
        let (b, _b) = pair();
        let said = inner("count", variables, [a, b]);
        assert!(said.contains("0 sockets"), "{variables}: {said}");
    }
    let (a, _a) = pair();
    let (b, _b) = pair();
    let later = "LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDS_FIRST_FD=4";
    assert!(inner("count", later, [a, b]).contains("1 sockets"));
}

#[test]
fn what_is_wrong_is_told() {
    let file = || OwnedFd::from(File::open("/dev/null").unwrap());
    for (variables, expected) in [
        (
            "LISTEN_FDS=x",
            "the environment variable LISTEN_FDS is \"x\", but should be a number",
        ),
        ("LISTEN_FDS=-1", "LISTEN_FDS is \"-1\""),
        ("LISTEN_FDS=99999999999", "LISTEN_FDS is \"99999999999\""),
        ("LISTEN_FDS=1000000", "up to 65536"),
        (
            "LISTEN_FDS=1 LISTEN_FDS_FIRST_FD=-4",
            "LISTEN_FDS_FIRST_FD is \"-4\"",
        ),
        ("LISTEN_FDS=2 LISTEN_FDNAMES=one", "should hold 2 names"),
        ("LISTEN_FDS=0 LISTEN_FDNAMES=one", "should hold 0 names"),
        (
            "LISTEN_FDS=2 LISTEN_FDNAMES=sock:file",
            "descriptor 4 (\"file\"), which LISTEN_FDS counts, is no TCP, UDP or Unix socket",
        ),
        ("LISTEN_FDS=60000", "is no TCP, UDP or Unix socket"),
    ] {
        let (first, _other) = pair();
        let said = inner(
            "count",
            &format!("LISTEN_PID=$$ {variables}"),
            [first, file()],
        );
        assert!(said.contains(expected), "{variables}: {said}");
    }
}
