//! Guests with one descriptor of a kind, and what they see of what a call has changed.
//!
//! Knows how a descriptor comes to be, by opening or by being there from the start. Does not know what any right means.

use std::io::{IoSlice, IoSliceMut};
use std::ops::ControlFlow;
use std::sync::Arc;
use wasi_shim::abi::{
    Errno, FdFlags, FileKind, LookupFlags, OFlags, Result, RiFlags, Rights, RoFlags, SdFlags,
};
use wasi_shim::backends::MemDir;
use wasi_shim::vfs::{Dir, Interest, Metadata, Name, Readiness, Socket, Stream, Timestamp};
use wasi_shim::{Access, RightsMode, Wasi};
use wasi_shim_tests::trees::{READ_ONLY, ROOT};
use wasi_shim_tests::{Answer, Guest};

/// What a descriptor may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// Standard input.
    Stdin,
    /// Standard output.
    Stdout,
    /// A connected socket.
    Socket,
    /// A listening socket.
    Listener,
}

impl Kind {
    /// All of them.
    pub(crate) const ALL: [Self; 6] = [
        Self::File,
        Self::Directory,
        Self::Stdin,
        Self::Stdout,
        Self::Socket,
        Self::Listener,
    ];

    /// The kind as the page's first table has it.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "" => None,
            "file" => Some(Self::File),
            "directory" => Some(Self::Directory),
            "socket" => Some(Self::Socket),
            "listener" => Some(Self::Listener),
            other => panic!("{other:?} is no kind"),
        }
    }

    /// The number of those that are there from the start.
    pub(crate) fn number(self) -> Option<u32> {
        match self {
            Self::File => None,
            Self::Directory => Some(ROOT),
            Self::Stdin => Some(0),
            Self::Stdout => Some(1),
            Self::Socket => Some(SOCKET),
            Self::Listener => Some(LISTENER),
        }
    }
}

/// The tree once more, for the other descriptor of a call that has two.
pub(crate) const OTHER: u32 = READ_ONLY + 1;

/// The connected socket of every guest here.
pub(crate) const SOCKET: u32 = OTHER + 1;

/// The listening one.
pub(crate) const LISTENER: u32 = SOCKET + 1;

/// A guest, its tree, and the descriptor that a test is about.
pub(crate) struct Held {
    pub(crate) guest: Guest,
    pub(crate) fd: u32,
    tree: Arc<MemDir>,
}

/// A guest over a small tree, given to read and write, to read, and to read and write again.
fn guest(mode: RightsMode) -> (Guest, Arc<MemDir>) {
    let tree = MemDir::with_time(|| Timestamp(1));
    tree.file("file", "0123456789").expect("a new file");
    tree.dir("dir").expect("a new directory");
    tree.symlink("link", "file").expect("a new link");
    let builder = Wasi::builder()
        .rights(mode)
        .arg("program")
        .env("NAME", "value")
        .stdin(Arc::new(Plug {
            listens: false,
            kind: FileKind::Unknown,
        }))
        .stdout(Arc::new(Plug {
            listens: false,
            kind: FileKind::CharacterDevice,
        }))
        .preopen("/", tree.clone(), Access::ReadWrite)
        .preopen("/read-only", tree.clone(), Access::ReadOnly)
        .preopen("/other", tree.clone(), Access::ReadWrite)
        .socket(Arc::new(Plug {
            listens: false,
            kind: FileKind::SocketStream,
        }))
        .socket(Arc::new(Plug {
            listens: true,
            kind: FileKind::SocketStream,
        }));
    (Guest::with_clock(builder, 1_000), tree)
}

impl Held {
    /// A descriptor with every right it can have.
    pub(crate) fn all(kind: Kind, mode: RightsMode) -> Self {
        let (mut guest, tree) = guest(mode);
        let fd = kind
            .number()
            .unwrap_or_else(|| open(&mut guest, ROOT, kind, rights(kind)).expect("an open file"));
        Self { guest, fd, tree }
    }

