//! Addresses that lead out of the memory, or are no multiple of what they have to be: refused before anything happens.

use crate::layout::{Address, Laid};
use crate::outputs::check_answer;
use crate::shapes::{Part, everywhere};
use crate::world::{SIZE, Seen, World};
use wasi_shim::abi::{Abi, Errno, Syscall};
use wasi_shim::{FaultMode, Outcome, Trap};

/// Bytes from an address on, and what the address has to be a multiple of: what a trap reports.
#[derive(Clone, Copy, Debug)]
struct Bad {
    address: u32,
    len: u64,
    align: u32,
}

impl Bad {
    fn trap(self, call: Syscall) -> Trap {
        let Self {
            address,
            len,
            align,
        } = self;
        let size = SIZE.into();
        if u64::from(address) + len > size {
            Trap::OutOfBounds {
                call,
                address,
                len,
                size,
            }
        } else {
            Trap::Misaligned {
                call,
                address,
                align,
                size,
            }
        }
    }
}

/// A guest that is refused something, over and over, and stays as it was.
struct Refused {
    world: World,
    before: Seen,
    faults: FaultMode,
    shared: bool,
}

impl Refused {
    fn new(faults: FaultMode, shared: bool) -> Self {
        let world = World::new(faults);
        let before = world.seen();
        Self {
            world,
            before,
            faults,
            shared,
        }
    }

    /// Makes a call that is refused for this address, and checks that nothing at all has changed.
    fn check(&self, laid: &Laid, before: &[u8], args: &[i64], bad: Bad) {
        let what = format!("{:?} {} {args:x?}, {bad:x?}", laid.abi, laid.call);
        let mut memory = before.to_vec();
        let outcome = self
            .world
            .call(laid.abi, self.shared, &mut memory, laid.call, args);
        match (self.faults, outcome) {
            (FaultMode::Trap, Outcome::Trap(trap)) => {
                assert_eq!(trap, bad.trap(laid.call), "{what}")
            }
            (FaultMode::Errno, Outcome::Return(number)) => {
                assert_eq!(number, Errno::Fault.number(), "{what}")
            }
            (_, outcome) => panic!("{what}: {outcome:?}"),
        }
        assert!(memory == before, "{what}: it wrote to the memory");
        assert_eq!(
            self.world.seen(),
            self.before,
            "{what}: it left something behind"
        );
    }

    /// After all that the call does what it does in a guest that was never refused anything.
    fn check_good_as_new(&self, laid: &Laid) {
        let fresh = World::new(self.faults);
        let mut memories = [laid.memory(0), laid.memory(0)];
        for (world, memory) in [&self.world, &fresh].into_iter().zip(&mut memories) {
            let outcome = world.call(laid.abi, self.shared, memory, laid.call, &laid.args);
            check_answer(laid.call, &outcome);
        }
        assert!(memories[0] == memories[1], "{}: another answer", laid.call);
        assert_eq!(self.world.seen(), fresh.seen(), "{}", laid.call);
    }
}

/// Runs a test for each function, both answers and both kinds of memory.
fn on_each(test: impl Fn(&Refused, &Laid)) {
    for faults in [FaultMode::Trap, FaultMode::Errno] {
        for shared in [false, true] {
            for (abi, call) in everywhere() {
                let laid = Laid::new(abi, call);
                let refused = Refused::new(faults, shared);
                test(&refused, &laid);
                refused.check_good_as_new(&laid);
            }
        }
    }
}

/// Addresses that are bad for something of a length and an alignment which is at `good` otherwise.
fn bad_addresses(good: u32, len: u32, align: u32) -> Vec<u32> {
    let past = SIZE - len;
    let outside = [
        past + 1,
        past + align,
        SIZE - 1,
        SIZE,
        SIZE + 1,
        SIZE + align,
    ];
    let far = [
        i32::MAX.cast_unsigned(),
        1 << 31,
        u32::MAX - len,
        u32::MAX - align + 1,
        u32::MAX,
    ];
    let misaligned = (1..align).map(|more| good + more);
    let all = outside.into_iter().chain(far).chain(misaligned);
    all.filter(|address| u64::from(*address) + u64::from(len) > SIZE.into() || address % align != 0)
        .collect()
}

