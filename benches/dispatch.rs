//! Calls without an engine, on a tree in memory and on a directory of the host.

use benches::guest::{BUFFER, DEEP, FILE, Guest, OUT, ROOT};
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use wasi_shim::abi::Syscall;
use wasi_shim::backends::MemDir;
use wasi_shim::host;

fn calls(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let directory = host::open_dir(folder.path()).expect("it can be opened");
    let trees = [("memory", MemDir::new() as _), ("host", directory)];
    for (name, root) in trees {
        let mut guest = Guest::new(root).expect("an empty tree can be filled");
        let mut group = criterion.benchmark_group(name);
        let file = guest.file;
        for (label, call, args) in [
            ("clock_time_get", Syscall::ClockTimeGet, vec![1, 1, OUT]),
            ("fd_fdstat_get", Syscall::FdFdstatGet, vec![file, OUT]),
            ("fd_seek", Syscall::FdSeek, vec![file, 0, 0, OUT]),
            (
                "fd_pread 4 KiB",
                Syscall::FdPread,
                vec![file, BUFFER.0, 1, 0, OUT],
            ),
            (
                "fd_pwrite 4 KiB",
                Syscall::FdPwrite,
                vec![file, BUFFER.0, 1, 0, OUT],
            ),
            (
                "path_filestat_get file",
                Syscall::PathFilestatGet,
                vec![ROOT, 0, FILE.1, 4, OUT],
            ),
            (
                "path_filestat_get a/b/c/d/file",
                Syscall::PathFilestatGet,
                vec![ROOT, 0, DEEP.1, 12, OUT],
            ),
        ] {
            group.bench_function(label, |bench| {
                bench.iter(|| {
                    guest
                        .call(call, black_box(&args))
                        .expect("the call succeeds")
                });
            });
        }
        for path in [FILE, DEEP] {
            group.bench_function(format!("path_open and fd_close {}", path.0), |bench| {
                bench.iter(|| {
                    let fd = guest.open(path).expect("the file can be opened");
                    guest.call(Syscall::FdClose, &[fd]).expect("and closed");
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, calls);
criterion_main!(benches);
