//! Where an attack is made: a tree for the guest, and around it what the guest must not reach.
//!
//! ```text
//! root/                the guest's, empty at first
//! root2/file           a sibling whose name begins as the root's does
//! secret               outside/secret  outside/sub/kept
//! ```
//!
//! Knows how each back end is made, and looks at what is around before and after. What is attacked is for the rows. The
//! host's side is looked at without the library.

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
use wasi_shim::abi::Errno;
use wasi_shim::backends::{MemDir, Overlay};
use wasi_shim::host::open_dir;
use wasi_shim::vfs::{self, Create, Dir, File, Name, OpenRequest};
use wasi_shim::{Access, Builder, Wasi};
use wasi_shim_tests::Guest;
use wasi_shim_tests::openat2::Mode;

/// A back end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A directory of the host.
    Host,
    /// A tree in memory.
    Memory,
    /// Changes in memory over a directory of the host.
    MemoryOverHost,
    /// Changes in a directory of the host over a tree in memory.
    HostOverMemory,
}

impl Place {
    pub(crate) const ALL: [Self; 4] = [
        Self::Host,
        Self::Memory,
        Self::MemoryOverHost,
        Self::HostOverMemory,
    ];

    /// Is there something to learn from it in this mode? Memory knows no system calls.
    pub(crate) fn is_of(self, mode: Mode) -> bool {
        mode == Mode::Native || self != Self::Memory
    }

    pub(crate) fn name(self, mode: Mode) -> String {
        let name = match self {
            Self::Host => "host",
            Self::Memory => return "memory".to_owned(),
            Self::MemoryOverHost => "memory-over-host",
            Self::HostOverMemory => "host-over-memory",
        };
        format!("{name}/{}", mode.name())
    }

    /// Is the tree that is given one of the host's?
    const fn is_given_by_the_host(self) -> bool {
        matches!(self, Self::Host | Self::MemoryOverHost)
    }
}

/// A back end, freshly made.
pub(crate) struct Scene {
    pub(crate) place: Place,
    /// What the guest is given.
    pub(crate) root: Arc<dyn Dir>,
    /// What is there before the guest: the same, or what is below it.
    pub(crate) given: Arc<dyn Dir>,
    around: TempDir,
    pub(crate) memory: Arc<MemDir>,
    before: Option<Outside>,
    /// Somebody else changes what is given while the guest runs.
    shared: bool,
}

impl Scene {
    pub(crate) fn new(place: Place) -> Self {
        let around = tempfile::tempdir().expect("a folder");
        let memory = MemDir::new();
        for path in ["root", "upper"] {
            fs::create_dir(around.path().join(path)).expect("a new folder");
        }
        let inner: Arc<dyn Dir> = memory.dir("root").expect("a new name");
        let host = open_dir(around.path().join("root")).expect("a folder");
        let sentinels: [Arc<dyn Dir>; 2] = [open_dir(&around).expect("a folder"), memory.clone()];
        for dir in &sentinels {
            for path in ["secret", "root2/file", "outside/secret", "outside/sub/kept"] {
                make(dir, path, &|dir, name| write(dir, name, "outside"));
            }
        }
        let (given, root): (Arc<dyn Dir>, Arc<dyn Dir>) = match place {
            Place::Host => (host.clone(), host),
            Place::Memory => (inner.clone(), inner),
            Place::MemoryOverHost => (host.clone(), Overlay::new(host)),
            Place::HostOverMemory => {
                let upper = open_dir(around.path().join("upper")).expect("a folder");
                (inner.clone(), Overlay::builder(inner).upper(upper).build())
            }
        };
        Self {
            place,
            root,
            given,
            around,
            memory,
            before: None,
            shared: false,
        }
    }

    /// A file that is there before the guest, with the directories on the way.
    pub(crate) fn file(&self, path: &str, content: &str) {
        make(&self.given, path, &|dir, name| write(dir, name, content));
    }

    /// A file around, on the host and in memory.
    pub(crate) fn outside(&self, path: &str, content: &str) {
        for dir in self.surroundings() {
            make(&dir, path, &|dir, name| write(dir, name, content));
        }
    }

    /// What is around the trees, on the host and in memory.
    fn surroundings(&self) -> [Arc<dyn Dir>; 2] {
        [
            open_dir(&self.around).expect("a folder"),
            self.memory.clone(),
        ]
    }

    /// Renames something where the tree that is given is, as who can reach more than the guest.
    pub(crate) fn move_around(&self, from: &str, to: &str) {
        let [host, memory] = self.surroundings();
        let dir = if self.place.is_given_by_the_host() {
            host
        } else {
            memory
        };
        let mut guest = Guest::new(Wasi::builder().preopen("/", dir, Access::ReadWrite));
        assert_eq!(guest.path_rename(3, from, 3, to), Ok(()), "{from} to {to}");
    }

    pub(crate) fn dir(&self, path: &str) {
        make(&self.given, path, &|dir, name| dir.create_dir(name));
    }

    pub(crate) fn link(&self, path: &str, text: &str) {
        make(&self.given, path, &|dir, name| {
            dir.create_symlink(name, text)
        });
    }

    /// The folder of the host that the guest's tree is, or is made from.
    pub(crate) fn folder(&self) -> Option<PathBuf> {
        let folder = self.around.path().join("root");
        self.place.is_given_by_the_host().then_some(folder)
    }

    /// From now on somebody else changes what is given.
    pub(crate) fn share(&mut self) {
        self.shared = true;
    }

