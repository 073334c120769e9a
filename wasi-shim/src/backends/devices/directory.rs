//! A directory of things that were put there when it was made.
//!
//! Knows names and what they lead to. Refuses to know what any of it does. Embedders make one and preopen it, most often
//! as `/dev`.

use super::super::Null;
use super::{Full, Random, Zero, found};
use crate::abi::{Errno, Result};
use crate::vfs::{
    Dir, Entropy, Entry, File, FsId, Metadata, Name, Node, OpenRequest, SetTimes, Stream,
};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use thiserror::Error;

/// A directory whose entries nobody can change. What they lead to may be written, if it takes that.
///
/// ```
/// use std::sync::Arc;
/// use wasi_shim::backends::{Devices, Seeded};
/// use wasi_shim::{Access, Wasi};
///
/// let devices = Devices::standard(Arc::new(Seeded::new(7))).build()?;
/// // For writing too: what is written to `/dev/null` is written.
/// let wasi = Wasi::builder().preopen("/dev", devices, Access::ReadWrite).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A guest that opens a name gets the very stream or file that was added; several descriptors of it share its state.
pub struct Devices {
    entries: BTreeMap<String, Held>,
    id: FsId,
}

/// A directory's own number.
const INO: u64 = 1;

/// What a name leads to.
enum Held {
    Dir(Arc<dyn Dir>),
    File(Arc<dyn File>),
    Writable(Arc<dyn File>),
    Stream(Arc<dyn Stream>),
    Symlink(String),
}

impl Held {
    fn node(&self) -> Node {
        match self {
            Self::Dir(dir) => Node::Dir(Arc::clone(dir)),
            Self::File(file) | Self::Writable(file) => Node::File(Arc::clone(file)),
            Self::Stream(stream) => Node::Stream(Arc::clone(stream)),
            Self::Symlink(text) => Node::Symlink(text.clone()),
        }
    }
}

/// A [`Devices`] in the making. What is added twice under one name is the later.
#[must_use]
#[derive(Default)]
pub struct DevicesBuilder {
    entries: BTreeMap<String, Held>,
}

/// A name that no directory can hold.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "{name:?} cannot be the name of a device ({errno}); give one name of up to 255 bytes without a slash"
)]
pub struct BadName {
    /// The name.
    pub name: String,
    /// What [`Name::new`] answers.
    pub errno: Errno,
}

impl Devices {
    /// Starts with an empty directory.
    pub fn builder() -> DevicesBuilder {
        DevicesBuilder::default()
    }

    /// Starts with what programs look for in a `/dev`: `null`, `zero`, `full`, and `random` and `urandom`, which both
    /// give the bytes of this source (the system's is `host::OsEntropy`). The guest's standard streams are not among it:
    /// add `stdin`, `stdout`, `stderr` and `tty` as the streams that the guest is given.
    pub fn standard(entropy: Arc<dyn Entropy>) -> DevicesBuilder {
        let random = Random::new(entropy);
        Self::builder()
            .stream("null", Arc::new(Null))
            .stream("zero", Arc::new(Zero))
            .stream("full", Arc::new(Full))
            .stream("random", random.clone())
            .stream("urandom", random)
    }

    fn find(&self, name: Name<'_>) -> Result<&Held> {
        self.entries.get(name.as_str()).ok_or(Errno::Noent)
    }
}

impl DevicesBuilder {
    /// Adds a stream. It can be opened for reading and writing; what it cannot do fails when it is tried.
    pub fn stream(self, name: impl Into<String>, stream: Arc<dyn Stream>) -> Self {
        self.add(name, Held::Stream(stream))
    }

    /// Adds a file that is opened for reading only; opening it for writing is `rofs`.
    pub fn file(self, name: impl Into<String>, file: Arc<dyn File>) -> Self {
        self.add(name, Held::File(file))
    }

    /// Adds a file that can be opened for writing too.
    pub fn writable_file(self, name: impl Into<String>, file: Arc<dyn File>) -> Self {
        self.add(name, Held::Writable(file))
    }

    /// Adds a directory. What is below it is its own affair.
    pub fn dir(self, name: impl Into<String>, dir: Arc<dyn Dir>) -> Self {
        self.add(name, Held::Dir(dir))
    }

    /// Adds a symbolic link with this text.
    pub fn symlink(self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.add(name, Held::Symlink(text.into()))
    }

    fn add(mut self, name: impl Into<String>, held: Held) -> Self {
        self.entries.insert(name.into(), held);
        self
    }

    /// Makes the directory.
    ///
    /// # Errors
    /// The first name, in their order, that is none.
    pub fn build(self) -> core::result::Result<Arc<Devices>, BadName> {
        for name in self.entries.keys() {
            Name::new(name).map_err(|errno| BadName {
                name: name.clone(),
                errno,
            })?;
        }
        let (entries, id) = (self.entries, FsId::unique());
        Ok(Arc::new(Devices { entries, id }))
    }
}

impl Dir for Devices {
    fn metadata(&self) -> Result<Metadata> {
        Ok(Metadata::dir(INO))
    }

    fn stat(&self, name: Name<'_>) -> Result<Metadata> {
        found::facts(&self.find(name)?.node(), found::number(INO, name))
    }

    fn open(&self, name: Name<'_>, request: &OpenRequest) -> Result<Node> {
        let held = self.find(name).map_err(|_| found::missing(request))?;
        let writable = matches!(held, Held::Writable(_));
        found::serve(held.node(), request, writable)
    }

    /// In the order of the names.
    fn list(&self, sink: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        for (name, held) in &self.entries {
            let kind = found::kind(&held.node());
            // The number would cost a look at the file.
            if sink(Entry { name, ino: 0, kind }).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn filesystem(&self) -> FsId {
        self.id
    }

    found::refusals!();
}
