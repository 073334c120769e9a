//! Directories of the host on a kernel that refuses a system call.
//!
//! Knows what the guest is told and what is left of each refusal; which there are is in `rows`. Part of the matrix.

use crate::calls::numbers;
use crate::case::{Before, Expected, Reference, judge, leave, same};
use crate::errors::ERRORS;
use crate::operations::{self, CLOSING, Operation};
use crate::rows::{HOST, OVERLAY, Row, SPARE, TOO_LATE, UNTOLD, is_made_again};
use crate::scene::{Base, Place, Scene};
use wasi_shim::abi::Errno;
use wasi_shim_tests::seccomp::{Argument, filter, under};

/// A system call that is refused.
struct Refusal {
    calls: Vec<i64>,
    argument: Option<Argument>,
    errno: i32,
}

/// What has been run.
#[derive(Default)]
struct Cases {
    good: Vec<String>,
    wrong: Vec<String>,
}

impl Cases {
    fn add(&mut self, name: String, checked: Result<(), String>) {
        match checked {
            Ok(()) => self.good.push(name),
            Err(what) => self.wrong.push(format!("{name}: {what}")),
        }
    }

    /// Each row with each error.
    fn rows(&mut self, place: Place, rows: &[Row], expected: fn(Errno) -> Expected) {
        for (name, calls) in rows {
            let operation = operations::named(name);
            let reference = Reference::of(Base::Host, place, operation);
            for call in *calls {
                for (errno, number) in ERRORS {
                    if errno == Errno::Intr && is_made_again(name, call) {
                        continue;
                    }
                    let case = format!("{place:?}, {name}, {call}: {}", errno.name());
                    let refusal = Refusal::always(numbers(call), number);
                    let checked = refuse(place, operation, &reference, &refusal, expected(errno));
                    self.add(case, checked);
                }
            }
        }
    }
}

impl Refusal {
    const fn always(calls: Vec<i64>, errno: i32) -> Self {
        Self {
            calls,
            argument: None,
            errno,
        }
    }

    /// Runs `run` on a kernel that refuses.
    fn during<T: Send>(&self, run: impl FnOnce() -> T + Send) -> T {
        let errno = self.errno.unsigned_abs();
        under(&filter(&self.calls, self.argument, errno), run)
    }
}

/// Runs every case; returns which there were.
pub(crate) fn cases() -> Vec<String> {
    let mut cases = Cases::default();
    cases.rows(Place::Direct, HOST, Expected::Error);
    cases.rows(Place::Upper, OVERLAY, Expected::Error);
    cases.rows(Place::Bare, TOO_LATE, Expected::ErrorAfter);
    cases.rows(Place::Bare, UNTOLD, |_| Expected::Success);
    spare(&mut cases);
    closing(&mut cases);
    middle(&mut cases);
    judge(&cases.wrong);
    cases.good
}

fn refuse(
    place: Place,
    operation: &Operation,
    reference: &Reference,
    refusal: &Refusal,
    expected: Expected,
) -> Result<(), String> {
    let mut scene = Scene::new(Base::Host, place);
    let before = Before::of(&mut scene);
    let (guest, fds) = (&mut scene.guest, scene.fds);
    let found = refusal.during(|| (operation.run)(guest, fds));
    reference.check(&mut scene, operation, &before, found, expected)?;
    leave(scene)
}

/// What can be done without, alone and together.
fn spare(cases: &mut Cases) {
    for (name, calls) in SPARE {
        let operation = operations::named(name);
        let reference = Reference::of(Base::Host, Place::Bare, operation);
        let all: Vec<i64> = calls.iter().flat_map(|call| numbers(call)).collect();
        for (errno, number) in ERRORS {
            let mut run = |calls: &str, numbers: Vec<i64>, expected: Expected| {
                let refusal = Refusal::always(numbers, number);
                let checked = refuse(Place::Bare, operation, &reference, &refusal, expected);
                cases.add(format!("{name}, {calls}: {}", errno.name()), checked);
            };
            // Made again for as long as it is interrupted, which here would be for good.
            if errno == Errno::Intr && calls.contains(&"openat") {
                continue;
            }
            for call in *calls {
                run(call, numbers(call), Expected::Success);
            }
            run("both", all.clone(), Expected::Error(errno));
        }
    }
}

