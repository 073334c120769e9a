//! Every method of a regular file of the host.
#![cfg(all(unix, feature = "host"))]

mod host_kit;

use host_kit::*;
use std::io::{IoSlice, IoSliceMut};
use std::sync::Arc;
use std::thread;
use wasi_shim::abi::{Advice, Errno, FileKind};
use wasi_shim::vfs::{
    Create, File, OpenRequest, SetTime, SetTimes, SyncMode, SyncScope, Timestamp,
};

fn new_file(tree: &Tree) -> Arc<dyn File> {
    as_file(tree.open("f", &create(Create::IfMissing)))
}

#[test]
fn reads_and_writes_at_offsets() {
    let tree = Tree::new();
    let file = new_file(&tree);
    assert_eq!(file.write_at(b"hello", 0), Ok(5));
    assert_eq!(file.write_at(b"!", 7), Ok(1));
    assert_eq!(tree.content("f"), "hello\0\0!");
    let mut buf = [0; 16];
    assert_eq!(file.read_at(&mut buf, 4), Ok(4));
    assert_eq!(&buf[..4], b"o\0\0!");
    assert_eq!(file.read_at(&mut buf, 8), Ok(0));
    assert_eq!(file.read_at(&mut buf, 1 << 40), Ok(0));
    assert_eq!(file.read_at(&mut [], 0), Ok(0));
    assert_eq!(file.write_at(&[], 100), Ok(0));
    assert_eq!(file.metadata().unwrap().size, 8);
}

#[test]
fn several_buffers_are_one_transfer() {
    let tree = Tree::new();
    let file = new_file(&tree);
    let parts = [b"ab".as_slice(), b"", b"cde", b"f"].map(IoSlice::new);
    assert_eq!(file.write_vectored_at(&parts, 1), Ok(6));
    assert_eq!(tree.content("f"), "\0abcdef");
    let (mut a, mut b, mut c) = ([0; 3], [0; 0], [0; 10]);
    let mut parts = [
        IoSliceMut::new(&mut a),
        IoSliceMut::new(&mut b),
        IoSliceMut::new(&mut c),
    ];
    assert_eq!(file.read_vectored_at(&mut parts, 2), Ok(5));
    assert_eq!((&a, &c[..2]), (b"bcd", b"ef".as_slice()));
    assert_eq!(file.read_vectored_at(&mut [], 0), Ok(0));
    assert_eq!(file.write_vectored_at(&[], 0), Ok(0));
}

#[test]
fn more_buffers_than_the_system_takes_at_once() {
    let tree = Tree::new();
    let file = new_file(&tree);
    let bytes: Vec<u8> = (0..5000).map(|i| (i % 251) as u8).collect();
    let parts: Vec<IoSlice<'_>> = bytes.chunks(1).map(IoSlice::new).collect();
    assert_eq!(file.write_vectored_at(&parts, 10), Ok(5000));
    assert_eq!(file.append(&parts), Ok((5000, 10_010)));
    let mut back = vec![0; 5000];
    let mut parts: Vec<IoSliceMut<'_>> = back.chunks_mut(1).map(IoSliceMut::new).collect();
    assert_eq!(file.read_vectored_at(&mut parts, 10), Ok(5000));
    assert_eq!(back, bytes);
    let mut parts: Vec<IoSliceMut<'_>> = back.chunks_mut(1).map(IoSliceMut::new).collect();
    assert_eq!(file.read_vectored_at(&mut parts, 9010), Ok(1000));
}

