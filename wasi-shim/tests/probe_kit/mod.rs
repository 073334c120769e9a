//! What the tests of probes share: a tree, a socket, and every call that can be made to them.
#![allow(dead_code, reason = "each test file is a crate and uses its part")]

use crate::support::{name as n, names, writing};
use std::collections::BTreeMap;
use std::io::{IoSlice, IoSliceMut};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Waker;
use wasi_shim::abi::{Advice, FileKind, Result, RiFlags, RoFlags, SdFlags};
use wasi_shim::backends::{Event, MemDir, Trace};
use wasi_shim::vfs::{
    Dir, Entry, File, Interest, Metadata, Name, Node, OpenRequest, Readiness, SetTime, SetTimes,
    Socket, Stream, SyncScope, Timestamp,
};

/// A tree with something of each kind, and a socket.
pub(crate) fn tree() -> Arc<MemDir> {
    let root = MemDir::with_time(|| Timestamp(7));
    root.file("f", "0123456789").unwrap();
    root.symlink("s", "f").unwrap();
    root.dir("empty").unwrap();
    root.dir("d").unwrap().file("inner", "inside").unwrap();
    root
}

/// A call to the directory.
pub(crate) type OnDir = fn(&dyn Dir) -> Result<()>;
/// A call to a stream that is a socket.
pub(crate) type OnStream = fn(&dyn Stream) -> Result<()>;
/// A call to its file `f`.
pub(crate) type OnFile = fn(&dyn File) -> Result<()>;

pub(crate) const ON_DIR: &[(&str, OnDir)] = &[
    ("Metadata", |dir| dir.metadata().map(drop)),
    ("Stat", |dir| dir.stat(n("f")).map(drop)),
    ("Open", |dir| dir.open(n("new"), &writing()).map(drop)),
    ("List", |dir| dir.list(&mut |_| ControlFlow::Continue(()))),
    ("ReadLink", |dir| dir.read_link(n("s")).map(drop)),
    ("CreateDir", |dir| dir.create_dir(n("new"))),
    ("CreateSymlink", |dir| dir.create_symlink(n("new"), "t")),
    ("RemoveFile", |dir| dir.remove_file(n("f"))),
    ("RemoveDir", |dir| dir.remove_dir(n("empty"))),
    ("Rename", |dir| dir.rename(n("f"), dir, n("new"))),
    ("Link", |dir| dir.link(n("f"), dir, n("new"))),
    ("SetEntryTimes", |dir| dir.set_times(n("f"), &now())),
    ("SetTimes", |dir| dir.set_own_times(&now())),
    ("Sync", |dir| dir.sync()),
];

pub(crate) const ON_FILE: &[(&str, OnFile)] = &[
    ("Metadata", |file| file.metadata().map(drop)),
    ("Read", |file| file.read_at(&mut [0; 4], 0).map(drop)),
    ("Read", |file| {
        let mut buf = [0; 4];
        file.read_vectored_at(&mut [IoSliceMut::new(&mut buf)], 0)
            .map(drop)
    }),
    ("Write", |file| file.write_at(b"x", 0).map(drop)),
    ("Write", |file| {
        file.write_vectored_at(&[IoSlice::new(b"x")], 0).map(drop)
    }),
    ("Append", |file| {
        file.append(&[IoSlice::new(b"x")]).map(drop)
    }),
    ("SetLen", |file| file.set_len(1)),
    ("Allocate", |file| file.allocate(0, 20)),
    ("Advise", |file| file.advise(0, 1, Advice::Random)),
    ("SetTimes", |file| file.set_times(&now())),
    ("Sync", |file| file.sync(SyncScope::Data)),
];

pub(crate) const ON_STREAM: &[(&str, OnStream)] = &[
    ("ReadStream", |stream| {
        stream.read(&mut [IoSliceMut::new(&mut [0; 4])]).map(drop)
    }),
    ("WriteStream", |stream| {
        stream.write(&[IoSlice::new(b"x")]).map(drop)
    }),
    ("Accept", |stream| socket(stream).accept().map(drop)),
    ("Receive", |stream| {
        let mut buf = [0; 4];
        let mut bufs = [IoSliceMut::new(&mut buf)];
        socket(stream).recv(&mut bufs, RiFlags::empty()).map(drop)
    }),
    ("Send", |stream| {
        socket(stream).send(&[IoSlice::new(b"x")]).map(drop)
    }),
    ("Shutdown", |stream| socket(stream).shutdown(SdFlags::RD)),
];

