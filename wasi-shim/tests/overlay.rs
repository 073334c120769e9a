//! What an overlay promises of files, beyond the contract of filesystems.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

mod overlay_kit;

use overlay_kit::{
    Clock, PAGE, Setup, Trouble, Troubled, content, content_of, dump, entries, file, n, put,
    subdir, writing,
};
use std::io::IoSlice;
use std::sync::{Arc, Barrier};
use std::thread;
use wasi_shim::abi::Errno;
use wasi_shim::backends::{Faulty, MemDir, Operation, Overlay, Verdict};
use wasi_shim::vfs::{Dir, OpenRequest, SetTime, SetTimes, Timestamp};

#[test]
fn a_file_is_copied_when_it_is_first_written_to() {
    let s = Setup::new();
    s.lower.file("f", "content").unwrap();
    let writer = file(&*s.root, "f");
    assert_eq!(writer.write_at(b"", 0), Ok(0));
    assert_eq!(writer.append(&[]), Ok((0, 7)));
    assert_eq!(
        (content(&*writer), s.copied()),
        (Ok(b"content".to_vec()), 0)
    );
    assert_eq!(writer.write_at(b"C", 0), Ok(1));
    assert_eq!(s.copied(), 1);
    assert_eq!(content_of(&*s.root, "f"), Ok(b"Content".to_vec()));
    assert_eq!(s.lower.contents("f"), Ok(b"content".to_vec()));
}

#[test]
fn who_has_a_file_open_sees_what_others_write() {
    let s = Setup::new();
    s.lower.file("f", "content").unwrap();
    let reader = s.reader("f");
    put(&*s.root, "f", b"CON");
    assert_eq!(content(&*reader), Ok(b"CONtent".to_vec()));
    assert_eq!(reader.metadata(), s.root.stat(n("f")));
}

#[test]
fn facts_stay_when_a_file_is_copied() {
    let clock = Clock::new();
    let lower = MemDir::with_time(clock.source());
    lower.file("f", vec![1; 3 * PAGE]).unwrap();
    let root = Overlay::builder(lower.clone()).time(clock.source()).build();
    let before = root.stat(n("f")).unwrap();
    assert_eq!(Ok(before), lower.stat(n("f")));
    clock.tick();
    put(&*root, "f", b"2");
    let after = root.stat(n("f")).unwrap();
    assert_eq!(
        (after.ino, after.size, after.nlink),
        (before.ino, before.size, 1)
    );
    assert_eq!(after.atim, before.atim);
    assert!(after.mtim > before.mtim && after.ctim > before.ctim);
    root.rename(n("f"), &*root, n("g")).unwrap();
    assert_eq!(root.stat(n("g")).unwrap().ino, before.ino);
}

#[test]
fn times_are_set_without_a_copy() {
    let s = Setup::new();
    s.lower.file("f", "content").unwrap();
    s.lower.symlink("l", "f").unwrap();
    s.lower.dir("d").unwrap();
    let before = dump(&*s.lower);
    let times = SetTimes {
        atim: SetTime::At(Timestamp(1)),
        mtim: SetTime::At(Timestamp(2)),
    };
    for text in ["f", "l", "d"] {
        s.root.set_times(n(text), &times).unwrap();
        let facts = s.root.stat(n(text)).unwrap();
        assert_eq!(
            (facts.atim, facts.mtim),
            (Timestamp(1), Timestamp(2)),
            "{text}"
        );
    }
    let reader = s.reader("f");
    reader
        .set_times(&SetTimes {
            atim: SetTime::At(Timestamp(3)),
            ..times
        })
        .unwrap();
    drop(reader);
    assert_eq!(s.root.stat(n("f")).unwrap().atim, Timestamp(3));
    assert_eq!((s.copied(), dump(&*s.lower)), (0, before));
}

