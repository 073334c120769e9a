//! What a call that succeeds may write: its results, wherever they are to go, and nothing else.

use crate::layout::Laid;
use crate::shapes::{Part, everywhere, spec};
use crate::world::{SIZE, Seen, World};
use wasi_shim::abi::{Abi, Errno, Syscall};
use wasi_shim::{FaultMode, Outcome};

/// The answer of the one call of a function that is made here: success, but for what cannot.
pub(crate) fn check_answer(call: Syscall, outcome: &Outcome) {
    let right = match call {
        Syscall::ProcExit => matches!(outcome, Outcome::Exit(_)),
        Syscall::ProcRaise => {
            matches!(outcome, Outcome::Return(number) if *number == Errno::Notsup.number())
        }
        _ => matches!(outcome, Outcome::Return(0)),
    };
    assert!(right, "{call}: {outcome:?}");
}

/// Makes the call, checks that it writes nothing but results, and answers those and what it left behind.
fn make(laid: &Laid, shared: bool, salt: u8) -> (Vec<Vec<u8>>, Seen) {
    let world = World::new(FaultMode::Trap);
    let before = laid.memory(salt);
    let mut memory = before.clone();
    let outcome = world.call(laid.abi, shared, &mut memory, laid.call, &laid.args);
    check_answer(laid.call, &outcome);
    let stray = laid.stray(&before, &memory);
    assert_eq!(
        stray, None,
        "{:?} {} {:x?} wrote at this address",
        laid.abi, laid.call, laid.args
    );
    (laid.results(&memory), world.seen())
}

#[test]
fn nothing_but_the_results_is_written() {
    for (abi, call) in everywhere() {
        let laid = Laid::new(abi, call);
        let (results, seen) = make(&laid, false, 0);
        for salt in [0x5a, 0xff] {
            let (again, seen_again) = make(&laid, false, salt);
            assert_eq!(seen, seen_again, "{call}");
            // No byte that was there before is among the results.
            assert_eq!(written(call, &results), written(call, &again), "{call}");
        }
    }
}

/// How much of a result is written: all of it, but for the end of a buffer that is larger than what goes into it.
fn written(call: Syscall, results: &[Vec<u8>]) -> Vec<&[u8]> {
    let mut written: Vec<&[u8]> = results.iter().map(Vec::as_slice).collect();
    if call == Syscall::PathReadlink {
        written[0] = &written[0][.."file".len()];
    }
    written
}

#[test]
fn results_go_where_they_are_to_go() {
    for (abi, call) in everywhere() {
        let usual = Laid::new(abi, call);
        let (results, seen) = make(&usual, false, 0);
        for (which, address) in usual.addresses.iter().enumerate() {
            // The first byte of the memory is one like any other, and so is the last.
            for to in [0, SIZE - address.len] {
                let laid = Laid::moved(abi, call, which, to);
                let (moved, seen_moved) = make(&laid, false, 0);
                assert_eq!(seen, seen_moved, "{call} with {address:?} at {to:#x}");
                let has_pointers = matches!(call, Syscall::ArgsGet | Syscall::EnvironGet);
                if !has_pointers {
                    assert_eq!(
                        written(call, &results),
                        written(call, &moved),
                        "{call} with {address:?} at {to:#x}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_shared_memory_is_read_and_written_alike() {
    for (abi, call) in everywhere() {
        let laid = Laid::new(abi, call);
        let (results, seen) = make(&laid, false, 0);
        let (shared, seen_shared) = make(&laid, true, 0);
        assert_eq!(results, shared, "{call}");
        assert_eq!(seen, seen_shared, "{call}");
    }
}

#[test]
fn bytes_between_the_fields_of_a_record_are_zero() {
    for (abi, call) in everywhere() {
        let laid = Laid::new(abi, call);
        let (results, _) = make(&laid, false, 0xff);
        for record in records(call) {
            let (index, name, count) = record;
            let size = spec(abi).size(name).0 as usize;
            for bytes in results[index].chunks(size).take(count) {
                check_padding(abi, name, bytes);
            }
        }
    }
}

/// The results of a function that are records: which of its results, of what type, and how many.
fn records(call: Syscall) -> Vec<(usize, &'static str, usize)> {
    match call {
        Syscall::FdFdstatGet => vec![(0, "fdstat", 1)],
        Syscall::FdFilestatGet | Syscall::PathFilestatGet => vec![(0, "filestat", 1)],
        Syscall::FdPrestatGet => vec![(0, "prestat", 1)],
        Syscall::PollOneoff => vec![(0, "event", 2)],
        // The first entry is one byte long, and then comes the next.
        Syscall::FdReaddir => vec![(0, "dirent", 1)],
        _ => vec![],
    }
}

fn check_padding(abi: Abi, name: &str, bytes: &[u8]) {
    let mut free = vec![true; bytes.len()];
    for place in spec(abi).places(name).values() {
        free[place.at..place.at + place.size].fill(false);
    }
    for (at, byte) in bytes.iter().enumerate().filter(|(at, _)| free[*at]) {
        assert_eq!(
            *byte, 0,
            "{abi:?} {name}: the byte at {at} belongs to no field"
        );
    }
    assert!(bytes.iter().any(|byte| *byte != 0), "{name} was written");
}

#[test]
fn every_record_that_is_a_result_is_looked_at() {
    for call in Syscall::ALL {
        for part in crate::shapes::parts(*call) {
            let Part::Out(name) = part else { continue };
            let fields = spec(Abi::Preview1).places(name).len();
            let listed = records(*call).iter().any(|(_, known, _)| *known == name);
            assert_eq!(fields > 1, listed, "{call} gives a {name}");
        }
    }
}

/// Answer and traces of a call with these arguments.
fn outcome(laid: &Laid, memory: &[u8], args: &[i64]) -> (String, Seen) {
    let world = World::new(FaultMode::Trap);
    let mut memory = memory.to_vec();
    let outcome = world.call(laid.abi, false, &mut memory, laid.call, args);
    assert!(
        matches!(outcome, Outcome::Return(_)),
        "{} {args:x?}: {outcome:?}",
        laid.call
    );
    (format!("{outcome:?}"), world.seen())
}

#[test]
fn nothing_is_inside_up_to_the_end() {
    let mut tried = 0;
    for (abi, call) in everywhere() {
        let laid = Laid::new(abi, call);
        let memory = laid.memory(0);
        for address in laid
            .addresses
            .iter()
            .filter(|address| address.part.width() == 2)
        {
            let mut args = laid.args.clone();
            args[address.index + 1] = 0;
            let expected = outcome(&laid, &memory, &args);
            for at in [0, SIZE] {
                args[address.index] = at.into();
                assert_eq!(outcome(&laid, &memory, &args), expected, "{call} {args:x?}");
            }
            tried += 1;
        }
        for element in &laid.elements {
            let with = |address: u32| {
                let mut memory = memory.clone();
                memory[*element as usize..][..4].copy_from_slice(&address.to_le_bytes());
                memory[*element as usize + 4..][..4].fill(0);
                outcome(&laid, &memory, &laid.args)
            };
            assert_eq!(with(SIZE), with(0x400), "{call}");
            tried += 1;
        }
    }
    assert!(tried > 60, "{tried}");
}
