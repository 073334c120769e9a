//! Archives that are cut off, damaged or no archives at all.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

mod archive_kit;
mod support;

use archive_kit::{
    Item, deflated, every_kind, gzip, header, link, member, pax, put, sealed, stored, tar_file,
    tree, zip_file, zstd,
};
use std::collections::BTreeSet;
use wasi_shim::backends::{Archive, ArchiveError};

const ITEMS: &[Item<'_>] = &[
    Item::File("file", b"some content"),
    Item::Symlink("link", "dir/inner"),
    Item::Dir("dir"),
    Item::File("dir/inner", b"inner content, inner content"),
];

/// What comes of bytes: the tree, or the error. Looking at either must not panic.
fn outcome(bytes: &[u8]) -> Result<Vec<String>, ArchiveError> {
    let archive = Archive::builder()
        .unpacked(1 << 20)
        .members(1000)
        .from_bytes(bytes);
    match archive {
        Ok(archive) => {
            for skipped in archive.skipped() {
                let _ = format!("{skipped:?} {}", skipped.reason);
            }
            Ok(tree(&*archive))
        }
        Err(error) => {
            let _ = format!("{error:?} {error}");
            Err(error)
        }
    }
}

#[test]
fn whatever_is_cut_off_is_an_error_or_a_part() {
    for (kind, bytes) in every_kind(ITEMS) {
        let whole: BTreeSet<_> = outcome(&bytes).unwrap().into_iter().collect();
        assert_eq!(whole.len(), 4);
        for length in 0..bytes.len() {
            let Ok(part) = outcome(&bytes[..length]) else {
                continue;
            };
            assert_eq!(kind, "tar", "cut off at {length}");
            let part: BTreeSet<_> = part.into_iter().collect();
            assert!(whole.is_superset(&part), "{part:?} at {length}");
        }
    }
}

#[test]
fn a_tar_may_end_between_members_only() {
    let bytes = tar_file(&[member(b'0', b"a", b"1"), member(b'0', b"b", &[b'2'; 600])]);
    let expect = |length: usize| outcome(&bytes[..length]);
    assert_eq!(expect(1024).unwrap(), ["a=1"]);
    // The padding may be missing.
    assert_eq!(expect(513).unwrap(), ["a=1"]);
    let late = expect(2136).unwrap();
    assert_eq!(late.len(), 2);
    for (length, what, position) in [
        (512, "the content of a member", 512),
        (1025, "a header", 1024),
        (1535, "a header", 1024),
        (2135, "the content of a member", 1536),
    ] {
        match expect(length) {
            Err(ArchiveError::Truncated { what: found, at }) => {
                assert_eq!((found, at), (what, position));
            }
            other => panic!("{length}: {other:?}"),
        }
    }
    assert!(matches!(expect(511), Err(ArchiveError::UnknownKind)));
}

#[test]
fn a_byte_that_is_wrong_is_never_a_panic() {
    for (kind, mut bytes) in every_kind(&ITEMS[..3]) {
        // All but the padding at the end.
        let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
        let mut trees = 0;
        for at in 0..=end {
            let right = bytes[at];
            for wrong in [0, 0xff, right ^ 1, right ^ 0x80, right.wrapping_add(1)] {
                bytes[at] = wrong;
                trees += usize::from(outcome(&bytes).is_ok());
            }
            bytes[at] = right;
        }
        println!("{kind}: {trees} trees");
    }
}

#[test]
fn a_field_of_a_tar_that_is_wrong_is_never_a_panic() {
    let mut sparse = header(b'S', b"sparse", 3);
    sparse[482] = 1;
    let members = [
        member(b'0', b"a", b"1"),
        link(b'1', b"b", b"a").to_vec(),
        pax(b'x', &[("path", b"d/e"), ("size", b"3")]),
        member(b'0', b"c", b"abc"),
        member(b'L', b"l", b"a long name"),
        sealed(sparse).to_vec(),
        member(b'5', b"d", b""),
    ];
    let headers = members.iter().map(Vec::len);
    let starts = headers.scan(0, |at, len| {
        *at += len;
        Some(*at - len)
    });
    let bytes = tar_file(&members);
    for start in starts {
        // The first bytes of names, and all of what is read but names.
        let fields = [
            0..4,
            124..148,
            156..161,
            257..265,
            345..348,
            482..483,
            504..505,
        ];
        for at in fields.into_iter().flatten() {
            for wrong in [0, b' ', b'/', b'.', b'7', b'x', b'S', 0x80, 0xff] {
                let mut block: [u8; 512] = bytes[start..start + 512].try_into().unwrap();
                block[at] = wrong;
                let mut bad = bytes.clone();
                put(&mut bad, start, &sealed(block));
                let _ = outcome(&bad);
            }
        }
    }
}

