//! What a filesystem is asked when a guest opens something.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use wasi_shim::abi::{Errno, FdFlags, LookupFlags, OFlags, Result, Rights};
use wasi_shim::vfs::{Create, Dir, Entry, Metadata, Name, Node, OpenRequest, SyncMode};
use wasi_shim::{Access, Wasi};
use wasi_shim_tests::Guest;
use wasi_shim_tests::trees::ROOT;

/// Keeps the last request, and has nothing.
#[derive(Default)]
struct Listener(Mutex<Option<OpenRequest>>);

impl Dir for Listener {
    fn metadata(&self) -> Result<Metadata> {
        Ok(Metadata::dir(1))
    }
    fn stat(&self, _: Name<'_>) -> Result<Metadata> {
        Err(Errno::Noent)
    }
    fn open(&self, _: Name<'_>, request: &OpenRequest) -> Result<Node> {
        *self.0.lock().expect("nobody panics") = Some(*request);
        Err(Errno::Noent)
    }
    fn list(&self, _: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        Ok(())
    }
}

fn asked(oflags: OFlags, base: Rights, fdflags: FdFlags) -> OpenRequest {
    let listener = Arc::new(Listener::default());
    let builder = Wasi::builder().preopen("/", listener.clone(), Access::ReadWrite);
    let mut guest = Guest::new(builder);
    let rights = (base, Rights::empty());
    let found = guest.path_open(ROOT, LookupFlags::empty(), "f", oflags, rights, fdflags);
    assert_eq!(found, Err(Errno::Noent));
    let asked = *listener.0.lock().expect("nobody panics");
    asked.expect("a request")
}

fn read_write(oflags: OFlags, base: Rights) -> (bool, bool) {
    let request = asked(oflags, base, FdFlags::empty());
    (request.read, request.write)
}

#[test]
fn rights_say_what_a_file_is_opened_for() {
    let plain = OFlags::empty();
    assert_eq!(read_write(plain, Rights::empty()), (true, false));
    assert_eq!(read_write(plain, Rights::FD_READ), (true, false));
    assert_eq!(read_write(plain, Rights::FD_WRITE), (false, true));
    assert_eq!(read_write(plain, Rights::FD_ALLOCATE), (false, true));
    assert_eq!(
        read_write(plain, Rights::FD_READ | Rights::FD_WRITE),
        (true, true)
    );
    assert_eq!(
        read_write(plain, Rights::FD_READ | Rights::FD_FILESTAT_SET_SIZE),
        (true, false)
    );
}

#[test]
fn a_directory_that_is_not_listed_need_not_be_readable() {
    let directory = OFlags::DIRECTORY;
    assert_eq!(read_write(directory, Rights::empty()), (false, false));
    assert_eq!(read_write(directory, Rights::PATH_OPEN), (false, false));
    assert_eq!(read_write(directory, Rights::FD_READDIR), (true, false));
    assert_eq!(read_write(directory, Rights::FD_ALLOCATE), (false, false));
}

#[test]
fn flags_say_how_it_is_opened() {
    let ask = |oflags, fdflags| asked(oflags, Rights::FD_WRITE, fdflags);
    let none = FdFlags::empty();
    assert_eq!(ask(OFlags::empty(), none).create, Create::Never);
    assert_eq!(ask(OFlags::EXCL, none).create, Create::Never);
    assert_eq!(ask(OFlags::CREAT, none).create, Create::IfMissing);
    assert_eq!(
        ask(OFlags::CREAT | OFlags::EXCL, none).create,
        Create::Exclusive
    );
    assert!(ask(OFlags::TRUNC, none).truncate);
    assert!(!ask(OFlags::CREAT, none).truncate);
    for (flags, mode) in [
        (none, SyncMode::None),
        (FdFlags::APPEND | FdFlags::NONBLOCK, SyncMode::None),
        (FdFlags::DSYNC, SyncMode::Data),
        (FdFlags::SYNC, SyncMode::Full),
        (FdFlags::RSYNC, SyncMode::Full),
        (FdFlags::DSYNC | FdFlags::RSYNC, SyncMode::Full),
    ] {
        assert_eq!(ask(OFlags::empty(), flags).sync, mode, "{flags:?}");
    }
}
