//! What is looked at first: arguments from left to right, then where the results go, then what the function is about.

use crate::layout::Laid;
use crate::shapes::{Part, everywhere, parts};
use crate::world::{SIZE, World};
use wasi_shim::abi::Errno;
use wasi_shim::{FaultMode, Outcome, Trap};

/// An address that is outside whatever is there, and the next such one.
fn outside(which: usize) -> u32 {
    SIZE + 0x1000 + 0x100 * u32::try_from(which).expect("few")
}

#[test]
fn of_several_bad_addresses_the_first_is_reported() {
    for (abi, call) in everywhere() {
        let laid = Laid::new(abi, call);
        let memory = laid.memory(0);
        let mut args = laid.args.clone();
        // From the last to the first: each that turns bad is the one that is reported.
        for (which, place) in laid.addresses.iter().enumerate().rev() {
            args[place.index] = outside(which).into();
            let world = World::new(FaultMode::Trap);
            let outcome = world.call(abi, false, &mut memory.clone(), call, &args);
            let Outcome::Trap(Trap::OutOfBounds { address, .. }) = outcome else {
                panic!("{call} {args:x?}: {outcome:?}")
            };
            assert_eq!(address, outside(which), "{call} {args:x?}");
        }
    }
}

#[test]
fn a_descriptor_is_looked_at_before_the_addresses_behind_it() {
    let mut tried = 0;
    for (abi, call) in everywhere() {
        let laid = Laid::new(abi, call);
        let mut index = 0;
        for part in parts(call) {
            let (name, _) = call.signature().params[index];
            // What is a plain number to the decoder is looked up later.
            let is_opened = call
                .signature()
                .needs
                .iter()
                .any(|(param, _)| *param == name);
            if is_opened && matches!(part, Part::Fd(_)) {
                let mut args = laid.args.clone();
                args[index] = 99;
                for (which, place) in laid
                    .addresses
                    .iter()
                    .enumerate()
                    .filter(|(_, place)| place.index > index)
                {
                    args[place.index] = outside(which).into();
                }
                let before = laid.memory(0);
                let mut memory = before.clone();
                let outcome =
                    World::new(FaultMode::Trap).call(abi, false, &mut memory, call, &args);
                let badf =
                    matches!(outcome, Outcome::Return(number) if number == Errno::Badf.number());
                assert!(badf && memory == before, "{call} {args:x?}: {outcome:?}");
                tried += 1;
            }
            index += part.width();
        }
    }
    assert!(tried > 60, "{tried}");
}

#[test]
fn result_pointers_are_looked_at_before_the_function_begins() {
    for (abi, call) in everywhere() {
        let laid = Laid::new(abi, call);
        for place in laid
            .addresses
            .iter()
            .filter(|place| matches!(place.part, Part::Out(_)))
        {
            let world = World::new(FaultMode::Trap);
            let before = world.seen();
            let mut args = laid.args.clone();
            args[place.index] = outside(0).into();
            let outcome = world.call(abi, false, &mut laid.memory(0), call, &args);
            assert!(matches!(outcome, Outcome::Trap(_)), "{call}: {outcome:?}");
            assert_eq!(world.seen(), before, "{call}");
        }
    }
}
