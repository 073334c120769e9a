//! Paths over links and `..`: what the kernel finds at once is what the walk finds, and nothing outside.
#![cfg(all(unix, feature = "host"))]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod host_kit;

use host_kit::guest::{Guest, Seen};
use host_kit::*;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use wasi_shim::Limits;
use wasi_shim::abi::{Errno, FileKind, OFlags, Result, Rights};
use wasi_shim::host::open_dir;
use wasi_shim::vfs::{
    DeepPath, Dir, Entry, Follow, FsId, Metadata, Name, Node, OpenRequest, SetTimes,
};

const FOLLOWS: [Follow; 2] = [Follow::No, Follow::Yes];

/// A directory that leaves everything to the walk.
struct Walked(Arc<dyn Dir>);

impl Dir for Walked {
    fn metadata(&self) -> Result<Metadata> {
        self.0.metadata()
    }
    fn stat(&self, name: Name<'_>) -> Result<Metadata> {
        self.0.stat(name)
    }
    fn open(&self, name: Name<'_>, request: &OpenRequest) -> Result<Node> {
        Ok(match self.0.open(name, request)? {
            Node::Dir(dir) => Node::Dir(Arc::new(Self(dir))),
            node => node,
        })
    }
    fn list(&self, sink: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        self.0.list(sink)
    }
    fn filesystem(&self) -> FsId {
        self.0.filesystem()
    }
    fn read_link(&self, name: Name<'_>) -> Result<String> {
        self.0.read_link(name)
    }
    fn create_dir(&self, name: Name<'_>) -> Result<()> {
        self.0.create_dir(name)
    }
    fn remove_dir(&self, name: Name<'_>) -> Result<()> {
        self.0.remove_dir(name)
    }
    fn set_times(&self, name: Name<'_>, times: &SetTimes) -> Result<()> {
        self.0.set_times(name, times)
    }
    fn set_own_times(&self, times: &SetTimes) -> Result<()> {
        self.0.set_own_times(times)
    }
}

/// The same numbers every time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap()
    }

    fn of<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len())]
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }
}

const NAMES: &[&str] = &["a", "b", "c", "f", "g", "l", "m", "n"];

/// A path as a guest or the text of a link may have it.
fn path(chance: &mut Chance) -> String {
    let mut path = String::new();
    for _ in 0..=chance.below(5) {
        let part = match chance.below(12) {
            0..=2 => "..",
            3 => chance.of(&[".", "", "missing"]),
            _ => chance.of(NAMES),
        };
        path.push_str(part);
        path.push('/');
    }
    if !chance.one_in(8) {
        path.pop();
    }
    path
}

fn text(chance: &mut Chance, tree: &Tree) -> String {
    let secret = chance.of(&["outside/f", "outside", "outside/a/f", "root/a", "root"]);
    match chance.below(10) {
        0 => tree.path(secret).to_str().unwrap().to_owned(),
        1 => format!("{}{secret}", "../".repeat(1 + chance.below(3))),
        2..=4 => chance.of(NAMES).to_owned(),
        _ => path(chance),
    }
}

/// Directories below `dir`, with files and links in them.
fn plant(tree: &Tree, dir: &str, depth: usize, chance: &mut Chance) {
    tree.dir(dir);
    for name in NAMES {
        let path = format!("{dir}/{name}");
        match (*name, depth) {
            ("a" | "b" | "c", 1..) if !chance.one_in(3) => plant(tree, &path, depth - 1, chance),
            ("f" | "g", _) if !chance.one_in(3) => tree.file(&path, ""),
            _ if chance.one_in(4) => {}
            _ => {
                let text = text(chance, tree);
                if !text.is_empty() {
                    tree.link(&path, &text);
                }
            }
        }
    }
}

/// A directory and everything below it.
fn inodes(dir: &dyn Dir, all: &mut BTreeSet<u64>) {
    all.insert(dir.metadata().unwrap().ino);
    for (name, (ino, kind)) in listing(dir).unwrap() {
        all.insert(ino);
        if kind == FileKind::Directory {
            inodes(&*as_dir(dir.open(n(&name), &OpenRequest::STEP)), all);
        }
    }
}

/// What a guest may see: `root`, beside which there is `outside`.
struct Scene {
    tree: Tree,
    at_once: Guest,
    walked: Guest,
    inside: BTreeSet<u64>,
}

impl Scene {
    fn new(chance: &mut Chance) -> Self {
        let tree = Tree::new();
        plant(&tree, "outside", 1, chance);
        plant(&tree, "root", 2, chance);
        let dir = || open_dir(tree.path("root")).unwrap();
        let mut inside = BTreeSet::new();
        inodes(&*dir(), &mut inside);
        Self {
            at_once: Guest::new(dir()),
            walked: Guest::new(Arc::new(Walked(dir()))),
            inside,
            tree,
        }
    }

