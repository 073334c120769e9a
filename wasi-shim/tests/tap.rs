//! Probes see every call to what they are put on.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

mod probe_kit;
mod support;

use probe_kit::{ON_DIR, ON_FILE, ON_STREAM, Sockets, socket, stream, take, traced, tree};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Waker;
use support::{name, open, subdir};
use wasi_shim::abi::{Errno, FileKind, Result};
use wasi_shim::backends::{Answer, Capture, Faulty, Place, Trace};
use wasi_shim::vfs::{
    Dir, Entry, Follow, FsId, Interest, Metadata, Name, Node, OpenRequest, PlainPath, Readiness,
};

fn operation_name(line: &str) -> &str {
    let (_, rest) = line.split_once(' ').unwrap();
    rest.split([' ', '(']).next().unwrap()
}

#[test]
fn every_call_is_told() {
    for (expected, act) in ON_DIR {
        let (root, lines) = traced(tree());
        act(&*root).unwrap();
        let lines = take(&lines);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert_eq!(operation_name(&lines[0]), *expected, "{lines:?}");
        assert!(lines[0].starts_with("/ "), "{lines:?}");
    }
    for (expected, act) in ON_FILE {
        let (root, lines) = traced(tree());
        let file = open(&*root, "f");
        take(&lines);
        act(&*file).unwrap();
        let lines = take(&lines);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert_eq!(operation_name(&lines[0]), *expected, "{lines:?}");
        assert!(lines[0].starts_with("/f "), "{lines:?}");
    }
    for (expected, act) in ON_STREAM {
        let (root, lines) = traced(Arc::new(Sockets::default()));
        let stream = stream(&*root);
        take(&lines);
        act(&*stream).unwrap();
        let lines = take(&lines);
        assert_eq!(operation_name(&lines[0]), *expected, "{lines:?}");
    }
}

#[test]
fn what_is_told_is_the_call_and_its_answer() {
    let (root, lines) = traced(tree());
    let d = subdir(&*root, "d");
    let file = open(&*d, "inner");
    take(&lines);
    assert_eq!(file.write_at(b"xy", 4), Ok(2));
    assert_eq!(file.read_at(&mut [0; 10], 0), Ok(6));
    let _ = root.stat(name("mis\x1bsing"));
    let _ = root.read_link(name("s"));
    let _ = root.list(&mut |_| ControlFlow::Continue(()));
    let _ = root.open(name("empty"), &OpenRequest::READ);
    let lines = take(&lines);
    let expected = [
        "/d/inner Write { offset: 4, len: 2 } = Count(2)",
        "/d/inner Read { offset: 0, len: 10 } = Count(6)",
        "/ Stat { name: Name(\"mis\\u{1b}sing\") } = Failed(Noent)",
        "/ ReadLink { name: Name(\"s\") } = Text(\"f\")",
        "/ List = Count(4)",
    ];
    assert_eq!(lines[..5], expected);
    assert!(lines[5].ends_with("= Opened(Directory)"), "{}", lines[5]);
}

#[test]
fn a_stream_and_what_it_accepts_stay_in_sight() {
    let (root, lines) = traced(Arc::new(Sockets::default()));
    let listener = stream(&*root);
    assert!(socket(&*listener).listens());
    let accepted = socket(&*listener).accept().unwrap();
    take(&lines);
    let readiness = accepted.ready(Interest::Read, Waker::noop());
    assert!(matches!(readiness, Readiness::Later));
    assert_eq!(
        take(&lines),
        ["/socket Ready { interest: Read } = Ready(false)"]
    );
    assert_eq!(accepted.kind(), FileKind::SocketStream);
}

#[test]
fn what_is_no_socket_stays_none() {
    let (root, _) = traced(Arc::new(Logs));
    assert!(stream(&*root).as_socket().is_none());
}

struct Logs;

impl Dir for Logs {
    fn metadata(&self) -> Result<Metadata> {
        Ok(Metadata::dir(1))
    }

    fn stat(&self, _name: Name<'_>) -> Result<Metadata> {
        Ok(Metadata::new(FileKind::Unknown, 2, 0))
    }

    fn open(&self, _name: Name<'_>, _request: &OpenRequest) -> Result<Node> {
        Ok(Node::Stream(Capture::new(10)))
    }

    fn list(&self, _sink: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        Ok(())
    }
}