#[test]
fn a_bad_address_is_refused_and_changes_nothing() {
    on_each(|refused, laid| {
        let memory = laid.memory(0);
        for Address {
            index, len, align, ..
        } in &laid.addresses
        {
            let good = u32::try_from(laid.args[*index]).expect("an address");
            let bad = bad_addresses(good, *len, *align);
            assert!(bad.len() > 6, "{}: {bad:x?}", laid.call);
            for address in bad {
                let mut args = laid.args.clone();
                args[*index] = address.into();
                let bad = Bad {
                    address,
                    len: (*len).into(),
                    align: *align,
                };
                refused.check(laid, &memory, &args, bad);
            }
        }
    });
}

/// Lengths that lead out of the memory from an address on, in bytes and as the argument has them.
fn bad_lengths(part: Part, abi: Abi, room: u32) -> Vec<(i64, u64)> {
    let most = i64::from(u32::MAX);
    match part {
        Part::Text(_) | Part::Buffer(_) => [i64::from(room) + 1, i64::from(i32::MAX), most]
            .map(|len| (len, len.cast_unsigned()))
            .to_vec(),
        // Beyond the limits on how many there may be, the answer is another one.
        Part::Fill(_) | Part::Take(_) => [room / 8 + 1, 1024]
            .map(|count| (count.into(), u64::from(count) * 8))
            .to_vec(),
        Part::Subscriptions => {
            let size = part.target(abi).expect("an address").0 / crate::shapes::SUBSCRIPTIONS;
            [room / size + 1, 4096]
                .map(|count| (count.into(), u64::from(count) * u64::from(size)))
                .to_vec()
        }
        _ => Vec::new(),
    }
}

#[test]
fn a_bad_length_is_refused_and_changes_nothing() {
    on_each(|refused, laid| {
        let memory = laid.memory(0);
        for Address {
            index, part, align, ..
        } in &laid.addresses
        {
            // `poll_oneoff` has both of its arrays before their length.
            let length = if matches!(part, Part::Subscriptions) {
                index + 2
            } else {
                index + 1
            };
            let address = u32::try_from(laid.args[*index]).expect("an address");
            for (given, len) in bad_lengths(*part, laid.abi, SIZE - address) {
                let mut args = laid.args.clone();
                args[length] = given;
                refused.check(
                    laid,
                    &memory,
                    &args,
                    Bad {
                        address,
                        len,
                        align: *align,
                    },
                );
            }
            if matches!(part, Part::Text(_) | Part::Buffer(_)) {
                check_lengths_elsewhere(refused, laid, (*index, length));
            }
        }
    });
}

/// Nothing is in no place outside either, and everything does not wrap.
fn check_lengths_elsewhere(refused: &Refused, laid: &Laid, (index, length): (usize, usize)) {
    for (address, len) in [
        (SIZE + 1, 0),
        (u32::MAX, 0),
        (u32::MAX, 1),
        (u32::MAX, u32::MAX),
        (1, u32::MAX),
        (0, SIZE + 1),
    ] {
        let mut args = laid.args.clone();
        (args[index], args[length]) = (address.into(), len.into());
        refused.check(
            laid,
            &laid.memory(0),
            &args,
            Bad {
                address,
                len: len.into(),
                align: 1,
            },
        );
    }
}

#[test]
fn a_bad_buffer_in_an_array_is_refused_and_changes_nothing() {
    let mut tried = 0;
    let outside = [
        (SIZE, 1),
        (SIZE - 1, 2),
        (SIZE + 1, 0),
        (0, SIZE + 1),
        (u32::MAX, 1),
        (u32::MAX, u32::MAX),
        (1 << 31, 0),
    ];
    for faults in [FaultMode::Trap, FaultMode::Errno] {
        for shared in [false, true] {
            for (abi, call) in everywhere() {
                let laid = Laid::new(abi, call);
                let refused = Refused::new(faults, shared);
                for element in &laid.elements {
                    for (address, len) in outside {
                        let mut memory = laid.memory(0);
                        memory[*element as usize..][..4].copy_from_slice(&address.to_le_bytes());
                        memory[*element as usize + 4..][..4].copy_from_slice(&len.to_le_bytes());
                        refused.check(
                            &laid,
                            &memory,
                            &laid.args,
                            Bad {
                                address,
                                len: len.into(),
                                align: 1,
                            },
                        );
                        tried += 1;
                    }
                }
                refused.check_good_as_new(&laid);
            }
        }
    }
    assert!(tried > 200, "six functions have buffers");
}
