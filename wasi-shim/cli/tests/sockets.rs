//! The sockets that a guest is given.

mod common;

use std::{
    ffi::OsString,
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    os::{
        fd::OwnedFd,
        unix::net::{UnixListener, UnixStream},
    },
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use common::{EMPTY, Ran, Sandbox};

/// Accepts one connection on each of descriptors 4 and 5, and sends back the first that it receives on it.
const ECHOES_ONCE: &str = r#"(module
    (import "wasi_snapshot_preview1" "sock_accept" (func $accept (param i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "sock_recv" (func $recv (param i32 i32 i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "sock_send" (func $send (param i32 i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (func $must (param $errno i32)
        (if (local.get $errno) (then (call $exit (local.get $errno)))))
    (func $echo (param $listener i32)
        (call $must (call $accept (local.get $listener) (i32.const 0) (i32.const 0)))
        (i32.store (i32.const 8) (i32.const 1024))
        (i32.store (i32.const 12) (i32.const 1024))
        (call $must (call $recv
            (i32.load (i32.const 0)) (i32.const 8) (i32.const 1) (i32.const 0) (i32.const 12) (i32.const 16)))
        (call $must (call $send
            (i32.load (i32.const 0)) (i32.const 8) (i32.const 1) (i32.const 0) (i32.const 20)))
        (call $must (call $close (i32.load (i32.const 0)))))
    (func (export "_start")
        (call $echo (i32.const 4))
        (call $echo (i32.const 5))))"#;

/// Addresses that nobody listens at. They are probed together, so they are not the same.
fn free<const N: usize>() -> [SocketAddr; N] {
    let probes = [(); N].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    probes.map(|probe| probe.local_addr().unwrap())
}

/// A connection to the guest, which may not have come so far yet.
fn connect<C>(guest: &mut Child, connect: impl Fn() -> io::Result<C>) -> C {
    loop {
        match connect() {
            Ok(connection) => return connection,
            Err(error) => assert!(guest.try_wait().unwrap().is_none(), "{error}"),
        }
        thread::sleep(Duration::from_millis(10));
    }
}

fn echo_at(address: SocketAddr, said: &str, guest: &mut Child) {
    let connection = connect(guest, || TcpStream::connect(address));
    connection.set_nodelay(true).unwrap();
    assert_eq!(
        echo(said, &connection, &connection, || connection
            .shutdown(Shutdown::Write)),
        said
    );
}

fn echo(
    said: &str,
    mut to: impl Write,
    mut from: impl Read,
    end: impl FnOnce() -> io::Result<()>,
) -> String {
    to.write_all(said.as_bytes()).unwrap();
    end().unwrap();
    let mut heard = String::new();
    from.read_to_string(&mut heard).unwrap();
    heard
}

#[test]
fn a_guest_accepts_on_them_and_they_are_numbered_after_the_directories() {
    let sandbox = Sandbox::with(ECHOES_ONCE);
    let [first, second] = free();
    let [first_text, second_text] = [first, second].map(|address| address.to_string());
    let args = [
        "run",
        "--tcplisten",
        &first_text,
        "--mem",
        "/",
        "--tcplisten",
        &second_text,
        "app.wat",
    ];
    let mut guest = sandbox
        .command(args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    echo_at(first, "to the first", &mut guest);
    echo_at(second, "to the second", &mut guest);
    Ran::from(guest.wait_with_output().unwrap()).succeeded("");
}

#[test]
fn an_address_that_is_taken_is_said_and_nothing_is_run() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ran = Sandbox::with(&common::says("I ran")).run([
        "run",
        "--tcplisten",
        address.as_str(),
        "app.wat",
    ]);
    let option = format!("--tcplisten {address}");
    ran.failed(1, &[&option, "in use", "a port that nobody uses"]);
    assert_eq!(ran.out, "");
}

#[test]
fn what_is_no_address_with_a_port_is_wrong_usage() {
    let sandbox = Sandbox::with(EMPTY);
    for wrong in ["8080", "127.0.0.1", "localhost:8080", "127.0.0.1:65536"] {
        let ran = sandbox.run(["run", "--tcplisten", wrong, "app.wat"]);
        assert_eq!(ran.status, 2, "{wrong}: {}", ran.err);
        ran.said(&["--tcplisten <IP:PORT>", wrong]);
    }
}

#[test]
fn a_socket_at_a_path_comes_next_and_its_file_goes_with_the_guest() {
    let sandbox = Sandbox::with(ECHOES_ONCE);
    let [address] = free();
    let args = ["--unixlisten", "here.sock", "--mem", "/", "--tcplisten"];
    let mut guest = sandbox
        .command(
            ["run"]
                .iter()
                .chain(&args)
                .chain(&[&*address.to_string(), "app.wat"]),
        )
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    echo_at(address, "to the address", &mut guest);
    let path = sandbox.path("here.sock");
    let connection = connect(&mut guest, || UnixStream::connect(&path));
    let end = || connection.shutdown(Shutdown::Write);
    assert_eq!(
        echo("to the path", &connection, &connection, end),
        "to the path"
    );
    Ran::from(guest.wait_with_output().unwrap()).succeeded("");
    assert!(!path.exists());
}

#[test]
fn a_path_that_is_taken_is_said_and_left_alone() {
    let sandbox = Sandbox::with(&common::says("I ran"));
    sandbox.write("here.sock", "a file");
    let ran = sandbox.run(["run", "--unixlisten", "here.sock", "app.wat"]);
    ran.failed(1, &["--unixlisten here.sock"]);
    assert_eq!(std::fs::read(sandbox.path("here.sock")).unwrap(), b"a file");
}

/// Starts the command as systemd does: the first passed socket is descriptor 3. A shell can do that without `unsafe`.
fn passing(sandbox: &Sandbox, first: OwnedFd, second: OwnedFd, args: &[&str]) -> Command {
    let command = sandbox.command(args);
    let line: Vec<OsString> = [command.get_program()]
        .into_iter()
        .chain(command.get_args())
        .map(ToOwned::to_owned)
        .collect();
    let mut shell = Command::new("sh");
    shell
        .args([
            "-c",
            r#"LISTEN_FDS=2 LISTEN_PID=$$ exec "$@" 3<&0 4<&1 0</dev/null 1>/dev/null"#,
            "sh",
        ])
        .args(line)
        .current_dir(sandbox.path(""))
        .env("XDG_CACHE_HOME", sandbox.path("caches"))
        .stdin(Stdio::from(first))
        .stdout(Stdio::from(second))
        .stderr(Stdio::piped());
    shell
}

#[test]
fn sockets_that_were_passed_come_last() {
    let sandbox = Sandbox::with(ECHOES_ONCE);
    let first = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = first.local_addr().unwrap();
    let path = sandbox.path("passed.sock");
    let second = UnixListener::bind(&path).unwrap();
    let args = ["run", "--listenfd", "--mem", "/", "app.wat"];
    let mut guest = passing(&sandbox, first.into(), second.into(), &args)
        .spawn()
        .unwrap();
    echo_at(address, "to the first", &mut guest);
    let connection = UnixStream::connect(&path).unwrap();
    let end = || connection.shutdown(Shutdown::Write);
    assert_eq!(
        echo("to the second", &connection, &connection, end),
        "to the second"
    );
    Ran::from(guest.wait_with_output().unwrap()).succeeded("");
}

#[test]
fn sockets_that_were_not_passed_are_missed() {
    let sandbox = Sandbox::with(&common::says("I ran"));
    let ran = sandbox.run(["run", "--listenfd", "app.wat"]);
    ran.failed(1, &["--listenfd", "no sockets were passed"]);
    assert_eq!(ran.out, "");
}
