//! What a probe is told.
//!
//! Knows the calls of the traits in [`vfs`](crate::vfs) as values, and their answers. Refuses to know who makes them.
//! Probes read it.

use super::Place;
use crate::abi::{Advice, Errno, FileKind, Result, RiFlags, RoFlags, SdFlags};
use crate::vfs::{Interest, Metadata, Name, Node, OpenRequest, SetTimes, Stream, SyncScope};
use std::fmt;
use std::sync::Arc;

/// A call that is about to be made.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The directory, file or stream that is asked.
    pub place: &'a Place,
    /// What it is asked.
    pub operation: Operation<'a>,
}

/// A call that was made, and its answer.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// The call.
    pub call: Call<'a>,
    /// The answer.
    pub answer: Answer<'a>,
}

/// The place, the operation and the answer, on one line. Names and texts are escaped.
impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Call { place, operation } = self.call;
        write!(f, "{place} {operation:?} = {:?}", self.answer)
    }
}

/// What a directory, a file or a stream is asked: the methods of [`Dir`](crate::vfs::Dir), [`File`](crate::vfs::File),
/// [`Stream`] and [`Socket`](crate::vfs::Socket). Transfers over several buffers are one; `len` is what all have room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "they are the parameters of the methods")]
pub enum Operation<'a> {
    /// Facts about the directory or the file itself.
    Metadata,
    /// Of a directory.
    Stat { name: Name<'a> },
    /// Of a directory.
    Open {
        name: Name<'a>,
        request: &'a OpenRequest,
    },
    /// Of a directory. The call lasts until the last entry was taken.
    List,
    /// Of a directory.
    ReadLink { name: Name<'a> },
    /// Of a directory.
    CreateDir { name: Name<'a> },
    /// Of a directory.
    CreateSymlink { name: Name<'a>, text: &'a str },
    /// Of a directory.
    RemoveFile { name: Name<'a> },
    /// Of a directory.
    RemoveDir { name: Name<'a> },
    /// Of a directory.
    Rename {
        from: Name<'a>,
        target: &'a Place,
        to: Name<'a>,
    },
    /// Of a directory.
    Link {
        from: Name<'a>,
        target: &'a Place,
        to: Name<'a>,
    },
    /// Of an entry of a directory.
    SetEntryTimes { name: Name<'a>, times: &'a SetTimes },
    /// Of the directory or the file itself.
    SetTimes { times: &'a SetTimes },
    /// Of a directory, which has the full scope, or a file.
    Sync { scope: SyncScope },
    /// Of a file.
    Read { offset: u64, len: usize },
    /// Of a file.
    Write { offset: u64, len: usize },
    /// Of a file.
    Append { len: usize },
    /// Of a file: its new length.
    SetLen { size: u64 },
    /// Of a file.
    Allocate { offset: u64, size: u64 },
    /// Of a file.
    Advise {
        offset: u64,
        size: u64,
        advice: Advice,
    },
    /// Of a stream.
    ReadStream { len: usize },
    /// Of a stream.
    WriteStream { len: usize },
    /// Of a stream. Cannot fail.
    Ready { interest: Interest },
    /// Of a socket.
    Accept,
    /// Of a socket.
    Receive { len: usize, flags: RiFlags },
    /// Of a socket.
    Send { len: usize },
    /// Of a socket.
    Shutdown { how: SdFlags },
}

impl Operation<'_> {
    /// In which direction it moves how many bytes, if that is what it does.
    pub const fn transfer(&self) -> Option<(Interest, usize)> {
        match *self {
            Self::Read { len, .. } | Self::ReadStream { len } | Self::Receive { len, .. } => {
                Some((Interest::Read, len))
            }
            Self::Write { len, .. }
            | Self::Append { len }
            | Self::WriteStream { len }
            | Self::Send { len } => Some((Interest::Write, len)),
            _ => None,
        }
    }

    /// Makes a transfer move `most` bytes at most.
    pub(super) fn cut(&mut self, most: usize) {
        match self {
            Self::Read { len, .. }
            | Self::ReadStream { len }
            | Self::Receive { len, .. }
            | Self::Write { len, .. }
            | Self::Append { len }
            | Self::WriteStream { len }
            | Self::Send { len } => *len = most.min(*len),
            _ => {}
        }
    }
}

/// What was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer<'a> {
    /// It was done.
    Done,
    /// These are the facts.
    Facts(Metadata),
    /// Something of this kind was opened, or accepted.
    Opened(FileKind),
    /// The text of a symbolic link.
    Text(&'a str),
    /// So many bytes were moved, or entries listed.
    Count(usize),
    /// The stream is ready, or it is not.
    Ready(bool),
    /// It failed.
    Failed(Errno),
}

impl<'a> Answer<'a> {
    pub(super) fn of<T: Report>(result: &'a Result<T>) -> Self {
        match result {
            Ok(value) => value.report(),
            Err(errno) => Self::Failed(*errno),
        }
    }
}

/// What a call that went well is reported as.
pub(super) trait Report {
    fn report(&self) -> Answer<'_>;
}

impl Report for () {
    fn report(&self) -> Answer<'_> {
        Answer::Done
    }
}

impl Report for Metadata {
    fn report(&self) -> Answer<'_> {
        Answer::Facts(*self)
    }
}

impl Report for Node {
    fn report(&self) -> Answer<'_> {
        match self {
            Self::Dir(_) => Answer::Opened(FileKind::Directory),
            Self::File(_) => Answer::Opened(FileKind::RegularFile),
            Self::Stream(stream) => stream.report(),
            Self::Symlink(text) => text.report(),
        }
    }
}

impl Report for Arc<dyn Stream> {
    fn report(&self) -> Answer<'_> {
        Answer::Opened(self.kind())
    }
}

impl Report for String {
    fn report(&self) -> Answer<'_> {
        Answer::Text(self)
    }
}

impl Report for usize {
    fn report(&self) -> Answer<'_> {
        Answer::Count(*self)
    }
}

/// Of an append, where the end is now.
impl Report for (usize, u64) {
    fn report(&self) -> Answer<'_> {
        Answer::Count(self.0)
    }
}

impl Report for (usize, RoFlags) {
    fn report(&self) -> Answer<'_> {
        Answer::Count(self.0)
    }
}

impl Report for bool {
    fn report(&self) -> Answer<'_> {
        Answer::Ready(*self)
    }
}