    /// The same from both, and from within.
    fn compare(&mut self, what: &str, ask: impl Fn(&mut Guest) -> Seen) -> Seen {
        let (seen, expected) = (ask(&mut self.at_once), ask(&mut self.walked));
        let root = self.tree.root().display();
        assert_eq!(seen, expected, "{what} in {root}");
        if let Ok((_, ino)) = seen {
            assert!(self.inside.contains(&ino), "{what} in {root}: outside");
        }
        seen
    }
}

#[test]
fn the_kernel_and_the_walk_agree_on_random_trees() {
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    let (mut found, mut errors) = (0, BTreeSet::new());
    for _ in 0..40 {
        let mut scene = Scene::new(&mut chance);
        for _ in 0..60 {
            let path = path(&mut chance);
            for follow in FOLLOWS {
                let seen = scene.compare(&format!("{path:?} {follow:?}"), |guest| {
                    guest.stat(&path, follow)
                });
                found += usize::from(seen.is_ok());
                for oflags in [OFlags::empty(), OFlags::DIRECTORY] {
                    for rights in [Rights::FD_READ, Rights::FD_WRITE, Rights::empty()] {
                        let what = format!("{path:?} {follow:?} {oflags:?} {rights:?}");
                        let seen =
                            scene.compare(&what, |guest| guest.open(&path, follow, oflags, rights));
                        errors.extend(seen.err());
                    }
                }
                let touch = |guest: &mut Guest| guest.touch(&path, follow);
                assert_eq!(
                    touch(&mut scene.at_once),
                    touch(&mut scene.walked),
                    "{path:?}"
                );
            }
            let act = |guest: &mut Guest| (guest.make_and_remove(&path), guest.read_link(&path));
            // An empty directory may have been there, and is removed by whoever is first.
            if let Ok((FileKind::Directory, _)) = scene.walked.stat(&path, Follow::No) {
                continue;
            }
            assert_eq!(act(&mut scene.at_once), act(&mut scene.walked), "{path:?}");
        }
    }
    assert!(found > 500, "{found}");
    for errno in [Errno::Perm, Errno::Loop, Errno::Noent, Errno::Notdir] {
        assert!(errors.contains(&errno), "{errno:?}");
    }
}

/// Does this kernel have `openat2`, and may we call it?
fn kernel_can() -> bool {
    let tree = Tree::of_each_kind();
    let path = DeepPath::new("dir/../file").unwrap();
    patiently(|| tree.dir.stat_path(path, Follow::No)).is_some()
}

/// What the kernel says once nobody on the machine happens to rename anything: until then it may decline.
fn patiently<T>(ask: impl Fn() -> Option<T>) -> Option<T> {
    (0..10_000).find_map(|_| ask())
}

#[test]
fn links_and_dot_dots_are_settled_at_once() {
    let tree = Tree::of_each_kind();
    tree.link("dir/up", "..");
    tree.link("dir/there", "../to_file");
    tree.link(
        "out_and_back",
        &format!(
            "../{}/file",
            tree.root().file_name().unwrap().to_str().unwrap()
        ),
    );
    tree.link("absolute", tree.path("file").to_str().unwrap());
    if !kernel_can() {
        return;
    }
    let file = tree.dir.stat(n("file")).unwrap();
    let stat = |path: &str, follow| tree.dir.stat_path(DeepPath::new(path).unwrap(), follow);
    for path in [
        "dir/../file",
        "to_dir/../file",
        "dir/up/file",
        "dir/../dir/up/dir/../file",
    ] {
        for follow in FOLLOWS {
            assert_eq!(patiently(|| stat(path, follow)), Some(Ok(file)), "{path}");
        }
    }
    for path in ["to_file", "dir/there", "dir/../to_file", "to_dir/there"] {
        let found_there = patiently(|| stat(path, Follow::Yes));
        assert_eq!(found_there, Some(Ok(file)), "{path}");
        let open = || {
            let path = DeepPath::new(path).unwrap();
            tree.dir.open_path(path, Follow::Yes, &write())
        };
        let opened = patiently(open);
        assert_eq!(opened.map(found), Some(Found::File(file.ino)), "{path}");
    }
    for path in [
        "dir/../../file",
        "dir/../out_and_back",
        "dir/../absolute",
        "dir/../dangling",
    ] {
        assert_eq!(stat(path, Follow::Yes), None, "{path}");
    }
}

