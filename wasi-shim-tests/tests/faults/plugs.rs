//! Filesystems whose calls fail: plugged in, and at both sides of an overlay.
//!
//! Knows which calls may fail without the guest being told. Part of the matrix.

use crate::case::{Before, Expected, Reference, judge, leave};
use crate::errors::ERRORS;
use crate::operations::{ALL, CLOSING, Operation};
use crate::plan::Fault;
use crate::scene::{Base, Place, Scene};
use wasi_shim::abi::Errno;

/// Where faults are put: what of the host, which is slow, an overlay has its files in makes no difference to what it does
/// but where it keeps changes.
const PLACES: [(Base, Place); 5] = [
    (Base::Memory, Place::Direct),
    (Base::Host, Place::Direct),
    (Base::Memory, Place::Lower),
    (Base::Memory, Place::Upper),
    (Base::Host, Place::Upper),
];

/// Runs every case; returns which there were.
pub(crate) fn cases() -> Vec<String> {
    std::thread::scope(|scope| {
        let at = |(base, place)| scope.spawn(move || at(base, place));
        let places = PLACES.map(at);
        let cases = places.into_iter().map(|cases| cases.join().unwrap());
        cases.flatten().collect()
    })
}

fn at(base: Base, place: Place) -> Vec<String> {
    let (mut cases, mut wrong) = (Vec::new(), Vec::new());
    for operation in ALL.iter().chain(CLOSING) {
        let reference = Reference::of(base, place, operation);
        for fault in faults(base, place, reference.calls) {
            match case(base, place, operation, &reference, fault) {
                Ok(case) => cases.push(case),
                Err(what) => wrong.push(what),
            }
        }
    }
    judge(&wrong);
    cases
}

/// Each call, each error; where an overlay has to tidy up, also if nothing works from then on.
fn faults(base: Base, place: Place, calls: u64) -> impl Iterator<Item = Fault> {
    let lasting: &[bool] = match (base, place) {
        (Base::Memory, Place::Upper) => &[false, true],
        _ => &[false],
    };
    (1..=calls).flat_map(move |nth| {
        let each = ERRORS
            .iter()
            .flat_map(move |(errno, _)| lasting.iter().map(move |lasting| (*errno, *lasting)));
        each.map(move |(errno, lasting)| Fault {
            nth,
            lasting,
            errno,
        })
    })
}

fn case(
    base: Base,
    place: Place,
    operation: &Operation,
    reference: &Reference,
    fault: Fault,
) -> Result<String, String> {
    let mut scene = Scene::new(base, place);
    let before = Before::of(&mut scene);
    let (guest, fds) = (&mut scene.guest, scene.fds);
    let found = scene
        .plan
        .during(Some(fault), || (operation.run)(guest, fds));
    let fired = scene.plan.fired();
    let Some(first) = fired.first() else {
        return Err(format!("{}, {fault:?}: it was not reached", operation.name));
    };
    let case = format!(
        "{base:?} {place:?}, {}, call {} {first}{}: {}",
        operation.name,
        fault.nth,
        if fault.lasting {
            " and all after it"
        } else {
            ""
        },
        fault.errno.name()
    );
    // What cannot be removed stays behind.
    let left = fault.lasting || (first == "RemoveFile" && place == Place::Upper);
    if left {
        scene.upper = None;
    }
    let expected = expected(place, first, fault.errno);
    let checked = reference.check(&mut scene, operation, &before, found, expected);
    checked
        .and_then(|()| leave(scene))
        .map_err(|what| format!("{case}: {what}"))?;
    Ok(case)
}

/// The error, except of what only tidies up: content that nobody needs any more.
fn expected(place: Place, call: &str, errno: Errno) -> Expected {
    match (place, call) {
        (Place::Upper, "RemoveFile") => Expected::Success,
        _ => Expected::Error(errno),
    }
}
