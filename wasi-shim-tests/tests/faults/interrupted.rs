//! System calls that are interrupted for as long as it takes.
//!
//! Knows that `EINTR` is not an answer where the call is made again. That takes a kernel which says it over and over, and
//! something else later: two filters, of which the second decides.

use crate::again;
use crate::calls::numbers;
use crate::operations;
use crate::rows::AGAIN;
use crate::scene::{Base, Place, Scene};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;
use std::time::Duration;
use wasi_shim::abi::Errno;
use wasi_shim_tests::Answer;
use wasi_shim_tests::seccomp::{enter_all, filter};

#[test]
fn an_interrupted_system_call_is_made_again_until_it_says_something_else() {
    if again::folder().is_some() {
        let found = thread::spawn(interrupted).join().unwrap();
        for ((name, call), answer) in AGAIN.iter().zip(found) {
            assert_eq!(answer, Err(Errno::Io), "{name}, {call}");
        }
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let this = "interrupted::an_interrupted_system_call_is_made_again_until_it_says_something_else";
    again::run(this, "", folder.path());
}

/// What each operation answers when its system call is interrupted for a while, and fails then. The threads are there
/// before: to start one takes system calls too.
fn interrupted() -> Vec<Answer<usize>> {
    let calls: Vec<i64> = AGAIN.iter().flat_map(|(_, call)| numbers(call)).collect();
    let start = Arc::new(Barrier::new(AGAIN.len() + 1));
    let (told, answers) = mpsc::channel();
    for (index, (name, _)) in AGAIN.iter().enumerate() {
        let mut scene = Scene::new(Base::Host, Place::Direct);
        let run = operations::named(name).run;
        let (start, told) = (Arc::clone(&start), told.clone());
        thread::spawn(move || {
            start.wait();
            let answer = run(&mut scene.guest, scene.fds);
            told.send((index, answer)).unwrap();
        });
    }
    enter_all(&filter(&calls, None, libc::EINTR.unsigned_abs()));
    start.wait();
    thread::sleep(Duration::from_millis(50));
    enter_all(&filter(&calls, None, libc::EIO.unsigned_abs()));
    let mut found: Vec<_> = answers.iter().take(AGAIN.len()).collect();
    found.sort_by_key(|(index, _)| *index);
    found.into_iter().map(|(_, answer)| answer).collect()
}