#[test]
fn what_is_discarded_is_not_copied() {
    let s = Setup::with_room(PAGE as u64);
    for text in ["cut", "new", "short"] {
        s.lower.file(text, vec![1; 100 * PAGE]).unwrap();
    }
    let mut request = writing();
    request.truncate = true;
    assert!(s.root.open(n("cut"), &request).is_ok());
    assert_eq!(content_of(&*s.root, "cut"), Ok(vec![]));
    assert_eq!(file(&*s.root, "new").set_len(0), Ok(()));
    assert_eq!(file(&*s.root, "short").set_len(10), Ok(()));
    assert_eq!(content_of(&*s.root, "short"), Ok(vec![1; 10]));
}

#[test]
fn a_copy_without_room_leaves_no_trace() {
    let s = Setup::with_room(3 * PAGE as u64);
    s.lower.file("f", vec![1; 4 * PAGE]).unwrap();
    let (reader, writer) = (s.reader("f"), file(&*s.root, "f"));
    let before = dump(&*s.root);
    assert_eq!(writer.write_at(b"2", 0), Err(Errno::Nospc));
    assert_eq!(writer.append(&[IoSlice::new(b"2")]), Err(Errno::Nospc));
    assert_eq!(writer.set_len(4 * PAGE as u64 - 1), Err(Errno::Nospc));
    assert_eq!((s.copied(), s.upper.usage().bytes), (0, 0));
    assert_eq!(content(&*reader), Ok(vec![1; 4 * PAGE]));
    assert_eq!(dump(&*s.root), before);
    // What fits still goes.
    assert_eq!(writer.set_len(3 * PAGE as u64), Ok(()));
    assert_eq!(writer.write_at(&[2], 0), Ok(1));
    assert_eq!(content(&*reader).unwrap()[..2], [2, 1]);
}

#[test]
fn the_upper_filesystem_s_error_is_the_answer() {
    let (lower, upper) = (MemDir::new(), MemDir::new());
    lower.file("f", "content").unwrap();
    let full = Arc::new(Troubled(upper.clone(), Trouble::Full));
    let root = Overlay::builder(lower).upper(full).build();
    assert_eq!(file(&*root, "f").write_at(b"C", 0), Err(Errno::Dquot));
    assert_eq!(content_of(&*root, "f"), Ok(b"content".to_vec()));
    assert_eq!(entries(&*upper).len(), 0);
}

#[test]
fn zeros_are_copied_as_holes() {
    let s = Setup::new();
    let sparse = file(&*s.lower, "sparse");
    sparse.set_len(1 << 24).unwrap();
    sparse.write_at(b"middle", 1 << 23).unwrap();
    let copy = file(&*s.root, "sparse");
    assert_eq!(copy.write_at(b"x", 0), Ok(1));
    assert_eq!(copy.metadata().unwrap().size, 1 << 24);
    assert_eq!(s.upper.usage().bytes, 2 * PAGE as u64);
    let mut buf = [9; 8];
    assert_eq!(copy.read_at(&mut buf, (1 << 23) - 1), Ok(8));
    assert_eq!(&buf, b"\0middle\0");
}

#[test]
fn names_of_one_lower_file_are_names_of_one_file() {
    let s = Setup::new();
    s.lower.file("a", "content").unwrap();
    let dir = s.lower.dir("d").unwrap();
    s.lower.link(n("a"), &*dir, n("b")).unwrap();
    s.lower.link(n("a"), &*dir, n("c")).unwrap();
    put(&*s.root, "a", b"C");
    let dir = subdir(&*s.root, "d");
    assert_eq!(content_of(&*dir, "b"), Ok(b"Content".to_vec()));
    assert_eq!(s.copied(), 1);
    s.root.remove_file(n("a")).unwrap();
    let facts = dir.stat(n("b")).unwrap();
    assert_eq!((facts.nlink, Ok(facts)), (2, dir.stat(n("c"))));
    assert_eq!(dir.rename(n("b"), &*dir, n("c")), Ok(()));
    assert_eq!(entries(&*dir).len(), 2, "they are the same file");
    dir.remove_file(n("b")).unwrap();
    dir.remove_file(n("c")).unwrap();
    assert_eq!(s.copied(), 0);
}

