//! A directory, a file and a stream that implement only what they must: everything else answers as documented.

#![allow(clippy::unwrap_used, reason = "what is wrong in a test should fail it")]

use std::io::{IoSlice, IoSliceMut};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::task::Waker;
use wasi_shim::abi::{Advice, Errno, FileKind, Result, RiFlags, RoFlags, SdFlags};
use wasi_shim::vfs::{
    Dir, Entry, File, Follow, FsId, Interest, Metadata, Name, Node, OpenRequest, PlainPath,
    Readiness, SetTimes, Socket, Stream, SyncScope,
};

struct Text(&'static [u8]);

impl File for Text {
    fn metadata(&self) -> Result<Metadata> {
        Ok(Metadata::file(2, self.0.len() as u64))
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        Ok(wasi_shim::vfs::read_slice(self.0, buf, offset))
    }
}

/// A directory with one entry of each kind.
struct Shelf;

impl Dir for Shelf {
    fn metadata(&self) -> Result<Metadata> {
        Ok(Metadata::dir(1))
    }

    fn stat(&self, name: Name<'_>) -> Result<Metadata> {
        match name.as_str() {
            "text" => Ok(Metadata::file(2, 5)),
            "link" => Ok(Metadata::symlink(3, 4)),
            "shelf" => self.metadata(),
            _ => Err(Errno::Noent),
        }
    }

    fn open(&self, name: Name<'_>, request: &OpenRequest) -> Result<Node> {
        let facts = self.stat(name)?;
        if facts.kind == FileKind::SymbolicLink {
            return Ok(Node::Symlink("text".to_owned()));
        }
        request.check_existing(facts.kind)?;
        match facts.kind {
            FileKind::Directory => Ok(Node::Dir(Arc::new(Self))),
            _ => Ok(Node::File(Arc::new(Text(b"words")))),
        }
    }

    fn list(&self, sink: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        let _ = sink;
        Ok(())
    }
}

struct Nothing;

impl Stream for Nothing {}

struct Deaf;

impl Socket for Deaf {
    fn recv(&self, _bufs: &mut [IoSliceMut<'_>], _flags: RiFlags) -> Result<(usize, RoFlags)> {
        Err(Errno::Notconn)
    }

    fn send(&self, _bufs: &[IoSlice<'_>]) -> Result<usize> {
        Err(Errno::Notconn)
    }

    fn shutdown(&self, _how: SdFlags) -> Result<()> {
        Err(Errno::Notconn)
    }
}

fn name(text: &str) -> Name<'_> {
    Name::new(text).unwrap()
}

#[test]
fn a_directory_that_only_reads_refuses_to_change() {
    let (text, free) = (name("text"), name("free"));
    let times = SetTimes::default();
    assert_eq!(Shelf.create_dir(free), Err(Errno::Rofs));
    assert_eq!(Shelf.create_symlink(free, "text"), Err(Errno::Rofs));
    assert_eq!(Shelf.remove_file(text), Err(Errno::Rofs));
    assert_eq!(Shelf.remove_dir(name("shelf")), Err(Errno::Rofs));
    assert_eq!(Shelf.rename(text, &Shelf, free), Err(Errno::Rofs));
    assert_eq!(Shelf.link(text, &Shelf, free), Err(Errno::Rofs));
    assert_eq!(Shelf.set_times(text, &times), Err(Errno::Rofs));
    assert_eq!(Shelf.set_own_times(&times), Err(Errno::Rofs));
    assert_eq!(Shelf.sync(), Ok(()));
}

#[test]
fn a_directory_without_shortcuts_declines_them_and_has_no_identity() {
    let path = PlainPath::new("shelf/text").unwrap();
    assert!(Shelf.open_deep(path, &OpenRequest::READ).is_none());
    assert!(Shelf.stat_deep(path, Follow::Yes).is_none());
    assert_eq!(Shelf.filesystem(), FsId::NONE);
}

#[test]
fn a_link_is_read_by_opening_it() {
    assert_eq!(Shelf.read_link(name("link")), Ok("text".to_owned()));
    assert_eq!(Shelf.read_link(name("text")), Err(Errno::Inval));
    assert_eq!(Shelf.read_link(name("shelf")), Err(Errno::Inval));
    assert_eq!(Shelf.read_link(name("free")), Err(Errno::Noent));
}

#[test]
fn a_file_that_only_reads_refuses_to_change() {
    let file = Text(b"words");
    assert_eq!(file.write_at(b"x", 0), Err(Errno::Rofs));
    assert_eq!(
        file.write_vectored_at(&[IoSlice::new(b"x")], 0),
        Err(Errno::Rofs)
    );
    assert_eq!(file.append(&[IoSlice::new(b"x")]), Err(Errno::Rofs));
    assert_eq!(file.set_len(0), Err(Errno::Rofs));
    assert_eq!(file.allocate(0, 1), Err(Errno::Notsup));
    assert_eq!(file.set_times(&SetTimes::default()), Err(Errno::Rofs));
    assert_eq!(file.advise(0, 1, Advice::Willneed), Ok(()));
    assert_eq!(file.sync(SyncScope::Full), Ok(()));
}

fn two_buffers(file: &dyn File, offset: u64) -> (Result<usize>, [u8; 3], [u8; 4]) {
    let (mut first, mut second) = ([0; 3], [0; 4]);
    let mut bufs = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
    let count = file.read_vectored_at(&mut bufs, offset);
    (count, first, second)
}

#[test]
fn several_buffers_are_filled_in_turn() {
    let file = Text(b"words");
    assert_eq!(two_buffers(&file, 0), (Ok(5), *b"wor", *b"ds\0\0"));
    assert_eq!(two_buffers(&file, 3), (Ok(2), *b"ds\0", [0; 4]));
    assert_eq!(two_buffers(&file, 5), (Ok(0), [0; 3], [0; 4]));
}

/// Fails from this offset on.
struct Scratched(u64);

impl File for Scratched {
    fn metadata(&self) -> Result<Metadata> {
        Ok(Metadata::file(4, 100))
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        if offset < self.0 {
            Ok(buf.len())
        } else {
            Err(Errno::Io)
        }
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> Result<usize> {
        if offset < self.0 {
            Ok(buf.len())
        } else {
            Err(Errno::Io)
        }
    }
}

#[test]
fn an_error_after_the_first_bytes_is_left_to_the_next_call() {
    assert_eq!(two_buffers(&Scratched(3), 0).0, Ok(3));
    assert_eq!(two_buffers(&Scratched(3), 3).0, Err(Errno::Io));
    let bufs = [IoSlice::new(b"abc"), IoSlice::new(b"def")];
    assert_eq!(Scratched(3).write_vectored_at(&bufs, 0), Ok(3));
    assert_eq!(Scratched(3).write_vectored_at(&bufs, 4), Err(Errno::Io));
}

#[test]
fn appending_writes_at_the_size() {
    let bufs = [IoSlice::new(b"abc"), IoSlice::new(b"def")];
    assert_eq!(Scratched(101).append(&bufs), Ok((3, 103)));
    assert_eq!(Scratched(200).append(&bufs), Ok((6, 106)));
    assert_eq!(Scratched(100).append(&bufs), Err(Errno::Io));
}

#[test]
fn a_stream_that_does_nothing_says_so_at_once() {
    assert_eq!(Nothing.kind(), FileKind::Unknown);
    assert_eq!(
        Nothing.read(&mut [IoSliceMut::new(&mut [0])]),
        Err(Errno::Badf)
    );
    assert_eq!(Nothing.write(&[IoSlice::new(b"x")]), Err(Errno::Badf));
    for interest in [Interest::Read, Interest::Write] {
        let Readiness::Now { bytes, hangup } = Nothing.ready(interest, Waker::noop()) else {
            panic!("an operation would fail at once, so it is ready");
        };
        assert_eq!((bytes, hangup), (0, false));
    }
    assert!(Nothing.as_socket().is_none());
}

#[test]
fn a_socket_is_no_listener_unless_it_says_so() {
    assert_eq!(Deaf.accept().err(), Some(Errno::Notsup));
    assert!(!Deaf.listens());
}
