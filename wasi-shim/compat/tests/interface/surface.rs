//! What embedders call of the host's files, streams and sockets by themselves.

use crate::kit::{Guest, SUCCESS};
use std::any::Any;
use std::io::{IoSliceMut, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use wasi_common::file::{FdFlags, FileAccessMode, FileType, OFlags};
use wasi_common::pipe::ReadPipe;
use wasi_common::snapshots::preview_1::types::Errno;
use wasi_common::sync::file::File;
use wasi_common::sync::net::{UnixStream as Socket, filetype_from, get_fd_flags, is_read_write};
use wasi_common::sync::{Dir, WasiCtxBuilder, ambient_authority, stdio};
use wasi_common::{Error, WasiFile};

/// The host's own are ready at once.
fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("it waits"),
    }
}

#[test]
fn sockets_tell_their_flags_and_which_directions_are_open() {
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    assert_eq!(get_fd_flags(&theirs).unwrap(), FdFlags::empty());
    theirs.set_nonblocking(true).unwrap();
    assert_eq!(get_fd_flags(&theirs).unwrap(), FdFlags::NONBLOCK);
    assert_eq!(is_read_write(&theirs).unwrap(), (true, true));
    ours.write_all(b"x").unwrap();
    assert_eq!(is_read_write(&theirs).unwrap(), (true, true));
    (&theirs).read_exact(&mut [0]).unwrap();
    let socket = cap_std::os::unix::net::UnixStream::from_std(theirs.try_clone().unwrap());
    let socket = Socket::from_cap_std(socket);
    assert!(ready(socket.readable()).is_ok() && ready(socket.writable()).is_ok());
    ours.shutdown(Shutdown::Both).unwrap();
    assert_eq!(is_read_write(&theirs).unwrap(), (false, false));
    let error = ready(socket.readable()).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Errno::Io));
    assert!(ready(socket.writable()).is_err());
}

#[test]
fn what_a_file_is_says_what_a_socket_is() {
    let folder = tempfile::tempdir().unwrap();
    let dir = Dir::open_ambient_dir(folder.path(), ambient_authority()).unwrap();
    let filetype = dir.dir_metadata().unwrap().file_type();
    assert_eq!(filetype_from(&filetype), FileType::SocketStream);
}

#[test]
fn standard_input_cannot_be_looked_ahead_in() {
    let error = ready(stdio::stdin().peek(&mut [0])).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Errno::Spipe));
}

#[test]
fn a_directory_that_is_asked_by_an_embedder_creates_only_to_write() {
    let folder = tempfile::tempdir().unwrap();
    let dir = Dir::open_ambient_dir(folder.path(), ambient_authority()).unwrap();
    let dir = wasi_common::sync::dir::Dir::from_cap_std(dir);
    let open = |write| dir.open_file_(false, "new", OFlags::CREATE, true, write, FdFlags::empty());
    let refused = open(false).err().unwrap();
    assert_eq!(refused.downcast_ref(), Some(&Errno::Perm));
    assert!(open(true).is_ok());
}

#[test]
fn a_pipe_of_bytes_or_text_knows_how_many_it_has() {
    let bytes = ReadPipe::from(vec![1, 2, 3]);
    let text = ReadPipe::from("some text");
    let counts = (bytes.num_ready_bytes(), text.num_ready_bytes());
    assert_eq!((counts.0.unwrap(), counts.1.unwrap()), (3, 9));
    ready(text.read_vectored(&mut [IoSliceMut::new(&mut [0; 4])])).unwrap();
    assert_eq!(text.num_ready_bytes().unwrap(), 5);
    assert_eq!(
        ReadPipe::new(std::io::repeat(1)).num_ready_bytes().unwrap(),
        0
    );
}

/// A socket with a meter, which does not count what has arrived.
struct Metered(UnixStream);

