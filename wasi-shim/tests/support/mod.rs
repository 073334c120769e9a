//! What the tests of filesystems say often.

#![allow(dead_code, reason = "each test uses a part")]

use std::ops::ControlFlow;
use std::sync::Arc;
use wasi_shim::vfs::{Create, Dir, File, Name, Node, OpenRequest};

pub(crate) fn name(text: &str) -> Name<'_> {
    Name::new(text).unwrap()
}

pub(crate) fn writing() -> OpenRequest {
    let mut request = OpenRequest::READ;
    request.write = true;
    request.create = Create::IfMissing;
    request
}

pub(crate) fn open(dir: &dyn Dir, text: &str) -> Arc<dyn File> {
    match dir.open(name(text), &writing()) {
        Ok(Node::File(file)) => file,
        Ok(_) => panic!("{text:?} is no file"),
        Err(errno) => panic!("{text:?}: {errno}"),
    }
}

pub(crate) fn names(dir: &dyn Dir) -> Vec<String> {
    let mut names = Vec::new();
    dir.list(&mut |entry| {
        names.push(entry.name.to_owned());
        ControlFlow::Continue(())
    })
    .unwrap();
    names
}

pub(crate) fn subdir(dir: &dyn Dir, text: &str) -> Arc<dyn Dir> {
    match dir.open(name(text), &OpenRequest::STEP) {
        Ok(Node::Dir(dir)) => dir,
        Ok(_) => panic!("{text:?} is no directory"),
        Err(errno) => panic!("{text:?}: {errno}"),
    }
}
