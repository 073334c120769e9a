//! A sequence of calls, made on a system and on the model beside it, and compared answer by answer.
//!
//! Knows how the descriptors of a made-up call become ones that are open, and how a failure is told, with the tree it
//! happened in. Refuses to know who made up the calls; the properties and the fuzz targets do.

use crate::model::{Answer, Call, Leaf, Left, Model, SLOTS, Slot, System};
use std::path::Path;
use tempfile::TempDir;

/// A descriptor that is never open.
pub const CLOSED: Slot = 15;

/// What a comparison found wrong.
pub type Found = Result<(), String>;

/// A new directory of the host: in memory where there is such a place, because nobody should wait for a disk.
/// `TMPDIR` says where else.
pub fn scratch() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if std::env::var_os("TMPDIR").is_none() && memory.is_dir() {
        tempfile::tempdir_in(memory)
    } else {
        tempfile::tempdir()
    };
    made.expect("a temporary directory")
}

/// Sets the descriptors of a call to what is open.
pub fn resolve(call: &mut Call, model: &Model) {
    let open = model.open_slots();
    for slot in call.slots_mut() {
        *slot = match open.len() {
            0 => SLOTS,
            _ if *slot == CLOSED => SLOTS,
            count => open[*slot % count],
        };
    }
    if let Call::Open { opening, .. } = call {
        let free = (1..SLOTS).find(|slot| !open.contains(slot));
        opening.into = free.unwrap_or(SLOTS - 1);
    }
}

/// Makes the calls on a system and on the model, and compares each answer.
pub fn answers(model: &mut Model, system: &mut impl System, calls: &[Call]) -> Found {
    let start = model.clone();
    for (index, call) in calls.iter().enumerate() {
        let mut call = call.clone();
        resolve(&mut call, model);
        if model.writes_far(&call) {
            continue;
        }
        let (theirs, ours) = (model.answer(&call), system.answer(&call));
        if theirs != ours {
            let before = after(start, &calls[..index]);
            return Err(told(index, &call, &before, ("the model", &theirs), &ours));
        }
    }
    Ok(())
}

/// A model after some calls: making them again when there is something to tell is cheaper than keeping a copy before each.
pub fn after(mut model: Model, calls: &[Call]) -> Model {
    for call in calls {
        let mut call = call.clone();
        resolve(&mut call, &model);
        if !model.writes_far(&call) {
            // The answer was compared before.
            let _ = model.answer(&call);
        }
    }
    model
}

/// As [`answers`], from an empty tree on, and compares what is `left` at the end with what the model has. Whether two
/// names are one file is not compared unless it is seen in that.
pub fn against_model(
    system: &mut impl System,
    calls: &[Call],
    left: impl FnOnce() -> Left,
    names_are_seen: bool,
) -> Found {
    let mut model = Model::new();
    answers(&mut model, system, calls)?;
    let (mut expected, found) = (model.left(), left());
    if !names_are_seen {
        for (path, leaf) in &mut expected.0 {
            if let Leaf::File { first, .. } = leaf {
                first.clone_from(path);
            }
        }
    }
    same_trees(&expected, &found)
}

/// Compares what is left in two trees.
pub fn same_trees(theirs: &Left, ours: &Left) -> Found {
    if theirs == ours {
        return Ok(());
    }
    Err(format!(
        "at the end there should be\n{theirs:?}\nbut there is\n{ours:?}"
    ))
}

/// A difference, with what there was before it.
pub fn told(
    index: usize,
    call: &Call,
    before: &Model,
    theirs: (&str, &Answer),
    ours: &Answer,
) -> String {
    let (who, theirs) = theirs;
    format!(
        "step {index}, {call:?}\nin {:?}\n{who}: {theirs:?}\nthe shim: {ours:?}",
        before.left()
    )
}
