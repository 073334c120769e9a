//! What an archive may cost.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

mod archive_kit;
mod support;

use archive_kit::*;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use wasi_shim::backends::{Archive, ArchiveBuilder, ArchiveError, SkipReason};

#[track_caller]
fn assert_limit(builder: ArchiveBuilder, bytes: &[u8], expected: (&str, u64)) {
    match builder.from_bytes(bytes) {
        Err(ArchiveError::Limit { what, limit }) => assert_eq!((what, limit), expected),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("nothing stops at {expected:?}"),
    }
}

const THREE: &[Item<'_>] = &[
    Item::File("a", b"1"),
    Item::File("b/c", b"2"),
    Item::Symlink("d", "long text"),
];

#[test]
fn members_and_names_are_limited_exactly() {
    for bytes in [tar_of(THREE), zip_of(THREE, zip::CompressionMethod::Stored)] {
        // Three members, and a directory that is made; four names and a text.
        let exact = Archive::builder().members(4).names(13);
        assert_eq!(exact.from_bytes(&*bytes).unwrap().skipped_count(), 0);
        assert_limit(Archive::builder().members(3), &bytes, ("members", 3));
        assert_limit(Archive::builder().names(12), &bytes, ("bytes in names", 12));
    }
}

#[test]
fn members_count_when_they_are_replaced_or_left_out() {
    let same = vec![member(b'0', b"a", b""); 4];
    assert_limit(
        Archive::builder().members(3),
        &tar_file(&same),
        ("members", 3),
    );
    // A zip file has to be looked at as a whole before any of it is believed.
    let bytes = zip_file(&vec![stored(b"..", b""); 4]);
    assert_limit(Archive::builder().members(3), &bytes, ("members", 3));
    assert_eq!(Archive::from_bytes(bytes).unwrap().skipped_count(), 4);
}

#[test]
fn reports_are_limited() {
    let bytes = tar_file(&vec![member(b'0', b"../a", b""); 500]);
    let archive = Archive::from_bytes(&*bytes).unwrap();
    assert_eq!(
        (archive.skipped().len(), archive.skipped_count()),
        (100, 500)
    );
    let archive = Archive::builder().reported(2).from_bytes(bytes).unwrap();
    assert_eq!(skipped(&archive), [("../a", SkipReason::Parent); 2]);
}

#[test]
fn a_tar_that_unpacks_to_too_much_is_refused() {
    let tar = tar_of(&[Item::File("zeros", &vec![0; 10 << 20])]);
    for bomb in [gzip(&tar), zstd(&tar)] {
        assert!(bomb.len() < 1 << 20);
        let limit = Archive::builder().unpacked(9 << 20);
        assert_limit(limit, &bomb, ("unpacked bytes", 9 << 20));
        let exact = Archive::builder().unpacked(tar.len() as u64);
        assert!(exact.from_bytes(&*bomb).is_ok());
        // A scratch file does not make it longer.
        let scratch = tempfile::tempfile().unwrap();
        let seen = scratch.try_clone().unwrap();
        let limit = Archive::builder().unpacked(1 << 20).scratch(scratch);
        assert_limit(limit, &bomb, ("unpacked bytes", 1 << 20));
        assert!(seen.metadata().unwrap().len() <= 1 << 20);
    }
    // Many members of gzip count together.
    let bomb = gzip(&tar).repeat(3);
    assert_limit(
        Archive::builder().unpacked(25 << 20),
        &bomb,
        ("unpacked bytes", 25 << 20),
    );
}

#[test]
fn a_window_may_not_be_much_larger_than_what_comes_out() {
    // A frame with a window, and one raw block of nothing. The exponent counts from 1 KiB.
    let open = |exponent: u8, limit| {
        let frame = [0x28, 0xb5, 0x2f, 0xfd, 0, exponent << 3, 1, 0, 0];
        let archive = Archive::builder().unpacked(limit).from_bytes(&frame[..]);
        archive.err().unwrap()
    };
    for (exponent, limit) in [(14, 0), (14, 1 << 20), (16, 1 << 25), (18, u64::MAX)] {
        let error = open(exponent, limit);
        let refused = matches!(error, ArchiveError::Decompression { .. });
        assert!(refused, "{exponent}: {error}");
    }
    // Where it may be so large it is no tar.
    for (exponent, limit) in [(13, 0), (15, 1 << 25), (17, u64::MAX)] {
        let error = open(exponent, limit);
        assert!(
            matches!(error, ArchiveError::UnknownKind),
            "{exponent}: {error}"
        );
    }
}

#[test]
fn a_deflated_bomb_costs_only_who_reads_it() {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    let zeros = vec![0; 1 << 20];
    for _ in 0..64 {
        encoder.write_all(&zeros).unwrap();
    }
    let data = encoder.finish().unwrap();
    let bomb = Zipped {
        compressed: data.len() as u32,
        data,
        size: 64 << 20,
        local_size: 64 << 20,
        ..deflated(b"bomb", b"")
    };
    let archive = Archive::from_bytes(zip_file(&[bomb])).unwrap();
    let opened = file(&*archive, "bomb");
    assert_eq!(opened.metadata().unwrap().size, 64 << 20);
    let mut buf = [1; 100];
    assert_eq!(opened.read_at(&mut buf, 20 << 20), Ok(100));
    assert_eq!(buf, [0; 100]);
}

