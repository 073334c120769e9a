//! How much of an archive is read and decompressed, by what is asked of its source.

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
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use wasi_shim::backends::Archive;
use wasi_shim::vfs::File;

/// An archive with a budget, and how many bytes were asked of its source since this was last read.
fn counted(bytes: Vec<u8>, budget: u64) -> (Arc<Archive>, impl Fn() -> usize) {
    let asked = Arc::new(AtomicUsize::new(0));
    let size = bytes.len() as u64;
    let source = Counting(bytes, size, asked.clone());
    let archive = Archive::builder().checkpoints(budget).read(source).unwrap();
    (archive, move || asked.swap(0, Ordering::Relaxed))
}

/// Numbers that do not compress much.
fn numbers(count: u32) -> Vec<u8> {
    let all = (0..count).map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes());
    all.flatten().collect()
}

/// Reads everything in order, a part at a time.
fn read_in_order(file: &dyn File, part: usize) {
    let (mut buf, mut offset) = (vec![0; part], 0);
    while let count @ 1.. = file.read_at(&mut buf, offset).unwrap() {
        offset += count as u64;
    }
    assert_eq!(offset, file.metadata().unwrap().size);
}

fn read_one(file: &dyn File, offset: u64) {
    assert_eq!(file.read_at(&mut [0], offset), Ok(1));
}

#[test]
fn only_headers_are_read_when_a_plain_archive_is_opened() {
    let large = vec![7; 5 << 20];
    let items = [Item::File("large", &large), Item::File("small", b"x")];
    for bytes in [
        tar_of(&items),
        zip_of(&items, zip::CompressionMethod::Stored),
    ] {
        let (archive, asked) = counted(bytes, 0);
        // The record at a zip file's end may be in the last 64 KiB.
        assert!(asked() < 70_000);
        let mut buf = [0; 1000];
        assert_eq!(
            file(&*archive, "large").read_at(&mut buf, 3 << 20),
            Ok(1000)
        );
        assert_eq!(asked(), 1000);
    }
}

#[test]
fn who_reads_in_order_decompresses_once() {
    let items = [Item::File("large", &numbers(400_000))];
    let bytes = zip_of(&items, zip::CompressionMethod::Deflated);
    let size = bytes.len();
    let (archive, asked) = counted(bytes, 16 << 20);
    asked();
    let opened = file(&*archive, "large");
    read_in_order(&*opened, 64 << 10);
    // Chunks are read again where a buffer was full within one.
    let whole = asked();
    assert!(whole < size * 3 / 2, "{whole} of {size}");
    // And who reads from the end finds checkpoints.
    read_one(&*opened, 1_600_000 - 2);
    let last = asked();
    assert!(last < 400_000, "{last} of {size}");
}

#[test]
fn checkpoints_are_kept_within_the_budget() {
    let items = [
        Item::File("a", &numbers(400_000)),
        Item::File("b", &numbers(300_000)),
    ];
    let bytes = zip_of(&items, zip::CompressionMethod::Deflated);
    // A state has 43 KiB; a reader from the start leaves six in the first file, four in the second.
    let cost = |budget| {
        let (archive, asked) = counted(bytes.clone(), budget);
        let [a, b] = ["a", "b"].map(|name| file(&*archive, name));
        read_one(&*a, 1_580_000);
        read_one(&*b, 1_190_000);
        asked();
        [(b, 1_195_000), (a, 1_590_000)].map(|(file, offset)| {
            read_one(&*file, offset);
            asked()
        })
    };
    let near = |cost: usize| cost < 300_000;
    assert_eq!(cost(0).map(near), [false, false]);
    // What was used last is what stays.
    assert_eq!(cost(400_000).map(near), [true, false]);
    assert_eq!(cost(800_000).map(near), [true, true]);
}

#[test]
fn states_that_are_used_again_count_once() {
    let items = [Item::File("small", &numbers(60_000))];
    let bytes = zip_of(&items, zip::CompressionMethod::Deflated);
    // Room for four states, and no member has a checkpoint that is so small.
    let (archive, asked) = counted(bytes, 200_000);
    asked();
    read_in_order(&*file(&*archive, "small"), 5000);
    let whole = asked();
    assert!(whole < 1_200_000, "{whole}");
}