#[test]
fn an_unlinked_file_can_still_be_written_and_leaves_nothing() {
    let s = Setup::new();
    s.lower.file("f", "content").unwrap();
    let (reader, writer) = (s.reader("f"), file(&*s.root, "f"));
    s.root.remove_file(n("f")).unwrap();
    assert_eq!(writer.write_at(b"C", 0), Ok(1));
    assert_eq!(content(&*reader), Ok(b"Content".to_vec()));
    assert_eq!(reader.metadata().unwrap().nlink, 0);
    put(&*s.root, "f", b"another");
    assert_eq!(
        (content(&*reader), s.copied()),
        (Ok(b"Content".to_vec()), 2)
    );
    drop((reader, writer));
    assert_eq!(s.copied(), 1);
}

#[test]
fn the_upper_directory_is_left_as_it_was() {
    let (lower, upper) = (MemDir::new(), MemDir::new());
    lower.file("f", "content").unwrap();
    upper.file("0", "somebody's").unwrap();
    let root = Overlay::builder(lower.clone()).upper(upper.clone()).build();
    let other = Overlay::builder(lower).upper(upper.clone()).build();
    put(&*root, "f", b"1");
    put(&*other, "f", b"2");
    assert_eq!(content_of(&*root, "f"), Ok(b"1ontent".to_vec()));
    let handle = file(&*root, "f");
    drop((root, other));
    assert_eq!(content(&*handle), Ok(b"1ontent".to_vec()));
    drop(handle);
    assert_eq!(upper.contents("0"), Ok(b"somebody's".to_vec()));
    assert_eq!(entries(&*upper).len(), 1);
}

#[test]
fn threads_that_write_first_at_once_lose_nothing() {
    const LEN: usize = 3 * PAGE;
    for round in 0..5 {
        let (lower, upper) = (MemDir::new(), MemDir::new());
        lower.file("f", vec![b'.'; LEN]).unwrap();
        let root = Overlay::builder(Arc::new(Troubled(lower, Trouble::Slow)))
            .upper(upper.clone())
            .build();
        let start = Barrier::new(4);
        thread::scope(|scope| {
            for index in 0..4_u8 {
                let (file, start) = (file(&*root, "f"), &start);
                scope.spawn(move || {
                    start.wait();
                    assert_eq!(file.write_at(&[b'0' + index], u64::from(index)), Ok(1));
                    assert_eq!(file.append(&[IoSlice::new(b"x")]).unwrap().0, 1);
                });
            }
        });
        let all = content_of(&*root, "f").unwrap();
        assert_eq!(
            (&all[..5], all.len()),
            (&b"0123."[..], LEN + 4),
            "round {round}"
        );
        let copies: Vec<String> = entries(&*upper).into_keys().collect();
        assert_eq!(copies, ["0"], "it is copied once");
    }
}

/// Somebody exchanges the link for a file between the look at it and the reading of its text.
#[test]
fn a_link_that_is_none_by_now_is_stale() {
    let lower = MemDir::new();
    lower.symlink("link", "text").unwrap();
    lower.file("file", "").unwrap();
    let root = Overlay::new(Faulty::new(lower, |call| match call.operation {
        Operation::ReadLink { .. } => Verdict::Fail(Errno::Inval),
        _ => Verdict::Proceed,
    }));
    assert_eq!(root.read_link(n("link")), Err(Errno::Stale));
    let opened = root.open(n("link"), &OpenRequest::STEP);
    assert_eq!(opened.err(), Some(Errno::Stale));
    // What was never one is no link, as ever.
    assert_eq!(root.read_link(n("file")), Err(Errno::Inval));
}
