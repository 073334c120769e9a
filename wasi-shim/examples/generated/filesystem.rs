//! A filesystem of one's own: a directory whose files are made up when they are opened.
//!
//! Four methods of `Dir` and two of `File` are all it takes. Paths, `..`, links, rights and everything that would change
//! the directory are settled elsewhere.

use std::{ops::ControlFlow, sync::Arc};
use wasi_shim::abi::{Errno, FileKind, Result};
use wasi_shim::vfs::{Dir, Entry, File, Metadata, Name, Node, OpenRequest, read_slice};

/// A directory of files with these names. A function makes each file's content from its name.
pub(crate) struct Generated {
    pub(crate) names: Vec<String>,
    pub(crate) content: fn(&str) -> String,
}

impl Dir for Generated {
    fn metadata(&self) -> Result<Metadata> {
        Ok(Metadata::dir(1))
    }
    fn stat(&self, name: Name<'_>) -> Result<Metadata> {
        let mut numbered = (2..).zip(&self.names);
        let found = numbered.find(|(_, known)| *known == name.as_str());
        let (ino, known) = found.ok_or(Errno::Noent)?;
        Ok(Metadata::file(ino, (self.content)(known).len() as u64))
    }
    fn open(&self, name: Name<'_>, request: &OpenRequest) -> Result<Node> {
        let ino = self.stat(name)?.ino;
        request.check_existing(FileKind::RegularFile)?;
        if request.mutates() {
            return Err(Errno::Rofs);
        }
        let text = (self.content)(name.as_str());
        Ok(Node::File(Arc::new(Text { ino, text })))
    }
    fn list(&self, sink: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        let kind = FileKind::RegularFile;
        let mut numbered = (2..).zip(&self.names);
        let _ = numbered.try_for_each(|(ino, name)| sink(Entry { name, ino, kind }));
        Ok(())
    }
}

/// A file with its content as it was when it was opened.
struct Text {
    ino: u64,
    text: String,
}

impl File for Text {
    fn metadata(&self) -> Result<Metadata> {
        Ok(Metadata::file(self.ino, self.text.len() as u64))
    }
    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        Ok(read_slice(self.text.as_bytes(), buf, offset))
    }
}
