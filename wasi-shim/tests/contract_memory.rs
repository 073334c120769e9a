//! The filesystem in memory keeps the contract of filesystems.

use std::ops::ControlFlow;
use wasi_shim::backends::MemDir;
use wasi_shim::vfs::{Dir, Name};

wasi_shim::vfs::contract!(MemDir::new);

#[test]
fn lists_are_in_the_order_of_names() {
    let root = MemDir::new();
    for name in ["b", "a", "ä", "c", "B"] {
        root.file(name, "").unwrap();
    }
    let mut names = Vec::new();
    root.list(&mut |entry| {
        names.push(entry.name.to_owned());
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(names, ["B", "a", "b", "c", "ä"]);
}

#[test]
fn directories_count_their_subdirectories() {
    let root = MemDir::new();
    let nlink = |dir: &dyn Dir| dir.metadata().unwrap().nlink;
    let (a, b) = (root.dir("a").unwrap(), root.dir("b").unwrap());
    a.dir("c").unwrap();
    a.file("f", "").unwrap();
    assert_eq!((nlink(&*root), nlink(&*a), nlink(&*b)), (4, 3, 2));
    let name = |text| Name::new(text).unwrap();
    a.rename(name("c"), &*root, name("b")).unwrap();
    assert_eq!((nlink(&*root), nlink(&*a), nlink(&*b)), (4, 2, 0));
    root.remove_dir(name("b")).unwrap();
    assert_eq!(nlink(&*root), 3);
}
