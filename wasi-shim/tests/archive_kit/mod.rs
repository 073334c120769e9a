//! Archives for tests: those that programs write, and those that none should.

#![allow(dead_code, reason = "each test uses a part")]

use std::io::{self, Cursor, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tar::EntryType;
use wasi_shim::backends::{Archive, ReadAt, SkipReason};
use wasi_shim::vfs::{Dir, File, Node, OpenRequest};
use zip::write::SimpleFileOptions;

/// What to pack.
#[derive(Clone, Copy)]
pub(crate) enum Item<'a> {
    Dir(&'a str),
    File(&'a str, &'a [u8]),
    Symlink(&'a str, &'a str),
}

use super::support::name;

/// Everything below a directory, a line each, in the order of names: `d/`, `f=content`, `l>text`, `f!errno`.
pub(crate) fn tree(dir: &dyn Dir) -> Vec<String> {
    let mut lines = Vec::new();
    walk(dir, "", &mut lines);
    lines
}

fn walk(dir: &dyn Dir, above: &str, lines: &mut Vec<String>) {
    for entry in super::support::names(dir) {
        let path = format!("{above}{entry}");
        match dir.open(name(&entry), &OpenRequest::READ).unwrap() {
            Node::Dir(dir) => {
                let path = path + "/";
                lines.push(path.clone());
                walk(&*dir, &path, lines);
            }
            Node::File(file) => lines.push(match content(&*file) {
                Ok(bytes) => format!("{path}={}", String::from_utf8_lossy(&bytes)),
                Err(errno) => format!("{path}!{}", errno.name()),
            }),
            Node::Symlink(text) => lines.push(format!("{path}>{text}")),
            Node::Stream(_) => panic!("{path} is a stream"),
        }
    }
}

/// All of a file, in reads that are not round; never more than a MiB.
pub(crate) fn content(file: &dyn File) -> wasi_shim::abi::Result<Vec<u8>> {
    let (mut bytes, mut buf) = (Vec::new(), vec![0; 4097]);
    while bytes.len() < 1 << 20 {
        match file.read_at(&mut buf, bytes.len() as u64)? {
            0 => break,
            count => bytes.extend(&buf[..count]),
        }
    }
    Ok(bytes)
}

/// The file of that path.
pub(crate) fn file(root: &dyn Dir, path: &str) -> Arc<dyn File> {
    let (first, rest) = path
        .split_once('/')
        .map_or((path, None), |(a, b)| (a, Some(b)));
    match (root.open(name(first), &OpenRequest::READ).unwrap(), rest) {
        (Node::Dir(dir), Some(rest)) => file(&*dir, rest),
        (Node::File(file), None) => file,
        _ => panic!("{path} is no file"),
    }
}

/// Why members are left out, with their names.
pub(crate) fn skipped(archive: &Archive) -> Vec<(&str, SkipReason)> {
    let skipped = archive.skipped().iter();
    skipped.map(|one| (one.name.as_str(), one.reason)).collect()
}

/// A source that counts what is asked of it, and claims a size.
pub(crate) struct Counting(
    pub(crate) Vec<u8>,
    pub(crate) u64,
    pub(crate) Arc<AtomicUsize>,
);

impl ReadAt for Counting {
    fn size(&self) -> io::Result<u64> {
        Ok(self.1)
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.2.fetch_add(buf.len(), Ordering::Relaxed);
        Ok(wasi_shim::vfs::read_slice(&self.0, buf, offset))
    }
}

// ---------------------------------------------------------------------- as programs write them

pub(crate) fn tar_of(items: &[Item<'_>]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for item in items {
        let mut header = tar::Header::new_gnu();
        header.set_mtime(1_000_000_000);
        header.set_mode(0o644);
        match *item {
            Item::Dir(path) => {
                header.set_entry_type(EntryType::Directory);
                header.set_size(0);
                builder.append_data(&mut header, path, &[][..]).unwrap();
            }
            Item::File(path, content) => {
                header.set_size(content.len() as u64);
                builder.append_data(&mut header, path, content).unwrap();
            }
            Item::Symlink(path, text) => {
                header.set_entry_type(EntryType::Symlink);
                header.set_size(0);
                builder.append_link(&mut header, path, text).unwrap();
            }
        }
    }
    builder.into_inner().unwrap()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn zip_of(items: &[Item<'_>], method: zip::CompressionMethod) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let time = zip::DateTime::from_date_and_time(2001, 9, 9, 1, 46, 40).unwrap();
    let options = SimpleFileOptions::default()
        .compression_method(method)
        .last_modified_time(time);
    for item in items {
        match *item {
            Item::Dir(path) => writer.add_directory(path, options).unwrap(),
            Item::Symlink(path, text) => writer.add_symlink(path, text, options).unwrap(),
            Item::File(path, content) => {
                writer.start_file(path, options).unwrap();
                writer.write_all(content).unwrap();
            }
        }
    }
    writer.finish().unwrap().into_inner()
}

/// The same tree in every kind of archive, each with what it is.
pub(crate) fn every_kind(items: &[Item<'_>]) -> Vec<(&'static str, Vec<u8>)> {
    let tar = tar_of(items);
    vec![
        ("tar.gz", gzip(&tar)),
        ("tar.zst", zstd(&tar)),
        ("tar", tar),
        ("stored", zip_of(items, zip::CompressionMethod::Stored)),
        ("deflated", zip_of(items, zip::CompressionMethod::Deflated)),
    ]
}

// ---------------------------------------------------------------------- by hand

/// A tar header, put together from raw fields.
pub(crate) fn header(kind: u8, name: &[u8], size: u64) -> [u8; 512] {
    let mut block = [0; 512];
    put(&mut block, 0, name);
    put(&mut block, 124, format!("{size:011o}").as_bytes());
    put(&mut block, 136, b"00000000001");
    block[156] = kind;
    put(&mut block, 257, b"ustar\x0000");
    sealed(block)
}

/// The same of a link.
pub(crate) fn link(kind: u8, name: &[u8], target: &[u8]) -> [u8; 512] {
    let mut block = header(kind, name, 0);
    put(&mut block, 157, target);
    sealed(block)
}

pub(crate) fn put(block: &mut [u8], at: usize, bytes: &[u8]) {
    block[at..at + bytes.len()].copy_from_slice(bytes);
}

/// With the checksum that the header should have.
pub(crate) fn sealed(mut block: [u8; 512]) -> [u8; 512] {
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    put(&mut block, 148, format!("{sum:06o}\0 ").as_bytes());
    block
}

/// A header and its content, padded.
pub(crate) fn member(kind: u8, name: &[u8], content: &[u8]) -> Vec<u8> {
    let mut bytes = header(kind, name, content.len() as u64).to_vec();
    bytes.extend(padded(content));
    bytes
}

pub(crate) fn padded(content: &[u8]) -> Vec<u8> {
    let mut bytes = content.to_vec();
    bytes.resize(content.len().next_multiple_of(512), 0);
    bytes
}

/// A pax header with these records.
pub(crate) fn pax(kind: u8, records: &[(&str, &[u8])]) -> Vec<u8> {
    let mut content = Vec::new();
    for (key, value) in records {
        let rest = key.len() + value.len() + 3;
        let mut length = rest + 1;
        while length != rest + length.to_string().len() {
            length += 1;
        }
        content.extend(format!("{length} {key}=").into_bytes());
        content.extend(*value);
        content.push(b'\n');
    }
    member(kind, b"pax", &content)
}

/// Members and the end.
pub(crate) fn tar_file(members: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = members.concat();
    bytes.extend([0; 1024]);
    bytes
}

/// A zip member, each of whose fields can be a lie.
#[derive(Clone)]
pub(crate) struct Zipped {
    pub(crate) name: Vec<u8>,
    pub(crate) local_name: Vec<u8>,
    pub(crate) data: Vec<u8>,
    pub(crate) method: u16,
    pub(crate) local_method: u16,
    pub(crate) flags: u16,
    pub(crate) local_flags: u16,
    pub(crate) crc: u32,
    pub(crate) local_crc: u32,
    pub(crate) size: u32,
    pub(crate) local_size: u32,
    pub(crate) compressed: u32,
    pub(crate) mode: u32,
    pub(crate) date: u16,
    pub(crate) extra: Vec<u8>,
    pub(crate) local_extra: Vec<u8>,
    pub(crate) descriptor: Vec<u8>,
    /// Where the directory says it is, if that is not where it is.
    pub(crate) at: Option<u32>,
}

pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// A stored member of a zip file.
pub(crate) fn stored(name: &[u8], content: &[u8]) -> Zipped {
    let (crc, size) = (crc32(content), content.len() as u32);
    Zipped {
        name: name.to_vec(),
        local_name: name.to_vec(),
        data: content.to_vec(),
        method: 0,
        local_method: 0,
        flags: 0,
        local_flags: 0,
        crc,
        local_crc: crc,
        size,
        local_size: size,
        compressed: size,
        mode: 0,
        date: 0x21,
        extra: Vec::new(),
        local_extra: Vec::new(),
        descriptor: Vec::new(),
        at: None,
    }
}

/// A deflated member of a zip file.
pub(crate) fn deflated(name: &[u8], content: &[u8]) -> Zipped {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(content).unwrap();
    let data = encoder.finish().unwrap();
    Zipped {
        compressed: data.len() as u32,
        data,
        method: 8,
        local_method: 8,
        ..stored(name, content)
    }
}

impl Zipped {
    fn local(&self) -> Vec<u8> {
        let mut bytes = b"PK\x03\x04\x14\0".to_vec();
        for number in [self.local_flags, self.local_method, 0, self.date] {
            bytes.extend(number.to_le_bytes());
        }
        for number in [self.local_crc, self.compressed, self.local_size] {
            bytes.extend(number.to_le_bytes());
        }
        for part in [&self.local_name, &self.local_extra] {
            bytes.extend((part.len() as u16).to_le_bytes());
        }
        let parts = [
            &self.local_name,
            &self.local_extra,
            &self.data,
            &self.descriptor,
        ];
        parts.into_iter().for_each(|part| bytes.extend(part));
        bytes
    }

    fn central(&self, at: u32) -> Vec<u8> {
        let mut bytes = b"PK\x01\x02\x14\x03\x14\0".to_vec();
        for number in [self.flags, self.method, 0, self.date] {
            bytes.extend(number.to_le_bytes());
        }
        for number in [self.crc, self.compressed, self.size] {
            bytes.extend(number.to_le_bytes());
        }
        for part in [&self.name, &self.extra] {
            bytes.extend((part.len() as u16).to_le_bytes());
        }
        bytes.extend([0; 6]);
        bytes.extend((self.mode << 16).to_le_bytes());
        bytes.extend(self.at.unwrap_or(at).to_le_bytes());
        bytes.extend(&self.name);
        bytes.extend(&self.extra);
        bytes
    }
}

/// A zip file of these members.
pub(crate) fn zip_file(members: &[Zipped]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for member in members {
        directory.extend(member.central(bytes.len() as u32));
        bytes.extend(member.local());
    }
    let at = bytes.len() as u32;
    bytes.extend(&directory);
    bytes.extend(end(members.len() as u16, directory.len() as u32, at));
    bytes
}

/// The record at the end.
pub(crate) fn end(count: u16, size: u32, at: u32) -> Vec<u8> {
    let mut bytes = b"PK\x05\x06\0\0\0\0".to_vec();
    bytes.extend([count, count].map(u16::to_le_bytes).concat());
    bytes.extend([size, at].map(u32::to_le_bytes).concat());
    bytes.extend([0, 0]);
    bytes
}
