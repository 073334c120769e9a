//! Checks of moves.
//!
//! Knows what [`Dir::rename`] must answer for every pair of kinds, and what must be where afterwards. Refuses to know
//! anything else. Run by the suite.

use super::Abilities;
use super::tools::{Thing, WRITE, file, list, name, names, open_file, read_all, stat, subdir};
use crate::abi::{Errno, Result};
use crate::vfs::Dir;
use std::sync::Arc;

fn expected(from: Thing, to: Thing) -> Result<()> {
    match (from, to) {
        (Thing::Nothing, _) => Err(Errno::Noent),
        (_, Thing::Nothing) => Ok(()),
        (from, to) if !from.is_dir() && to.is_dir() => Err(Errno::Isdir),
        (from, to) if from.is_dir() && !to.is_dir() => Err(Errno::Notdir),
        (_, Thing::Full) => Err(Errno::Notempty),
        _ => Ok(()),
    }
}

/// Moves `from` in `dir` to `to` in `target`, both empty, and looks at both ends.
fn attempt(dir: &dyn Dir, target: &dyn Dir, from: Thing, to: Thing) {
    from.put(dir, "from");
    to.put(target, "to");
    let moved = dir.stat(name("from"));
    let before = (list(dir), list(target));
    let expected = expected(from, to);
    assert_eq!(
        dir.rename(name("from"), target, name("to")),
        expected,
        "{from:?} over {to:?}"
    );
    if expected.is_err() {
        assert_eq!(
            (list(dir), list(target)),
            before,
            "{from:?} over {to:?} left a trace"
        );
        return;
    }
    let moved = moved.unwrap();
    let found = stat(target, "to");
    assert_eq!(
        (found.ino, found.kind, found.size),
        (moved.ino, moved.kind, moved.size),
        "{from:?} over {to:?}"
    );
    assert_eq!(
        dir.stat(name("from")),
        Err(Errno::Noent),
        "{from:?} over {to:?}"
    );
    if from == Thing::Full {
        assert_eq!(names(&*subdir(target, "to")), ["inside"]);
    }
}

pub(super) fn renaming_answers_by_kinds(root: &Arc<dyn Dir>, able: &Abilities) {
    for from in Thing::all(able.symlinks) {
        for to in Thing::all(able.symlinks) {
            let dir = subdir(&**root, &format!("{from:?}{to:?}"));
            attempt(&*dir, &*dir, from, to);
        }
    }
}

pub(super) fn renaming_between_directories_answers_by_kinds(root: &Arc<dyn Dir>, able: &Abilities) {
    for from in Thing::all(able.symlinks) {
        for to in Thing::all(able.symlinks) {
            let dir = subdir(&**root, &format!("{from:?}{to:?}"));
            attempt(&*subdir(&*dir, "a"), &*subdir(&*dir, "b"), from, to);
            // Down into a directory, and up out of it.
            let (down, up) = (subdir(&*dir, "down"), subdir(&*dir, "up"));
            attempt(&*down, &*subdir(&*down, "below"), from, to);
            attempt(&*subdir(&*up, "below"), &*up, from, to);
        }
    }
}

pub(super) fn renaming_onto_itself_does_nothing(root: &Arc<dyn Dir>, able: &Abilities) {
    for thing in Thing::all(able.symlinks).filter(|thing| *thing != Thing::Nothing) {
        let text = format!("{thing:?}");
        thing.put(&**root, &text);
        let before = list(&**root);
        assert_eq!(
            root.rename(name(&text), &**root, name(&text)),
            Ok(()),
            "{thing:?}"
        );
        assert_eq!(list(&**root), before, "{thing:?}");
    }
    assert_eq!(names(&*subdir(&**root, "Full")), ["inside"]);
    if able.hard_links {
        let dir = subdir(&**root, "Empty");
        root.link(name("File"), &*dir, name("other")).unwrap();
        assert_eq!(root.rename(name("File"), &*dir, name("other")), Ok(()));
        assert_eq!(
            (stat(&**root, "File").nlink, stat(&*dir, "other").nlink),
            (2, 2),
            "both names stay"
        );
    }
}

pub(super) fn a_directory_does_not_move_below_itself(root: &Arc<dyn Dir>, _able: &Abilities) {
    let a = subdir(&**root, "a");
    let b = subdir(&*a, "b");
    let c = subdir(&*b, "c");
    file(&*c, "f", b"");
    subdir(&*c, "d");
    for target in [&a, &b, &c] {
        assert_eq!(
            root.rename(name("a"), &**target, name("new")),
            Err(Errno::Inval)
        );
    }
    // Before anything is said about what would be replaced.
    assert_eq!(root.rename(name("a"), &*c, name("f")), Err(Errno::Inval));
    assert_eq!(root.rename(name("a"), &*c, name("d")), Err(Errno::Inval));
    assert_eq!(root.rename(name("a"), &*b, name("c")), Err(Errno::Inval));
    // A sibling whose name begins alike is not below.
    assert_eq!(
        root.rename(name("a"), &*subdir(&**root, "aa"), name("a")),
        Ok(())
    );
    assert_eq!(names(&*c), ["d", "f"]);
}

pub(super) fn nothing_replaces_a_directory_it_is_in(root: &Arc<dyn Dir>, _able: &Abilities) {
    let a = subdir(&**root, "a");
    let b = subdir(&*a, "b");
    subdir(&*b, "c");
    file(&*b, "f", b"");
    assert_eq!(b.rename(name("c"), &*a, name("b")), Err(Errno::Notempty));
    assert_eq!(
        b.rename(name("c"), &**root, name("a")),
        Err(Errno::Notempty)
    );
    // Linux looks at what lies above before it looks at kinds; a program can make nothing of the difference.
    for (target, text) in [(&a, "b"), (root, "a")] {
        let answer = b.rename(name("f"), &**target, name(text));
        assert!(
            matches!(answer, Err(Errno::Isdir | Errno::Notempty)),
            "{answer:?}"
        );
    }
    assert_eq!(names(&*b), ["c", "f"]);
}

pub(super) fn a_directory_moves_with_what_is_below(root: &Arc<dyn Dir>, _able: &Abilities) {
    let (a, z) = (subdir(&**root, "a"), subdir(&**root, "z"));
    let b = subdir(&*a, "b");
    let held = file(&*b, "f", b"content");
    assert_eq!(a.rename(name("b"), &*z, name("y")), Ok(()));
    assert_eq!((names(&*a), names(&*z)), (vec![], vec!["y".to_owned()]));
    assert_eq!(
        subdir(&*z, "y").metadata().unwrap().ino,
        b.metadata().unwrap().ino
    );
    assert_eq!(
        read_all(&*open_file(&*subdir(&*z, "y"), "f", &WRITE)),
        b"content"
    );
    file(&*b, "g", b"");
    assert_eq!(names(&*subdir(&*z, "y")), ["f", "g"]);
    // What was above it no longer is; what is above it now, is.
    assert_eq!(root.rename(name("a"), &*b, name("a")), Ok(()));
    assert_eq!(root.rename(name("z"), &*b, name("z")), Err(Errno::Inval));
    assert_eq!(read_all(&*held), b"content");
}
