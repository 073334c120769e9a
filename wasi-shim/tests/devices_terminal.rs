//! Terminals that nobody sits at, and what a guest sees of them.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

use std::io::{IoSlice, IoSliceMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};
use std::thread;
use std::time::Duration;
use wasi_shim::Wasi;
use wasi_shim::abi::{Errno, FdFlags, FileKind, Result, Rights, Syscall};
use wasi_shim::backends::{Script, ScriptedTerminal, Terminal};
use wasi_shim::vfs::{Interest, Readiness, Stream};

mod guest_kit;
use guest_kit::Guest;

fn get(stream: &dyn Stream, len: usize) -> Result<String> {
    let mut buf = vec![0; len];
    let count = stream.read(&mut [IoSliceMut::new(&mut buf)])?;
    buf.truncate(count);
    Ok(String::from_utf8(buf).unwrap())
}

fn put(stream: &dyn Stream, text: &str) {
    assert_eq!(
        stream.write(&[IoSlice::new(text.as_bytes())]),
        Ok(text.len())
    );
}

#[test]
fn a_terminal_keeps_what_is_shown() {
    let terminal = Terminal::new(8);
    assert_eq!(terminal.kind(), FileKind::CharacterDevice);
    put(&*terminal, "hello ");
    assert_eq!(terminal.write(&[IoSlice::new(b"world")]), Ok(2));
    assert_eq!(terminal.write(&[IoSlice::new(b"!")]), Err(Errno::Nospc));
    assert_eq!(get(&*terminal, 4), Ok(String::new()));
    assert_eq!(terminal.contents(), b"hello wo");
    assert_eq!(terminal.take(), b"hello wo");
    put(&*terminal, "again");
    assert_eq!(terminal.contents(), b"again");
    let ready = |interest| match terminal.ready(interest, Waker::noop()) {
        Readiness::Now { bytes, hangup } => (bytes, hangup),
        other => panic!("{other:?}"),
    };
    assert_eq!(ready(Interest::Read), (0, true));
    assert_eq!(ready(Interest::Write), (3, false));
}

#[test]
fn a_guest_takes_it_for_a_terminal() {
    let terminal = Terminal::new(100);
    let builder = Wasi::builder().stdin(terminal.clone());
    let builder = builder.stdout(terminal.clone()).stderr(terminal.clone());
    let mut guest = Guest::new(builder);
    for fd in 0..3 {
        let (kind, rights) = guest.fdstat(fd);
        assert_eq!(kind, FileKind::CharacterDevice);
        assert!(!rights.intersects(Rights::FD_SEEK | Rights::FD_TELL));
    }
    assert_eq!(guest.write(1, b"out"), Ok(3));
    assert_eq!(guest.write(2, b"err"), Ok(3));
    assert_eq!(guest.read(0, 3), Ok(vec![]));
    assert_eq!(terminal.contents(), b"outerr");
}

fn scripted(script: Script) -> (Guest, Arc<ScriptedTerminal>) {
    let terminal = ScriptedTerminal::new(script, 1000);
    let builder = Wasi::builder().stdin(terminal.clone());
    let builder = builder.stdout(terminal.clone()).stderr(terminal.clone());
    (Guest::new(builder), terminal)
}

#[test]
fn a_script_answers_a_guest_that_asks() {
    let script = Script::new().expect("name? ").send("Ada\n").expect("age? ");
    let (mut guest, terminal) = scripted(script.send("36\n").expect("bye"));
    assert_eq!(guest.write(1, b"Welcome. name"), Ok(13));
    assert_eq!(terminal.waits_for(), Some(b"name? ".to_vec()));
    let reading = [0, 0, 1, 512];
    guest.vectors(&[10]);
    assert!(
        guest.blocks(Syscall::FdRead, &reading),
        "nothing was asked yet"
    );
    guest.set_flags(0, FdFlags::NONBLOCK);
    assert_eq!(guest.read(0, 10), Err(Errno::Again));
    guest.set_flags(0, FdFlags::empty());
    assert_eq!(guest.write(1, b"? "), Ok(2), "the rest of the pattern");
    assert_eq!(guest.poll(0, false), (4, false));
    assert_eq!(guest.read(0, 2), Ok(b"Ad".to_vec()));
    assert_eq!(guest.read(0, 10), Ok(b"a\n".to_vec()));
    assert_eq!(
        guest.write(2, b"age? "),
        Ok(5),
        "either stream is the screen"
    );
    assert_eq!(guest.read(0, 10), Ok(b"36\n".to_vec()));
    assert_eq!(terminal.waits_for(), Some(b"bye".to_vec()));
    assert_eq!(guest.write(1, b"goodbye"), Ok(7));
    assert_eq!(terminal.waits_for(), None);
    assert_eq!(guest.read(0, 10), Ok(vec![]), "input has ended");
    assert_eq!(guest.poll(0, false), (0, true));
    assert_eq!(terminal.contents(), b"Welcome. name? age? goodbye");
}