pub(crate) fn now() -> SetTimes {
    SetTimes {
        mtim: SetTime::At(Timestamp(9)),
        ..SetTimes::default()
    }
}

pub(crate) fn socket(stream: &dyn Stream) -> &dyn Socket {
    stream.as_socket().unwrap()
}

/// A directory whose one entry is a socket that counts what it is asked.
#[derive(Default)]
pub(crate) struct Sockets(pub(crate) Arc<Counting>);

#[derive(Default)]
pub(crate) struct Counting(AtomicU64);

impl Counting {
    pub(crate) fn asked(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn ask<T>(&self, answer: T) -> Result<T> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(answer)
    }
}

impl Dir for Sockets {
    fn metadata(&self) -> Result<Metadata> {
        Ok(Metadata::dir(1))
    }

    fn stat(&self, _name: Name<'_>) -> Result<Metadata> {
        Ok(Metadata::new(FileKind::SocketStream, 2, 0))
    }

    fn open(&self, _name: Name<'_>, _request: &OpenRequest) -> Result<Node> {
        Ok(Node::Stream(self.0.clone()))
    }

    fn list(&self, _sink: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        Ok(())
    }
}

impl Stream for Counting {
    fn kind(&self) -> FileKind {
        FileKind::SocketStream
    }

    fn read(&self, bufs: &mut [IoSliceMut<'_>]) -> Result<usize> {
        self.ask(bufs.iter().map(|buf| buf.len()).sum())
    }

    fn write(&self, bufs: &[IoSlice<'_>]) -> Result<usize> {
        self.ask(bufs.iter().map(|buf| buf.len()).sum())
    }

    fn ready(&self, _interest: Interest, _waker: &Waker) -> Readiness {
        self.ask(Readiness::Later).unwrap()
    }

    fn as_socket(&self) -> Option<&dyn Socket> {
        Some(self)
    }
}

impl Socket for Counting {
    fn accept(&self) -> Result<Arc<dyn Stream>> {
        self.ask(Arc::new(Self::default()))
    }

    fn listens(&self) -> bool {
        true
    }

    fn recv(&self, bufs: &mut [IoSliceMut<'_>], _flags: RiFlags) -> Result<(usize, RoFlags)> {
        Ok((self.read(bufs)?, RoFlags::empty()))
    }

    fn send(&self, bufs: &[IoSlice<'_>]) -> Result<usize> {
        self.write(bufs)
    }

    fn shutdown(&self, _how: SdFlags) -> Result<()> {
        self.ask(())
    }
}

pub(crate) fn stream(dir: &dyn Dir) -> Arc<dyn Stream> {
    match dir.open(n("socket"), &OpenRequest::READ) {
        Ok(Node::Stream(stream)) => stream,
        _ => panic!("no stream"),
    }
}

/// All that can be seen of a tree: facts, contents, texts.
pub(crate) fn snapshot(dir: &dyn Dir, path: &str, into: &mut BTreeMap<String, String>) {
    into.insert(path.to_owned(), format!("{:?}", dir.metadata()));
    for text in names(dir) {
        let at = format!("{path}/{text}");
        let facts = dir.stat(n(&text));
        let content = match dir.open(n(&text), &OpenRequest::READ).unwrap() {
            Node::Dir(dir) => {
                snapshot(&*dir, &at, into);
                continue;
            }
            Node::File(file) => {
                let mut buf = [0; 64];
                let count = file.read_at(&mut buf, 0).unwrap();
                String::from_utf8_lossy(buf.get(..count).unwrap()).into_owned()
            }
            Node::Symlink(text) => text,
            Node::Stream(_) => String::new(),
        };
        into.insert(at, format!("{facts:?} {content}"));
    }
}

pub(crate) fn seen(dir: &dyn Dir) -> BTreeMap<String, String> {
    let mut into = BTreeMap::new();
    snapshot(dir, "", &mut into);
    into
}

/// A traced tree, and the lines that were told.
pub(crate) fn traced(inner: Arc<dyn Dir>) -> (Arc<dyn Dir>, Arc<Mutex<Vec<String>>>) {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&lines);
    let tell = move |event: &Event<'_>| told.lock().unwrap().push(event.to_string());
    (Trace::new(inner, tell), lines)
}

pub(crate) fn take(lines: &Mutex<Vec<String>>) -> Vec<String> {
    std::mem::take(&mut lines.lock().unwrap())
}