#[async_trait::async_trait]
impl WasiFile for Metered {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn pollable(&self) -> Option<BorrowedFd<'_>> {
        Some(self.0.as_fd())
    }
    async fn get_filetype(&self) -> Result<FileType, Error> {
        Ok(FileType::SocketStream)
    }
    async fn read_vectored<'a>(&self, bufs: &mut [IoSliceMut<'a>]) -> Result<u64, Error> {
        Ok((&self.0).read_vectored(bufs)? as u64)
    }
}

#[test]
fn a_file_that_does_not_count_has_a_byte_if_the_system_says_so() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let ctx = WasiCtxBuilder::new().build();
    ctx.insert_file(5, Box::new(Metered(theirs)), FileAccessMode::READ);
    let mut guest = Guest::new(ctx);
    let mut subscription = [0; 48];
    subscription[8] = 1;
    subscription[16] = 5;
    guest.put(512, &subscription);
    let poll = [512.into(), 640.into(), 1.into(), 8.into()];
    (&ours).write_all(b"abc").unwrap();
    assert_eq!(guest.call("poll_oneoff", &poll), SUCCESS);
    assert_eq!((guest.word(640 + 16), guest.word(640 + 24) & 1), (1, 0));
    // Nothing will come any more.
    assert_eq!(guest.read(5, 9), Ok(b"abc".to_vec()));
    drop(ours);
    assert_eq!(guest.call("poll_oneoff", &poll), SUCCESS);
    assert_eq!((guest.word(640 + 16), guest.word(640 + 24) & 1), (0, 1));
}

/// Another handle of the same file, which moves with it.
fn share(file: &std::fs::File) -> Box<File> {
    let file = cap_std::fs::File::from_std(file.try_clone().unwrap());
    Box::new(File::from_cap_std(file))
}

fn open(path: &std::path::Path) -> std::fs::File {
    let mut options = std::fs::File::options();
    let options = options.read(true).write(true).create(true);
    options.truncate(false).open(path).unwrap()
}

#[test]
fn a_file_of_the_hosts_goes_on_where_it_is_for_all_who_have_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let mut file = open(&path);
    file.write_all(b"begin, ").unwrap();
    let ctx = WasiCtxBuilder::new()
        .stdout(share(&file))
        .stderr(share(&file))
        .build();
    let mut guest = Guest::new(ctx);
    for (fd, text) in [(1, "one, "), (2, "two, "), (1, "three, ")] {
        assert_eq!(guest.write(fd, text.as_bytes()), Ok(text.len()));
    }
    file.write_all(b"end").unwrap();
    let log = std::fs::read_to_string(&path).unwrap();
    assert_eq!(log, "begin, one, two, three, end");
}

#[test]
fn a_file_of_the_hosts_is_read_from_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, "0123456789").unwrap();
    let mut file = open(&path);
    file.read_exact(&mut [0; 4]).unwrap();
    let ctx = WasiCtxBuilder::new().build();
    ctx.insert_file(5, share(&file), FileAccessMode::READ);
    let mut guest = Guest::new(ctx);
    assert_eq!(guest.read(5, 2), Ok(b"45".to_vec()));
    let tell = [5.into(), 0_i64.into(), 1.into(), 8.into()];
    assert_eq!((guest.call("fd_seek", &tell), guest.word(8)), (SUCCESS, 6));
    let mut next = [0; 1];
    file.read_exact(&mut next).unwrap();
    assert_eq!(&next, b"6");
    let back = [5.into(), 1_i64.into(), 0.into(), 8.into()];
    assert_eq!(guest.call("fd_seek", &back), SUCCESS);
    assert_eq!(guest.read(5, 2), Ok(b"12".to_vec()));
    // After the first call, too.
    let ctx = guest.store.data();
    let fd = ctx.push_file(share(&file), FileAccessMode::READ).unwrap();
    let fd = i32::try_from(fd).unwrap();
    assert_eq!(guest.read(fd, 9), Ok(b"789".to_vec()));
}
