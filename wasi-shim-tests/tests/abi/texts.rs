//! Paths and the texts of links: what is not one is refused before it is looked up, for every function that takes one.

use crate::layout::Laid;
use crate::shapes::{Part, everywhere};
use crate::world::{SIZE, World};
use wasi_shim::abi::Errno;
use wasi_shim::{FaultMode, Outcome};

/// Room for a text that is too long: the end of the memory, behind the other text of a call.
const LONG: u32 = SIZE - 4_097;

#[test]
fn a_text_is_checked_before_anything_is_looked_up() {
    let long = vec![b'a'; 4_097];
    let mut tried = 0;
    for (abi, call) in everywhere() {
        let laid = Laid::new(abi, call);
        for place in laid
            .addresses
            .iter()
            .filter(|place| matches!(place.part, Part::Text(_)))
        {
            for (text, errno) in [
                (&b"a\0b"[..], Errno::Inval),
                (b"\0", Errno::Inval),
                (b"a\xff", Errno::Ilseq),
                (b"\xff\0", Errno::Ilseq),
                (b"\xed\xa0\x80", Errno::Ilseq),
                (b"\xc0\xaf", Errno::Ilseq),
                (&long, Errno::Nametoolong),
                (b"", Errno::Noent),
            ] {
                let world = World::new(FaultMode::Trap);
                let seen = world.seen();
                let mut before = laid.memory(0);
                let mut args = laid.args.clone();
                if text.len() > 16 {
                    args[place.index] = LONG.into();
                }
                args[place.index + 1] = i64::try_from(text.len()).expect("a length");
                let at = usize::try_from(args[place.index]).expect("an address");
                before[at..at + text.len()].copy_from_slice(text);
                let mut memory = before.clone();
                let outcome = world.call(abi, false, &mut memory, call, &args);
                let right = matches!(outcome, Outcome::Return(number) if number == errno.number());
                assert!(
                    right,
                    "{call} of {:?}: {outcome:?}, not {errno:?}",
                    text.get(..8)
                );
                assert!(
                    memory == before && world.seen() == seen,
                    "{call} left something behind"
                );
                tried += 1;
            }
        }
    }
    assert_eq!(tried, 2 * 13 * 8, "thirteen texts in each module");
}
