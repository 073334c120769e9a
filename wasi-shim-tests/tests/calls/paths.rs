//! What the functions on paths have in common, to be asked of each of them: which descriptors they take, which texts,
//! and that no path leads out.
//!
//! A function is looked at through a [`Place`]: one of its paths, with the descriptor that path is relative to.
//!
//! ```text
//! root/
//!   dir/file  dir/sub/       file ("0123456789")
//!   tofile -> file           todir -> dir            dangling -> missing
//!   self -> self             out -> ../outside       outdir -> ../outside_dir      absolute -> /file
//! outside  outside_dir/file
//! ```

use std::ops::ControlFlow;
use std::sync::Arc;
use wasi_shim::abi::{Errno, FdFlags, LookupFlags, OFlags, Rights, Syscall};
use wasi_shim::backends::MemDir;
use wasi_shim::vfs::{Dir, Metadata, Name, Node, OpenRequest};
use wasi_shim::{FaultMode, Outcome, Trap};
use wasi_shim_tests::trees::{READ_ONLY, ROOT, Tree};
use wasi_shim_tests::{Answer, Guest};

pub(crate) const FOLLOW: LookupFlags = LookupFlags::SYMLINK_FOLLOW;
pub(crate) const NOFOLLOW: LookupFlags = LookupFlags::empty();

/// A number of a descriptor that is never open.
pub(crate) const CLOSED: u32 = 99;

/// One path of a function.
pub(crate) struct Place {
    pub(crate) syscall: Syscall,
    /// The right that the descriptor needs.
    pub(crate) right: Rights,
    /// The right that the function's other descriptor needs, if it has one.
    pub(crate) other_right: Rights,
    /// Does it change the tree?
    pub(crate) changes: bool,
    /// A path for which the function succeeds.
    pub(crate) good: &'static str,
    /// The core arguments with this descriptor and this path.
    pub(crate) args: fn(&mut Guest, i64, [i64; 2]) -> Vec<i64>,
}

impl Place {
    /// Calls the function.
    pub(crate) fn call(&self, guest: &mut Guest, fd: u32, path: impl AsRef<[u8]>) -> Answer<()> {
        let path = text(guest, path);
        let args = (self.args)(guest, fd.into(), path);
        guest.call(self.syscall, &args)
    }

    fn attempt(&self, guest: &mut Guest, path: [i64; 2]) -> Outcome {
        let args = (self.args)(guest, ROOT.into(), path);
        guest.attempt(self.syscall, &args)
    }

    /// All that the functions have in common.
    pub(crate) fn check(&self) {
        on_each(|tree, guest| {
            println!("{} on the {} tree", self.syscall, tree.tree.name);
            self.check_paths(tree, guest);
            self.check_texts(tree, guest);
            self.check_descriptors(guest);
            self.check_pointers(tree, guest);
            self.check_read_only(tree, guest);
        });
        on_each(|tree, guest| self.check_rights(tree, guest));
        on_each(|tree, guest| self.check_right_is_enough(tree, guest));
    }

    /// Ways out, and paths that lead nowhere.
    fn check_paths(&self, tree: &Furnished, guest: &mut Guest) {
        use Errno::{Loop, Nametoolong, Noent, Notdir, Perm};
        let before = tree.snapshot();
        let long = "x".repeat(256);
        let longer = format!("dir/{long}");
        let cases = [
            ("", Noent),
            ("/", Perm),
            ("//", Perm),
            ("/file", Perm),
            ("//file", Perm),
            ("..", Perm),
            ("../", Perm),
            ("../.", Perm),
            ("../outside", Perm),
            ("../root/file", Perm),
            ("./..", Perm),
            ("dir/../..", Perm),
            ("dir/../../outside", Perm),
            ("dir/sub/../../../outside_dir/file", Perm),
            ("todir/../../outside", Perm),
            ("outdir/file", Perm),
            ("outdir/../root/file", Perm),
            ("absolute/x", Perm),
            ("self/x", Loop),
            ("file/x", Notdir),
            ("file/.", Notdir),
            ("file/..", Notdir),
            ("tofile/x", Notdir),
            ("missing/x", Noent),
            ("missing/..", Noent),
            ("dangling/x", Noent),
            (long.as_str(), Nametoolong),
            (longer.as_str(), Nametoolong),
        ];
        for (path, errno) in cases {
            assert_eq!(
                self.call(guest, ROOT, path),
                Err(errno),
                "{} {path:?}",
                self.syscall
            );
        }
        assert_eq!(
            tree.snapshot(),
            before,
            "nothing has changed, inside or outside"
        );
    }

