//! Filesystems that count what they are asked.
//!
//! Knows every method of the plug, and counts each before it hands it on. Refuses to know what a filesystem answers. The
//! [measurements](super::measure) put it between the library and a tree in memory.

use std::any::Any;
use std::collections::BTreeMap;
use std::io::{IoSlice, IoSliceMut};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::task::Waker;
use wasi_shim::abi::{Advice, Errno, FileKind, Result};
use wasi_shim::vfs::{
    Dir, Entry, File, Follow, FsId, Interest, Metadata, Name, Node, OpenRequest, PlainPath,
    Readiness, SetTimes, Socket, Stream, SyncScope,
};

use crate::operations::tree::Tree;

/// How often each method was asked.
#[derive(Clone, Default)]
pub(crate) struct Asked(Arc<Mutex<BTreeMap<&'static str, u64>>>);

impl Asked {
    fn note(&self, method: &'static str) {
        let mut asked = self.0.lock().expect("nobody panics");
        *asked.entry(method).or_default() += 1;
    }

    /// What was asked since the last time.
    pub(crate) fn take(&self) -> BTreeMap<&'static str, u64> {
        std::mem::take(&mut *self.0.lock().expect("nobody panics"))
    }
}

/// Something that is plugged in, and counts.
struct Counted<T: ?Sized> {
    inner: Arc<T>,
    asked: Asked,
    /// Whether it answers for several names at once.
    shortcuts: bool,
}

/// The tree with everything in it counting.
pub(crate) fn counted(tree: Tree, shortcuts: bool) -> (Tree, Asked) {
    let asked = Asked::default();
    let stream = |inner| -> Arc<dyn Stream> { wrap(inner, &asked, shortcuts) };
    let counted = Tree {
        root: wrap(tree.root, &asked, shortcuts),
        stdin: stream(tree.stdin),
        stdout: stream(tree.stdout),
        streams: tree.streams.into_iter().map(stream).collect(),
        others: tree.others,
    };
    (counted, asked)
}

fn wrap<T: ?Sized>(inner: Arc<T>, asked: &Asked, shortcuts: bool) -> Arc<Counted<T>> {
    let asked = asked.clone();
    Arc::new(Counted {
        inner,
        asked,
        shortcuts,
    })
}

impl<T: ?Sized> Counted<T> {
    fn ask(&self, method: &'static str) -> &T {
        self.asked.note(method);
        &self.inner
    }
}

impl Counted<dyn Dir> {
    fn node(&self, node: Node) -> Node {
        match node {
            Node::Dir(dir) => Node::Dir(wrap(dir, &self.asked, self.shortcuts)),
            Node::File(file) => Node::File(wrap(file, &self.asked, self.shortcuts)),
            Node::Stream(stream) => Node::Stream(wrap(stream, &self.asked, self.shortcuts)),
            link @ Node::Symlink(_) => link,
        }
    }