#[test]
fn offsets_that_no_file_has() {
    let tree = Tree::new();
    let file = new_file(&tree);
    for offset in [1 << 63, u64::MAX] {
        assert_eq!(file.read_at(&mut [0], offset), Err(Errno::Inval));
        assert_eq!(
            file.read_vectored_at(&mut [IoSliceMut::new(&mut [0])], offset),
            Err(Errno::Inval)
        );
        assert_eq!(file.write_at(&[0], offset), Err(Errno::Fbig));
        assert_eq!(
            file.write_vectored_at(&[IoSlice::new(&[0])], offset),
            Err(Errno::Fbig)
        );
        assert_eq!(file.set_len(offset), Err(Errno::Inval));
        assert_eq!(file.allocate(0, offset), Err(Errno::Fbig));
        assert_eq!(file.allocate(offset, 1), Err(Errno::Fbig));
        assert_eq!(file.advise(offset, 1, Advice::Normal), Ok(()));
    }
    let last = (1 << 63) - 1;
    for offset in [last - 1, last] {
        assert_eq!(file.read_at(&mut [0; 4], offset), Ok(0));
        let mut buf = [0; 4];
        let mut bufs = [IoSliceMut::new(&mut []), IoSliceMut::new(&mut buf)];
        assert_eq!(file.read_vectored_at(&mut bufs, offset), Ok(0));
    }
    assert_eq!(file.write_at(&[0], last), Err(Errno::Fbig));
    let bufs = [IoSlice::new(b""), IoSlice::new(b"xy")];
    assert_eq!(file.write_vectored_at(&bufs, last), Err(Errno::Fbig));
    assert!(matches!(
        file.set_len(last),
        Err(Errno::Fbig | Errno::Inval)
    ));
    assert_eq!(file.metadata().unwrap().size, 0);
}

#[test]
fn append_writes_at_the_end_and_tells_where_that_is_now() {
    let tree = Tree::new();
    let file = new_file(&tree);
    assert_eq!(
        file.append(&[IoSlice::new(b"ab"), IoSlice::new(b"c")]),
        Ok((3, 3))
    );
    tree.file("f", "longer than before");
    assert_eq!(file.append(&[IoSlice::new(b"!")]), Ok((1, 19)));
    assert_eq!(file.append(&[]), Ok((0, 19)));
    assert_eq!(tree.content("f"), "longer than before!");
    // It has no effect on writes that say where.
    assert_eq!(file.write_at(b"L", 0), Ok(1));
    assert_eq!(tree.content("f"), "Longer than before!");
}

#[test]
fn concurrent_appends_lose_nothing_and_know_where_they_went() {
    let tree = Tree::new();
    let one = new_file(&tree);
    let two = new_file(&tree);
    let writer = |file: &Arc<dyn File>, mark: u8| -> Vec<(u8, u64)> {
        let bytes = [mark; 10];
        (0..500)
            .map(|_| {
                let (count, end) = file.append(&[IoSlice::new(&bytes)]).unwrap();
                assert_eq!(count, 10);
                (mark, end)
            })
            .collect()
    };
    let mut ends: Vec<(u8, u64)> = thread::scope(|scope| {
        let threads: Vec<_> = [(&one, b'a'), (&one, b'b'), (&two, b'c')]
            .map(|(file, mark)| scope.spawn(move || writer(file, mark)))
            .into_iter()
            .collect();
        threads
            .into_iter()
            .flat_map(|t| t.join().unwrap())
            .collect()
    });
    ends.sort_by_key(|&(_, end)| end);
    let content = tree.content("f").into_bytes();
    assert_eq!(content.len(), 15_000);
    for (i, &(mark, end)) in ends.iter().enumerate() {
        assert_eq!(end, (i as u64 + 1) * 10);
        assert_eq!(content[i * 10..(i + 1) * 10], [mark; 10]);
    }
}

#[test]
fn appending_does_not_divert_other_writes() {
    let tree = Tree::new();
    let file = new_file(&tree);
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..1000 {
                file.append(&[IoSlice::new(b"+")]).unwrap();
            }
        });
        for _ in 0..1000 {
            assert_eq!(file.write_at(b".", 0), Ok(1));
        }
    });
    let content = tree.content("f");
    assert!((1000..=1001).contains(&content.len()), "{}", content.len());
    assert!(
        content
            .trim_start_matches('.')
            .bytes()
            .all(|byte| byte == b'+')
    );
}

#[test]
fn the_length_can_be_set() {
    let tree = Tree::new();
    tree.file("f", "content");
    let file = new_file(&tree);
    assert_eq!(file.set_len(3), Ok(()));
    assert_eq!(tree.content("f"), "con");
    assert_eq!(file.set_len(5), Ok(()));
    assert_eq!(tree.content("f"), "con\0\0");
}

