//! Calls as the rows spell them: short names, and what all functions on paths say to one path.
//!
//! Knows preview1 through the kit's [`Guest`]. Has no opinion about what is right; the rows have.

use wasi_shim::Outcome;
use wasi_shim::abi::{Errno, FdFlags, FstFlags, LookupFlags, OFlags, Rights};
use wasi_shim_tests::trees::ROOT;
use wasi_shim_tests::{Answer, Guest};

pub(crate) const FOLLOW: LookupFlags = LookupFlags::SYMLINK_FOLLOW;
pub(crate) const NOFOLLOW: LookupFlags = LookupFlags::empty();
pub(crate) const BOTH: [LookupFlags; 2] = [NOFOLLOW, FOLLOW];
pub(crate) const NONE: OFlags = OFlags::empty();

/// Rights to look at files and directories, which ask for no writing.
pub(crate) fn reading() -> Rights {
    Rights::FD_READ
        | Rights::FD_SEEK
        | Rights::FD_TELL
        | Rights::FD_READDIR
        | Rights::FD_FILESTAT_GET
        | Rights::PATH_OPEN
}

/// `path_open` with these rights.
pub(crate) fn open(
    guest: &mut Guest,
    (dir, lookup): (u32, LookupFlags),
    path: impl AsRef<[u8]>,
    oflags: OFlags,
    rights: Rights,
) -> Answer<u32> {
    let flags = FdFlags::empty();
    guest.path_open(dir, lookup, path, oflags, (rights, rights), flags)
}

/// Opens a path below the root to look at it, following a link at its end.
pub(crate) fn look(guest: &mut Guest, path: impl AsRef<[u8]>) -> Answer<u32> {
    open(guest, (ROOT, FOLLOW), path, NONE, reading())
}

/// Opens a file below the root to read and write, made if it is missing.
pub(crate) fn write(guest: &mut Guest, path: &str) -> u32 {
    open(guest, (ROOT, NOFOLLOW), path, OFlags::CREAT, Rights::FILE).expect("a file")
}

/// A directory below the root, with everything that can be done in it.
pub(crate) fn open_dir(guest: &mut Guest, path: &str) -> u32 {
    let rights = (Rights::DIRECTORY, Rights::INHERITED);
    let flags = FdFlags::empty();
    guest
        .path_open(ROOT, NOFOLLOW, path, OFlags::DIRECTORY, rights, flags)
        .expect("a directory")
}

/// A new file with content, closed again.
pub(crate) fn put(guest: &mut Guest, path: &str, content: &str) {
    let fd = write(guest, path);
    assert_eq!(guest.fd_write(fd, content), Ok(content.len()));
    guest.fd_close(fd).expect("it is open");
}

/// What a file has.
pub(crate) fn content(guest: &mut Guest, path: &str) -> Answer<String> {
    let fd = look(guest, path)?;
    let bytes = guest.fd_read(fd, 4096)?;
    guest.fd_close(fd)?;
    Ok(String::from_utf8(bytes).expect("UTF-8"))
}

/// The number of what a path leads to.
pub(crate) fn ino(guest: &mut Guest, path: &str) -> Answer<u64> {
    Ok(guest.path_filestat_get(ROOT, FOLLOW, path)?.ino)
}

/// What every function answers to a path, of an entry below `dir`. `mine` is a file that is there already.
pub(crate) fn every_function(
    guest: &mut Guest,
    dir: u32,
    path: &str,
    mine: &str,
) -> Vec<(&'static str, Answer<()>)> {
    let times = ((0, 0), FstFlags::MTIM_NOW);
    vec![
        ("create_directory", guest.path_create_directory(dir, path)),
        ("remove_directory", guest.path_remove_directory(dir, path)),
        ("unlink_file", guest.path_unlink_file(dir, path)),
        ("readlink", guest.path_readlink(dir, path, 64).map(drop)),
        ("symlink", guest.path_symlink("text", dir, path)),
        ("rename from", guest.path_rename(dir, path, ROOT, "got")),
        ("rename to", guest.path_rename(ROOT, mine, dir, path)),
        (
            "link from",
            guest.path_link((dir, NOFOLLOW, path), (ROOT, "got")),
        ),
        (
            "link to",
            guest.path_link((ROOT, NOFOLLOW, mine), (dir, path)),
        ),
        (
            "filestat_get",
            guest.path_filestat_get(dir, FOLLOW, path).map(drop),
        ),
        (
            "filestat_set_times",
            guest.path_filestat_set_times(dir, FOLLOW, path, times.0, times.1),
        ),
        (
            "open",
            open(guest, (dir, FOLLOW), path, NONE, reading()).map(drop),
        ),
        (
            "open creat",
            open(guest, (dir, FOLLOW), path, OFlags::CREAT, Rights::FILE).map(drop),
        ),
    ]
}

/// Every function refuses the path with this.
pub(crate) fn all_refuse(guest: &mut Guest, path: &str, errno: Errno) {
    put(guest, "mine", "mine");
    for (what, found) in every_function(guest, ROOT, path, "mine") {
        assert_eq!(found, Err(errno), "{what} {path:?}");
    }
    assert_eq!(content(guest, "mine").as_deref(), Ok("mine"));
}

/// The number that a call returned, which does not wait and does not trap.
pub(crate) fn returned(outcome: Outcome) -> Answer<()> {
    match outcome {
        Outcome::Return(0) => Ok(()),
        Outcome::Return(number) => Err(Errno::from_number(number).expect("an error code")),
        outcome => panic!("{outcome:?}"),
    }
}

/// How many descriptors this process has.
pub(crate) fn handles() -> usize {
    std::fs::read_dir("/proc/self/fd").expect("procfs").count()
}

/// How many bytes of memory this process uses.
pub(crate) fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/status").expect("procfs");
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.expect("a size").trim().trim_end_matches(" kB");
    number.parse::<usize>().expect("a number") << 10
}

/// Does this, and says how much more memory is used afterwards.
pub(crate) fn grown(act: impl FnOnce()) -> usize {
    let before = resident();
    act();
    resident().saturating_sub(before)
}

/// An entry of a listing.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) ino: u64,
    pub(crate) name: String,
}

/// The entries that a buffer of `fd_readdir` has whole: `dirent` is 24 bytes, with the number at 8 and the length at 16.
pub(crate) fn entries(mut bytes: &[u8]) -> Vec<Listed> {
    let mut found = Vec::new();
    while let Some((header, rest)) = bytes.split_first_chunk::<24>() {
        let ino = u64::from_le_bytes(header[8..16].try_into().expect("8 bytes"));
        let len = u32::from_le_bytes(header[16..20].try_into().expect("4 bytes"));
        let Some((name, rest)) = rest.split_at_checked(len as usize) else {
            break;
        };
        let name = String::from_utf8(name.to_vec()).expect("UTF-8");
        found.push(Listed { ino, name });
        bytes = rest;
    }
    found
}
