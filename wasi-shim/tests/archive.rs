//! Archives as filesystems: the contract, reading at any offset, facts.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

mod archive_kit;
mod support;

use archive_kit::{Item, every_kind, file, tar_of, tree, zip_of};
use std::io::{Cursor, Write as _};
use std::sync::{Arc, Mutex};
use support::name;
use wasi_shim::abi::Errno;
use wasi_shim::backends::{Archive, ArchiveError, ReadOnly};
use wasi_shim::vfs::contract::{Known, read_only};
use wasi_shim::vfs::{Create, Dir, Node, OpenRequest, Timestamp};

const CONTENT: &[Known<'_>] = &[
    Known::File("empty", b""),
    Known::File("file", b"some content"),
    Known::Symlink("link", "../dir/inner"),
    Known::Dir("none", &[]),
    Known::Dir(
        "dir",
        &[
            Known::File("inner", b"inner content"),
            Known::Dir("deeper", &[Known::File("f", b"1")]),
        ],
    ),
];

const ITEMS: &[Item<'_>] = &[
    Item::File("empty", b""),
    Item::File("file", b"some content"),
    Item::Symlink("link", "../dir/inner"),
    Item::Dir("none"),
    Item::Dir("dir"),
    Item::File("dir/inner", b"inner content"),
    Item::File("dir/deeper/f", b"1"),
];

#[test]
fn every_kind_keeps_the_contract() {
    for (kind, bytes) in every_kind(ITEMS) {
        let root: Arc<dyn Dir> = Archive::from_bytes(bytes).unwrap();
        println!("{kind}");
        read_only(&root, CONTENT);
        read_only(&(ReadOnly::new(root) as Arc<dyn Dir>), CONTENT);
    }
}

#[test]
fn every_source_is_the_same() {
    let bytes = tar_of(ITEMS);
    let expected = tree(&*Archive::from_bytes(bytes.clone()).unwrap());
    assert_eq!(expected.len(), 8);
    let mut temporary = tempfile::NamedTempFile::new().unwrap();
    temporary.write_all(&bytes).unwrap();
    let archive = Archive::open(temporary.path()).unwrap();
    assert_eq!(tree(&*archive), expected);
    let archive = Archive::read(Mutex::new(Cursor::new(bytes.clone()))).unwrap();
    assert_eq!(tree(&*archive), expected);
    let archive = Archive::read(&*Box::leak(bytes.into_boxed_slice())).unwrap();
    assert_eq!(tree(&*archive), expected);
    assert!(matches!(
        Archive::open("no such file"),
        Err(ArchiveError::Io(_))
    ));
}

#[test]
fn a_compressed_tar_is_unpacked_to_a_scratch_file() {
    let large = noise(300_000);
    let packed = archive_kit::gzip(&tar_of(&[Item::File("large", &large)]));
    let scratch = tempfile::tempfile().unwrap();
    let seen = scratch.try_clone().unwrap();
    let archive = Archive::builder().scratch(scratch);
    let archive = archive.from_bytes(&*packed).unwrap();
    assert!(seen.metadata().unwrap().len() > 300_000);
    assert_eq!(archive_kit::content(&*file(&*archive, "large")), Ok(large));
    let again = Archive::builder().scratch(seen).from_bytes(packed);
    assert!(matches!(again, Err(ArchiveError::Io(_))));
}

/// Bytes that do not compress away, always the same: half of them random, half repeated.
fn noise(len: usize) -> Vec<u8> {
    let mut random = Random(7);
    let mut bytes = Vec::with_capacity(len);
    while bytes.len() < len {
        let piece: Vec<u8> = (0..random.below(90))
            .map(|_| random.below(256) as u8)
            .collect();
        bytes.extend(&piece);
        bytes.extend(&piece);
    }
    bytes.truncate(len);
    bytes
}

struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % limit
    }
}

/// Reads at random places and compares with what is there.
fn read_around(archive: &Archive, content: &[u8], seed: u64, reads: usize) {
    let (mut random, mut buf) = (Random(seed), vec![0; 40_000]);
    let opened = file(archive, "dir/large");
    for _ in 0..reads {
        let offset = random.below(content.len() as u64 + 10);
        let len = 1 + random.below(buf.len() as u64 - 1) as usize;
        let count = opened.read_at(&mut buf[..len], offset).unwrap();
        let rest = content.get(offset as usize..).unwrap_or_default();
        assert_eq!(count, rest.len().min(len), "{len} bytes at {offset}");
        assert!(buf[..count] == rest[..count], "{len} bytes at {offset}");
    }
}

