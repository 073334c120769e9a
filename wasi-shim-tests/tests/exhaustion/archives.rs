//! Attacks by archives, which an embedder opens for a guest; and by a guest that reads one.

use crate::kit::{ROOT, over};
use std::io::{Cursor, Write as _};
use std::sync::Arc;
use wasi_shim::abi::{Abi, FdFlags, LookupFlags, OFlags, Rights};
use wasi_shim::backends::{Archive, ArchiveBuilder, ArchiveError};
use zip::write::SimpleFileOptions;

type Round = Box<dyn FnMut()>;

/// A member of a tar: a header and its content.
fn member(kind: u8, name: &str, content: &[u8]) -> Vec<u8> {
    let mut header = [0; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
    header[148..156].fill(b' ');
    header[156] = kind;
    header[257..265].copy_from_slice(b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut bytes = header.to_vec();
    bytes.extend(content);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

/// Opens an archive, which is refused for a limit.
fn refused(builder: fn() -> ArchiveBuilder, bytes: Vec<u8>) -> Round {
    let bytes: Arc<[u8]> = bytes.into();
    Box::new(move || {
        let opened = builder().from_bytes(bytes.clone());
        assert!(
            matches!(opened, Err(ArchiveError::Limit { .. })),
            "{:?}",
            opened.err()
        );
    })
}

fn empty_files(count: usize) -> Vec<u8> {
    (0..count)
        .flat_map(|n| member(b'0', &format!("{n:080}"), b""))
        .collect()
}

pub(crate) fn members(_: Abi) -> Round {
    refused(|| Archive::builder().members(1000), empty_files(5000))
}

pub(crate) fn names(_: Abi) -> Round {
    refused(|| Archive::builder().names(20_000), empty_files(5000))
}

/// One name of two thousand parts, said once and meant for so many members.
fn parts_of(members: usize) -> Vec<u8> {
    let record = format!(" path={}a\n", "a/".repeat(1999));
    let length = record.len() + 4;
    let header = member(b'g', "pax", format!("{length}{record}").as_bytes());
    [header, empty_files(members)].concat()
}

/// There may be 1,048,576 of them, however few members there may be, or 64 for each.
fn parts_are_limited_exactly() {
    for (members, most) in [(3000, 524), (20_000, 640)] {
        let open = |count| {
            let bytes = parts_of(count);
            Archive::builder().members(members).from_bytes(bytes).err()
        };
        assert!(open(most).is_none());
        assert!(matches!(open(most + 1), Some(ArchiveError::Limit { .. })));
    }
}

pub(crate) fn parts(abi: Abi) -> Round {
    // An embedder's, whichever module its guest has; and it takes a while.
    if abi == Abi::Preview1 {
        parts_are_limited_exactly();
    }
    refused(|| Archive::builder().members(3000), parts_of(600))
}

/// Sixteen mebibytes of zeros, in some kilobytes.
pub(crate) fn unpacked(_: Abi) -> Round {
    let tar = member(b'0', "zeros", &vec![0; 16 << 20]);
    let level = flate2::Compression::fast();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
    encoder.write_all(&tar).expect("a vector grows");
    let bytes = encoder.finish().expect("a vector grows");
    refused(|| Archive::builder().unpacked(100_000), bytes)
}

pub(crate) fn pax(_: Abi) -> Round {
    let of = |len: usize| {
        let header = member(b'x', "pax", &vec![b'0'; len]);
        [header, member(b'0', "f", b"")].concat()
    };
    // It says nothing that can be read, but is not too long.
    let opened = Archive::builder().from_bytes(of(1 << 20));
    assert!(matches!(opened, Err(ArchiveError::Malformed { .. })));
    refused(Archive::builder, of((1 << 20) + 1))
}

pub(crate) fn left_out(_: Abi) -> Round {
    let tar: Vec<u8> = (0..5000)
        .flat_map(|n| member(b'0', &format!("../{n}"), b""))
        .collect();
    let bytes: Arc<[u8]> = tar.into();
    Box::new(move || {
        let archive = Archive::from_bytes(bytes.clone()).expect("an archive");
        assert_eq!(
            (archive.skipped().len(), archive.skipped_count()),
            (100, 5000)
        );
    })
}

/// A guest reads a deflated member from its end to its beginning.
pub(crate) fn checkpoints(abi: Abi) -> Round {
    const SIZE: u64 = 4 << 20;
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let deflated =
        SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    writer.start_file("f", deflated).expect("a name");
    let text: Vec<u8> = (0..SIZE as u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 27) as u8)
        .collect();
    writer.write_all(&text).expect("a vector grows");
    let bytes = writer.finish().expect("a vector grows").into_inner();
    let archive = Archive::builder().checkpoints(200_000).from_bytes(bytes);
    let mut guest = over(archive.expect("an archive"), abi);
    let rights = (Rights::FD_READ | Rights::FD_SEEK, Rights::empty());
    let (lookup, none, flags) = (LookupFlags::empty(), OFlags::empty(), FdFlags::empty());
    let fd = guest
        .path_open(ROOT, lookup, "f", none, rights, flags)
        .expect("it is there");
    Box::new(move || {
        for part in (0..4).rev() {
            let at = part * SIZE / 4;
            let read = guest.fd_pread(fd, &[100], at).expect("it can be read");
            assert_eq!(read, text[at as usize..][..100]);
        }
    })
}