#[test]
fn what_is_missing_without_a_link_is_known_at_once() {
    let tree = Tree::of_each_kind();
    if !kernel_can() {
        return;
    }
    for (path, errno) in [
        ("dir/missing", Errno::Noent),
        ("missing/inner", Errno::Noent),
        ("file/inner", Errno::Notdir),
    ] {
        let deep = DeepPath::new(path).unwrap();
        assert_eq!(
            tree.dir.stat_path(deep, Follow::Yes),
            Some(Err(errno)),
            "{path}"
        );
        let opened = tree.dir.open_path(deep, Follow::Yes, &OpenRequest::READ);
        assert_eq!(opened.map(found), Some(Found::Error(errno)), "{path}");
        let creating = tree.dir.open_path(
            deep,
            Follow::Yes,
            &create(wasi_shim::vfs::Create::IfMissing),
        );
        assert!(creating.is_none() || path == "dir/missing", "{path}");
    }
}

#[test]
fn nothing_is_created_over_a_link() {
    let tree = Tree::of_each_kind();
    let mut guest = Guest::new(tree.dir.clone());
    for path in ["dir/../dangling", "dangling"] {
        let made = guest.open(path, Follow::Yes, OFlags::CREAT, Rights::FD_WRITE);
        assert_eq!(
            made.map(|(kind, _)| kind),
            Ok(FileKind::RegularFile),
            "{path}"
        );
        std::fs::remove_file(tree.path("nowhere")).unwrap();
        let deep = DeepPath::new(path).unwrap();
        let request = create(wasi_shim::vfs::Create::IfMissing);
        let opened = tree.dir.open_path(deep, Follow::Yes, &request).map(found);
        assert!(
            opened.is_none() || opened == Some(Found::Symlink("nowhere".into())),
            "{path}: {opened:?}"
        );
        assert!(!tree.exists("nowhere"), "{path}");
    }
}

/// A chain of links, counted from its end: `l1 -> file`, `l2 -> l1`, …
#[test]
fn forty_links_are_followed_and_no_more_than_an_embedder_allows() {
    let tree = Tree::new();
    tree.file("l0", "");
    for link in 1..=42 {
        tree.link(&format!("l{link}"), &format!("l{}", link - 1));
    }
    tree.dir("d");
    for limit in [0, 1, 39, 40, 41] {
        let mut limits = Limits::default();
        limits.links = limit;
        let mut guest = Guest::limited(tree.dir.clone(), limits);
        for links in [1, 2, 39, 40, 41, 42] {
            for path in [format!("l{links}"), format!("d/../l{links}")] {
                let expected = if links > limit {
                    Some(Errno::Loop)
                } else {
                    None
                };
                let seen = guest.stat(&path, Follow::Yes);
                assert_eq!(seen.err(), expected, "{path}, at most {limit}");
                let seen = guest.open(&path, Follow::Yes, OFlags::empty(), Rights::FD_READ);
                assert_eq!(seen.err(), expected, "{path}, at most {limit}");
            }
        }
    }
}

/// What is mounted where it is later seen by nobody else, which takes permissions that not everybody has.
#[cfg(target_os = "linux")]
#[test]
fn what_is_mounted_over_a_directory_is_not_reached_from_below_it() {
    use std::process::Command;
    const ALONE: &str = "HOST_LINKS_ALONE";
    let test = "what_is_mounted_over_a_directory_is_not_reached_from_below_it";
    if std::env::var_os(ALONE).is_none() {
        let alone = || {
            let mut command = Command::new("unshare");
            command.arg("-rm");
            command
        };
        if !alone()
            .arg("true")
            .status()
            .is_ok_and(|status| status.success())
        {
            eprintln!("skipped: nothing can be mounted");
            return;
        }
        // Who mounts over a folder cannot remove it: what is above it goes when the mounts have gone.
        let folder = tempfile::tempdir().unwrap();
        let mut again = alone();
        again.arg(std::env::current_exe().unwrap());
        again.args([test, "--exact"]).env(ALONE, "1");
        let status = again.env("TMPDIR", folder.path()).status();
        assert!(status.unwrap().success());
        return;
    }
    let tree = Tree::new();
    tree.dir("root/a/b");
    tree.link("root/a/up", "..");
    tree.file("root/f", "");
    let dir = || open_dir(tree.path("root")).unwrap();
    let (mut at_once, mut walked) = (Guest::new(dir()), Guest::new(Arc::new(Walked(dir()))));
    let file = walked.stat("f", Follow::No).unwrap();
    for place in ["root/a/b", "root"] {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "none"]).arg(tree.path(place));
        assert!(mount.status().unwrap().success());
        tree.file(&format!("{place}/f"), "over");
    }
    for path in ["f", "a/../f", "a/up/f", "a/b/../../f", "a/b/../up/f"] {
        for guest in [&mut at_once, &mut walked] {
            assert_eq!(guest.stat(path, Follow::Yes), Ok(file), "{path}");
            let opened = guest.open(path, Follow::Yes, OFlags::empty(), Rights::FD_READ);
            assert_eq!(opened, Ok(file), "{path}");
        }
    }
}
