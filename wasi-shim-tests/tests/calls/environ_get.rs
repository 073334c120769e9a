//! `environ_get`.

use crate::support::{FAULTS, check_pointer, check_writes};
use wasi_shim::Wasi;
use wasi_shim::abi::Syscall::EnvironGet;
use wasi_shim_tests::Guest;

#[test]
fn variables_arrive_as_name_and_value() {
    let builder = Wasi::builder()
        .env("HOME", "/")
        .env("EMPTY", "")
        .env("größe", "a=b=c");
    let mut guest = Guest::new(builder);
    assert_eq!(
        guest.environ().unwrap(),
        ["HOME=/", "EMPTY=", "größe=a=b=c"]
    );
}

#[test]
fn a_variable_that_is_set_twice_has_the_later_value_and_is_there_once() {
    let builder = Wasi::builder().env("A", "1").env("B", "2").env("A", "3");
    assert_eq!(Guest::new(builder).environ().unwrap(), ["B=2", "A=3"]);
}

#[test]
fn nothing_of_the_host_environment_reaches_a_guest_that_was_given_none() {
    assert!(
        std::env::vars_os().next().is_some(),
        "the host has variables"
    );
    assert!(Guest::new(Wasi::builder()).environ().unwrap().is_empty());
}

#[test]
fn pointers_and_strings_are_written_where_they_belong_and_nothing_else_is() {
    let mut guest = Guest::new(Wasi::builder().env("A", "b").env("C", ""));
    guest.memory.fill(0xaa);
    check_writes(&mut guest, EnvironGet, &[64, 131], &[(64, 8), (131, 7)]);
    assert_eq!([64, 68].map(|at| guest.u32_at(at)), [131, 135]);
    assert_eq!(guest.bytes(131, 7), b"A=b\0C=\0");
}

#[test]
fn both_arrays_are_checked_before_either_is_written() {
    for faults in FAULTS {
        let mut guest = Guest::new(Wasi::builder().env("A", "b").env("C", "").faults(faults));
        check_pointer((&mut guest, faults), EnvironGet, &[64, 128], 0, (8, 4));
        check_pointer((&mut guest, faults), EnvironGet, &[64, 128], 1, (7, 1));
    }
}