/// Whatever the system says to `close`, the guest's descriptor is closed. Here it also keeps the handle, which tells that it
/// was asked; a real one does not.
fn closing(cases: &mut Cases) {
    for operation in CLOSING {
        let reference = Reference::of(Base::Host, Place::Bare, operation);
        for (errno, number) in ERRORS {
            let mut scene = Scene::new(Base::Host, Place::Bare);
            let before = Before::of(&mut scene);
            let handles = scene.handles();
            let (guest, fds) = (&mut scene.guest, scene.fds);
            let refusal = Refusal::always(numbers("close"), number);
            let found = refusal.during(|| (operation.run)(guest, fds));
            let checked = reference
                .check(&mut scene, operation, &before, found, Expected::Success)
                .and_then(|()| same("handles", &scene.handles(), &handles));
            cases.add(
                format!("{}, close: {}", operation.name, errno.name()),
                checked,
            );
        }
    }
}

/// How many buffers go in one system call, and how many there are.
pub(crate) const CHUNK: usize = 1_024;
const BUFFERS: usize = 1_500;

/// What moves many buffers, its system call, and the argument by which its second is told: the offset, or the number of
/// buffers.
pub(crate) type Many = (&'static str, &'static str, Argument, operations::Run);

pub(crate) const MANY: [Many; 5] = [
    ("fd_write", "pwritev", (3, 2 + CHUNK as u64), |g, fds| {
        g.fd_writev(fds.file, &[b"x".as_slice(); BUFFERS])
    }),
    ("fd_pwrite", "pwritev", (3, 5 + CHUNK as u64), |g, fds| {
        g.fd_pwrite(fds.file, &[b"x".as_slice(); BUFFERS], 5)
    }),
    (
        "append",
        "pwritev2",
        (2, (BUFFERS - CHUNK) as u64),
        |g, fds| g.fd_writev(fds.end, &[b"x".as_slice(); BUFFERS]),
    ),
    ("fd_read", "preadv", (3, 2 + CHUNK as u64), |g, fds| {
        g.fd_readv(fds.file, &[1; BUFFERS]).map(|bytes| bytes.len())
    }),
    ("fd_pread", "preadv", (3, 5 + CHUNK as u64), |g, fds| {
        g.fd_pread(fds.file, &[1; BUFFERS], 5)
            .map(|bytes| bytes.len())
    }),
];

/// More buffers than go in one system call, the second of which fails.
fn middle(cases: &mut Cases) {
    for (name, call, argument, run) in MANY {
        for (errno, number) in ERRORS {
            if errno == Errno::Intr {
                continue;
            }
            let mut scene = Scene::new(Base::Host, Place::Bare);
            let fds = scene.fds;
            scene.guest.fd_filestat_set_size(fds.file, 2_000).unwrap();
            let refusal = Refusal {
                calls: numbers(call),
                argument: Some(argument),
                errno: number,
            };
            let guest = &mut scene.guest;
            let found = refusal.during(|| run(guest, fds));
            let size = scene.guest.fd_filestat_get(fds.file).unwrap().size;
            let grown = if name == "append" { CHUNK as u64 } else { 0 };
            let checked = same("the count", &found, &Ok(CHUNK))
                .and_then(|()| same("the size", &size, &(2_000 + grown)))
                .and_then(|()| written(&mut scene, name))
                .and_then(|()| leave(scene));
            cases.add(
                format!("{name} of many buffers, {call}: {}", errno.name()),
                checked,
            );
        }
    }
}

/// Exactly as many bytes were written as were told.
fn written(scene: &mut Scene, name: &str) -> Result<(), String> {
    let fd = scene.fds.file;
    let bytes = scene.guest.fd_pread(fd, &[4_000], 0).unwrap();
    let count = bytes.iter().filter(|byte| **byte == b'x').count();
    let writes = !name.ends_with("read");
    same("the bytes", &count, &if writes { CHUNK } else { 0 })
}
