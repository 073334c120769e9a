//! Operations that need nothing but what the guest was given: arguments, time, chance, and answers that never change.

use super::Operation;
use super::guest::{BUFFER, FILE, Guest, MANY, OUT, ROOT, STDIN, STDOUT, call};
use wasi_shim::abi::Errno;
use wasi_shim::{Access, Wasi};

/// All of them.
pub(crate) fn all(guest: &mut Guest) -> Vec<Operation> {
    let mut all = given();
    all.extend(fixed());
    all.extend(descriptors());
    all.extend(clocks(guest));
    all.push(context());
    all
}

fn given() -> Vec<Operation> {
    vec![
        Operation::new("args_sizes_get", |g| call!(g.args_sizes_get(OUT, OUT + 4))),
        Operation::new("args_get", |g| call!(g.args_get(OUT, BUFFER))),
        Operation::new("environ_sizes_get", |g| {
            call!(g.environ_sizes_get(OUT, OUT + 4))
        }),
        Operation::new("environ_get", |g| call!(g.environ_get(OUT, BUFFER))),
        Operation::new("random_get, 32 bytes", |g| call!(g.random_get(BUFFER, 32))),
        Operation::new("random_get, 4 KiB", |g| call!(g.random_get(BUFFER, 4096))),
        Operation::new("fd_prestat_get", |g| call!(g.fd_prestat_get(ROOT, OUT))),
        Operation::new("fd_prestat_get, no descriptor", |g| {
            call!(g.fd_prestat_get(1000, OUT))
        })
        .answers(Errno::Badf),
        Operation::new("fd_prestat_dir_name", |g| {
            call!(g.fd_prestat_dir_name(ROOT, BUFFER, 1))
        }),
    ]
}

/// The rows of `spec-notes/fixed-answers.md` that are calls, and what is no socket.
fn fixed() -> Vec<Operation> {
    vec![
        Operation::new("sched_yield", |g| call!(g.sched_yield())),
        Operation::new("proc_raise", |g| call!(g.proc_raise(15))).answers(Errno::Notsup),
        Operation::new("proc_raise, no signal", |g| call!(g.proc_raise(255))).answers(Errno::Inval),
        Operation::new("fd_advise, a directory", |g| {
            call!(g.fd_advise(MANY, 0, 0, 0))
        }),
        Operation::new("fd_advise, a stream", |g| {
            call!(g.fd_advise(STDIN, 0, 0, 0))
        }),
        Operation::new("fd_filestat_get, a stream", |g| {
            call!(g.fd_filestat_get(STDOUT, OUT))
        }),
        Operation::new("sock_shutdown, no socket", |g| {
            call!(g.sock_shutdown(FILE, 1))
        })
        .answers(Errno::Notsock),
    ]
}

fn descriptors() -> Vec<Operation> {
    vec![
        Operation::new("fd_fdstat_get", |g| call!(g.fd_fdstat_get(FILE, OUT))),
        Operation::new("fd_fdstat_get, a directory", |g| {
            call!(g.fd_fdstat_get(ROOT, OUT))
        }),
        Operation::new("fd_fdstat_get, a stream", |g| {
            call!(g.fd_fdstat_get(STDOUT, OUT))
        }),
        Operation::new("fd_seek", |g| call!(g.fd_seek(FILE, 0, 0, OUT))),
        Operation::new("fd_tell", |g| call!(g.fd_tell(FILE, OUT))),
        Operation::new("fd_fdstat_set_flags", |g| {
            call!(g.fd_fdstat_set_flags(FILE, 0))
        }),
    ]
}

/// A subscription to the monotonic clock that is due at once.
pub(crate) const DUE: [u8; 48] = {
    let mut bytes = [0; 48];
    bytes[16] = 1;
    bytes
};

fn clocks(guest: &mut Guest) -> Vec<Operation> {
    let mut all = vec![
        Operation::new("clock_time_get, monotonic", |g| {
            call!(g.clock_time_get(1, 1, OUT))
        }),
        Operation::new("clock_time_get, realtime", |g| {
            call!(g.clock_time_get(0, 1, OUT))
        }),
    ];
    let subscriptions = guest.put(&DUE.repeat(100));
    for (name, count) in [("1 clock", 1), ("100 clocks", 100)] {
        let poll = move |g: &mut Guest| call!(g.poll_oneoff(subscriptions, BUFFER, count, OUT));
        all.push(Operation::new(format!("poll_oneoff, {name}"), poll));
    }
    all
}

/// A context with a directory and no streams, made and dropped.
fn context() -> Operation {
    Operation::new("context", |guest| {
        let builder = Wasi::builder().preopen("/", guest.root.clone(), Access::ReadWrite);
        builder.build().map(drop).map_err(|_| Errno::Inval)
    })
}
