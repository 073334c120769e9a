//! System calls that are interrupted for as long as it takes.
//!
//! Knows that `EINTR` is not an answer where the call is made again. That takes a kernel which says it over and over, and
//! something else later: two filters, of which the second decides. They are the whole process's and stay, so that each
//! system call takes one of its own.

use crate::again;
use crate::calls::numbers;
use crate::kernel::{CHUNK, MANY};
use crate::operations;
use crate::rows::{AGAIN, made_again};
use crate::scene::{Base, Place, Scene};
use crate::streams::STREAMS;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;
use wasi_shim::abi::Errno;
use wasi_shim_tests::Answer;
use wasi_shim_tests::seccomp::{Argument, enter_all, filter};

const TEST: &str =
    "interrupted::an_interrupted_system_call_is_made_again_until_it_says_something_else";

/// The variable that tells a process what is interrupted in it.
const VARIABLE: &str = "FAULTS_INTERRUPTED";

/// How many processes there are at a time.
const TOGETHER: usize = 4;

/// How long system calls are interrupted. Streams wait longer for their clock.
pub(crate) const WHILE: Duration = Duration::from_millis(50);

/// What is interrupted in one process, and meanwhile called.
pub(crate) struct Interruption {
    /// What the kernel does not have, so that it is done in another way.
    pub(crate) missing: Vec<i64>,
    pub(crate) calls: Vec<i64>,
    pub(crate) argument: Option<Argument>,
    pub(crate) cases: Vec<Case>,
}

/// A call of a guest's, and what it answers when the system calls fail with `EIO` at last.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) run: Box<dyn FnOnce() -> Answer<usize> + Send>,
    pub(crate) expected: Answer<usize>,
}

#[test]
fn an_interrupted_system_call_is_made_again_until_it_says_something_else() {
    if again::folder().is_some() {
        suffer(named(&std::env::var(VARIABLE).unwrap()));
        return;
    }
    let many = MANY.iter().map(|many| format!("{} of many", many.0));
    let streams = STREAMS.iter().map(|stream| stream.name.to_owned());
    let files = AGAIN.iter().map(|call| (*call).to_owned());
    let names: Vec<String> = files.chain(many).chain(streams).collect();
    for names in names.chunks(TOGETHER) {
        thread::scope(|scope| {
            for name in names {
                scope.spawn(move || {
                    let folder = tempfile::tempdir().unwrap();
                    let first = format!("export {VARIABLE}='{name}';");
                    again::run(TEST, &first, folder.path());
                });
            }
        });
    }
}

fn named(name: &str) -> Interruption {
    if let Some(stream) = STREAMS.iter().find(|stream| stream.name == name) {
        return stream.interruption();
    }
    match name.strip_suffix(" of many") {
        Some(many) => second(many),
        None => on_files(name),
    }
}

/// A call on a scene, all of which stays until it has ended.
fn on(scene: Scene, run: operations::Run) -> Box<dyn FnOnce() -> Answer<usize> + Send> {
    Box::new(move || {
        let mut scene = scene;
        run(&mut scene.guest, scene.fds)
    })
}

/// Everything on files that makes this call.
fn on_files(call: &str) -> Interruption {
    let case = |(place, name)| {
        let scene = Scene::new(Base::Host, place);
        Case {
            name: format!("{place:?}, {name}"),
            run: on(scene, operations::named(name).run),
            expected: Err(Errno::Io),
        }
    };
    Interruption {
        missing: Vec::new(),
        calls: numbers(call),
        argument: None,
        cases: made_again(call).into_iter().map(case).collect(),
    }
}

/// The second system call of those that more buffers take than go in one.
fn second(name: &str) -> Interruption {
    let many = MANY.iter().find(|many| many.0 == name).unwrap();
    let (_, call, argument, run) = *many;
    let mut scene = Scene::new(Base::Host, Place::Bare);
    let file = scene.fds.file;
    scene.guest.fd_filestat_set_size(file, 2_000).unwrap();
    let case = Case {
        name: name.to_owned(),
        run: on(scene, run),
        expected: Ok(CHUNK),
    };
    Interruption {
        missing: Vec::new(),
        calls: numbers(call),
        argument: Some(argument),
        cases: vec![case],
    }
}

/// Makes all calls while their system calls are interrupted, then fail. None may answer before. The threads are there
/// before: to start one takes system calls too.
fn suffer(interruption: Interruption) {
    let Interruption {
        missing,
        calls,
        argument,
        cases,
    } = interruption;
    assert!(!cases.is_empty());
    let start = Arc::new(Barrier::new(cases.len() + 1));
    let failing = Arc::new(AtomicBool::new(false));
    let spawn = |case: Case| {
        let (start, failing) = (Arc::clone(&start), Arc::clone(&failing));
        thread::spawn(move || {
            start.wait();
            let answer = (case.run)();
            let waited = failing.load(Ordering::SeqCst);
            (case.name, (answer, waited), (case.expected, true))
        })
    };
    let threads: Vec<_> = cases.into_iter().map(spawn).collect();
    if !missing.is_empty() {
        enter_all(&filter(&missing, None, libc::ENOSYS.unsigned_abs()));
    }
    enter_all(&filter(&calls, argument, libc::EINTR.unsigned_abs()));
    start.wait();
    thread::sleep(WHILE);
    failing.store(true, Ordering::SeqCst);
    enter_all(&filter(&calls, argument, libc::EIO.unsigned_abs()));
    for thread in threads {
        let (name, found, expected) = thread.join().unwrap();
        assert_eq!(found, expected, "{name}");
    }
}
