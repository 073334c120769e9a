//! Which system calls each operation makes.
//!
//! Knows those whose failure the guest is told, with everything as it was before; and, apart, those where it is otherwise.
//! Refuses to know numbers. The kernel's part of the matrix goes through them.

use crate::scene::Place;

/// An operation, and system calls.
pub(crate) type Row = (&'static str, &'static [&'static str]);

/// On a directory of the host, walked name by name.
pub(crate) const HOST: &[Row] = &[
    ("path_create_directory", &["mkdirat"]),
    ("path_create_directory deep", &["openat", "mkdirat"]),
    ("path_remove_directory", &["unlinkat"]),
    ("path_unlink_file", &["unlinkat"]),
    ("path_unlink_file deep", &["openat", "unlinkat"]),
    ("path_unlink_file link", &["unlinkat"]),
    ("path_unlink_file other", &["unlinkat"]),
    ("path_rename", &["openat", "renameat"]),
    ("path_rename over", &["renameat"]),
    ("path_rename directory", &["renameat"]),
    ("path_rename onto directory", &["renameat"]),
    ("path_link", &["openat", "linkat"]),
    ("path_symlink", &["symlinkat"]),
    ("path_readlink", &["readlinkat"]),
    ("path_filestat_get", &["newfstatat"]),
    ("path_filestat_get deep", &["openat", "newfstatat"]),
    ("path_filestat_get link", &["readlinkat", "newfstatat"]),
    ("path_filestat_get other", &["newfstatat"]),
    ("path_filestat_set_times", &["newfstatat", "utimensat"]),
    (
        "path_filestat_set_times directory",
        &["newfstatat", "utimensat"],
    ),
    ("path_open", &["openat", "fstat"]),
    ("path_open deep", &["openat", "fstat"]),
    ("path_open link", &["openat", "readlinkat", "fstat"]),
    ("path_open to write", &["openat", "fstat"]),
    ("path_open other", &["openat", "fstat"]),
    ("path_open directory", &["openat"]),
    ("path_open creat", &["openat"]),
    ("path_open creat to read", &["openat"]),
    ("path_open creat excl", &["openat"]),
    ("path_open trunc", &["openat"]),
    ("path_open trunc other", &["openat"]),
    ("fd_readdir", &["openat", "fstat", "getdents64"]),
    ("fd_readdir opened", &["openat", "fstat", "getdents64"]),
    ("fd_read", &["pread64"]),
    ("fd_read buffers", &["preadv"]),
    ("fd_read other", &["pread64"]),
    ("fd_pread", &["pread64"]),
    ("fd_pread buffers", &["preadv"]),
    ("fd_write", &["pwrite64"]),
    ("fd_write buffers", &["pwritev"]),
    ("fd_write append", &["pwritev2"]),
    ("fd_write other", &["pwrite64"]),
    ("fd_pwrite", &["pwrite64"]),
    ("fd_pwrite buffers", &["pwritev"]),
    ("fd_filestat_get", &["fstat"]),
    ("fd_filestat_get other", &["fstat"]),
    ("fd_filestat_get directory", &["fstat"]),
    ("fd_filestat_set_size", &["ftruncate"]),
    ("fd_filestat_set_size longer", &["ftruncate"]),
    ("fd_filestat_set_size other", &["ftruncate"]),
    ("fd_filestat_set_times", &["utimensat"]),
    ("fd_filestat_set_times directory", &["utimensat"]),
    ("fd_allocate", &["fallocate"]),
    ("fd_allocate other", &["fallocate"]),
    ("fd_sync", &["fsync"]),
    ("fd_sync other", &["fsync"]),
    ("fd_sync directory", &["fsync"]),
    ("fd_datasync", &["fdatasync"]),
    ("fd_datasync other", &["fdatasync"]),
    ("fd_seek end", &["fstat"]),
];

/// On an overlay that has both sides on the host: those operations that bring a file up, or make one.
pub(crate) const OVERLAY: &[Row] = &[
    ("path_open creat", &["openat", "fstat", "newfstatat"]),
    (
        "path_open creat to read",
        &["openat", "fstat", "newfstatat"],
    ),
    ("path_open creat excl", &["openat", "fstat", "newfstatat"]),
    (
        "path_open trunc",
        &["openat", "fstat", "newfstatat", "ftruncate"],
    ),
    ("path_open trunc other", &["newfstatat", "ftruncate"]),
    ("fd_write", &["openat", "fstat", "pread64", "pwrite64"]),
    (
        "fd_write buffers",
        &["openat", "fstat", "pread64", "pwrite64", "pwritev"],
    ),
    (
        "fd_write append",
        &["openat", "fstat", "pread64", "pwrite64", "pwritev2"],
    ),
    ("fd_write other", &["pwrite64"]),
    ("fd_pwrite", &["openat", "fstat", "pread64", "pwrite64"]),
    (
        "fd_pwrite buffers",
        &["openat", "fstat", "pread64", "pwrite64", "pwritev"],
    ),
    (
        "fd_filestat_set_size",
        &["openat", "fstat", "pread64", "pwrite64", "ftruncate"],
    ),
    (
        "fd_filestat_set_size longer",
        &["openat", "fstat", "pread64", "pwrite64", "ftruncate"],
    ),
    ("fd_filestat_set_size other", &["ftruncate"]),
    (
        "fd_allocate",
        &["openat", "fstat", "pread64", "pwrite64", "fallocate"],
    ),
    ("fd_allocate other", &["fstat", "fallocate"]),
];

/// What a file is can only be asked when it is open, and by then it is made, or cut: there is no way back.
pub(crate) const TOO_LATE: &[Row] = &[
    ("path_open creat", &["fstat"]),
    ("path_open trunc", &["fstat"]),
    ("path_open trunc other", &["fstat"]),
    // What was appended is there; where it ends, nothing tells.
    ("fd_write append", &["lseek and fstat"]),
];

/// Where what was appended ends is told by the file's length too; and advice is only that.
pub(crate) const UNTOLD: &[Row] = &[
    ("fd_write append", &["lseek"]),
    ("fd_advise", &["fadvise64"]),
];

/// What can be done without, each time told by the fact that without both it is an error. On a directory of the host that is
/// not walked.
pub(crate) const SPARE: &[Row] = &[
    ("path_open deep", &["openat2", "openat"]),
    ("path_filestat_get deep", &["openat2", "openat"]),
    ("path_open link", &["openat2", "readlinkat"]),
    ("path_filestat_get link", &["openat2", "readlinkat"]),
];

/// The system calls on files that are made again when they were interrupted, whoever makes them.
pub(crate) const AGAIN: &[&str] = &[
    "openat",
    "newfstatat",
    "utimensat",
    "getdents64",
    "pread64",
    "preadv",
    "pwrite64",
    "pwritev",
    "pwritev2",
    "ftruncate",
    "fallocate",
    "fsync",
    "fdatasync",
];

/// Whether that is so of this one. A descriptor's times are set without, a path's with.
pub(crate) fn is_made_again(operation: &str, call: &str) -> bool {
    let by_descriptor = call == "utimensat" && operation.starts_with("fd_");
    !by_descriptor && AGAIN.contains(&call)
}

/// The rows of the host and of overlays that make this call, and make it again.
pub(crate) fn made_again(call: &str) -> Vec<(Place, &'static str)> {
    let all = [(Place::Direct, HOST), (Place::Upper, OVERLAY)];
    let rows = all
        .into_iter()
        .flat_map(|(place, rows)| rows.iter().map(move |row| (place, row)));
    let made = rows.filter(|(_, (name, calls))| calls.contains(&call) && is_made_again(name, call));
    made.map(|(place, row)| (place, row.0)).collect()
}
