//! Numbers that mean something: bits and values that nobody knows, rights that nobody knows, what is too many.

use crate::layout::Laid;
use crate::outputs::check_answer;
use crate::shapes::{Part, everywhere, parts};
use crate::world::World;
use wasi_shim::abi::{Abi, Errno, Syscall};
use wasi_shim::{Exit, FaultMode, Limits, Outcome};

/// The arguments that are of a kind, with what is known of them.
fn of<T>(call: Syscall, kind: impl Fn(Part) -> Option<T>) -> Vec<(usize, T)> {
    let mut index = 0;
    let mut found = Vec::new();
    for part in parts(call) {
        found.extend(kind(part).map(|known| (index, known)));
        index += part.width();
    }
    found
}

/// Makes the call with one argument changed, and checks that it is refused and leaves nothing behind.
fn check_invalid(abi: Abi, call: Syscall, index: usize, value: i64) {
    let laid = Laid::new(abi, call);
    let world = World::new(FaultMode::Trap);
    let seen = world.seen();
    let mut args = laid.args.clone();
    args[index] = value;
    let before = laid.memory(0);
    let mut memory = before.clone();
    let outcome = world.call(abi, false, &mut memory, call, &args);
    let invalid = matches!(outcome, Outcome::Return(number) if number == Errno::Inval.number());
    assert!(invalid, "{abi:?} {call} {args:x?}: {outcome:?}");
    assert!(
        memory == before && world.seen() == seen,
        "{abi:?} {call} {args:x?} left something behind"
    );
}

#[test]
fn flags_that_nobody_knows_are_invalid() {
    let flags = |part| match part {
        Part::Flags(value, known) => Some((value, known)),
        _ => None,
    };
    let mut tried = 0;
    for (abi, call) in everywhere() {
        for (index, (value, known)) in of(call, flags) {
            for bit in (0..32)
                .map(|bit| 1_u32 << bit)
                .filter(|bit| bit & known == 0)
            {
                check_invalid(abi, call, index, value | i64::from(bit));
                tried += 1;
            }
        }
    }
    assert!(tried > 500, "{tried}");
}

#[test]
fn values_that_an_enumeration_does_not_have_are_invalid() {
    let count = |part| match part {
        Part::Enum(_, count) => Some(count),
        _ => None,
    };
    for (abi, call) in everywhere() {
        for (index, count) in of(call, count) {
            for value in [
                count,
                count + 1,
                255,
                256,
                256 + 1,
                1 << 16,
                1 << 31,
                u32::MAX,
            ] {
                check_invalid(abi, call, index, value.into());
            }
        }
    }
}

#[test]
fn rights_that_nobody_knows_are_passed_over() {
    let rights = |part| match part {
        Part::Rights(value) => Some(value),
        _ => None,
    };
    for (abi, call) in everywhere() {
        for (index, value) in of(call, rights) {
            let laid = Laid::new(abi, call);
            let (plain, more) = (World::new(FaultMode::Trap), World::new(FaultMode::Trap));
            let mut args = laid.args.clone();
            check_answer(
                call,
                &plain.call(abi, false, &mut laid.memory(0), call, &args),
            );
            args[index] = value | (u64::MAX << 30).cast_signed();
            check_answer(
                call,
                &more.call(abi, false, &mut laid.memory(0), call, &args),
            );
            assert_eq!(plain.seen(), more.seen(), "{call}");
        }
    }
}

#[test]
fn too_many_are_invalid_wherever_they_are() {
    let limits = Limits::default();
    for (abi, call) in everywhere() {
        let laid = Laid::new(abi, call);
        for place in &laid.addresses {
            let (length, most) = match place.part {
                Part::Fill(_) | Part::Take(_) => (place.index + 1, limits.iovecs),
                Part::Subscriptions => (place.index + 2, limits.subscriptions),
                _ => continue,
            };
            for count in [most + 1, i32::MAX.cast_unsigned(), u32::MAX] {
                check_invalid(abi, call, length, count.into());
            }
        }
    }
}

#[test]
fn all_bits_of_an_exit_code_arrive() {
    for abi in [Abi::Preview1, Abi::Unstable] {
        for code in [0, 1, 125, 126, 255, 256, 1 << 31, u32::MAX] {
            let outcome = World::new(FaultMode::Trap).call(
                abi,
                false,
                &mut [],
                Syscall::ProcExit,
                &[code.into()],
            );
            assert!(
                matches!(outcome, Outcome::Exit(Exit(found)) if found == code),
                "{outcome:?}"
            );
        }
    }
}