#[test]
fn a_wrong_sum_of_a_compressed_tar_is_an_error() {
    let tar = tar_file(&[member(b'0', b"a", b"1")]);
    for packed in [gzip(&tar), zstd(&tar)] {
        let mut bytes = packed.clone();
        let sum = packed.len() - if packed[0] == 0x1f { 8 } else { 4 };
        bytes[sum] ^= 1;
        let error = outcome(&bytes).unwrap_err();
        assert!(
            matches!(error, ArchiveError::Decompression { .. }),
            "{error}"
        );
        let garbage = [&packed[..], b"garbage that is longer than a header"].concat();
        let error = outcome(&garbage).unwrap_err();
        assert!(
            matches!(error, ArchiveError::Decompression { .. }),
            "{error}"
        );
    }
    // Two halves, compressed one by one, are one.
    let (one, two) = tar.split_at(700);
    for pack in [gzip, zstd] {
        let bytes = [pack(one), pack(two)].concat();
        assert_eq!(outcome(&bytes).unwrap(), ["a=1"]);
    }
}

#[test]
fn what_is_no_archive_is_said_to_be_none() {
    let text = b"once upon a time, ".repeat(100);
    for bytes in [
        &b""[..],
        b"PK",
        b"abc",
        &text,
        &gzip(&text),
        &zstd(b"short"),
        &gzip(&gzip(&text)),
        b"\x7fELF",
    ] {
        let error = outcome(bytes).unwrap_err();
        assert!(matches!(error, ArchiveError::UnknownKind), "{error}");
    }
    assert_eq!(outcome(&[0; 1024]).unwrap(), [""; 0]);
    assert_eq!(outcome(&zip_file(&[])).unwrap(), [""; 0]);
}

#[test]
fn malformed_headers_are_errors_with_a_place() {
    let good = member(b'0', b"a", b"1");
    let mut unsealed = header(b'0', b"b", 0);
    unsealed[0] = b'c';
    let field = |kind, bytes: &[u8]| {
        let mut block = header(kind, b"b", 0);
        put(&mut block, 124, bytes);
        sealed(block).to_vec()
    };
    let negative = [0xff; 12];
    let huge = [0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    for bad in [
        unsealed.to_vec(),
        field(b'0', b"12345678x01\0"),
        field(b'0', &negative),
        field(b'0', &huge),
        field(b'L', b"9\0"),
        field(b'x', b"-1\0"),
        pax(b'x', &[("size", b"ten")]),
        pax(b'g', &[("size", b"99999999999999999999")]),
        member(b'x', b"pax", b"11 path=a\n"),
        member(b'x', b"pax", b"0 path=a\n"),
        member(b'x', b"pax", b"3 a\n"),
        member(b'x', b"pax", b"path=a\n"),
        member(b'x', b"pax", b" path=a\n"),
        member(b'x', b"pax", b"99999999999999999999 path=a\n"),
    ] {
        match outcome(&tar_file(&[good.clone(), bad])) {
            Err(ArchiveError::Malformed { at: 1024, .. }) => {}
            other => panic!("{other:?}"),
        }
    }
    // So large that its end is beyond all numbers.
    let size = [
        0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    ];
    let error = outcome(&tar_file(&[good, field(b'0', &size)])).unwrap_err();
    assert!(
        matches!(error, ArchiveError::Truncated { at: 1536, .. }),
        "{error}"
    );
}

#[test]
fn an_extended_header_belongs_to_a_member() {
    for last in [pax(b'x', &[("path", b"b")]), member(b'L', b"l", b"name")] {
        let error = outcome(&tar_file(&[member(b'0', b"a", b""), last])).unwrap_err();
        assert!(
            matches!(error, ArchiveError::Truncated { at: 512, .. }),
            "{error}"
        );
    }
    let global = tar_file(&[pax(b'g', &[("comment", b"x")])]);
    assert_eq!(outcome(&global).unwrap(), [""; 0]);
}

#[test]
fn malformed_zip_files_are_errors() {
    let good = zip_file(&[deflated(b"a", b"content"), stored(b"b", b"")]);
    let end = good.len() - 22;
    let patched = |at: usize, bytes: &[u8]| {
        let mut bad = good.clone();
        put(&mut bad, at, bytes);
        bad
    };
    // Of several parts, elsewhere, with another signature of an entry.
    for bad in [
        patched(end + 4, &[1, 0]),
        patched(end + 8, &[1, 0]),
        patched(end + 16, &[0, 0]),
        patched(end - 47, b"PX"),
        patched(end - 47 + 28, &[0xff, 0xff]),
    ] {
        let error = outcome(&bad).unwrap_err();
        assert!(matches!(error, ArchiveError::Malformed { .. }), "{error}");
    }
    let behind = [&good[..], b"x"].concat();
    let error = outcome(&behind).unwrap_err();
    assert!(matches!(error, ArchiveError::Truncated { .. }), "{error}");
    // A comment ends with the file.
    let commented = [&patched(end + 20, &[7, 0])[..], b"comment"].concat();
    assert_eq!(outcome(&commented).unwrap(), ["a=content", "b="]);
}

#[test]
fn a_source_that_becomes_shorter_is_an_error_where_it_is_read() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let bytes = tar_file(&[member(b'0', b"a", b"1"), link(b'2', b"l", b"a").to_vec()]);
    std::fs::write(file.path(), bytes).unwrap();
    let archive = Archive::open(file.path()).unwrap();
    file.as_file().set_len(100).unwrap();
    assert_eq!(tree(&*archive), ["a!io", "l>a"]);
}
