//! Checks of creating, removing and linking.
//!
//! Knows what each must answer and what handles must survive. Refuses to know moves. Run by the suite.

use super::Abilities;
use super::tools::{Thing, WRITE, file, name, names, open_file, read_all, stat, subdir, write_all};
use crate::abi::{Errno, FileKind};
use crate::vfs::Dir;
use std::sync::Arc;

pub(super) fn creating_a_directory_needs_a_free_name(root: &Arc<dyn Dir>, able: &Abilities) {
    for thing in Thing::all(able.symlinks) {
        let text = format!("{thing:?}");
        thing.put(&**root, &text);
        let free = thing == Thing::Nothing;
        let expected = if free { Ok(()) } else { Err(Errno::Exist) };
        assert_eq!(root.create_dir(name(&text)), expected, "over {thing:?}");
    }
    let made = subdir(&**root, "Nothing");
    assert_eq!(names(&*made), [""; 0]);
    assert_eq!(made.metadata().unwrap().kind, FileKind::Directory);
}

pub(super) fn creating_a_symlink_needs_a_free_name(root: &Arc<dyn Dir>, able: &Abilities) {
    for thing in Thing::all(able.symlinks).filter(|_| able.symlinks) {
        let text = format!("{thing:?}");
        thing.put(&**root, &text);
        let free = thing == Thing::Nothing;
        let expected = if free { Ok(()) } else { Err(Errno::Exist) };
        assert_eq!(
            root.create_symlink(name(&text), "t"),
            expected,
            "over {thing:?}"
        );
    }
}

pub(super) fn removing_a_file_answers_in_order(root: &Arc<dyn Dir>, able: &Abilities) {
    for thing in Thing::all(able.symlinks) {
        thing.put(&**root, "x");
        let expected = match thing {
            Thing::Nothing => Err(Errno::Noent),
            Thing::Empty | Thing::Full => Err(Errno::Isdir),
            Thing::File | Thing::Symlink => Ok(()),
        };
        assert_eq!(root.remove_file(name("x")), expected, "{thing:?}");
        assert_eq!(root.stat(name("x")).is_ok(), thing.is_dir(), "{thing:?}");
        if thing.is_dir() {
            root.rename(name("x"), &**root, name(&format!("{thing:?}")))
                .unwrap();
        }
    }
}

pub(super) fn removing_a_directory_answers_in_order(root: &Arc<dyn Dir>, able: &Abilities) {
    for thing in Thing::all(able.symlinks) {
        let text = format!("{thing:?}");
        thing.put(&**root, &text);
        let expected = match thing {
            Thing::Nothing => Err(Errno::Noent),
            Thing::File | Thing::Symlink => Err(Errno::Notdir),
            Thing::Full => Err(Errno::Notempty),
            Thing::Empty => Ok(()),
        };
        assert_eq!(root.remove_dir(name(&text)), expected, "{thing:?}");
        let stays = !matches!(thing, Thing::Nothing | Thing::Empty);
        assert_eq!(root.stat(name(&text)).is_ok(), stays, "{thing:?}");
    }
    assert_eq!(names(&*subdir(&**root, "Full")), ["inside"]);
}

pub(super) fn an_unlinked_file_stays_usable(root: &Arc<dyn Dir>, able: &Abilities) {
    if !able.open_survives_removal {
        return;
    }
    let held = file(&**root, "x", b"before");
    let ino = held.metadata().unwrap().ino;
    root.remove_file(name("x")).unwrap();
    assert_eq!(held.metadata().unwrap().nlink, 0, "it has no name any more");
    let other = file(&**root, "x", b"other");
    assert_ne!(
        other.metadata().unwrap().ino,
        ino,
        "its number is taken while it exists"
    );
    write_all(&*held, b" and after", 6);
    assert_eq!(held.set_len(12), Ok(()));
    assert_eq!(read_all(&*held), b"before and a");
    assert_eq!(read_all(&*other), b"other");
    assert_eq!(held.metadata().unwrap().ino, ino);
}

