//! `environ_sizes_get`.

use crate::support::{FAULTS, check_pointer, check_writes};
use wasi_shim::abi::Syscall::EnvironSizesGet;
use wasi_shim::{BuildError, Wasi};
use wasi_shim_tests::Guest;

#[test]
fn every_variable_counts_with_its_equals_sign_and_terminator() {
    for (variables, expected) in [
        (&[][..], (0, 0)),
        (&[("A", "")], (1, 3)),
        (&[("A", "bc"), ("ä", "d")], (2, 5 + 5)),
    ] {
        let mut builder = Wasi::builder();
        for (name, value) in variables {
            builder = builder.env(*name, *value);
        }
        let mut guest = Guest::new(builder);
        guest.memory.fill(0xaa);
        check_writes(&mut guest, EnvironSizesGet, &[64, 72], &[(64, 4), (72, 4)]);
        assert_eq!((guest.u32_at(64), guest.u32_at(72)), expected);
    }
}

#[test]
fn a_bad_pointer_is_refused_before_the_other_is_written_to() {
    for faults in FAULTS {
        let mut guest = Guest::new(Wasi::builder().env("A", "b").faults(faults));
        for index in [0, 1] {
            check_pointer(
                (&mut guest, faults),
                EnvironSizesGet,
                &[64, 72],
                index,
                (4, 4),
            );
        }
    }
}

#[test]
fn a_variable_that_no_guest_could_read_back_cannot_be_given() {
    for (name, value) in [
        ("", "x"),
        ("A=B", "x"),
        ("A\0", "x"),
        ("A", "x\0y"),
        ("=", ""),
    ] {
        let Some(BuildError::Variable { name: reported, .. }) = Wasi::builder()
            .env("GOOD", "")
            .env(name, value)
            .build()
            .err()
        else {
            panic!("{name:?} was taken");
        };
        assert_eq!(reported, name);
    }
}
