//! Many guests that all wait at once, on two threads. The program `crowd` has more of them, and prints numbers.

use wasi_shim_tests::crowd::{Line, Options, run};

fn all_wait_at_once(line: Line, guests: usize) {
    let options = Options {
        guests,
        threads: 2,
        sleep: 5,
        line,
    };
    let report = run(&options).expect("they come to their end");
    assert_eq!(report.waited, guests, "{report}");
}

#[test]
fn many_guests_wait_for_pipes_at_once() {
    all_wait_at_once(Line::Pipes, 600);
}

#[test]
fn many_guests_wait_for_host_pipes_at_once() {
    all_wait_at_once(Line::HostPipes, 100);
}

#[test]
fn many_guests_wait_for_sockets_at_once() {
    all_wait_at_once(Line::Sockets, 100);
}
