//! What applies to what, and what there is at the start, against the library.

use crate::kinds::{Held, Kind, LISTENER, OTHER, SOCKET};
use crate::table::{applicable, at_start};
use wasi_shim::RightsMode;
use wasi_shim::abi::{FdFlags, FileKind, Rights};
use wasi_shim_tests::trees::{READ_ONLY, ROOT};

#[test]
fn what_applies_is_as_in_the_table() {
    for (kind, known) in [
        (Kind::File, &[FileKind::RegularFile][..]),
        (Kind::Directory, &[FileKind::Directory]),
        (
            Kind::Stdin,
            &[
                FileKind::Unknown,
                FileKind::CharacterDevice,
                FileKind::BlockDevice,
            ],
        ),
        (
            Kind::Socket,
            &[FileKind::SocketStream, FileKind::SocketDgram],
        ),
    ] {
        for filetype in known {
            assert_eq!(
                Rights::applicable(*filetype),
                applicable(kind),
                "{filetype:?}"
            );
        }
    }
}

#[test]
fn descriptors_begin_as_in_the_table() {
    let none = Rights::empty();
    let passes_on = at_start("passes on");
    for mode in [RightsMode::Enforce, RightsMode::ReadWriteOnly] {
        for (kind, numbers, column, inheriting) in [
            (Kind::Stdin, &[0][..], "stdin", none),
            (Kind::Stdout, &[1, 2], "stdout, stderr", none),
            (
                Kind::Directory,
                &[ROOT, READ_ONLY, OTHER],
                "directory",
                passes_on,
            ),
            (Kind::Socket, &[SOCKET], "socket", none),
            (
                Kind::Listener,
                &[LISTENER],
                "listener",
                at_start("passes on to a connection"),
            ),
        ] {
            for number in numbers {
                let stat = Held::all(kind, mode)
                    .guest
                    .fd_fdstat_get(*number)
                    .expect("it is open");
                let found = (stat.rights_base, stat.rights_inheriting);
                assert_eq!(found, (at_start(column), inheriting), "{number}, {mode:?}");
            }
        }
    }
}

#[test]
fn a_connection_has_what_the_listener_passes_on() {
    let whole = at_start("passes on to a connection");
    for right in Rights::all() {
        let mut held = Held::with(Kind::Listener, (at_start("listener"), whole - right));
        let fd = held
            .guest
            .sock_accept(LISTENER, FdFlags::empty())
            .expect("a connection");
        let stat = held.guest.fd_fdstat_get(fd).expect("it is open");
        assert_eq!(
            (stat.rights_base, stat.rights_inheriting),
            (whole - right, Rights::empty())
        );
    }
}

/// What the page says that is given: what was asked for and applies, but for setting the size of what is not opened for
/// writing; and to pass on, of a directory alone, what was asked for.
fn given(kind: Kind, (base, inheriting): (Rights, Rights)) -> (Rights, Rights) {
    let mut given = base & applicable(kind);
    if !base.intersects(Rights::FD_WRITE | Rights::FD_ALLOCATE) {
        given.remove(Rights::FD_FILESTAT_SET_SIZE);
    }
    let passes_on = if kind == Kind::Directory {
        inheriting
    } else {
        Rights::empty()
    };
    (given, passes_on)
}

#[test]
fn what_is_opened_has_what_was_asked_for_and_applies() {
    let none = Rights::empty();
    let most = at_start("passes on");
    for kind in [Kind::File, Kind::Directory] {
        // A directory is opened by its name here, and to ask for writing it would be another matter.
        let most = if kind == Kind::Directory {
            most - Rights::FD_WRITE
        } else {
            most
        };
        let mut all = vec![(none, none), (most, most), (most, none), (none, most)];
        for right in most {
            all.extend([(right, right), (most - right, none), (none, most - right)]);
        }
        for asked in all {
            let opened = Held::opened(kind, RightsMode::Enforce, ROOT, asked);
            let found = opened.expect("it can be opened").rights();
            assert_eq!(found, given(kind, asked), "{kind:?} asked for {asked:?}");
        }
    }
}
