//! `args_sizes_get`.

use crate::support::{FAULTS, check_pointer, check_writes};
use wasi_shim::abi::Syscall::ArgsSizesGet;
use wasi_shim::{BuildError, Wasi};
use wasi_shim_tests::Guest;

fn sizes(args: &[&str]) -> (u32, u32) {
    let mut guest = Guest::new(Wasi::builder().args(args.iter().copied()));
    guest.memory.fill(0xaa);
    check_writes(&mut guest, ArgsSizesGet, &[64, 72], &[(64, 4), (72, 4)]);
    (guest.u32_at(64), guest.u32_at(72))
}

#[test]
fn every_string_counts_with_its_terminator() {
    assert_eq!(sizes(&[]), (0, 0));
    assert_eq!(sizes(&[""]), (1, 1));
    assert_eq!(sizes(&["program", "", "ä"]), (3, 8 + 1 + 3));
    assert_eq!(sizes(&["x"; 5_000]), (5_000, 10_000));
}

#[test]
fn one_call_writes_both_results_even_to_one_place() {
    let mut guest = Guest::new(Wasi::builder().args(["a", "b"]));
    check_writes(&mut guest, ArgsSizesGet, &[64, 64], &[(64, 4)]);
    assert_eq!(guest.u32_at(64), 4, "the second result is stored last");
}

#[test]
fn a_bad_pointer_is_refused_before_the_other_is_written_to() {
    for faults in FAULTS {
        let mut guest = Guest::new(Wasi::builder().args(["a", "b"]).faults(faults));
        for index in [0, 1] {
            check_pointer((&mut guest, faults), ArgsSizesGet, &[64, 72], index, (4, 4));
        }
    }
}

#[test]
fn an_argument_with_a_terminator_inside_cannot_be_given() {
    let error = Wasi::builder().args(["good", "b\0d"]).build().err();
    let Some(BuildError::Argument {
        index, argument, ..
    }) = error
    else {
        panic!("the argument was taken");
    };
    assert_eq!((index, argument.as_str()), (1, "b\0d"));
}
