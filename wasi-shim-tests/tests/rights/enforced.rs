//! Rights as the specification has them: `notcapable` where the page says so, and nowhere else.

use crate::kinds::{Held, Kind};
use crate::scenes::play;
use crate::table::{Needs, needs};
use wasi_shim::RightsMode;
use wasi_shim::abi::{Errno, FdFlags, LookupFlags, OFlags, Rights, Syscall};
use wasi_shim_tests::Answer;
use wasi_shim_tests::trees::ROOT;

/// The row's call with every right that a kind can have. On the row's own kind it is done, unless its answer is fixed.
fn with_all(row: &Needs, kind: Kind) -> (Answer<()>, (Rights, Rights)) {
    let mut held = Held::all(kind, RightsMode::Enforce);
    let rights = held.rights();
    let found = play(row, &mut held);
    let refused = row.refused(kind, rights);
    assert_eq!(
        found == Err(Errno::Notcapable),
        refused,
        "{} on {kind:?} with all",
        row.name
    );
    if row.kind.is_none_or(|own| own == kind) && row.call != Syscall::ProcRaise {
        assert_eq!(found, Ok(()), "{} on {kind:?} with all", row.name);
    }
    (found, rights)
}

/// Plays a row and checks that it answers as expected, and has changed nothing if it is refused.
fn check(row: &Needs, kind: Kind, mut held: Held, (all, refused): (Answer<()>, bool), what: &str) {
    let before = held.tree();
    let expected = if refused { Err(Errno::Notcapable) } else { all };
    let found = play(row, &mut held);
    assert_eq!(
        found, expected,
        "{} ({}) on {kind:?}, {what}",
        row.name, row.descriptor
    );
    if refused {
        assert!(
            held.tree() == before,
            "{} on {kind:?}, {what}: the tree has changed",
            row.name
        );
    }
}

#[test]
fn without_one_right_exactly_the_documented_calls_are_refused() {
    for row in needs() {
        for kind in Kind::ALL {
            let (all, (base, inheriting)) = with_all(row, kind);
            for right in Rights::all() {
                for held in [(base - right, inheriting), (base, inheriting - right)] {
                    let expected = (all, row.refused(kind, held));
                    let what = format!("one of its rights given up, {right:?}, keeping {held:?}");
                    check(row, kind, Held::with(kind, held), expected, &what);
                }
            }
        }
    }
}

#[test]
fn the_documented_rights_are_enough() {
    for row in needs() {
        let Some(kind) = row.kind else { continue };
        let held = Held::with(kind, row.enough());
        check(row, kind, held, (Ok(()), false), "with what it needs");
        let (base, inheriting) = Held::all(kind, RightsMode::Enforce).rights();
        let given_up = row.base.iter().map(|set| (base - *set, inheriting));
        let kept_back = row.inheriting.iter().map(|set| (base, inheriting - *set));
        for rights in given_up.chain(kept_back) {
            let held = Held::with(kind, rights);
            check(row, kind, held, (Ok(()), true), "without any of a set");
        }
    }
}

#[test]
fn a_right_that_was_not_asked_for_is_missed_like_one_given_up() {
    for row in needs() {
        for kind in [Kind::File, Kind::Directory] {
            let (_, (base, inheriting)) = with_all(row, kind);
            let opened = |rights| {
                Held::opened(kind, RightsMode::Enforce, ROOT, rights).expect("it can be opened")
            };
            // Not the preopened directory itself, which differs in two calls.
            let all = play(row, &mut opened((base, inheriting)));
            for right in Rights::all() {
                for rights in [(base - right, inheriting), (base, inheriting - right)] {
                    let expected = (all, row.refused(kind, rights));
                    check(
                        row,
                        kind,
                        opened(rights),
                        expected,
                        &format!("opened with {rights:?}"),
                    );
                }
            }
        }
    }
}

#[test]
fn a_right_given_up_never_comes_back() {
    for kind in Kind::ALL {
        let (base, inheriting) = Held::all(kind, RightsMode::Enforce).rights();
        for right in Rights::all() {
            let fewer = (base - right, inheriting - right);
            let mut held = Held::with(kind, fewer);
            for more in [(fewer.0 | right, fewer.1), (fewer.0, fewer.1 | right)] {
                let found = held.guest.fd_fdstat_set_rights(held.fd, more.0, more.1);
                assert_eq!(found, Err(Errno::Notcapable), "{right:?} on {kind:?}");
                assert_eq!(held.rights(), fewer, "{right:?} on {kind:?}");
            }
            if kind == Kind::Directory {
                check_nothing_opened_has(&mut held, right);
            }
        }
    }
}

/// Neither a file nor a directory that is opened through what is held has the right, or passes it on.
fn check_nothing_opened_has(held: &mut Held, right: Rights) {
    let (_, inheriting) = held.rights();
    for path in ["file", "dir"] {
        for rights in [
            (inheriting, inheriting),
            (inheriting | right, inheriting),
            (inheriting, inheriting | right),
        ] {
            let (lookup, flags) = (LookupFlags::empty(), FdFlags::empty());
            // Writing is asked of a directory only together with that flag.
            let oflags = if path == "dir" {
                OFlags::DIRECTORY
            } else {
                OFlags::empty()
            };
            let rights = if path == "dir" {
                (rights.0 - Rights::FD_WRITE, rights.1)
            } else {
                rights
            };
            let Ok(fd) = held
                .guest
                .path_open(held.fd, lookup, path, oflags, rights, flags)
            else {
                continue;
            };
            let stat = held.guest.fd_fdstat_get(fd).expect("an open descriptor");
            let has = (stat.rights_base | stat.rights_inheriting).intersects(right);
            assert!(!has, "{path} opened with {rights:?} has {right:?}");
        }
    }
}
