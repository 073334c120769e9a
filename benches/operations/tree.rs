//! The trees that operations are tried on, all with the same entries.
//!
//! Knows how they are made and which streams go with them. Refuses to know what is done with them. Whoever counts uses it.

use std::path::Path;
use std::sync::Arc;
use wasi_shim::backends::{MemDir, Null, pipe};
use wasi_shim::vfs::{Create, Dir, Name, Node, OpenRequest, Stream};

use super::guest::STREAMS;

/// How many directories are below each other.
pub(crate) const DEPTH: usize = 19;

/// How many entries the directory `many` has.
pub(crate) const ENTRIES: usize = 1000;

/// A tree, and the streams of a guest on it.
pub(crate) struct Tree {
    /// Its root, which holds:
    ///
    /// * `f`, of 64 KiB, and `d/`, which again holds `f` and `d/`, [`DEPTH`] times;
    /// * `one -> f`, `two -> one`, `three -> two`, and `to -> d`;
    /// * `many/`, with [`ENTRIES`] files whose names have eight characters.
    pub(crate) root: Arc<dyn Dir>,
    /// A stream that always has something to read.
    pub(crate) stdin: Arc<dyn Stream>,
    /// A stream that takes everything.
    pub(crate) stdout: Arc<dyn Stream>,
    /// Streams that have something to read.
    pub(crate) streams: Vec<Arc<dyn Stream>>,
    /// What has to stay as long as the tree: the other ends.
    pub(crate) others: Vec<Box<dyn std::any::Any>>,
}

impl Tree {
    /// A tree in memory, with streams in memory.
    pub(crate) fn memory() -> Self {
        let (mut streams, mut others) = (
            Vec::<Arc<dyn Stream>>::new(),
            Vec::<Box<dyn std::any::Any>>::new(),
        );
        for _ in 0..STREAMS {
            let (reader, writer) = pipe(16);
            let written = writer.write(&[std::io::IoSlice::new(b"x")]);
            assert_eq!(written, Ok(1));
            streams.push(reader);
            others.push(Box::new(writer));
        }
        let root = MemDir::new();
        fill(&*root);
        Self {
            root,
            stdin: Arc::new(Null),
            stdout: Arc::new(Null),
            streams,
            others,
        }
    }

    /// An empty folder of the host, filled; its devices, and sockets.
    #[cfg(unix)]
    pub(crate) fn host(folder: &Path) -> Self {
        use std::io::Write as _;
        use std::os::unix::net::UnixStream;
        use wasi_shim::host;
        let (mut streams, mut others) = (Vec::new(), Vec::<Box<dyn std::any::Any>>::new());
        for _ in 0..STREAMS {
            let (ours, mut theirs) = UnixStream::pair().expect("two sockets");
            theirs.write_all(&[0; 1024]).expect("room for them");
            streams.push(host::socket(ours).expect("a socket"));
            others.push(Box::new(theirs));
        }
        let root = host::open_dir(folder).expect("it can be opened");
        fill(&*root);
        let device = |path: &str| {
            std::fs::File::options()
                .read(true)
                .write(true)
                .open(path)
                .expect("a device")
        };
        Self {
            root,
            stdin: host::input(device("/dev/zero")).expect("a stream"),
            stdout: host::output(device("/dev/null")).expect("a stream"),
            streams,
            others,
        }
    }
}

const NEW: OpenRequest = {
    let mut request = OpenRequest::READ;
    request.write = true;
    request.create = Create::Exclusive;
    request
};

fn name(text: &str) -> Name<'_> {
    Name::new(text).expect("a name")
}

fn file(dir: &dyn Dir, text: &str) -> Node {
    dir.open(name(text), &NEW).expect("a new file")
}

fn subdir(dir: &dyn Dir, text: &str) -> Arc<dyn Dir> {
    dir.create_dir(name(text)).expect("a new directory");
    match dir.open(name(text), &OpenRequest::STEP) {
        Ok(Node::Dir(dir)) => dir,
        _ => panic!("{text} is no directory"),
    }
}

/// Makes a directory of this name with so many files.
pub(crate) fn crowd(root: &dyn Dir, text: &str, entries: usize) {
    let many = subdir(root, text);
    for index in 0..entries {
        file(&*many, &format!("entry{index:03}"));
    }
}

fn fill(root: &dyn Dir) {
    if let Node::File(file) = file(root, "f") {
        let written = file.write_at(&[7; 1 << 16], 0);
        assert_eq!(written, Ok(1 << 16));
    }
    for (link, text) in [("one", "f"), ("two", "one"), ("three", "two"), ("to", "d")] {
        root.create_symlink(name(link), text).expect("a new link");
    }
    crowd(root, "many", ENTRIES);
    let mut dir = subdir(root, "d");
    file(&*dir, "f");
    for _ in 1..DEPTH {
        dir = subdir(&*dir, "d");
        file(&*dir, "f");
    }
}
