//! The library as a victim: a guest on a host directory.
//!
//! This file knows which guest's call, with which rights, each question of a [`Victim`] is. It does not know what is done
//! to the directory meanwhile. Only the runs of this room's users make one.

use super::victim::{Answer, Number, Purpose, Seen, Victim};
use crate::{Guest, Stat};
use std::path::Path;
use wasi_shim::abi::{Errno, FdFlags, FstFlags, LookupFlags, OFlags, Rights};
use wasi_shim::vfs::Name;
use wasi_shim::{Access, Wasi};

/// The descriptor of the directory.
const ROOT: u32 = 3;

/// Room for the listing of a directory, of which none here is large.
const LISTING: usize = 4096;

/// What a directory entry begins with: the cookie of the next, its number, the length of its name, its kind.
const ENTRY: usize = 24;

/// A guest that was given one directory.
pub struct Library(Guest);

impl Library {
    /// A guest on this directory of the host.
    pub fn new(root: &Path) -> Self {
        let root = wasi_shim::host::open_dir(root).expect("the directory can be opened");
        Self(Guest::new(Wasi::builder().preopen(
            "/",
            root,
            Access::ReadWrite,
        )))
    }

    fn opened(&mut self, path: &str, oflags: OFlags, rights: Rights) -> Result<u32, Errno> {
        let rights = (rights | Rights::FD_FILESTAT_GET, Rights::empty());
        let follow = LookupFlags::SYMLINK_FOLLOW;
        self.0
            .path_open(ROOT, follow, path, oflags, rights, FdFlags::empty())
    }

    fn look_and_close(&mut self, fd: u32) -> Answer<Seen> {
        let seen = self.0.fd_filestat_get(fd).map(seen).map_err(number);
        self.0.fd_close(fd).expect("it was open");
        seen
    }
}

fn seen(stat: Stat) -> Seen {
    Seen {
        number: stat.ino,
        ctim: stat.ctim,
    }
}

fn number(errno: Errno) -> u16 {
    errno as u16
}

fn lookup(follow: bool) -> LookupFlags {
    if follow {
        LookupFlags::SYMLINK_FOLLOW
    } else {
        LookupFlags::empty()
    }
}

/// The numbers in a listing.
fn entries(listing: &[u8], entry: &mut dyn FnMut(Number)) {
    let mut rest = listing;
    while let Some((head, more)) = rest.split_at_checked(ENTRY) {
        entry(u64::from_le_bytes(
            head[8..16].try_into().expect("eight bytes"),
        ));
        let name = u32::from_le_bytes(head[16..20].try_into().expect("four bytes"));
        rest = more.get(name as usize..).unwrap_or_default();
    }
}

impl Victim for Library {
    fn name(&self) -> &'static str {
        "wasi-shim"
    }

    fn number(&self, path: &Path) -> Number {
        let open = |path| wasi_shim::host::open_dir(path).expect("it can be opened");
        if path.is_dir() && !path.is_symlink() {
            return open(path).metadata().expect("it can be looked at").ino;
        }
        let name = path.file_name().and_then(|name| name.to_str());
        let name = Name::new(name.expect("a name")).expect("a name");
        let parent = path.parent().expect("what is no directory is in one");
        open(parent).stat(name).expect("it can be looked at").ino
    }

    fn errno(&self, number: u16) -> String {
        let errno = Errno::from_number(number);
        errno.map_or_else(|| number.to_string(), |errno| errno.name().to_owned())
    }

    fn open(&mut self, path: &str, purpose: Purpose) -> Answer<Seen> {
        let (oflags, rights) = match purpose {
            Purpose::Read => (OFlags::empty(), Rights::FD_READ),
            Purpose::Directory => (OFlags::DIRECTORY, Rights::FD_READDIR),
            Purpose::Create => (
                OFlags::CREAT | OFlags::TRUNC,
                Rights::FD_READ | Rights::FD_WRITE,
            ),
        };
        let fd = self.opened(path, oflags, rights).map_err(number)?;
        self.look_and_close(fd)
    }

    fn stat(&mut self, path: &str, follow: bool) -> Answer<Seen> {
        let stat = self.0.path_filestat_get(ROOT, lookup(follow), path);
        stat.map(seen).map_err(number)
    }

    fn set_times(&mut self, path: &str) -> Answer<()> {
        let (follow, both) = (LookupFlags::SYMLINK_FOLLOW, FstFlags::ATIM | FstFlags::MTIM);
        self.0
            .path_filestat_set_times(ROOT, follow, path, (1, 2), both)
            .map_err(number)
    }

    fn rename(&mut self, from: &str, to: &str) -> Answer<()> {
        self.0.path_rename(ROOT, from, ROOT, to).map_err(number)
    }

    fn link(&mut self, from: &str, follow: bool, to: &str) -> Answer<()> {
        self.0
            .path_link((ROOT, lookup(follow), from), (ROOT, to))
            .map_err(number)
    }

    fn unlink(&mut self, path: &str) -> Answer<()> {
        self.0.path_unlink_file(ROOT, path).map_err(number)
    }

    fn create_directory(&mut self, path: &str) -> Answer<()> {
        self.0.path_create_directory(ROOT, path).map_err(number)
    }

    fn remove_directory(&mut self, path: &str) -> Answer<()> {
        self.0.path_remove_directory(ROOT, path).map_err(number)
    }

    fn list(&mut self, path: &str, entry: &mut dyn FnMut(Number)) -> Answer<Seen> {
        let fd = self
            .opened(path, OFlags::DIRECTORY, Rights::FD_READDIR)
            .map_err(number)?;
        let listing = self.0.fd_readdir(fd, LISTING, 0);
        let seen = self.look_and_close(fd);
        entries(&listing.map_err(number)?, entry);
        seen
    }
}