#[test]
fn a_pattern_is_looked_for_behind_the_last() {
    let script = Script::new()
        .expect("> ")
        .send("1\n")
        .expect("> ")
        .send("2\n");
    let terminal = ScriptedTerminal::new(script.clone(), 100);
    put(&*terminal, ">");
    put(&*terminal, " ");
    assert_eq!(get(&*terminal, 10), Ok("1\n".to_owned()));
    assert_eq!(get(&*terminal, 10), Err(Errno::Again));
    put(&*terminal, "> ");
    assert_eq!(get(&*terminal, 10), Ok("2\n".to_owned()));
    assert_eq!(get(&*terminal, 10), Ok(String::new()));
    // One write can take a script through several steps; a read still gives a line.
    let terminal = ScriptedTerminal::new(script, 100);
    put(&*terminal, "> > ");
    assert_eq!(get(&*terminal, 10), Ok("1\n".to_owned()));
    assert_eq!(get(&*terminal, 10), Ok("2\n".to_owned()));
    // What was found is not found again, not even in part.
    let script = Script::new().expect("aa").send("1").expect("aa").send("2");
    let terminal = ScriptedTerminal::new(script, 100);
    put(&*terminal, "aaa");
    assert_eq!(get(&*terminal, 10), Ok("1".to_owned()));
    put(&*terminal, "a");
    assert_eq!(get(&*terminal, 10), Ok("2".to_owned()));
    // What begins like the pattern does not hide it.
    let terminal = ScriptedTerminal::new(Script::new().expect("aab").send("x"), 100);
    "aaab"
        .chars()
        .for_each(|letter| put(&*terminal, letter.encode_utf8(&mut [0; 4])));
    assert_eq!(get(&*terminal, 10), Ok("x".to_owned()));
}

#[test]
fn a_script_types_ahead_what_it_need_not_wait_for() {
    let terminal = ScriptedTerminal::new(Script::new().send("a\nb").expect("").send("c"), 10);
    assert_eq!(get(&*terminal, 0), Ok(String::new()));
    assert_eq!(get(&*terminal, 10), Ok("a\n".to_owned()));
    assert_eq!(get(&*terminal, 10), Ok("bc".to_owned()));
    assert_eq!(
        get(&*ScriptedTerminal::new(Script::new(), 0), 10),
        Ok(String::new())
    );
}

#[test]
fn a_screen_that_is_full_takes_no_more() {
    let terminal = ScriptedTerminal::new(Script::new().expect("cd").send("x"), 3);
    assert_eq!(
        terminal.write(&[IoSlice::new(b"ab"), IoSlice::new(b"cd")]),
        Ok(3)
    );
    assert_eq!(terminal.write(&[IoSlice::new(b"d")]), Err(Errno::Nospc));
    assert_eq!(terminal.write(&[IoSlice::new(b"")]), Ok(0));
    assert_eq!(terminal.waits_for(), Some(b"cd".to_vec()));
}

#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_reader_is_woken_when_the_script_has_typed_or_ended() {
    let script = Script::new().expect("a").expect("b").send("x").expect("c");
    let terminal = ScriptedTerminal::new(script, 100);
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(Arc::clone(&bell));
    let waits = || matches!(terminal.ready(Interest::Read, &waker), Readiness::Later);
    assert!(waits());
    put(&*terminal, "a");
    assert_eq!(bell.0.load(Ordering::SeqCst), 0, "nothing to read yet");
    put(&*terminal, "b");
    assert_eq!(bell.0.load(Ordering::SeqCst), 1);
    assert_eq!(get(&*terminal, 1), Ok("x".to_owned()));
    assert!(waits());
    put(&*terminal, "c");
    assert_eq!(bell.0.load(Ordering::SeqCst), 2);
}

#[test]
fn a_guest_that_waits_goes_on_when_another_thread_has_asked() {
    let (mut guest, terminal) = scripted(Script::new().expect("?").send("yes\n"));
    let asking = thread::spawn(move || {
        thread::sleep(Duration::from_millis(30));
        put(&*terminal, "sure?");
    });
    assert_eq!(guest.read(0, 10), Ok(b"yes\n".to_vec()));
    asking.join().unwrap();
}
