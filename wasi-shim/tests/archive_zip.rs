//! What only zip files have: two headers for a member, checksums, and large numbers elsewhere.

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
use std::sync::{Arc, Mutex};
use support::name;
use wasi_shim::abi::Errno;
use wasi_shim::backends::{Archive, ArchiveError, ReadAt, SkipReason as Skip};
use wasi_shim::vfs::Dir as _;

fn zip(members: &[Zipped]) -> Arc<Archive> {
    Archive::from_bytes(zip_file(members)).unwrap()
}

#[test]
fn zip_members_that_cannot_be_read_are_left_out() {
    let encrypted = |flags| Zipped {
        flags,
        local_flags: flags,
        ..stored(b"e", b"x")
    };
    let bloated = vec![0; 70_000];
    let archive = zip(&[
        encrypted(1),
        encrypted(0x40),
        encrypted(0x2000),
        Zipped {
            method: 93,
            local_method: 93,
            ..stored(b"zstd", b"x")
        },
        Zipped {
            method: 12,
            local_method: 12,
            ..stored(b"bzip2", b"x")
        },
        Zipped {
            data: bloated,
            compressed: 70_000,
            ..deflated(b"bloated", b"x")
        },
        Zipped {
            size: 1 << 30,
            local_size: 1 << 30,
            ..deflated(b"thin", &[0; 1000])
        },
        stored(b"ok", b"x"),
    ]);
    let left_out = [
        ("e", Skip::Encrypted),
        ("e", Skip::Encrypted),
        ("e", Skip::Encrypted),
        ("zstd", Skip::Method(93)),
        ("bzip2", Skip::Method(12)),
        ("bloated", Skip::Damaged),
        ("thin", Skip::Damaged),
    ];
    assert_eq!(skipped(&archive), left_out);
    assert_eq!(tree(&*archive), ["ok=x"]);
}

#[test]
fn headers_that_contradict_each_other_are_left_out() {
    let one = deflated(b"one", b"some content");
    for lie in [
        Zipped {
            local_name: b"two".to_vec(),
            ..one.clone()
        },
        Zipped {
            local_name: b"on".to_vec(),
            ..one.clone()
        },
        Zipped {
            local_method: 0,
            ..one.clone()
        },
        Zipped {
            local_crc: 1,
            ..one.clone()
        },
        Zipped {
            local_size: 1,
            ..one.clone()
        },
        Zipped {
            local_flags: 1,
            ..one.clone()
        },
        Zipped {
            at: Some(1),
            ..one.clone()
        },
        Zipped {
            at: Some(0xffff_fffe),
            ..one.clone()
        },
        // Into the directory.
        Zipped {
            local_extra: vec![0; 9],
            data: one.data[1..].to_vec(),
            ..one.clone()
        },
        // Stored, but not as large as it is.
        Zipped {
            size: 3,
            local_size: 3,
            ..stored(b"one", b"1234")
        },
    ] {
        let archive = zip(&[lie]);
        assert_eq!(skipped(&archive), [("one", Skip::Mismatch)]);
        assert_eq!(archive.skipped_count(), 1);
    }
}

#[test]
fn sizes_may_come_after_the_content() {
    let one = deflated(b"one", b"content");
    let archive = zip(&[
        Zipped {
            flags: 8,
            local_flags: 8,
            local_crc: 0,
            local_size: 0,
            descriptor: b"PK\x07\x08xxxxyyyyzzzz".to_vec(),
            ..one
        },
        stored(b"two", b"2"),
    ]);
    assert_eq!(tree(&*archive), ["one=content", "two=2"]);
    // Not every program says so in both headers.
    let flags = 8;
    let archive = zip(&[Zipped {
        flags,
        ..stored(b"one", b"1")
    }]);
    assert_eq!(tree(&*archive), ["one=1"]);
}

#[test]
fn wrong_checksums_show_at_the_end() {
    let content = vec![b'x'; 10_000];
    for pack in [stored, deflated] {
        let wrong = Zipped {
            crc: 7,
            local_crc: 7,
            ..pack(b"f", &content)
        };
        let archive = zip(&[wrong]);
        let opened = file(&*archive, "f");
        let mut buf = [0; 6000];
        assert_eq!(opened.read_at(&mut buf, 0), Ok(6000));
        // Going back loses nothing.
        assert_eq!(opened.read_at(&mut buf, 100), Ok(6000));
        for _ in 0..2 {
            assert_eq!(opened.read_at(&mut buf, 6000), Err(Errno::Io));
        }
        assert_eq!(opened.read_at(&mut buf, 10_000), Ok(0));
        assert_eq!(opened.read_at(&mut buf[..10], 6000), Ok(10));
    }
}

#[test]
fn deflated_bytes_that_mean_nothing_are_an_error() {
    let content = vec![b'x'; 100];
    let good = deflated(b"f", &content);
    let (size, local_size) = (good.size, good.local_size);
    let cut = good.data[..good.data.len() - 1].to_vec();
    for bad in [
        Zipped {
            data: vec![0xff; 20],
            compressed: 20,
            ..good.clone()
        },
        Zipped {
            compressed: cut.len() as u32,
            data: cut,
            ..good.clone()
        },
        Zipped {
            size: size - 1,
            local_size: local_size - 1,
            ..good.clone()
        },
        Zipped {
            size: size + 1,
            local_size: local_size + 1,
            ..good.clone()
        },
    ] {
        assert_eq!(tree(&*zip(&[bad])), ["f!io"]);
    }
}

