//! Listing directories of the host.
#![cfg(all(unix, feature = "host"))]

mod host_kit;

use host_kit::*;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::ops::ControlFlow;
use wasi_shim::abi::FileKind;
use wasi_shim::vfs::Entry;

#[test]
fn listings_report_every_entry_with_its_number_and_kind() {
    let tree = Tree::of_each_kind();
    let all = listing(&*tree.dir).unwrap();
    assert_eq!(all.len(), 8);
    for (name, (ino, kind)) in all {
        let facts = tree.dir.stat(n(&name)).unwrap();
        assert_eq!((ino, kind), (facts.ino, facts.kind), "{name}");
    }
    assert_eq!(listing(&*tree.subdir("empty")).unwrap().len(), 0);
}

#[test]
fn listings_leave_out_what_no_guest_can_spell() {
    let tree = Tree::new();
    tree.file("good", "");
    File::create(tree.raw_path(b"bad\xff")).unwrap();
    let names: Vec<String> = listing(&*tree.dir).unwrap().into_keys().collect();
    assert_eq!(names, ["good"]);
}

#[test]
fn what_no_guest_can_spell_is_told_without_a_name() {
    let tree = Tree::new();
    File::create(tree.raw_path(b"bad\xff")).unwrap();
    fs::create_dir(tree.raw_path(b"\xfe")).unwrap();
    let mut told = Vec::new();
    let listed = tree.dir.list(&mut |entry| {
        told.push((entry.name.to_owned(), entry.kind));
        ControlFlow::Continue(())
    });
    told.sort_by_key(|(_, kind)| *kind as u8);
    let unnamed = |kind| (String::new(), kind);
    let expected = [FileKind::Directory, FileKind::RegularFile].map(unnamed);
    assert_eq!((listed, told), (Ok(()), expected.to_vec()));
}

#[test]
fn long_listings_are_complete_and_can_be_left() {
    let tree = Tree::new();
    let names: BTreeSet<String> = (0..10_000).map(|i| format!("entry-{i}")).collect();
    for name in &names {
        File::create(tree.path(name)).unwrap();
    }
    let seen: BTreeSet<String> = listing(&*tree.dir).unwrap().into_keys().collect();
    assert_eq!(seen, names);
    let mut count = 0;
    let few = tree.dir.list(&mut |_: Entry<'_>| {
        count += 1;
        if count == 10 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    assert_eq!((few, count), (Ok(()), 10));
}

#[test]
fn two_listings_of_one_handle_do_not_disturb_each_other() {
    let tree = Tree::of_each_kind();
    let mut inner = Vec::new();
    let outer = tree.dir.list(&mut |_| {
        inner.push(listing(&*tree.dir).unwrap().len());
        ControlFlow::Continue(())
    });
    assert_eq!(outer, Ok(()));
    assert_eq!(inner, [8; 8]);
}

#[test]
fn listings_survive_entries_that_come_and_go() {
    let tree = Tree::of_each_kind();
    std::thread::scope(|scope| {
        let churn = scope.spawn(|| {
            for i in 0..1_000 {
                let path = tree.path(&format!("entry-{}", i % 50));
                File::create(&path).unwrap();
                fs::remove_file(&path).unwrap();
            }
        });
        while !churn.is_finished() {
            assert!(listing(&*tree.dir).unwrap().len() >= 8);
        }
    });
}
