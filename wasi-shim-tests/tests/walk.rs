//! What the walk asks a filesystem, and what it makes of the answers: shortcuts, and a tree that changes meanwhile.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use wasi_shim::abi::{Errno, FdFlags, FileKind, LookupFlags, OFlags, Result, Rights};
use wasi_shim::backends::MemDir;
use wasi_shim::vfs::{
    Dir, Entry, Follow, Metadata, Name, Node, OpenRequest, PlainPath, SetTimes, Stream,
};
use wasi_shim::{Access, Limits, Wasi};
use wasi_shim_tests::trees::ROOT;
use wasi_shim_tests::{Answer, Guest};

const FOLLOW: LookupFlags = LookupFlags::SYMLINK_FOLLOW;
const NOFOLLOW: LookupFlags = LookupFlags::empty();

type Asked = Arc<Mutex<Vec<String>>>;

/// `dir/{file,link -> file,inner/}`, with shortcuts from the top, which writes down what it is asked.
struct Top {
    tree: Arc<MemDir>,
    asked: Asked,
}

impl Top {
    fn note(&self, what: &str, path: &str) {
        let mut asked = self.asked.lock().expect("nobody panics");
        asked.push(format!("{what} {path}"));
    }

    /// Where a path leads, name by name, as a shortcut has to find it.
    fn reach(&self, path: &str, request: &OpenRequest) -> Option<Node> {
        let (parent, name) = path.split_once('/')?;
        let Node::Dir(parent) = self
            .tree
            .open(Name::new(parent).ok()?, &OpenRequest::STEP)
            .ok()?
        else {
            return None;
        };
        parent.open(Name::new(name).ok()?, request).ok()
    }
}

impl Dir for Top {
    fn metadata(&self) -> Result<Metadata> {
        self.tree.metadata()
    }
    fn stat(&self, name: Name<'_>) -> Result<Metadata> {
        self.note("stat", name.as_str());
        self.tree.stat(name)
    }
    fn open(&self, name: Name<'_>, request: &OpenRequest) -> Result<Node> {
        self.note("open", name.as_str());
        self.tree.open(name, request)
    }
    fn list(&self, sink: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        self.tree.list(sink)
    }
    fn open_deep(&self, path: PlainPath<'_>, request: &OpenRequest) -> Option<Node> {
        self.note("open_deep", path.as_str());
        if path.as_str() == "dir" {
            return self.tree.open(Name::new("dir").ok()?, request).ok();
        }
        self.reach(path.as_str(), request)
    }
    fn stat_deep(&self, path: PlainPath<'_>, _follow: Follow) -> Option<Metadata> {
        self.note("stat_deep", path.as_str());
        // A link's own facts, whoever asks: following is not for a filesystem.
        Some(match self.reach(path.as_str(), &OpenRequest::STEP)? {
            Node::Symlink(text) => Metadata::symlink(9, text.len() as u64),
            Node::Dir(dir) => dir.metadata().ok()?,
            Node::File(_) | Node::Stream(_) => return None,
        })
    }
}

struct Shortcuts {
    guest: Guest,
    asked: Asked,
}

impl Shortcuts {
    fn new() -> Self {
        let tree = MemDir::new();
        let dir = tree.dir("dir").expect("a new directory");
        dir.dir("inner").expect("a new directory");
        dir.file("file", "content").expect("a new file");
        dir.symlink("link", "file").expect("a new link");
        dir.symlink("toinner", "inner").expect("a new link");
        let asked = Asked::default();
        let top = Top {
            tree,
            asked: Arc::clone(&asked),
        };
        let builder = Wasi::builder().preopen("/", Arc::new(top), Access::ReadWrite);
        Self {
            guest: Guest::new(builder),
            asked,
        }
    }

    fn kind(&mut self, path: &str, lookup: LookupFlags) -> Answer<FileKind> {
        let stat = self.guest.path_filestat_get(ROOT, lookup, path)?;
        Ok(stat.filetype)
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().expect("nobody panics"))
    }
}

#[test]
fn facts_from_a_shortcut_need_no_walk() {
    let mut tree = Shortcuts::new();
    for lookup in [FOLLOW, NOFOLLOW] {
        assert_eq!(tree.kind("dir/inner", lookup), Ok(FileKind::Directory));
        assert_eq!(tree.asked(), ["stat_deep dir/inner"]);
    }
    assert_eq!(tree.kind("dir/link", NOFOLLOW), Ok(FileKind::SymbolicLink));
    assert_eq!(tree.asked(), ["stat_deep dir/link"]);
}

