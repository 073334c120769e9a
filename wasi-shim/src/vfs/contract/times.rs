//! Checks of times.
//!
//! Knows which times can be set and which changes move them. Refuses to know the clock: a time only has to be later
//! than one long ago. Run by the suite.

use super::Abilities;
use super::tools::{file, name, stat, subdir, write_all};
use crate::abi::Errno;
use crate::vfs::{Dir, Metadata, SetTime, SetTimes, Timestamp};
use std::sync::Arc;

/// A moment of 2001 whose every digit counts, as a filesystem with this step keeps it.
fn moment(able: &Abilities, second: u64) -> Timestamp {
    let exact = (1_000_000_000 + second) * 1_000_000_000 + 123_456_789;
    Timestamp(exact - exact % able.time_step.max(1))
}

fn at(able: &Abilities, atim: u64, mtim: u64) -> SetTimes {
    SetTimes {
        atim: SetTime::At(moment(able, atim)),
        mtim: SetTime::At(moment(able, mtim)),
    }
}

#[track_caller]
fn assert_times(found: Metadata, able: &Abilities, atim: u64, mtim: u64) {
    let expected = (moment(able, atim), moment(able, mtim));
    assert_eq!((found.atim, found.mtim), expected);
}

pub(super) fn times_are_kept(root: &Arc<dyn Dir>, able: &Abilities) {
    if !able.times {
        return;
    }
    let held = file(&**root, "f", b"content");
    assert_eq!(held.set_times(&at(able, 1, 2)), Ok(()));
    assert_times(held.metadata().unwrap(), able, 1, 2);
    assert_times(stat(&**root, "f"), able, 1, 2);
    assert_eq!(root.set_times(name("f"), &at(able, 3, 4)), Ok(()));
    assert_times(held.metadata().unwrap(), able, 3, 4);
    assert_eq!(
        root.set_times(name("missing"), &at(able, 1, 1)),
        Err(Errno::Noent)
    );
    // The time of the last change of facts cannot be set.
    assert!(held.metadata().unwrap().ctim >= moment(able, 4));
}

pub(super) fn times_are_kept_of_symlinks_and_directories(root: &Arc<dyn Dir>, able: &Abilities) {
    if !able.times {
        return;
    }
    let dir = subdir(&**root, "d");
    assert_eq!(root.set_times(name("d"), &at(able, 1, 2)), Ok(()));
    assert_times(dir.metadata().unwrap(), able, 1, 2);
    assert_eq!(dir.set_own_times(&at(able, 3, 4)), Ok(()));
    assert_times(stat(&**root, "d"), able, 3, 4);
    if able.symlinks {
        root.create_symlink(name("l"), "d").unwrap();
        assert_eq!(root.set_times(name("l"), &at(able, 5, 6)), Ok(()));
        assert_times(stat(&**root, "l"), able, 5, 6);
        assert_times(stat(&**root, "d"), able, 3, 4);
    }
}

pub(super) fn times_may_stay_or_become_now(root: &Arc<dyn Dir>, able: &Abilities) {
    if !able.times {
        return;
    }
    let held = file(&**root, "f", b"");
    held.set_times(&at(able, 1, 2)).unwrap();
    assert_eq!(held.set_times(&SetTimes::default()), Ok(()));
    assert_times(held.metadata().unwrap(), able, 1, 2);
    let mut set = SetTimes {
        atim: SetTime::At(moment(able, 9)),
        mtim: SetTime::Keep,
    };
    assert_eq!(held.set_times(&set), Ok(()));
    assert_times(held.metadata().unwrap(), able, 9, 2);
    set = SetTimes {
        atim: SetTime::Keep,
        mtim: SetTime::Now,
    };
    assert_eq!(root.set_times(name("f"), &set), Ok(()));
    let facts = held.metadata().unwrap();
    assert_eq!(facts.atim, moment(able, 9));
    assert!(facts.mtim > moment(able, 9), "{facts:?}");
}

/// Does `change` move this directory's times on?
#[track_caller]
fn assert_moves(dir: &dyn Dir, able: &Abilities, what: &str, change: impl FnOnce()) {
    dir.set_own_times(&at(able, 1, 1)).unwrap();
    change();
    let facts = dir.metadata().unwrap();
    assert!(
        facts.mtim > moment(able, 1),
        "{what} did not change the directory's time"
    );
    assert!(
        facts.ctim > moment(able, 1),
        "{what} did not change the directory's ctim"
    );
}

pub(super) fn changes_move_times_on(root: &Arc<dyn Dir>, able: &Abilities) {
    if !able.times {
        return;
    }
    let held = file(&**root, "f", b"content");
    let changes: [(&str, &dyn Fn()); 3] = [
        ("writing", &|| write_all(&*held, b"x", 0)),
        ("cutting", &|| held.set_len(3).unwrap()),
        ("extending", &|| held.set_len(9).unwrap()),
    ];
    for (what, change) in changes {
        held.set_times(&at(able, 1, 2)).unwrap();
        change();
        let facts = held.metadata().unwrap();
        assert!(
            facts.mtim > moment(able, 2) && facts.ctim > moment(able, 2),
            "{what}: {facts:?}"
        );
    }
    let dir = subdir(&**root, "d");
    assert_moves(&*dir, able, "creating a file", || {
        drop(file(&*dir, "f", b""))
    });
    assert_moves(&*dir, able, "creating a directory", || {
        dir.create_dir(name("d")).unwrap()
    });
    assert_moves(&*dir, able, "moving away", || {
        dir.rename(name("f"), &**root, name("g")).unwrap()
    });
    assert_moves(&**root, able, "moving away", || {
        root.rename(name("g"), &*dir, name("g")).unwrap()
    });
    assert_moves(&*dir, able, "moving here", || {
        root.rename(name("f"), &*dir, name("f")).unwrap()
    });
    assert_moves(&*dir, able, "renaming", || {
        dir.rename(name("g"), &*dir, name("h")).unwrap()
    });
    assert_moves(&*dir, able, "removing a file", || {
        dir.remove_file(name("h")).unwrap()
    });
    assert_moves(&*dir, able, "removing a directory", || {
        dir.remove_dir(name("d")).unwrap()
    });
}