    /// What is no text: too long, not UTF-8, with a NUL. In this order.
    fn check_texts(&self, tree: &Furnished, guest: &mut Guest) {
        use Errno::{Ilseq, Inval, Nametoolong};
        let before = tree.snapshot();
        let good = self.good.as_bytes();
        let cases: [(Vec<u8>, Errno); 9] = [
            (vec![0xff; 4097], Nametoolong),
            (vec![b'x'; 110_000], Nametoolong),
            (vec![0xff], Ilseq),
            ([good, b"\0\xff"].concat(), Ilseq),
            (b"dir/\xc0\xaf".to_vec(), Ilseq),
            (b"\xed\xa0\x80".to_vec(), Ilseq),
            ([good, b"\0"].concat(), Inval),
            ([b"\0", good].concat(), Inval),
            ([good, b"\0/../x"].concat(), Inval),
        ];
        for (path, errno) in cases {
            let shown = String::from_utf8_lossy(&path[..path.len().min(40)]).into_owned();
            assert_eq!(
                self.call(guest, ROOT, path),
                Err(errno),
                "{} {shown:?}",
                self.syscall
            );
        }
        assert_eq!(tree.snapshot(), before, "nothing has changed");
    }

    /// What is no directory, and what is checked before it.
    fn check_descriptors(&self, guest: &mut Guest) {
        let file = open(guest, ROOT, "file", Rights::FILE).expect("file");
        for (fd, errno) in [
            (CLOSED, Errno::Badf),
            (u32::MAX, Errno::Badf),
            (1 << 31, Errno::Badf),
            (file, Errno::Notdir),
            (0, Errno::Badf),
            (1, Errno::Badf),
            (2, Errno::Badf),
        ] {
            let found = self.call(guest, fd, self.good);
            assert_eq!(
                found,
                Err(errno),
                "{} through descriptor {fd}",
                self.syscall
            );
        }
        // A closed descriptor is found out before a bad text, a bad text before a file.
        assert_eq!(self.call(guest, CLOSED, b"\xff"), Err(Errno::Badf));
        assert_eq!(self.call(guest, file, b"\xff"), Err(Errno::Ilseq));
        guest.fd_close(file).expect("closed");
        assert_eq!(self.call(guest, file, self.good), Err(Errno::Badf));
    }

    /// A path that is outside the memory.
    fn check_pointers(&self, tree: &Furnished, guest: &mut Guest) {
        let before = tree.snapshot();
        let end = guest.memory.len() as i64;
        for path in [
            [end, 1],
            [end - 1, 2],
            [end + 1, 0],
            [u32::MAX.into(), 1],
            [0, u32::MAX.into()],
        ] {
            let outcome = self.attempt(guest, path);
            let Outcome::Trap(Trap::OutOfBounds { call, .. }) = outcome else {
                panic!("{} {path:?} did not trap", self.syscall);
            };
            assert_eq!(call, self.syscall);
        }
        // An empty text at the very end is in bounds.
        let empty = self.attempt(guest, [end, 0]);
        assert!(matches!(empty, Outcome::Return(errno) if errno == Errno::Noent.number()));
        let mut lenient = Guest::new(tree.tree.builder().faults(FaultMode::Errno));
        let outcome = self.attempt(&mut lenient, [end, 1]);
        assert!(matches!(outcome, Outcome::Return(errno) if errno == Errno::Fault.number()));
        assert_eq!(tree.snapshot(), before, "nothing has changed");
    }