#[test]
fn the_facts_of_a_link_that_is_to_be_followed_are_walked_for() {
    let mut tree = Shortcuts::new();
    assert_eq!(tree.kind("dir/link", FOLLOW), Ok(FileKind::RegularFile));
    assert_eq!(tree.asked(), ["stat_deep dir/link", "open dir"]);
    assert_eq!(tree.kind("dir/toinner", FOLLOW), Ok(FileKind::Directory));
}

#[test]
fn one_name_and_a_path_that_is_not_plain_need_no_shortcut() {
    let mut tree = Shortcuts::new();
    assert_eq!(tree.kind("dir", NOFOLLOW), Ok(FileKind::Directory));
    assert_eq!(tree.asked(), ["stat dir"]);
    for path in ["dir/", "./dir", "dir/./inner", "dir//inner", "dir/../dir"] {
        assert_eq!(tree.kind(path, NOFOLLOW), Ok(FileKind::Directory), "{path}");
        let asked = tree.asked();
        assert!(
            asked.iter().all(|asked| !asked.contains("deep")),
            "{path}: {asked:?}"
        );
    }
}

fn open(guest: &mut Guest, path: &str, lookup: LookupFlags, oflags: OFlags) -> Answer<FileKind> {
    let rights = (Rights::FD_READ, Rights::empty());
    let fd = guest.path_open(ROOT, lookup, path, oflags, rights, FdFlags::empty())?;
    Ok(guest.fd_fdstat_get(fd)?.filetype)
}

#[test]
fn what_a_shortcut_opens_is_taken_unless_it_is_a_link() {
    let mut tree = Shortcuts::new();
    let plain = OFlags::empty();
    let found = open(&mut tree.guest, "dir/file", NOFOLLOW, plain);
    assert_eq!(found, Ok(FileKind::RegularFile));
    assert_eq!(tree.asked(), ["open_deep dir/file"]);
    let found = open(&mut tree.guest, "dir/link", FOLLOW, plain);
    assert_eq!(found, Ok(FileKind::RegularFile));
    assert_eq!(tree.asked(), ["open_deep dir/link", "open dir"]);
    let found = open(&mut tree.guest, "dir/link", NOFOLLOW, plain);
    assert_eq!(found, Err(Errno::Loop));
    let found = open(&mut tree.guest, "dir/link", NOFOLLOW, OFlags::DIRECTORY);
    assert_eq!(found, Err(Errno::Notdir));
}

#[test]
fn the_directory_of_a_name_is_opened_by_a_shortcut() {
    let mut tree = Shortcuts::new();
    let made = tree.guest.path_create_directory(ROOT, "dir/inner/new");
    assert_eq!(made, Ok(()));
    assert_eq!(tree.asked(), ["open_deep dir/inner"]);
    // Neither a link nor a file is a directory, but a link may lead to one.
    let made = tree.guest.path_create_directory(ROOT, "dir/toinner/newer");
    assert_eq!(made, Ok(()));
    let found = tree.kind("dir/inner/newer", NOFOLLOW);
    assert_eq!(found, Ok(FileKind::Directory));
    let made = tree.guest.path_create_directory(ROOT, "dir/file/new");
    assert_eq!(made, Err(Errno::Notdir));
}

/// A directory in which somebody is always quicker: what it says of an entry is no longer true when the entry is used.
struct Restless {
    /// What `stat` says that `entry` is.
    seen: Result<FileKind>,
    /// What `entry` then is.
    found: fn() -> Result<Node>,
}

struct Silent;

impl Stream for Silent {}

impl Dir for Restless {
    fn metadata(&self) -> Result<Metadata> {
        Ok(Metadata::dir(1))
    }
    fn stat(&self, name: Name<'_>) -> Result<Metadata> {
        match name.as_str() {
            "entry" => Ok(Metadata::new(self.seen?, 2, 0)),
            "other" => Ok(Metadata::dir(3)),
            _ => Err(Errno::Noent),
        }
    }
    fn open(&self, name: Name<'_>, _: &OpenRequest) -> Result<Node> {
        match name.as_str() {
            "entry" => (self.found)(),
            _ => Err(Errno::Noent),
        }
    }
    fn list(&self, _: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        Ok(())
    }
    fn set_times(&self, _: Name<'_>, _: &SetTimes) -> Result<()> {
        Ok(())
    }
}

fn restless(seen: Result<FileKind>, found: fn() -> Result<Node>) -> Guest {
    let dir = Restless { seen, found };
    Guest::new(Wasi::builder().preopen("/", Arc::new(dir), Access::ReadWrite))
}

