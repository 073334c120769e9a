//! Trees given for reading: the same rights, other answers.

use crate::kinds::{Held, Kind};
use crate::lax;
use crate::scenes::play;
use crate::table::{Needs, applicable, needs};
use wasi_shim::RightsMode;
use wasi_shim::abi::{Errno, Rights, Syscall};
use wasi_shim_tests::trees::{READ_ONLY, ROOT};

const MODES: [RightsMode; 2] = [RightsMode::Enforce, RightsMode::ReadWriteOnly];

/// The rights that a descriptor of a tree given for reading can have: all of a directory's, all but writing of a file's,
/// which is not opened otherwise.
fn most(kind: Kind) -> (Rights, Rights) {
    let writing = Rights::FD_WRITE | Rights::FD_ALLOCATE;
    match kind {
        Kind::Directory => (applicable(kind), Rights::INHERITED),
        _ => (applicable(kind) - writing, Rights::empty()),
    }
}

/// The rows about files and directories, with what they answer through a tree given for reading.
fn rows() -> impl Iterator<Item = (&'static Needs, Kind)> {
    let of_trees = |row: &'static Needs| Some((row, row.kind?));
    needs()
        .iter()
        .filter_map(of_trees)
        .filter(|(_, kind)| matches!(kind, Kind::File | Kind::Directory))
}

#[test]
fn a_tree_given_for_reading_answers_as_in_the_table() {
    for mode in MODES {
        for (row, kind) in rows() {
            let mut held =
                Held::opened(kind, mode, READ_ONLY, most(kind)).expect("it can be opened");
            let mut free = Held::opened(kind, mode, ROOT, most(kind)).expect("it can be opened");
            let rights = held.rights();
            let before = held.tree();
            let found = play(row, &mut held);
            let lacks = match mode {
                RightsMode::Enforce => row.refused(kind, rights),
                RightsMode::ReadWriteOnly => lax::refused(row, kind, rights.0),
            };
            if row.perm && !lacks {
                assert_eq!(
                    found,
                    Err(Errno::Perm),
                    "{} on {kind:?}, {mode:?}",
                    row.name
                );
            } else {
                // Moving between the two trees is one more thing that cannot be done.
                assert_eq!(
                    found,
                    play(row, &mut free),
                    "{} on {kind:?}, {mode:?}",
                    row.name
                );
            }
            assert!(held.tree() == before, "{} changed the tree", row.name);
        }
    }
}

#[test]
fn a_missing_right_is_found_first() {
    for (row, kind) in rows().filter(|(row, _)| row.perm) {
        let (base, inheriting) = most(kind);
        for set in &row.base {
            let rights = (base - *set, inheriting);
            let mut held = Held::opened(kind, RightsMode::Enforce, READ_ONLY, rights)
                .expect("it can be opened");
            let depends = row.call == Syscall::PathOpen && !set.contains(Rights::PATH_OPEN);
            let expected = if depends {
                Errno::Perm
            } else {
                Errno::Notcapable
            };
            assert_eq!(
                play(row, &mut held),
                Err(expected),
                "{} without {set:?}",
                row.name
            );
        }
    }
}

#[test]
fn what_would_change_the_tree_cannot_be_asked_for() {
    for right in Rights::FILE {
        let found = Held::opened(
            Kind::File,
            RightsMode::Enforce,
            READ_ONLY,
            (right, Rights::empty()),
        );
        let writes = right.intersects(Rights::FD_WRITE | Rights::FD_ALLOCATE);
        assert_eq!(found.err(), writes.then_some(Errno::Perm), "{right:?}");
    }
}