#[test]
fn random_reads_find_what_is_there() {
    let large = noise(1_500_000);
    let items = [Item::File("before", b"x"), Item::File("dir/large", &large)];
    for (kind, bytes) in every_kind(&items) {
        println!("{kind}");
        let bytes: Arc<[u8]> = bytes.into();
        let archive = Archive::from_bytes(bytes.clone()).unwrap();
        read_around(&archive, &large, 1, 60);
        for budget in [0, 100_000, 400_000] {
            let archive = Archive::builder().checkpoints(budget);
            read_around(&archive.from_bytes(bytes.clone()).unwrap(), &large, 2, 8);
        }
    }
}

#[test]
fn threads_share_an_archive() {
    let large = noise(1_200_000);
    for (kind, bytes) in every_kind(&[Item::File("dir/large", &large)]) {
        println!("{kind}");
        let archive = Archive::builder().checkpoints(500_000);
        let archive = archive.from_bytes(bytes).unwrap();
        std::thread::scope(|scope| {
            for seed in 0..6 {
                let (archive, large) = (&archive, &large);
                scope.spawn(move || read_around(archive, large, seed, 15));
            }
        });
    }
}

#[test]
fn vectors_are_one_transfer() {
    for (_, bytes) in every_kind(ITEMS) {
        let archive = Archive::from_bytes(bytes).unwrap();
        let opened = file(&*archive, "file");
        let (mut a, mut b) = ([0; 5], [0; 20]);
        let mut bufs = [&mut a[..], &mut b[..]].map(std::io::IoSliceMut::new);
        assert_eq!(opened.read_vectored_at(&mut bufs, 2), Ok(10));
        assert_eq!((&a[..], &b[..5]), (&b"me co"[..], &b"ntent"[..]));
    }
}

#[test]
fn facts_are_the_same_whenever_it_is_opened() {
    for (kind, bytes) in every_kind(ITEMS) {
        let bytes: Arc<[u8]> = bytes.into();
        let [one, two] = [0; 2].map(|_| Archive::from_bytes(bytes.clone()).unwrap());
        for entry in support::names(&*one) {
            let facts = one.stat(name(&entry)).unwrap();
            assert_eq!(two.stat(name(&entry)), Ok(facts), "{kind}: {entry}");
            assert_eq!(facts.nlink, 1);
            let time = Timestamp(1_000_000_000_000_000_000);
            assert_eq!(
                (facts.mtim, facts.ctim, facts.atim),
                (time, time, time),
                "{kind}: {entry}"
            );
        }
        assert_eq!(one.metadata().unwrap().ino, 1);
        assert_ne!(one.filesystem(), two.filesystem());
        let Ok(Node::Dir(dir)) = one.open(name("dir"), &OpenRequest::STEP) else {
            panic!("{kind}: `dir` should open");
        };
        assert_eq!(dir.filesystem(), one.filesystem());
        // Made for what is in it.
        let made = dir.stat(name("deeper")).unwrap();
        assert_eq!(made.mtim, Timestamp(0));
        assert_eq!(dir.metadata(), one.stat(name("dir")));
    }
}

#[test]
fn opening_answers_in_order() {
    let archive = Archive::from_bytes(zip_of(ITEMS, zip::CompressionMethod::Stored)).unwrap();
    let open = |text, request: &OpenRequest| archive.open(name(text), request).err();
    let mut request = OpenRequest::READ;
    assert_eq!(open("free", &request), Some(Errno::Noent));
    assert_eq!(open("file", &OpenRequest::STEP), Some(Errno::Notdir));
    request.write = true;
    assert_eq!(open("free", &request), Some(Errno::Noent));
    assert_eq!(open("file", &request), Some(Errno::Rofs));
    assert_eq!(open("dir", &request), Some(Errno::Isdir));
    assert_eq!(open("link", &request), None);
    request.create = Create::IfMissing;
    assert_eq!(open("free", &request), Some(Errno::Rofs));
    request.create = Create::Exclusive;
    assert_eq!(open("free", &request), Some(Errno::Rofs));
    assert_eq!(open("link", &request), Some(Errno::Exist));
    assert_eq!(archive.read_link(name("file")), Err(Errno::Inval));
    assert_eq!(
        archive.read_link(name("link")).as_deref(),
        Ok("../dir/inner")
    );
}

#[test]
fn a_list_stops_when_told() {
    let archive = Archive::from_bytes(tar_of(ITEMS)).unwrap();
    let mut seen = Vec::new();
    let list = archive.list(&mut |entry| {
        seen.push(entry.name.to_owned());
        std::ops::ControlFlow::Break(())
    });
    assert_eq!((list, seen), (Ok(()), vec!["dir".to_owned()]));
}
