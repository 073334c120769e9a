//! Operations on files and directories that are open.

use super::Operation;
use super::guest::{Answer, BUFFER, BYTES, FILE, Guest, MANY, OUT, call};
use super::tree::ENTRIES;
use wasi_shim::abi::Errno;

/// All of them.
pub(crate) fn all(guest: &mut Guest) -> Vec<Operation> {
    let mut all = Vec::new();
    for (name, count) in [
        ("1 buffer", 1),
        ("2 buffers", 2),
        ("16 buffers", 16),
        ("100 buffers", 100),
        ("1024 buffers", 1024),
    ] {
        all.extend(transfers(guest, name, count));
    }
    all.extend(facts());
    all.push(appending(guest));
    all.push(Operation::new("fd_readdir, 1000 entries", list_many));
    all
}

fn rewind(g: &mut Guest) -> Answer {
    call!(g.fd_seek(FILE, 0, 0, OUT))
}

fn transfers(guest: &mut Guest, name: &str, count: i32) -> [Operation; 4] {
    let (at, count) = guest.vectors(count, BYTES);
    [
        Operation::new(format!("fd_read, {name}"), move |g| {
            call!(g.fd_read(FILE, at, count, OUT))
        })
        .before(rewind),
        Operation::new(format!("fd_write, {name}"), move |g| {
            call!(g.fd_write(FILE, at, count, OUT))
        })
        .before(rewind),
        Operation::new(format!("fd_pread, {name}"), move |g| {
            call!(g.fd_pread(FILE, at, count, 0, OUT))
        }),
        Operation::new(format!("fd_pwrite, {name}"), move |g| {
            call!(g.fd_pwrite(FILE, at, count, 0, OUT))
        }),
    ]
}

fn appending(guest: &mut Guest) -> Operation {
    let (at, count) = guest.vectors(1, 16);
    Operation::new("fd_write, appending", move |g| {
        call!(g.fd_write(FILE, at, count, OUT))
    })
    .before(|g| call!(g.fd_fdstat_set_flags(FILE, 1)))
    .after(|g| {
        call!(g.fd_fdstat_set_flags(FILE, 0))?;
        call!(g.fd_filestat_set_size(FILE, 1 << 16))
    })
}

fn facts() -> Vec<Operation> {
    vec![
        Operation::new("fd_seek, from the end", |g| {
            call!(g.fd_seek(FILE, 0, 2, OUT))
        })
        .after(rewind),
        Operation::new("fd_filestat_get", |g| call!(g.fd_filestat_get(FILE, OUT))),
        Operation::new("fd_filestat_get, a directory", |g| {
            call!(g.fd_filestat_get(MANY, OUT))
        }),
        Operation::new("fd_filestat_set_size", |g| {
            call!(g.fd_filestat_set_size(FILE, 1 << 16))
        }),
        Operation::new("fd_filestat_set_times", |g| {
            call!(g.fd_filestat_set_times(FILE, 1, 2, 1 | 4))
        }),
        Operation::new("fd_advise", |g| call!(g.fd_advise(FILE, 0, 4096, 0))),
        Operation::new("fd_allocate", |g| call!(g.fd_allocate(FILE, 0, 4096))),
        Operation::new("fd_datasync", |g| call!(g.fd_datasync(FILE))),
        Operation::new("fd_sync", |g| call!(g.fd_sync(FILE))),
    ]
}

/// With a buffer of 4 KiB, as wasi-libc does.
fn list_many(g: &mut Guest) -> Answer {
    let entries = list(g, MANY, BYTES)?;
    // With `.` and `..`.
    (entries == ENTRIES + 2).then_some(()).ok_or(Errno::Io)
}

/// Lists a directory from its beginning, with a buffer of so many bytes. Says how many entries there were.
pub(crate) fn list(g: &mut Guest, fd: i32, bytes: i32) -> Result<usize, Errno> {
    let (mut cookie, mut entries) = (0, 0);
    loop {
        call!(g.fd_readdir(fd, BUFFER, bytes, cookie, OUT))?;
        let used = g.number_at(OUT);
        let mut at = 0;
        // A record is 24 bytes, with the next position at 0 and the name's length at 16, and the name.
        while at + 24 <= used {
            let end = at + 24 + g.number_at(BUFFER + at + 16);
            if end > used {
                break;
            }
            cookie = g.long_at(BUFFER + at);
            entries += 1;
            at = end;
        }
        if used < bytes {
            return Ok(entries);
        }
    }
}