#[test]
fn allocate_grows_and_never_shrinks() {
    let tree = Tree::new();
    tree.file("f", "content");
    let file = new_file(&tree);
    assert_eq!(file.allocate(0, 0), Err(Errno::Inval));
    match file.allocate(0, 4) {
        Err(Errno::Notsup) => return,
        result => assert_eq!(result, Ok(())),
    }
    assert_eq!(tree.content("f"), "content");
    assert_eq!(file.allocate(5, 5), Ok(()));
    assert_eq!(tree.content("f"), "content\0\0\0");
}

#[test]
fn advice_is_never_refused() {
    let tree = Tree::new();
    let file = new_file(&tree);
    for &advice in Advice::ALL {
        assert_eq!(file.advise(0, 0, advice), Ok(()));
        assert_eq!(file.advise(5, 100, advice), Ok(()));
        assert_eq!(file.advise(u64::MAX, u64::MAX, advice), Ok(()));
    }
}

#[test]
fn times_and_durability() {
    let tree = Tree::new();
    let file = new_file(&tree);
    let times = SetTimes {
        atim: SetTime::At(Timestamp(123)),
        mtim: SetTime::At(Timestamp(4_000_000_000_123_456_789)),
    };
    assert_eq!(file.set_times(&times), Ok(()));
    let facts = file.metadata().unwrap();
    assert_eq!(
        (facts.atim.0, facts.mtim.0),
        (123, 4_000_000_000_123_456_789)
    );
    assert_eq!(facts.kind, FileKind::RegularFile);
    assert_eq!(file.sync(SyncScope::Data), Ok(()));
    assert_eq!(file.sync(SyncScope::Full), Ok(()));
}

#[test]
fn a_file_opened_for_reading_cannot_be_written() {
    let tree = Tree::new();
    tree.file("f", "content");
    let file = as_file(tree.open("f", &OpenRequest::READ));
    assert_eq!(file.write_at(b"x", 0), Err(Errno::Badf));
    assert_eq!(file.append(&[IoSlice::new(b"x")]), Err(Errno::Badf));
    assert!(file.set_len(0).is_err());
    assert!(file.allocate(0, 100).is_err());
    assert_eq!(tree.content("f"), "content");
}

#[cfg(target_os = "linux")]
#[test]
fn durable_writes_are_asked_of_the_kernel() {
    let tree = Tree::new();
    for (sync, flag) in [
        (SyncMode::None, 0),
        (SyncMode::Data, 0o10_000),
        (SyncMode::Full, 0o4_010_000),
    ] {
        let before = descriptors();
        let _file = as_file(tree.open(
            "f",
            &request(|r| {
                r.write = true;
                r.create = Create::IfMissing;
                r.sync = sync;
            }),
        ));
        let new: Vec<u32> = descriptors()
            .into_iter()
            .filter(|(fd, target)| {
                target.ends_with("/f") && !before.contains(&(*fd, target.clone()))
            })
            .map(|(fd, _)| flags(fd))
            .collect();
        // More than was asked for is allowed: for rustix, `O_DSYNC` is `O_SYNC` on Linux.
        assert!(
            new.iter().any(|flags| flags & flag == flag),
            "{sync:?}: {new:?}"
        );
    }
}

#[cfg(target_os = "linux")]
fn descriptors() -> Vec<(u32, String)> {
    std::fs::read_dir("/proc/self/fd")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let target = std::fs::read_link(entry.path()).ok()?;
            let fd = entry.file_name().to_str()?.parse().ok()?;
            Some((fd, target.to_string_lossy().into_owned()))
        })
        .collect()
}

#[cfg(target_os = "linux")]
fn flags(fd: u32) -> u32 {
    let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{fd}")).unwrap_or_default();
    info.lines()
        .find_map(|line| line.strip_prefix("flags:"))
        .and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok())
        .unwrap_or_default()
}