#[test]
fn places_are_paths() {
    let places: Mutex<Vec<(String, Vec<bool>)>> = Mutex::default();
    let places = Arc::new(places);
    let told = Arc::clone(&places);
    let root = Trace::new(tree(), move |event| {
        let place: &Place = event.call.place;
        let is = ["/", "/d", "/d/inner", "d", "inner", "/x/d", ""].map(|path| place.is(path));
        let text = format!("{place} {:?}", place.name());
        told.lock().unwrap().push((text, is.to_vec()));
    });
    let d = subdir(&*root, "d");
    let _ = d.metadata();
    let _ = open(&*d, "inner").metadata();
    let only = |index: usize| (0..7).map(|at| at == index).collect();
    let told = places.lock().unwrap();
    // Opening `d`, looking at it, opening `inner` in it, looking at that.
    let expected = [
        ("/ None".to_owned(), 0),
        ("/d Some(\"d\")".to_owned(), 1),
        ("/d Some(\"d\")".to_owned(), 1),
        ("/d/inner Some(\"inner\")".to_owned(), 2),
    ];
    let expected = expected.map(|(text, index)| (text, only(index)));
    assert_eq!(told[..], expected);
}

/// A directory that holds itself under every name.
struct Endless;

impl Dir for Endless {
    fn metadata(&self) -> Result<Metadata> {
        Ok(Metadata::dir(1))
    }

    fn stat(&self, _name: Name<'_>) -> Result<Metadata> {
        self.metadata()
    }

    fn open(&self, _name: Name<'_>, _request: &OpenRequest) -> Result<Node> {
        Ok(Node::Dir(Arc::new(Self)))
    }

    fn list(&self, _sink: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        Ok(())
    }
}

#[test]
fn only_the_last_names_of_a_long_way_are_kept() {
    let last = Arc::new(Mutex::new((String::new(), false)));
    let told = Arc::clone(&last);
    let mut at: Arc<dyn Dir> = Trace::new(Arc::new(Endless), move |event| {
        let place = event.call.place;
        *told.lock().unwrap() = (place.to_string(), place.is("/d") || place.is("/.../d"));
    });
    for depth in 1..=1_000 {
        at = subdir(&*at, "d");
        let _ = at.metadata();
        let (path, is) = last.lock().unwrap().clone();
        let kept = (depth - 1) % 256 + 1;
        let begin = if depth > 256 { "/..." } else { "" };
        assert_eq!(path, begin.to_owned() + &"/d".repeat(kept));
        assert_eq!(is, depth == 1, "{path}");
    }
}

#[test]
fn several_levels_at_once_are_declined() {
    let (root, lines) = traced(tree());
    let path = PlainPath::new("d/inner").unwrap();
    assert!(root.open_deep(path, &OpenRequest::READ).is_none());
    assert!(root.stat_deep(path, Follow::No).is_none());
    assert_eq!(take(&lines), [""; 0]);
}

#[test]
fn a_probe_has_a_filesystem_of_its_own() {
    let inner = tree();
    let (one, other) = (traced(inner.clone()).0, traced(inner.clone()).0);
    assert_ne!(one.filesystem(), other.filesystem());
    assert_ne!(one.filesystem(), inner.filesystem());
    assert_eq!(one.filesystem(), subdir(&*one, "d").filesystem());
    let (f, new) = (name("f"), name("new"));
    for target in [
        &*inner as &dyn Dir,
        &*Faulty::nth(inner.clone(), 0, Errno::Io),
    ] {
        assert_eq!(one.rename(f, target, new), Err(Errno::Xdev));
        assert_eq!(one.link(f, target, new), Err(Errno::Xdev));
    }
    let (sockets, _) = traced(Arc::new(Sockets::default()));
    assert_eq!(sockets.filesystem(), FsId::NONE);
}

#[test]
fn an_event_can_be_taken_apart() {
    let (answers, failed) = (AtomicU64::new(0), AtomicU64::new(0));
    let counts = Arc::new((answers, failed));
    let told = Arc::clone(&counts);
    let root = Trace::new(tree(), move |event| {
        let count = match event.answer {
            Answer::Failed(_) => &told.1,
            _ => &told.0,
        };
        count.fetch_add(1, Ordering::Relaxed);
    });
    let _ = (root.stat(name("f")), root.stat(name("missing")));
    assert_eq!(counts.0.load(Ordering::Relaxed), 1);
    assert_eq!(counts.1.load(Ordering::Relaxed), 1);
}