#[test]
fn members_may_not_overlap() {
    let two = [stored(b"a", b"content"), stored(b"b", b"content")];
    let mut same = two.clone();
    same[1].at = Some(0);
    // The content of the first is the header of the second, as in bombs that quote one member from all others.
    let mut quoting = two.clone();
    let inner = zip_file(&two[1..])[..38].to_vec();
    quoting[0] = stored(b"a", &inner);
    quoting[1].at = Some(31);
    for bad in [same, quoting] {
        let error = Archive::from_bytes(zip_file(&bad)).err().unwrap();
        assert!(matches!(error, ArchiveError::Overlap { .. }), "{error}");
    }
    // Members that are left out count as well.
    let mut hidden = [stored(b"..", b"content"), stored(b"b", b"content")];
    hidden[1].at = Some(0);
    let error = Archive::from_bytes(zip_file(&hidden)).err().unwrap();
    assert!(
        matches!(
            error,
            ArchiveError::Overlap {
                first: 0,
                second: 0
            }
        ),
        "{error}"
    );
}

#[test]
fn what_only_a_member_s_own_header_says_may_not_overlap_either() {
    // The second begins behind where the first ends if it has no more than the directory says; but it is all in an extra
    // field of the first, and both have the same content.
    for inner in [
        stored(b"b", b"content"),
        deflated(b"b", b"content"),
        stored(b"..", b"content"),
    ] {
        let mut first = Zipped {
            name: b"a".to_vec(),
            local_name: b"a".to_vec(),
            ..inner.clone()
        };
        let head = zip_file(std::slice::from_ref(&inner))[..30 + inner.name.len()].to_vec();
        first.local_extra = [&[0; 50][..], &head].concat();
        let second = Zipped {
            at: Some(31 + 50),
            ..inner
        };
        let error = Archive::from_bytes(zip_file(&[first, second])).err();
        assert!(
            matches!(
                error,
                Some(ArchiveError::Overlap {
                    first: 0,
                    second: 81
                })
            ),
            "{error:?}"
        );
    }
}

#[test]
fn what_is_done_for_names_is_limited() {
    let deep = "d/".repeat(2047);
    let path = format!("{deep}f");
    // One name for all members, which takes 2,048 steps each time.
    let all = pax(b'g', &[("path", path.as_bytes())]);
    let tar = |kind: u8, count| {
        let mut bytes = all.clone();
        bytes.extend(header(kind, b"", 0).repeat(count));
        bytes.extend([0; 1024]);
        bytes
    };
    let few = || Archive::builder().members(5_000);
    // 64 for each member, or a million.
    let limit = ("parts of names", 1 << 20);
    for kind in [b'0', b'1', b'5'] {
        assert!(few().from_bytes(tar(kind, 512)).is_ok());
        assert_limit(few(), &tar(kind, 513), limit);
    }
    // A directory that is there already is a member each time.
    let same = header(b'5', b"d", 0).repeat(4);
    let bytes = [&same[..], &[0; 1024]].concat();
    assert_limit(Archive::builder().members(3), &bytes, ("members", 3));
}

#[test]
fn lengths_that_are_lies_allocate_nothing() {
    // A long name and a pax header of 8 GiB, of which nothing is there; and a source that claims to be that large.
    for kind in *b"LKxg0" {
        let mut block = header(kind, b"x", 0);
        put(&mut block, 124, b"77777777777");
        let block = sealed(block).to_vec();
        let asked = Arc::new(AtomicUsize::new(0));
        for size in [512, 1 << 40] {
            let source = Counting(block.clone(), size, asked.clone());
            let error = Archive::read(source).err();
            let typed = matches!(
                error,
                Some(ArchiveError::Truncated { .. } | ArchiveError::Limit { .. })
            );
            assert!(
                typed || kind == b'0' && error.is_none(),
                "{kind}: {error:?}"
            );
        }
        assert!(asked.load(Ordering::Relaxed) < 20_000);
    }
}

#[test]
fn a_pax_header_is_at_most_a_mebibyte() {
    let record = vec![b'x'; (1 << 20) - 14];
    let whole = tar_file(&[pax(b'x', &[("cc", &record)]), member(b'0', b"a", b"")]);
    assert_eq!(tree(&*Archive::from_bytes(whole).unwrap()), ["a="]);
    let record = vec![b'x'; 1 << 20];
    let bytes = tar_file(&[pax(b'x', &[("comment", &record)]), member(b'0', b"a", b"")]);
    let expected = ("bytes in an extended header", 1 << 20);
    assert_limit(Archive::builder(), &bytes, expected);
}

#[test]
fn a_count_of_members_that_is_a_lie_is_an_error() {
    let good = zip_file(&[stored(b"a", b"")]);
    let body = &good[..good.len() - 22];
    let at = body.len() as u32 - 47;
    for (count, size) in [(0, 47), (2, 47), (0xffff, 47), (1, 46), (1, 48), (1, 0)] {
        let bytes = [body, &end(count, size, at)].concat();
        let error = Archive::from_bytes(bytes).err().unwrap();
        assert!(matches!(error, ArchiveError::Malformed { .. }), "{error}");
    }
    // An entry with a comment that is the record at the end.
    let mut commented = body.to_vec();
    commented[at as usize + 32] = 22;
    let bytes = [&commented[..], &end(1, 47 + 22, at)].concat();
    let error = Archive::from_bytes(bytes).err().unwrap();
    assert!(matches!(error, ArchiveError::Malformed { .. }), "{error}");
}
