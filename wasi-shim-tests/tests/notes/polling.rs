//! The tables of `polling.md`.

use std::io::{IoSlice, IoSliceMut};
use std::sync::Arc;
use wasi_shim::RightsMode;
use wasi_shim::abi::{Errno, FdFlags, LookupFlags, OFlags, Result, Rights, SubclockFlags, Whence};
use wasi_shim::vfs::{Interest, Readiness, Stream};
use wasi_shim_tests::notes::{Page, quoted};
use wasi_shim_tests::trees::{READ_ONLY, ROOT, Tree};
use wasi_shim_tests::{Guest, Subscription};

const NOW: u64 = 1_000;
const TIME: SubclockFlags = SubclockFlags::SUBSCRIPTION_CLOCK_ABSTIME;
const DURATION: SubclockFlags = SubclockFlags::empty();

/// A stream that is ready, with so many bytes, and whose other end has closed.
struct Closed(u64);

impl Stream for Closed {
    fn read(&self, _: &mut [IoSliceMut<'_>]) -> Result<usize> {
        Ok(0)
    }

    fn write(&self, _: &[IoSlice<'_>]) -> Result<usize> {
        Err(Errno::Pipe)
    }

    fn ready(&self, _: Interest, _: &std::task::Waker) -> Readiness {
        Readiness::Now {
            bytes: self.0,
            hangup: true,
        }
    }
}

/// A guest whose time stands still, with a file of ten bytes that is open with these rights.
fn guest(mode: RightsMode, rights: Rights) -> (Guest, u32) {
    let streams = Arc::new(Closed(9));
    let builder = Tree::memory()
        .builder()
        .rights(mode)
        .stdin(streams.clone())
        .stdout(streams);
    let mut guest = Guest::with_clock(builder, NOW);
    let (lookup, none) = (LookupFlags::empty(), FdFlags::empty());
    let all = (Rights::FILE, Rights::empty());
    let made = guest
        .path_open(ROOT, lookup, "file", OFlags::CREAT, all, none)
        .expect("a new file");
    assert_eq!(guest.fd_write(made, "0123456789"), Ok(10));
    let opened = guest.path_open(
        ROOT,
        lookup,
        "file",
        OFlags::empty(),
        (rights, Rights::empty()),
        none,
    );
    (guest, opened.expect("the file"))
}

/// What is waited for, and what is said of it when it is ready.
pub(crate) fn check_events() {
    let page = Page::load("polling.md");
    for row in &page.table("What is waited for").rows {
        let [what, when, nbytes, hangup] = &row.cells[..] else {
            panic!("{row:?} has four cells")
        };
        let offsets: &[i64] = if what == "a file, to be read" {
            &[4, 10, 12]
        } else {
            &[4]
        };
        for offset in offsets {
            let (mut guest, fd) = guest(RightsMode::Enforce, Rights::FILE);
            guest.fd_seek(fd, *offset, Whence::Set).expect("an offset");
            let subscription = subscription(what, fd);
            let event = guest.poll_oneoff(&[subscription]).expect("an event")[0];
            assert_eq!(event.error, None, "{what}");
            let clock = guest.clock.as_ref().expect("its clock").get();
            assert_eq!(clock, waited_until(when), "{what}");
            let expected = match nbytes.as_str() {
                "0" => 0,
                "bytes from the offset to the end, 0 beyond it" => {
                    (10 - offset).max(0).cast_unsigned()
                }
                "what the stream says can be read" | "what the stream says can be written" => 9,
                other => panic!("nothing tries {other:?}"),
            };
            assert_eq!(event.nbytes, expected, "{what} at {offset}");
            assert_eq!(event.hangup, hangup == "the other end has closed", "{what}");
        }
    }
}

fn subscription(what: &str, file: u32) -> Subscription {
    match what {
        "a clock, with a time" => Subscription::Clock(1, NOW + 7, TIME),
        "a clock, with a duration" => Subscription::Clock(0, 5, DURATION),
        "a file, to be read" => Subscription::Read(file),
        "a file, to be written" => Subscription::Write(file),
        "a directory" => Subscription::Read(ROOT),
        "a stream, to be read" => Subscription::Read(0),
        "a stream, to be written" => Subscription::Write(1),
        other => panic!("nothing tries {other:?}"),
    }
}

/// What the clock shows when the event comes.
fn waited_until(when: &str) -> u64 {
    match when {
        "the clock shows that time or a later one" => NOW + 7,
        "the monotonic clock has moved on by that much since the call began" => NOW + 5,
        "always" | "a read would not wait" | "a write would not wait" => NOW,
        other => panic!("nothing tries {other:?}"),
    }
}

/// What is wrong with a subscription.
pub(crate) fn check_errors() {
    let page = Page::load("polling.md");
    for row in &page.table("What is wrong with one is its own event").rows {
        let names: Vec<&str> = quoted(&row.cells[1]).collect();
        let named = |name: &str| {
            Errno::ALL
                .iter()
                .find(|errno| errno.name() == name)
                .expect("an error code")
        };
        for (found, mode) in wrong(&row.cells[0]) {
            let index = usize::from(mode == RightsMode::ReadWriteOnly && names.len() > 1);
            assert_eq!(
                found,
                Some(*named(names[index])),
                "{}, {mode:?}",
                row.cells[0]
            );
        }
    }
}

/// The errors of the events that a row is about, with how rights are enforced.
fn wrong(what: &str) -> Vec<(Option<Errno>, RightsMode)> {
    use RightsMode::{Enforce, ReadWriteOnly};
    use Subscription::{Clock, Read, Write};
    let poll = Rights::POLL_FD_READWRITE;
    let any = |subscription: fn(u32) -> Subscription| error(Enforce, Rights::empty(), subscription);
    match what.replace('`', "").as_str() {
        "the descriptor is not open" => vec![any(|_| Read(99)), any(|_| Write(99))],
        "it has not POLL_FD_READWRITE, and FD_READ or FD_WRITE" => vec![
            error(Enforce, poll, Read),
            error(Enforce, poll, Write),
            error(Enforce, Rights::FD_READ, Read),
            error(Enforce, Rights::FD_WRITE, Write),
            error(ReadWriteOnly, Rights::FD_READ, Read),
            error(ReadWriteOnly, Rights::FD_WRITE, Write),
        ],
        "to be written, in a tree given for reading" => {
            let of = |mode| error(mode, Rights::empty(), |_| Write(READ_ONLY));
            vec![of(Enforce), of(ReadWriteOnly)]
        }
        "a clock of CPU time, which stands still while one waits" => {
            vec![any(|_| Clock(2, 0, DURATION)), any(|_| Clock(3, 0, TIME))]
        }
        "a clock or a flag that nobody knows" => vec![
            any(|_| Clock(4, 0, DURATION)),
            any(|_| Clock(u32::MAX, 0, DURATION)),
            any(|_| Clock(1, 0, SubclockFlags::from_bits_retain(2))),
        ],
        other => panic!("nothing tries {other:?}"),
    }
}

/// The error of the event, where the file was opened without these rights.
fn error(
    mode: RightsMode,
    without: Rights,
    subscription: fn(u32) -> Subscription,
) -> (Option<Errno>, RightsMode) {
    let (mut guest, fd) = guest(mode, Rights::FILE - without);
    let events = guest.poll_oneoff(&[subscription(fd)]).expect("an event");
    (events[0].error, mode)
}
