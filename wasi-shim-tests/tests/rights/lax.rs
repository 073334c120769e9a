//! Rights that are not enforced: what a file was opened for is all that counts.

use crate::kinds::{Held, Kind};
use crate::scenes::play;
use crate::table::{Needs, applicable, needs};
use wasi_shim::RightsMode;
use wasi_shim::abi::{Errno, Rights};
use wasi_shim_tests::trees::ROOT;

const LAX: RightsMode = RightsMode::ReadWriteOnly;

/// What the page says of a row for a descriptor of this kind that was opened with these rights.
pub(crate) fn refused(row: &Needs, kind: Kind, base: Rights) -> bool {
    let applies = applicable(kind);
    let means_something = row.base.iter().any(|set| set.intersects(applies));
    let missed = row.opened_for & applies & !base;
    means_something && !missed.is_empty()
}

#[test]
fn only_what_a_file_was_opened_for_counts() {
    for row in needs() {
        for kind in [Kind::File, Kind::Directory] {
            let (base, inheriting) = Held::all(kind, LAX).rights();
            let opened = |rights| Held::opened(kind, LAX, ROOT, rights).expect("it can be opened");
            let all = play(row, &mut opened((base, inheriting)));
            for right in Rights::all() {
                for rights in [(base - right, inheriting), (base, inheriting - right)] {
                    let mut held = opened(rights);
                    let before = held.tree();
                    let refused = refused(row, kind, rights.0);
                    let expected = if refused { Err(Errno::Badf) } else { all };
                    assert_eq!(
                        play(row, &mut held),
                        expected,
                        "{} on {kind:?} opened with {rights:?}",
                        row.name
                    );
                    assert!(
                        !refused || held.tree() == before,
                        "{} on {kind:?}",
                        row.name
                    );
                }
            }
        }
    }
}

#[test]
fn standard_streams_go_one_way() {
    for row in needs() {
        for kind in [Kind::Stdin, Kind::Stdout, Kind::Socket, Kind::Listener] {
            let mut held = Held::all(kind, LAX);
            let (base, _) = held.rights();
            let found = play(row, &mut held);
            if refused(row, kind, base) {
                assert_eq!(found, Err(Errno::Badf), "{} on {kind:?}", row.name);
            } else if row.kind == Some(kind) {
                assert_eq!(found, Ok(()), "{} on {kind:?}", row.name);
            }
            assert_ne!(found, Err(Errno::Notcapable), "{} on {kind:?}", row.name);
        }
    }
}

#[test]
fn nothing_can_be_given_up() {
    for kind in Kind::ALL {
        let mut held = Held::all(kind, LAX);
        let (base, inheriting) = held.rights();
        for right in Rights::all() {
            for rights in [
                (base - right, inheriting),
                (base, inheriting - right),
                (base | right, inheriting),
            ] {
                let found = held.guest.fd_fdstat_set_rights(held.fd, rights.0, rights.1);
                assert_eq!(found, Err(Errno::Notsup), "{right:?} on {kind:?}");
                assert_eq!(held.rights(), (base, inheriting), "{right:?} on {kind:?}");
            }
        }
    }
}