    /// A descriptor that was opened through a directory with these rights.
    pub(crate) fn opened(
        kind: Kind,
        mode: RightsMode,
        dir: u32,
        asked: (Rights, Rights),
    ) -> Answer<Self> {
        let (mut guest, tree) = guest(mode);
        let fd = open(&mut guest, dir, kind, asked)?;
        Ok(Self { guest, fd, tree })
    }

    /// A descriptor that has given up all but these rights.
    pub(crate) fn with(kind: Kind, (base, inheriting): (Rights, Rights)) -> Self {
        let mut held = Self::all(kind, RightsMode::Enforce);
        let given_up = held.guest.fd_fdstat_set_rights(held.fd, base, inheriting);
        given_up.expect("fewer rights than there were");
        held
    }

    /// The rights it has now.
    pub(crate) fn rights(&mut self) -> (Rights, Rights) {
        let stat = self
            .guest
            .fd_fdstat_get(self.fd)
            .expect("an open descriptor");
        (stat.rights_base, stat.rights_inheriting)
    }

    /// All that is in the tree, with its facts.
    pub(crate) fn tree(&self) -> Vec<(String, Metadata)> {
        let mut names = Vec::new();
        let listed = Dir::list(self.tree.as_ref(), &mut |entry| {
            names.push(entry.name.to_owned());
            ControlFlow::Continue(())
        });
        listed.expect("a directory that can be listed");
        let fact = |name: String| {
            let metadata = self
                .tree
                .stat(Name::new(&name).expect("a name"))
                .expect("an entry");
            (name, metadata)
        };
        names.into_iter().map(fact).collect()
    }
}

/// The rights that a descriptor of this kind can be opened with, or has from the start.
fn rights(kind: Kind) -> (Rights, Rights) {
    match kind {
        Kind::Directory => (Rights::DIRECTORY, Rights::INHERITED),
        _ => (Rights::FILE, Rights::empty()),
    }
}

fn open(guest: &mut Guest, dir: u32, kind: Kind, asked: (Rights, Rights)) -> Answer<u32> {
    let (path, oflags) = match kind {
        Kind::Directory => (".", OFlags::DIRECTORY),
        _ => ("file", OFlags::empty()),
    };
    guest.path_open(
        dir,
        LookupFlags::empty(),
        path,
        oflags,
        asked,
        FdFlags::empty(),
    )
}

/// A stream that never waits: it gives ones, takes everything, and as a socket has always another connection.
struct Plug {
    listens: bool,
    kind: FileKind,
}

impl Stream for Plug {
    fn kind(&self) -> FileKind {
        self.kind
    }

    fn read(&self, bufs: &mut [IoSliceMut<'_>]) -> Result<usize> {
        bufs.iter_mut().for_each(|buf| buf.fill(1));
        Ok(bufs.iter().map(|buf| buf.len()).sum())
    }

    fn write(&self, bufs: &[IoSlice<'_>]) -> Result<usize> {
        Ok(bufs.iter().map(|buf| buf.len()).sum())
    }

    fn ready(&self, _: Interest, _: &std::task::Waker) -> Readiness {
        Readiness::Now {
            bytes: 1,
            hangup: false,
        }
    }

    fn as_socket(&self) -> Option<&dyn Socket> {
        (self.kind == FileKind::SocketStream).then_some(self)
    }
}

impl Socket for Plug {
    fn accept(&self) -> Result<Arc<dyn Stream>> {
        if !self.listens {
            return Err(Errno::Inval);
        }
        Ok(Arc::new(Self {
            listens: false,
            kind: FileKind::SocketStream,
        }))
    }

    fn listens(&self) -> bool {
        self.listens
    }

    fn recv(&self, bufs: &mut [IoSliceMut<'_>], _: RiFlags) -> Result<(usize, RoFlags)> {
        Ok((self.read(bufs)?, RoFlags::empty()))
    }

    fn send(&self, bufs: &[IoSlice<'_>]) -> Result<usize> {
        self.write(bufs)
    }

    fn shutdown(&self, _: SdFlags) -> Result<()> {
        Ok(())
    }
}
