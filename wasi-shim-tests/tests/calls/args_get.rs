//! `args_get`.

use crate::support::{FAULTS, check_pointer, check_writes};
use wasi_shim::abi::Syscall::{ArgsGet, ArgsSizesGet};
use wasi_shim::{FaultMode, Outcome, Trap, Wasi};
use wasi_shim_tests::Guest;

#[test]
fn arguments_arrive_in_order_whatever_is_in_them() {
    let long = "x".repeat(10_000);
    let args = ["program", "", "--option=a b", "größe", "🦀", "", &long];
    let mut guest = Guest::new(Wasi::builder().args(args));
    assert_eq!(guest.args().unwrap(), args);
    assert_eq!(guest.args().unwrap(), args, "asking again gives the same");
}

#[test]
fn a_guest_without_arguments_gets_none() {
    let mut guest = Guest::new(Wasi::builder());
    guest.memory.fill(0xaa);
    check_writes(&mut guest, ArgsGet, &[64, 128], &[]);
}

#[test]
fn pointers_and_strings_are_written_where_they_belong_and_nothing_else_is() {
    let mut guest = Guest::new(Wasi::builder().args(["ab", "", "c"]));
    guest.memory.fill(0xaa);
    check_writes(&mut guest, ArgsGet, &[64, 131], &[(64, 12), (131, 6)]);
    let pointers = [64, 68, 72].map(|at| guest.u32_at(at));
    assert_eq!(pointers, [131, 134, 135]);
    assert_eq!(guest.bytes(131, 6), b"ab\0\0c\0");
}

#[test]
fn strings_may_end_with_the_memory() {
    let mut guest = Guest::new(Wasi::builder().args(["ab", "c"]));
    let end = guest.memory.len() as u32;
    guest.memory.fill(0xaa);
    let at = end - 5;
    check_writes(
        &mut guest,
        ArgsGet,
        &[(at - 8 - 3).into(), at.into()],
        &[(at - 11, 8), (at, 5)],
    );
    assert_eq!(guest.bytes(at, 5), b"ab\0c\0");
}

#[test]
fn both_arrays_are_checked_before_either_is_written() {
    for faults in FAULTS {
        let builder = Wasi::builder().args(["ab", "", "c"]).faults(faults);
        let mut guest = Guest::new(builder);
        check_pointer((&mut guest, faults), ArgsGet, &[64, 128], 0, (12, 4));
        check_pointer((&mut guest, faults), ArgsGet, &[64, 128], 1, (6, 1));
    }
}

#[test]
fn an_array_of_no_arguments_must_still_be_in_the_memory() {
    let mut guest = Guest::new(Wasi::builder());
    let size = guest.memory.len() as u64;
    let end = u32::try_from(size).unwrap();
    assert!(matches!(
        guest.attempt(ArgsGet, &[end.into(), end.into()]),
        Outcome::Return(0)
    ));
    let address = end + 4;
    let expected = Trap::OutOfBounds {
        call: ArgsGet,
        address,
        len: 0,
        size,
    };
    match guest.attempt(ArgsGet, &[address.into(), 0]) {
        Outcome::Trap(trap) => assert_eq!(trap, expected),
        _ => panic!("the pointer is outside"),
    }
}

#[test]
fn a_memory_without_a_page_holds_no_pointer() {
    let mut guest = Guest::new(Wasi::builder().arg("a").faults(FaultMode::Trap));
    guest.memory = Vec::new();
    for (call, len) in [(ArgsGet, 4), (ArgsSizesGet, 4)] {
        let expected = Trap::OutOfBounds {
            call,
            address: 0,
            len,
            size: 0,
        };
        match guest.attempt(call, &[0, 0]) {
            Outcome::Trap(trap) => assert_eq!(trap, expected),
            _ => panic!("there is no memory"),
        }
    }
}
