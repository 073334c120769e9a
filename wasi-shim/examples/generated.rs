//! A filesystem of your own: a directory whose files are made up when they are read.
//!
//! Four methods of `Dir` and two of `File` are all it takes. Paths, `..`, links, access rights and everything that would
//! change the directory are settled elsewhere.

use std::{ops::ControlFlow, sync::Arc};
use wasi_shim::abi::{Errno, FileKind, Result};
use wasi_shim::vfs::{Dir, Entry, File, Metadata, Name, Node, OpenRequest, read_slice};

/// A directory of files with these names. A closure makes each file's content from its name.
struct Generated {
    names: Vec<&'static str>,
    content: Box<dyn Fn(&str) -> String + Send + Sync>,
}

impl Dir for Generated {
    fn metadata(&self) -> Result<Metadata> {
        Ok(Metadata::dir(1))
    }
    fn stat(&self, name: Name<'_>) -> Result<Metadata> {
        let known = (2..)
            .zip(&self.names)
            .find(|(_, known)| **known == name.as_str());
        let (ino, known) = known.ok_or(Errno::Noent)?;
        Ok(Metadata::file(ino, (self.content)(known).len() as u64))
    }
    fn open(&self, name: Name<'_>, request: &OpenRequest) -> Result<Node> {
        let facts = self.stat(name)?;
        request.check_existing(facts.kind)?;
        if request.mutates() {
            return Err(Errno::Rofs);
        }
        Ok(Node::File(Arc::new(Text(
            facts.ino,
            (self.content)(name.as_str()),
        ))))
    }
    fn list(&self, sink: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        let kind = FileKind::RegularFile;
        let _ = (2..)
            .zip(&self.names)
            .try_for_each(|(ino, name)| sink(Entry { name, ino, kind }));
        Ok(())
    }
}

/// A file's number, and its content as it was when the file was opened.
struct Text(u64, String);

impl File for Text {
    fn metadata(&self) -> Result<Metadata> {
        Ok(Metadata::file(self.0, self.1.len() as u64))
    }
    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        Ok(read_slice(self.1.as_bytes(), buf, offset))
    }
}

fn main() -> Result<()> {
    let content = Box::new(|name: &str| format!("Hello, {name}!\n"));
    let names = vec!["alice", "bob"];
    let root: Arc<dyn Dir> = Arc::new(Generated { names, content });
    root.list(&mut |entry| {
        println!("{} {}", entry.ino, entry.name);
        ControlFlow::Continue(())
    })
}