    /// Where a path leads, name by name, without a link on the way; that is not counted.
    fn reach<T>(
        &self,
        path: PlainPath<'_>,
        end: impl FnOnce(&dyn Dir, Name<'_>) -> Result<T>,
    ) -> Option<T> {
        if !self.shortcuts {
            return None;
        }
        let (way, last) = path.as_str().rsplit_once('/')?;
        let mut dir = Arc::clone(&self.inner);
        for name in way.split('/') {
            let Ok(Node::Dir(next)) = dir.open(Name::new(name).ok()?, &OpenRequest::STEP) else {
                return None;
            };
            dir = next;
        }
        end(&*dir, Name::new(last).ok()?).ok()
    }
}

/// The directory that another directory counts for.
fn target(dir: &dyn Dir) -> Result<&dyn Dir> {
    let dir: &dyn Any = dir;
    let counted: &Counted<dyn Dir> = dir.downcast_ref().ok_or(Errno::Xdev)?;
    Ok(&*counted.inner)
}

impl Dir for Counted<dyn Dir> {
    fn metadata(&self) -> Result<Metadata> {
        self.ask("Dir::metadata").metadata()
    }
    fn stat(&self, name: Name<'_>) -> Result<Metadata> {
        self.ask("Dir::stat").stat(name)
    }
    fn open(&self, name: Name<'_>, request: &OpenRequest) -> Result<Node> {
        self.ask("Dir::open")
            .open(name, request)
            .map(|node| self.node(node))
    }
    fn list(&self, sink: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        self.ask("Dir::list").list(sink)
    }
    fn filesystem(&self) -> FsId {
        self.ask("Dir::filesystem").filesystem()
    }
    fn read_link(&self, name: Name<'_>) -> Result<String> {
        self.ask("Dir::read_link").read_link(name)
    }
    fn create_dir(&self, name: Name<'_>) -> Result<()> {
        self.ask("Dir::create_dir").create_dir(name)
    }
    fn create_symlink(&self, name: Name<'_>, text: &str) -> Result<()> {
        self.ask("Dir::create_symlink").create_symlink(name, text)
    }
    fn remove_file(&self, name: Name<'_>) -> Result<()> {
        self.ask("Dir::remove_file").remove_file(name)
    }
    fn remove_dir(&self, name: Name<'_>) -> Result<()> {
        self.ask("Dir::remove_dir").remove_dir(name)
    }
    fn rename(&self, from: Name<'_>, to_dir: &dyn Dir, to: Name<'_>) -> Result<()> {
        self.ask("Dir::rename").rename(from, target(to_dir)?, to)
    }
    fn link(&self, from: Name<'_>, to_dir: &dyn Dir, to: Name<'_>) -> Result<()> {
        self.ask("Dir::link").link(from, target(to_dir)?, to)
    }
    fn set_times(&self, name: Name<'_>, times: &SetTimes) -> Result<()> {
        self.ask("Dir::set_times").set_times(name, times)
    }
    fn set_own_times(&self, times: &SetTimes) -> Result<()> {
        self.ask("Dir::set_own_times").set_own_times(times)
    }
    fn sync(&self) -> Result<()> {
        self.ask("Dir::sync").sync()
    }
    fn open_deep(&self, path: PlainPath<'_>, request: &OpenRequest) -> Option<Node> {
        self.asked.note("Dir::open_deep");
        self.reach(path, |dir, name| dir.open(name, request))
            .map(|node| self.node(node))
    }
    fn stat_deep(&self, path: PlainPath<'_>, follow: Follow) -> Option<Metadata> {
        self.asked.note("Dir::stat_deep");
        let facts = self.reach(path, |dir, name| dir.stat(name))?;
        (facts.kind != FileKind::SymbolicLink || follow == Follow::No).then_some(facts)
    }
}

impl File for Counted<dyn File> {
    fn metadata(&self) -> Result<Metadata> {
        self.ask("File::metadata").metadata()
    }
    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        self.ask("File::read_at").read_at(buf, offset)
    }
    fn read_vectored_at(&self, bufs: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize> {
        self.ask("File::read_vectored_at")
            .read_vectored_at(bufs, offset)
    }
    fn write_at(&self, buf: &[u8], offset: u64) -> Result<usize> {
        self.ask("File::write_at").write_at(buf, offset)
    }
    fn write_vectored_at(&self, bufs: &[IoSlice<'_>], offset: u64) -> Result<usize> {
        self.ask("File::write_vectored_at")
            .write_vectored_at(bufs, offset)
    }
    fn append(&self, bufs: &[IoSlice<'_>]) -> Result<(usize, u64)> {
        self.ask("File::append").append(bufs)
    }
    fn set_len(&self, len: u64) -> Result<()> {
        self.ask("File::set_len").set_len(len)
    }
    fn allocate(&self, offset: u64, len: u64) -> Result<()> {
        self.ask("File::allocate").allocate(offset, len)
    }
    fn advise(&self, offset: u64, len: u64, advice: Advice) -> Result<()> {
        self.ask("File::advise").advise(offset, len, advice)
    }
    fn set_times(&self, times: &SetTimes) -> Result<()> {
        self.ask("File::set_times").set_times(times)
    }
    fn sync(&self, scope: SyncScope) -> Result<()> {
        self.ask("File::sync").sync(scope)
    }
}

impl Stream for Counted<dyn Stream> {
    fn kind(&self) -> FileKind {
        self.ask("Stream::kind").kind()
    }
    fn read(&self, bufs: &mut [IoSliceMut<'_>]) -> Result<usize> {
        self.ask("Stream::read").read(bufs)
    }
    fn write(&self, bufs: &[IoSlice<'_>]) -> Result<usize> {
        self.ask("Stream::write").write(bufs)
    }
    fn ready(&self, interest: Interest, waker: &Waker) -> Readiness {
        self.ask("Stream::ready").ready(interest, waker)
    }
    fn as_socket(&self) -> Option<&dyn Socket> {
        self.ask("Stream::as_socket").as_socket()
    }
}
