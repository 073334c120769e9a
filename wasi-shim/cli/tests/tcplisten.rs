//! The sockets that `--tcplisten` gives a guest.

mod common;

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    process::{Child, Stdio},
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
fn connect(address: SocketAddr, guest: &mut Child) -> TcpStream {
    loop {
        match TcpStream::connect(address) {
            Ok(connection) => return connection,
            Err(error) => assert!(guest.try_wait().unwrap().is_none(), "{error}"),
        }
        thread::sleep(Duration::from_millis(10));
    }
}

fn echo_of(said: &str, connection: &mut TcpStream) -> String {
    connection.write_all(said.as_bytes()).unwrap();
    connection.shutdown(Shutdown::Write).unwrap();
    let mut heard = String::new();
    connection.read_to_string(&mut heard).unwrap();
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
    assert_eq!(
        echo_of("to the first", &mut connect(first, &mut guest)),
        "to the first"
    );
    assert_eq!(
        echo_of("to the second", &mut connect(second, &mut guest)),
        "to the second"
    );
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
