//! Many orders in which threads can meet in the filesystem in memory. Shuttle also fails where everybody waits.

use crate::backends::memory::{MemDir, MemUsage};
use shuttle::thread;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use wasi_shim::abi::Errno;
use wasi_shim::vfs::{Dir, Name};

/// Runs a case in many orders chosen at random, and in as many that change threads at three places only.
fn in_many_orders(case: impl Fn() + Send + Sync + Copy + 'static) {
    let asked = std::env::var("ITERATIONS").ok();
    let iterations = asked.and_then(|text| text.parse().ok()).unwrap_or(1_000);
    shuttle::check_random(case, iterations);
    shuttle::check_pct(case, iterations, 3);
}

fn name(text: &str) -> Name<'_> {
    Name::new(text).expect("one component")
}

fn names(dir: &dyn Dir) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    dir.list(&mut |entry| {
        names.insert(entry.name.to_owned());
        ControlFlow::Continue(())
    })
    .expect("a directory can be listed");
    names
}

/// The directories `a` and `b` of a new tree.
fn two() -> (Arc<MemDir>, Arc<MemDir>, Arc<MemDir>) {
    let root = MemDir::with_time(|| wasi_shim::vfs::Timestamp(0));
    let (a, b) = (root.dir("a"), root.dir("b"));
    (root, a.expect("new"), b.expect("new"))
}

/// What an empty tree uses.
fn empty() -> MemUsage {
    MemDir::with_time(|| wasi_shim::vfs::Timestamp(0)).usage()
}

#[test]
fn files_that_change_places_in_both_directions_are_all_there() {
    in_many_orders(|| {
        let (_root, a, b) = two();
        a.file("x", "x").expect("room");
        b.file("y", "y").expect("room");
        let (from, to) = (Arc::clone(&a), Arc::clone(&b));
        let other = thread::spawn(move || from.rename(name("x"), &*to, name("x")));
        b.rename(name("y"), &*a, name("y")).expect("it is there");
        other.join().expect("no panic").expect("it is there");
        assert_eq!(names(&*a), BTreeSet::from(["y".to_owned()]));
        assert_eq!(names(&*b), BTreeSet::from(["x".to_owned()]));
    });
}

#[test]
fn of_two_directories_one_can_be_put_into_the_other_and_not_both() {
    in_many_orders(|| {
        let (root, a, b) = two();
        let (tree, into) = (Arc::clone(&root), Arc::clone(&b));
        let other = thread::spawn(move || tree.rename(name("a"), &*into, name("a")));
        let mine = root.rename(name("b"), &*a, name("b"));
        let theirs = other.join().expect("no panic");
        let moved = [mine, theirs]
            .iter()
            .filter(|result| result.is_ok())
            .count();
        assert_eq!(moved, 1, "{mine:?} {theirs:?}");
        assert_eq!(names(&*root).len(), 1, "what was moved can be reached");
    });
}

#[test]
fn a_directory_is_not_removed_while_somebody_creates_in_it() {
    in_many_orders(|| {
        let (root, a, _b) = two();
        let other = thread::spawn(move || a.file("x", "x"));
        let removed = root.remove_dir(name("a"));
        let created = other.join().expect("no panic");
        match (removed, created) {
            (Ok(()), Err(Errno::Noent)) => assert!(!names(&*root).contains("a")),
            (Err(Errno::Notempty), Ok(())) => assert!(names(&*root).contains("a")),
            both => panic!("{both:?}"),
        }
    });
}

#[test]
fn a_snapshot_has_what_is_moved_in_one_place() {
    in_many_orders(|| {
        let (root, a, b) = two();
        a.file("x", "x").expect("room");
        let other = thread::spawn(move || a.rename(name("x"), &*b, name("x")));
        let snapshot = root.snapshot();
        let places = ["a", "b"].map(|dir| names(&*snapshot.dir(dir).expect("it is there")));
        let count = places.iter().map(BTreeSet::len).sum::<usize>();
        assert_eq!(count, 1, "{places:?}");
        other.join().expect("no panic").expect("it is there");
    });
}

#[test]
fn what_one_side_writes_the_other_does_not_see() {
    in_many_orders(|| {
        let (root, a, _b) = two();
        a.file("x", "before").expect("room");
        let snapshot = root.snapshot();
        let other = thread::spawn(move || a.file("x", "after"));
        let seen = snapshot.dir("a").and_then(|dir| dir.contents("x"));
        assert_eq!(seen.as_deref(), Ok(b"before".as_slice()));
        other.join().expect("no panic").expect("room");
        let seen = snapshot.dir("a").and_then(|dir| dir.contents("x"));
        assert_eq!(seen.as_deref(), Ok(b"before".as_slice()));
    });
}

#[test]
fn snapshots_that_are_taken_at_once_are_both_whole() {
    in_many_orders(|| {
        let (root, a, _b) = two();
        a.file("x", "x").expect("room");
        let tree = Arc::clone(&root);
        let other = thread::spawn(move || tree.snapshot());
        let mine = root.snapshot();
        a.remove_file(name("x")).expect("it is there");
        let theirs = other.join().expect("no panic");
        for snapshot in [mine, theirs] {
            let dir = snapshot.dir("a").expect("it is there");
            // The other snapshot may have been taken after the removal.
            assert!(names(&*dir).len() <= 1);
            assert_eq!(names(&*snapshot).len(), 2);
        }
    });
}

#[test]
fn what_was_used_is_given_back() {
    in_many_orders(|| {
        let (root, a, b) = two();
        a.file("x", "x").expect("room");
        let (from, to) = (Arc::clone(&a), Arc::clone(&b));
        let other = thread::spawn(move || from.rename(name("x"), &*to, name("y")));
        let removed = [a.remove_file(name("x")), b.remove_file(name("y"))];
        let moved = other.join().expect("no panic");
        let left = b.remove_file(name("y"));
        let gone = removed
            .iter()
            .chain([&left])
            .filter(|result| result.is_ok());
        assert_eq!(gone.count(), 1, "{removed:?} {moved:?} {left:?}");
        for dir in ["a", "b"] {
            root.remove_dir(name(dir)).expect("it is empty");
        }
        drop((a, b));
        assert_eq!(root.usage(), empty());
    });
}

#[test]
fn the_last_page_is_had_by_one() {
    in_many_orders(|| {
        let root = MemDir::builder().bytes(4_096).build();
        let tree = Arc::clone(&root);
        let other = thread::spawn(move || tree.file("x", "x"));
        let results = [root.file("y", "y"), other.join().expect("no panic")];
        assert!(
            results.contains(&Ok(())) && results.contains(&Err(Errno::Nospc)),
            "{results:?}"
        );
        assert_eq!(root.usage().bytes, 4_096);
    });
}
