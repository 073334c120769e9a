//! Checks of a file's bytes.
//!
//! Knows what [`File`] must do with offsets, buffers and lengths. Refuses to know names and times. Run by the suite.

use super::Abilities;
use super::tools::{WRITE, file, open_file, read, read_all, write_all};
use crate::abi::{Advice, Errno};
use crate::vfs::{Dir, File, SyncScope};
use std::io::{IoSlice, IoSliceMut};
use std::sync::Arc;

fn size(file: &dyn File) -> u64 {
    file.metadata().unwrap().size
}

/// Bytes that tell their place.
fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at % 251) as u8).collect()
}

pub(super) fn bytes_read_back(root: &Arc<dyn Dir>, _able: &Abilities) {
    let held = file(&**root, "f", b"");
    let data = pattern(300_000);
    // Across every boundary that a filesystem may have, and not on it.
    for (offset, len) in [
        (0, 1),
        (4_095, 2),
        (65_530, 12),
        (10_000, 200_000),
        (299_999, 1),
    ] {
        write_all(&*held, &data[offset..offset + len], offset as u64);
        assert_eq!(
            read(&*held, offset as u64, len),
            data[offset..offset + len],
            "{len} at {offset}"
        );
    }
    write_all(&*held, &data, 0);
    assert_eq!(size(&*held), 300_000);
    assert!(read_all(&*held) == data, "the whole file differs");
    write_all(&*held, b"over", 100);
    assert_eq!(
        read(&*held, 99, 6),
        [data[99], b'o', b'v', b'e', b'r', data[104]]
    );
    assert_eq!(size(&*held), 300_000);
}

pub(super) fn reads_end_with_the_file(root: &Arc<dyn Dir>, _able: &Abilities) {
    let held = file(&**root, "f", b"12345");
    let mut buf = [0; 4];
    assert_eq!(held.read_at(&mut buf, 3), Ok(2));
    assert_eq!(&buf[..2], b"45");
    for offset in [5, 6, 1 << 40, i64::MAX as u64] {
        assert_eq!(held.read_at(&mut buf, offset), Ok(0), "at {offset}");
    }
    assert_eq!(held.read_at(&mut [], 0), Ok(0));
    assert_eq!(size(&*held), 5);
}

pub(super) fn gaps_are_zeros(root: &Arc<dyn Dir>, _able: &Abilities) {
    let held = file(&**root, "f", b"start");
    write_all(&*held, b"end", 1_000_000);
    assert_eq!(size(&*held), 1_000_003);
    let all = read_all(&*held);
    assert!(all.starts_with(b"start") && all.ends_with(b"end"));
    assert!(
        all[5..1_000_000].iter().all(|byte| *byte == 0),
        "the gap is not all zeros"
    );
    assert_eq!(read(&*held, 999_998, 10), b"\0\0end");
}

pub(super) fn only_zeros_are_called_holes(root: &Arc<dyn Dir>, _able: &Abilities) {
    let held = file(&**root, "f", b"start");
    write_all(&*held, b"middle", 300_000);
    write_all(&*held, b"end", 1_000_000);
    held.set_len(2_000_000).unwrap();
    if held.seek_data(0) == Err(Errno::Notsup) {
        return;
    }
    let all = read_all(&*held);
    for at in [
        0, 4, 5, 299_999, 300_005, 300_006, 999_999, 1_000_002, 1_000_003,
    ] {
        let byte = all[at..].iter().position(|byte| *byte != 0);
        let byte = byte.map(|after| (at + after) as u64);
        match held.seek_data(at as u64).unwrap() {
            Some(data) => assert!(
                data >= at as u64 && byte.is_none_or(|byte| data <= byte),
                "data are at {byte:?}, not at {data}"
            ),
            None => assert_eq!(byte, None, "there are more data after {at}"),
        }
    }
    assert_eq!(held.seek_data(2_000_000), Ok(None));
    assert_eq!(held.seek_data(1 << 40), Ok(None));
}

pub(super) fn vectors_are_one_transfer(root: &Arc<dyn Dir>, _able: &Abilities) {
    let held = file(&**root, "f", b"");
    let parts: [&[u8]; 5] = [b"", b"one", b"", b"fourteen bytes", b"5"];
    let count = held
        .write_vectored_at(&parts.map(IoSlice::new), 10)
        .unwrap();
    assert_eq!(count, 18, "a vector that fits is written whole");
    assert_eq!(read(&*held, 10, 100), b"onefourteen bytes5");
    let (mut a, mut b, mut c) = ([0; 4], [0; 0], [0; 100]);
    let mut bufs = [&mut a[..], &mut b, &mut c].map(IoSliceMut::new);
    assert_eq!(held.read_vectored_at(&mut bufs, 10), Ok(18));
    assert_eq!(held.read_vectored_at(&mut bufs, 28), Ok(0));
    assert_eq!((&a, &c[..14]), (b"onef", &b"ourteen bytes5"[..]));
}