pub(super) fn a_removed_directory_takes_nothing(root: &Arc<dyn Dir>, able: &Abilities) {
    if !able.open_survives_removal {
        return;
    }
    let held = subdir(&**root, "d");
    file(&**root, "f", b"");
    root.remove_dir(name("d")).unwrap();
    assert_eq!(
        held.metadata().map(|facts| facts.kind),
        Ok(FileKind::Directory)
    );
    assert_eq!(held.stat(name("x")), Err(Errno::Noent));
    assert_eq!(held.open(name("x"), &WRITE).err(), Some(Errno::Noent));
    assert_eq!(held.create_dir(name("x")), Err(Errno::Noent));
    assert_eq!(root.rename(name("f"), &*held, name("x")), Err(Errno::Noent));
    if able.symlinks {
        assert_eq!(held.create_symlink(name("x"), "t"), Err(Errno::Noent));
    }
    if able.hard_links {
        assert_eq!(root.link(name("f"), &*held, name("x")), Err(Errno::Noent));
    }
    assert_eq!(names(&*held), [""; 0]);
    // Nor does it come back with a namesake.
    let other = subdir(&**root, "d");
    file(&*other, "y", b"");
    assert_eq!(names(&*held), [""; 0]);
}

pub(super) fn a_replaced_file_stays_usable(root: &Arc<dyn Dir>, able: &Abilities) {
    let (new, old) = (file(&**root, "new", b"new"), file(&**root, "old", b"old"));
    if !able.open_survives_removal {
        drop(old);
        assert_eq!(root.rename(name("new"), &**root, name("old")), Ok(()));
        return;
    }
    assert_eq!(root.rename(name("new"), &**root, name("old")), Ok(()));
    assert_eq!(
        (read_all(&*old), old.metadata().unwrap().nlink),
        (b"old".to_vec(), 0)
    );
    write_all(&*new, b"er", 3);
    let named = open_file(&**root, "old", &WRITE);
    assert_eq!(read_all(&*named), b"newer");
    assert_eq!(names(&**root), ["old"]);
}

pub(super) fn links_are_names_of_one_file(root: &Arc<dyn Dir>, able: &Abilities) {
    if !able.hard_links {
        return;
    }
    let dir = subdir(&**root, "d");
    let held = file(&**root, "a", b"content");
    assert_eq!(held.metadata().unwrap().nlink, 1);
    assert_eq!(root.link(name("a"), &*dir, name("b")), Ok(()));
    assert_eq!(root.link(name("a"), &**root, name("c")), Ok(()));
    assert_eq!(stat(&*dir, "b"), held.metadata().unwrap());
    assert_eq!(stat(&**root, "c").nlink, 3);
    write_all(&*open_file(&*dir, "b", &WRITE), b"C", 0);
    assert_eq!(read_all(&*held), b"Content");
    root.remove_file(name("a")).unwrap();
    root.remove_file(name("c")).unwrap();
    assert_eq!(held.metadata().unwrap().nlink, 1);
    assert_eq!(read_all(&*open_file(&*dir, "b", &WRITE)), b"Content");
    dir.remove_file(name("b")).unwrap();
    if able.open_survives_removal {
        assert_eq!(held.metadata().unwrap().nlink, 0);
    }
}

pub(super) fn linking_answers_in_order(root: &Arc<dyn Dir>, able: &Abilities) {
    if !able.hard_links {
        return;
    }
    let all = Thing::all(able.symlinks);
    for (from, to) in all
        .clone()
        .flat_map(|from| all.clone().map(move |to| (from, to)))
    {
        let dir = subdir(&**root, &format!("{from:?}{to:?}"));
        let other = subdir(&*dir, "other");
        from.put(&*dir, "from");
        to.put(&*other, "to");
        let expected = if from == Thing::Nothing {
            Err(Errno::Noent)
        } else if to != Thing::Nothing {
            Err(Errno::Exist)
        } else if from.is_dir() {
            Err(Errno::Perm)
        } else {
            Ok(())
        };
        assert_eq!(
            dir.link(name("from"), &*other, name("to")),
            expected,
            "{from:?} as {to:?}"
        );
    }
}

pub(super) fn a_symlink_is_linked_itself(root: &Arc<dyn Dir>, able: &Abilities) {
    if !able.hard_links || !able.symlinks {
        return;
    }
    file(&**root, "f", b"");
    root.create_symlink(name("a"), "f").unwrap();
    assert_eq!(root.link(name("a"), &**root, name("b")), Ok(()));
    assert_eq!(root.read_link(name("b")).as_deref(), Ok("f"));
    assert_eq!(stat(&**root, "b"), stat(&**root, "a"));
    assert_eq!((stat(&**root, "b").nlink, stat(&**root, "f").nlink), (2, 1));
}