#[test]
fn a_link_that_is_none_any_more_is_looked_at_again_and_not_for_ever() {
    let link = Ok(FileKind::SymbolicLink);
    let mut guest = restless(link, || Ok(Node::Stream(Arc::new(Silent))));
    let found = guest.path_filestat_get(ROOT, FOLLOW, "entry");
    assert_eq!(found, Err(Errno::Loop));
    let mut guest = restless(link, || Ok(Node::Symlink("other".to_owned())));
    let found = guest.path_filestat_get(ROOT, FOLLOW, "entry");
    assert_eq!(found.map(|stat| stat.filetype), Ok(FileKind::Directory));
    let mut guest = restless(link, || Err(Errno::Io));
    let found = guest.path_filestat_get(ROOT, FOLLOW, "entry");
    assert_eq!(found, Err(Errno::Io));
}

#[test]
fn only_a_directory_is_walked_through_whatever_is_opened() {
    let dir = Ok(FileKind::Directory);
    let mut guest = restless(dir, || Ok(Node::Stream(Arc::new(Silent))));
    for lookup in [FOLLOW, NOFOLLOW] {
        let found = guest.path_filestat_get(ROOT, lookup, "entry/below");
        assert_eq!(found, Err(Errno::Notdir));
    }
}

#[test]
fn creating_with_a_slash_passes_on_why_a_name_cannot_be_looked_at() {
    let mut guest = restless(Err(Errno::Io), || Err(Errno::Noent));
    for path in ["entry/", "entry//"] {
        let found = open(&mut guest, path, FOLLOW, OFlags::CREAT);
        assert_eq!(found, Err(Errno::Io));
    }
    let found = open(&mut guest, "missing/", FOLLOW, OFlags::CREAT);
    assert_eq!(found, Err(Errno::Isdir));
}

/// A guest with `d/d/d/d/`, a link `up -> ..` beside each, and `to -> d/` and `tofar -> d/d/d` at the top.
fn limited(limits: Limits) -> Guest {
    let tree = MemDir::new();
    tree.symlink("to", "d/").expect("a new link");
    tree.symlink("tofar", "d/d/d").expect("a new link");
    let mut dir = tree.clone();
    for _ in 0..4 {
        dir = dir.dir("d").expect("a new directory");
        dir.symlink("up", "..").expect("a new link");
    }
    let builder = Wasi::builder().preopen("/", tree, Access::ReadWrite);
    Guest::new(builder.limits(limits))
}

fn leads_to(guest: &mut Guest, path: &str) -> Answer<FileKind> {
    let stat = guest.path_filestat_get(ROOT, FOLLOW, path)?;
    Ok(stat.filetype)
}

#[test]
fn so_many_directories_are_held_at_once_and_no_more() {
    let mut limits = Limits::default();
    limits.depth = 2;
    let mut guest = limited(limits);
    let dir = Ok(FileKind::Directory);
    // With a dot, or a filesystem with shortcuts would hold none of them.
    assert_eq!(leads_to(&mut guest, "./d/d/d"), dir);
    assert_eq!(leads_to(&mut guest, "./d/d/d/d"), Err(Errno::Nametoolong));
    // What is left again counts no more.
    for path in ["d/d/../d/../d/d", "d/d/up/d/up/d/d", "d/../d/../d/../d/d"] {
        assert_eq!(leads_to(&mut guest, path), dir, "{path}");
    }
    limits.depth = 3;
    assert_eq!(leads_to(&mut limited(limits), "./d/d/d/d"), dir);
}

#[test]
fn so_much_text_of_links_is_followed_and_no_more() {
    let mut limits = Limits::default();
    limits.expanded_path = 5;
    let dir = Ok(FileKind::Directory);
    assert_eq!(leads_to(&mut limited(limits), "tofar"), dir);
    assert_eq!(leads_to(&mut limited(limits), "to/up/d"), dir);
    let found = leads_to(&mut limited(limits), "to/up/to");
    assert_eq!(found, Err(Errno::Nametoolong));
    limits.expanded_path = 6;
    assert_eq!(leads_to(&mut limited(limits), "to/up/to"), dir);
    limits.expanded_path = 4;
    let found = leads_to(&mut limited(limits), "tofar");
    assert_eq!(found, Err(Errno::Nametoolong));
}

#[test]
fn so_long_a_path_is_read_and_no_longer() {
    let mut limits = Limits::default();
    limits.path = 3;
    let mut guest = limited(limits);
    assert_eq!(leads_to(&mut guest, "d/d"), Ok(FileKind::Directory));
    assert_eq!(leads_to(&mut guest, "d/d/"), Err(Errno::Nametoolong));
}