pub(super) fn empty_transfers_do_nothing(root: &Arc<dyn Dir>, _able: &Abilities) {
    let held = file(&**root, "f", b"12345");
    assert_eq!(held.write_at(b"", 1_000), Ok(0));
    assert_eq!(held.write_vectored_at(&[], 1_000), Ok(0));
    assert_eq!(held.write_vectored_at(&[IoSlice::new(b"")], 1_000), Ok(0));
    assert_eq!(held.append(&[]), Ok((0, 5)));
    assert_eq!(held.read_vectored_at(&mut [], 0), Ok(0));
    assert_eq!(read_all(&*held), b"12345");
}

pub(super) fn appends_go_to_the_end(root: &Arc<dyn Dir>, _able: &Abilities) {
    let (one, two) = (file(&**root, "f", b"a"), open_file(&**root, "f", &WRITE));
    assert_eq!(
        one.append(&[IoSlice::new(b"bc"), IoSlice::new(b"d")]),
        Ok((3, 4))
    );
    assert_eq!(two.append(&[IoSlice::new(b"e")]), Ok((1, 5)));
    write_all(&*one, b"A", 0);
    assert_eq!(one.append(&[IoSlice::new(b"f")]), Ok((1, 6)));
    two.set_len(3).unwrap();
    assert_eq!(one.append(&[IoSlice::new(b"!")]), Ok((1, 4)));
    assert_eq!(read_all(&*two), b"Abc!");
}

pub(super) fn set_len_cuts_and_extends(root: &Arc<dyn Dir>, _able: &Abilities) {
    let held = file(&**root, "f", &pattern(10_000));
    for len in [9_999, 5_000, 4_096, 4_095, 3] {
        assert_eq!(held.set_len(len), Ok(()));
        assert_eq!(read_all(&*held), pattern(10_000)[..len as usize]);
    }
    assert_eq!(held.set_len(8_000), Ok(()));
    let all = read_all(&*held);
    assert_eq!((all.len(), &all[..3]), (8_000, &[0, 1, 2][..]));
    assert!(
        all[3..].iter().all(|byte| *byte == 0),
        "what was cut off shows again"
    );
    assert_eq!(held.set_len(1 << 30), Ok(()));
    assert_eq!(
        (size(&*held), read(&*held, (1 << 30) - 2, 9)),
        (1 << 30, vec![0, 0])
    );
    assert_eq!(held.set_len(0), Ok(()));
    assert_eq!(read_all(&*held), b"");
}

pub(super) fn allocating_never_shrinks_or_changes(root: &Arc<dyn Dir>, able: &Abilities) {
    let held = file(&**root, "f", b"content");
    if !able.allocate {
        let answer = held.allocate(0, 3);
        assert!(matches!(answer, Ok(()) | Err(Errno::Notsup)), "{answer:?}");
        assert_eq!(read_all(&*held), b"content");
        return;
    }
    assert_eq!(held.allocate(0, 3), Ok(()));
    assert_eq!(held.allocate(2, 5), Ok(()));
    assert_eq!(read_all(&*held), b"content");
    assert_eq!(held.allocate(5, 5), Ok(()));
    assert_eq!(read_all(&*held), b"content\0\0\0");
    assert_eq!(held.allocate(100_000, 1), Ok(()));
    assert_eq!(size(&*held), 100_001);
}

pub(super) fn handles_share_the_file(root: &Arc<dyn Dir>, _able: &Abilities) {
    let (one, two) = (
        file(&**root, "f", b"first"),
        open_file(&**root, "f", &WRITE),
    );
    write_all(&*two, b"F", 0);
    assert_eq!(read_all(&*one), b"First");
    one.set_len(2).unwrap();
    assert_eq!((size(&*two), one.metadata()), (2, two.metadata()));
}

pub(super) fn syncing_works(root: &Arc<dyn Dir>, _able: &Abilities) {
    let held = file(&**root, "f", b"content");
    assert_eq!(held.sync(SyncScope::Data), Ok(()));
    assert_eq!(held.sync(SyncScope::Full), Ok(()));
    assert_eq!(root.sync(), Ok(()));
    assert_eq!(held.advise(0, 0, Advice::Normal), Ok(()));
    assert_eq!(held.advise(3, 1 << 40, Advice::Dontneed), Ok(()));
    assert_eq!(read_all(&*held), b"content");
}