    /// The absolute path of something around.
    pub(crate) fn absolute(&self, path: &str) -> String {
        self.around.path().join(path).display().to_string()
    }

    /// What is around is from now on what it should be in the end.
    pub(crate) fn seal(&mut self) {
        if self.before.is_none() {
            self.before = Some(self.look_around());
        }
    }

    /// A guest with the tree to read and write as descriptor 3, and to read as 4.
    pub(crate) fn builder(&mut self) -> Builder {
        self.seal();
        Wasi::builder()
            .preopen("/", self.root.clone(), Access::ReadWrite)
            .preopen("/read-only", self.root.clone(), Access::ReadOnly)
    }

    pub(crate) fn guest(&mut self) -> Guest {
        Guest::new(self.builder())
    }

    /// Everything outside has the same bytes, times and numbers as before.
    pub(crate) fn check_outside(&self) {
        let before = self.before.as_ref().expect("a guest was made");
        let after = self.look_around();
        for path in before.0.keys().chain(after.0.keys()) {
            let (was, is) = (before.0.get(path), after.0.get(path));
            assert_eq!(is, was, "{path}, which is not the guest's");
        }
    }

    fn look_around(&self) -> Outside {
        let mut found = Outside::default();
        // What is given is not to be changed either, if it is only what is below.
        let own = match self.place {
            Place::Host => vec!["root"],
            Place::MemoryOverHost if self.shared => vec!["root"],
            Place::HostOverMemory => vec!["upper"],
            Place::Memory | Place::MemoryOverHost => vec![],
        };
        found.of_host(self.around.path(), "host", &own);
        let own: &[&str] = match self.place {
            Place::Memory => &["root"],
            Place::HostOverMemory if self.shared => &["root"],
            _ => &[],
        };
        let memory: Arc<dyn Dir> = self.memory.clone();
        found.of_memory(&memory, "memory", own);
        found
    }
}

/// What is around: by path, the number, the kind, the time of the last change and the content.
#[derive(Debug, Default)]
struct Outside(BTreeMap<String, String>);

impl Outside {
    fn of_host(&mut self, folder: &Path, path: &str, but: &[&str]) {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if but.contains(&&*name) {
                continue;
            }
            let (below, path) = (entry.path(), format!("{path}/{name}"));
            let facts = entry.metadata().expect("it is there");
            let content = if facts.is_symlink() {
                fs::read_link(&below).map(|text| text.display().to_string())
            } else if facts.is_file() {
                fs::read(&below).map(|bytes| format!("{bytes:?}"))
            } else {
                Ok(String::new())
            };
            let times = (facts.mtime(), facts.mtime_nsec());
            let (ino, mode) = (facts.ino(), facts.mode());
            self.0
                .insert(path.clone(), format!("{ino} {mode} {times:?} {content:?}"));
            if facts.is_dir() {
                self.of_host(&below, &path, &[]);
            }
        }
    }

    fn of_memory(&mut self, dir: &Arc<dyn Dir>, path: &str, but: &[&str]) {
        let mut names = Vec::new();
        let listed = dir.list(&mut |entry| {
            names.push(entry.name.to_owned());
            ControlFlow::Continue(())
        });
        listed.expect("a directory in memory");
        for name in names.iter().filter(|name| !but.contains(&&name[..])) {
            let path = format!("{path}/{name}");
            let name = Name::new(name).expect("a name");
            let facts = dir.stat(name).expect("it is there");
            let node = dir.open(name, &OpenRequest::READ).expect("it is there");
            let content = match &node {
                vfs::Node::File(file) => format!("{:?}", read(&**file)),
                vfs::Node::Symlink(text) => text.clone(),
                _ => String::new(),
            };
            let (ino, kind, mtim) = (facts.ino, facts.kind, facts.mtim);
            self.0
                .insert(path.clone(), format!("{ino} {kind:?} {mtim:?} {content}"));
            if let vfs::Node::Dir(below) = node {
                self.of_memory(&below, &path, &[]);
            }
        }
    }
}

fn read(file: &dyn File) -> Vec<u8> {
    let size = file.metadata().expect("a file").size;
    let mut bytes = vec![0; usize::try_from(size).expect("a small file")];
    file.read_at(&mut bytes, 0).expect("a file");
    bytes
}

type Made = Result<(), Errno>;

/// Makes something at a path, and the directories on the way.
fn make(dir: &Arc<dyn Dir>, path: &str, last: &dyn Fn(&dyn Dir, Name<'_>) -> Made) {
    let mut dir = dir.clone();
    let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
    for part in above.split('/').filter(|part| !part.is_empty()) {
        let name = Name::new(part).expect("a name");
        match dir.create_dir(name) {
            Ok(()) | Err(Errno::Exist) => {}
            Err(errno) => panic!("{path}: {errno}"),
        }
        let Ok(vfs::Node::Dir(below)) = dir.open(name, &OpenRequest::STEP) else {
            panic!("{path}: {part} is no directory");
        };
        dir = below;
    }
    last(&*dir, Name::new(name).expect("a name")).expect("a new name");
}

fn write(dir: &dyn Dir, name: Name<'_>, content: &str) -> Made {
    let mut request = OpenRequest::READ;
    (request.write, request.create) = (true, Create::Exclusive);
    match dir.open(name, &request)? {
        vfs::Node::File(file) => file.write_at(content.as_bytes(), 0).map(drop),
        _ => Err(Errno::Io),
    }
}