#[test]
fn a_zip_file_has_times_in_three_forms() {
    let time = |member: Zipped| zip(&[member]).stat(name("f")).unwrap().mtim.0 / 1_000_000_000;
    let one = stored(b"f", b"");
    // 2000-02-29, 1980-01-01, 2107-12-31, and no date at all.
    for (date, days) in [(0x285d, 11_016), (0x21, 3652), (0xff9f, 50_402), (0, 0)] {
        assert_eq!(
            time(Zipped {
                date,
                ..one.clone()
            }),
            days * 86_400
        );
    }
    let extra = b"UT\x05\0\x01\xff\0\0\0".to_vec();
    assert_eq!(
        time(Zipped {
            extra,
            ..one.clone()
        }),
        255
    );
    let extra = b"xx\x01\0aUT\x01\0\x02".to_vec();
    assert_eq!(time(Zipped { extra, ..one }), 3652 * 86_400);
}

#[test]
fn zip64_numbers_are_read() {
    let mut one = deflated(b"one", b"content");
    one.extra = [1_u16, 24].map(u16::to_le_bytes).concat();
    for number in [one.size.into(), one.data.len() as u64, 0] {
        one.extra.extend(number.to_le_bytes());
    }
    (one.size, one.local_size, one.compressed, one.at) =
        (u32::MAX, u32::MAX, u32::MAX, Some(u32::MAX));
    assert_eq!(tree(&*zip(&[one.clone()])), ["one=content"]);
    // One of the three numbers is missing.
    one.extra[2] = 16;
    one.extra.truncate(20);
    let error = Archive::from_bytes(zip_file(&[one])).err().unwrap();
    assert!(matches!(error, ArchiveError::Malformed { .. }), "{error}");
}

#[test]
fn zip64_directories_are_found() {
    let small = zip_file(&[stored(b"one", b"1")]);
    let (at, end) = (small.len() - 22 - 49, small.len() - 22);
    let large = |record: u64, count: u64, comment: u8, small_count: u16| {
        let mut bytes = small[..end].to_vec();
        bytes[at + 32] = comment;
        bytes.extend(b"PK\x06\x06\x2c\0\0\0\0\0\0\0\x2d\0\x2d\0\0\0\0\0\0\0\0\0");
        let size = (end - at) as u64 + u64::from(comment);
        for number in [count, count, size, at as u64] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(b"PK\x06\x07\0\0\0\0");
        bytes.extend(record.to_le_bytes());
        bytes.extend([1, 0, 0, 0]);
        bytes.extend(archive_kit::end(small_count, u32::MAX, at as u32));
        Archive::from_bytes(bytes)
    };
    assert_eq!(tree(&*large(end as u64, 1, 0, 0xffff).unwrap()), ["one=1"]);
    for (record, count, comment, small_count) in [
        (end as u64, 2, 0, 0xffff),
        (end as u64 + 1, 1, 0, 0xffff),
        (u64::MAX, 1, 0, 0xffff),
        (end as u64, 0, 0, 0xffff),
        // The two records contradict each other.
        (end as u64, 1, 0, 0),
        // The record itself would be a part of the directory.
        (end as u64, 1, 56, 0xffff),
    ] {
        let error = large(record, count, comment, small_count).err().unwrap();
        let typed = matches!(
            error,
            ArchiveError::Malformed { .. } | ArchiveError::Truncated { .. }
        );
        assert!(typed, "{error}");
    }
}

#[test]
fn a_directory_is_right_before_the_record_that_says_where_it_is() {
    let bytes = zip_file(&[stored(b"a", b"content")]);
    let end = bytes.len() - 22;
    let start = u32::from_le_bytes(bytes[end + 16..end + 20].try_into().unwrap()) as usize;
    // Another one, which readers take that count back from the end.
    let mut two = bytes.clone();
    two.splice(end..end, bytes[start..end].to_vec());
    let error = Archive::from_bytes(two).err().unwrap();
    assert!(matches!(error, ArchiveError::Malformed { .. }), "{error}");
}

/// Keeps where it was read.
struct Watched {
    bytes: Vec<u8>,
    places: Arc<Mutex<Vec<u64>>>,
}

impl ReadAt for Watched {
    fn size(&self) -> std::io::Result<u64> {
        Ok(self.bytes.len() as u64)
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> std::io::Result<usize> {
        self.places.lock().unwrap().push(offset);
        let rest = self.bytes.get(offset as usize..).unwrap_or_default();
        let count = rest.len().min(buf.len());
        buf[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
}

#[test]
fn members_that_overlap_are_refused_before_they_are_read() {
    let mut members = [
        stored(b"pad", &[7; 9000]),
        stored(b"a", b"content"),
        stored(b"b", b"content"),
    ];
    members[2].at = Some(9033);
    let places = Arc::<Mutex<Vec<u64>>>::default();
    let watched = Watched {
        bytes: zip_file(&members),
        places: Arc::clone(&places),
    };
    let error = Archive::read(watched).err().unwrap();
    assert!(matches!(error, ArchiveError::Overlap { .. }), "{error}");
    // Where the two are said to be.
    let content = 9033..9071;
    let places = places.lock().unwrap();
    assert!(
        !places.iter().any(|place| content.contains(place)),
        "{places:?}"
    );
}