    /// A tree that was given for reading.
    fn check_read_only(&self, tree: &Furnished, guest: &mut Guest) {
        let before = tree.snapshot();
        if self.changes {
            assert_eq!(self.call(guest, READ_ONLY, self.good), Err(Errno::Perm));
            assert_eq!(self.call(guest, READ_ONLY, b"\xff"), Err(Errno::Perm));
            let deeper = open_dir(guest, READ_ONLY, "dir");
            assert_eq!(
                self.call(guest, deeper, "x"),
                Err(Errno::Perm),
                "nor below it"
            );
            guest.fd_close(deeper).expect("closed");
        } else {
            assert_eq!(self.call(guest, READ_ONLY, self.good), Ok(()));
        }
        assert_eq!(tree.snapshot(), before, "nothing has changed");
    }

    /// Without its right the function does nothing, and says so before it looks at the text.
    fn check_rights(&self, tree: &Furnished, guest: &mut Guest) {
        let before = tree.snapshot();
        let all_but_one = open_dir(guest, ROOT, ".");
        let rights = Rights::DIRECTORY.difference(self.right);
        guest
            .fd_fdstat_set_rights(all_but_one, rights, Rights::INHERITED)
            .expect("fewer rights");
        for path in [self.good.as_bytes(), b"\xff", b"..", b""] {
            let found = self.call(guest, all_but_one, path);
            assert_eq!(found, Err(Errno::Notcapable), "{} {path:?}", self.syscall);
        }
        assert_eq!(tree.snapshot(), before, "nothing has changed");
    }

    /// No other right is needed.
    fn check_right_is_enough(&self, _: &Furnished, guest: &mut Guest) {
        let only = self.right | self.other_right;
        guest
            .fd_fdstat_set_rights(ROOT, only, Rights::empty())
            .expect("fewer rights");
        assert_eq!(
            self.call(guest, ROOT, self.good),
            Ok(()),
            "{}",
            self.syscall
        );
    }
}

/// A tree with the layout above, and what is around it.
pub(crate) struct Furnished {
    pub(crate) tree: Tree,
    outer: Arc<dyn Dir>,
}

impl Furnished {
    fn memory() -> Self {
        let outer = MemDir::new();
        let root = outer.dir("root").expect("root");
        Self {
            tree: Tree {
                name: "memory",
                root,
                folder: None,
            },
            outer,
        }
        .with_content()
    }

    fn host() -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        std::fs::create_dir(folder.path().join("root")).expect("root");
        let open =
            |path: std::path::PathBuf| wasi_shim::host::open_dir(path).expect("it can be opened");
        let (outer, root) = (open(folder.path().into()), open(folder.path().join("root")));
        Self {
            tree: Tree {
                name: "host",
                root,
                folder: Some(folder),
            },
            outer,
        }
        .with_content()
    }

    fn with_content(self) -> Self {
        let mut guest = Guest::new(wasi_shim::Wasi::builder().preopen(
            "/",
            self.outer.clone(),
            wasi_shim::Access::ReadWrite,
        ));
        for dir in ["root/dir", "root/dir/sub", "outside_dir"] {
            guest
                .path_create_directory(3, dir)
                .expect("a new directory");
        }
        for file in ["root/dir/file", "root/file", "outside", "outside_dir/file"] {
            write(&mut guest, 3, file, "0123456789");
        }
        for (link, text) in [
            ("tofile", "file"),
            ("todir", "dir"),
            ("dangling", "missing"),
            ("self", "self"),
            ("out", "../outside"),
            ("outdir", "../outside_dir"),
        ] {
            guest
                .path_symlink(text, 3, format!("root/{link}"))
                .expect("a new link");
        }
        let absolute = Name::new("absolute").expect("a name");
        self.tree
            .root
            .create_symlink(absolute, "/file")
            .expect("a new link");
        self
    }

    /// All there is in the tree and around it, except for access times.
    pub(crate) fn snapshot(&self) -> Vec<String> {
        snapshot(&self.outer)
    }
}

/// Runs a test on every kind of tree, with the layout above.
pub(crate) fn on_each(test: impl Fn(&Furnished, &mut Guest)) {
    for tree in [Furnished::memory(), Furnished::host()] {
        println!("on the {} tree", tree.tree.name);
        let mut guest = tree.tree.guest();
        test(&tree, &mut guest);
    }
}

fn snapshot(dir: &Arc<dyn Dir>) -> Vec<String> {
    let mut names = Vec::new();
    dir.list(&mut |entry| {
        names.push(entry.name.to_owned());
        ControlFlow::Continue(())
    })
    .expect("a listing");
    names.sort();
    let mut lines = vec![line(".", &dir.metadata().expect("facts"), "")];
    for name in names {
        let facts = dir.stat(Name::new(&name).expect("a name")).expect("facts");
        let node = dir
            .open(Name::new(&name).expect("a name"), &OpenRequest::READ)
            .expect("open");
        match node {
            Node::Dir(dir) => {
                lines.extend(snapshot(&dir).iter().map(|line| format!("{name}/{line}")));
            }
            Node::File(file) => {
                let mut content = vec![0; facts.size as usize];
                let count = file.read_at(&mut content, 0).expect("content");
                assert_eq!(count, content.len());
                lines.push(line(&name, &facts, &String::from_utf8_lossy(&content)));
            }
            Node::Symlink(text) => lines.push(line(&name, &facts, &text)),
            Node::Stream(_) => lines.push(line(&name, &facts, "a stream")),
        }
    }
    lines
}

fn line(name: &str, facts: &Metadata, content: &str) -> String {
    let Metadata {
        kind,
        ino,
        nlink,
        size,
        mtim,
        ..
    } = facts;
    format!(
        "{name} {kind:?} {ino} names {nlink} size {size} modified {} {content:?}",
        mtim.0
    )
}

/// Puts a text into the memory: its address and length.
pub(crate) fn text(guest: &mut Guest, text: impl AsRef<[u8]>) -> [i64; 2] {
    let text = text.as_ref();
    [guest.put(text).into(), text.len() as i64]
}

/// Opens a path with these rights, following a link at its end.
pub(crate) fn open(guest: &mut Guest, fd: u32, path: &str, base: Rights) -> Answer<u32> {
    let rights = (base, Rights::empty());
    guest.path_open(fd, FOLLOW, path, OFlags::empty(), rights, FdFlags::empty())
}

/// Opens a directory with all rights that its parent may pass on, except for what makes no sense there.
pub(crate) fn open_dir(guest: &mut Guest, fd: u32, path: &str) -> u32 {
    let rights = (Rights::DIRECTORY, Rights::INHERITED);
    guest
        .path_open(
            fd,
            FOLLOW,
            path,
            OFlags::DIRECTORY,
            rights,
            FdFlags::empty(),
        )
        .expect("a directory")
}

/// Makes a file with this content.
pub(crate) fn write(guest: &mut Guest, fd: u32, path: &str, content: &str) {
    let rights = (Rights::FILE, Rights::empty());
    let oflags = OFlags::CREAT | OFlags::EXCL;
    let file = guest
        .path_open(fd, NOFOLLOW, path, oflags, rights, FdFlags::empty())
        .expect("a new file");
    assert_eq!(guest.fd_write(file, content), Ok(content.len()));
    guest.fd_close(file).expect("closed");
}

/// The content of a file.
pub(crate) fn read(guest: &mut Guest, fd: u32, path: &str) -> Answer<String> {
    let file = open(guest, fd, path, Rights::FD_READ)?;
    let content = guest.fd_read(file, 4096);
    guest.fd_close(file)?;
    Ok(String::from_utf8(content?).expect("UTF-8"))
}

/// The facts about a name, links not followed.
pub(crate) fn stat(guest: &mut Guest, path: &str) -> Answer<wasi_shim_tests::Stat> {
    guest.path_filestat_get(ROOT, NOFOLLOW, path)
}
