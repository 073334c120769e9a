//! Packs a tree into an archive, as exactly as the format allows: texts of links and names are taken as they are.
//!
//! Written for trees of test cases, which are small. Reading archives is the library's; nothing of it is used here, so
//! that one does not repeat the other's mistakes.

use super::{Format, ScriptError};
use std::collections::HashMap;
use std::io::{Cursor, Write as _};
use std::ops::ControlFlow;
use std::sync::Arc;
use wasi_shim::vfs::{Dir, Name, Node, OpenRequest};
use zip::write::SimpleFileOptions;

/// One member.
struct Member {
    path: String,
    what: What,
}

enum What {
    Dir,
    File(Vec<u8>),
    Symlink(String),
    /// Another name of a member before, which is a file of this content.
    Hard(String, Vec<u8>),
}

type Result<T> = std::result::Result<T, ScriptError>;

/// All below a directory, as the bytes of an archive.
pub(super) fn pack(dir: &Arc<dyn Dir>, format: Format) -> Result<Vec<u8>> {
    let mut members = Vec::new();
    walk(dir, "", &mut HashMap::new(), &mut members)?;
    Ok(match format {
        Format::Tar => tar(&members),
        Format::Gzip => {
            let level = flate2::Compression::fast();
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
            encoder.write_all(&tar(&members)).expect("a vector grows");
            encoder.finish().expect("a vector grows")
        }
        Format::Zstd => zstd::encode_all(&*tar(&members), 1).expect("a vector grows"),
        Format::Zip => zip(&members)?,
    })
}

/// The members in order: a directory before what is in it.
fn walk(
    dir: &Arc<dyn Dir>,
    above: &str,
    seen: &mut HashMap<u64, String>,
    members: &mut Vec<Member>,
) -> Result<()> {
    let failed = |what: &str| ScriptError::new(format!("{above}{what} cannot be packed"));
    let mut names = Vec::new();
    dir.list(&mut |entry| {
        names.push(entry.name.to_owned());
        ControlFlow::Continue(())
    })
    .map_err(|_| failed(""))?;
    for text in names {
        let path = format!("{above}{text}");
        let name = Name::new(&text).map_err(|_| failed(&text))?;
        match dir
            .open(name, &OpenRequest::READ)
            .map_err(|_| failed(&text))?
        {
            Node::Dir(below) => {
                let path = path + "/";
                members.push(Member {
                    path: path.clone(),
                    what: What::Dir,
                });
                walk(&below, &path, seen, members)?;
            }
            Node::File(file) => {
                let facts = file.metadata().map_err(|_| failed(&text))?;
                let mut content = vec![0; facts.size as usize];
                let count = file.read_at(&mut content, 0).map_err(|_| failed(&text))?;
                content.truncate(count);
                let what = match seen.get(&facts.ino) {
                    Some(first) => What::Hard(first.clone(), content),
                    None => What::File(content),
                };
                seen.entry(facts.ino).or_insert_with(|| path.clone());
                members.push(Member { path, what });
            }
            Node::Symlink(text) => members.push(Member {
                path,
                what: What::Symlink(text),
            }),
            Node::Stream(_) => return Err(failed(&text)),
        }
    }
    Ok(())
}

fn tar(members: &[Member]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for Member { path, what } in members {
        let (kind, link, content): (u8, &str, &[u8]) = match what {
            What::Dir => (b'5', "", &[]),
            What::File(content) => (b'0', "", content),
            What::Symlink(text) => (b'2', text, &[]),
            What::Hard(first, _) => (b'1', first, &[]),
        };
        let mut records = Vec::new();
        for (key, text) in [("path", path.as_str()), ("linkpath", link)] {
            if text.len() > 99 {
                records.extend(record(key, text));
            }
        }
        if !records.is_empty() {
            block(&mut bytes, b'x', "pax", "", &records);
        }
        block(&mut bytes, kind, path, link, content);
    }
    bytes.extend([0; 1024]);
    bytes
}

/// A record of a pax header: its length, which counts its own digits, a key and a text.
fn record(key: &str, text: &str) -> Vec<u8> {
    let rest = key.len() + text.len() + 3;
    let mut len = rest;
    while len != rest + len.to_string().len() {
        len = rest + len.to_string().len();
    }
    format!("{len} {key}={text}\n").into_bytes()
}

/// A header and its content. Texts that are too long for it are in a pax header before.
fn block(bytes: &mut Vec<u8>, kind: u8, path: &str, link: &str, content: &[u8]) {
    let mut header = [0; 512];
    let mut put = |at: usize, text: &[u8], most: usize| {
        let text = &text[..text.len().min(most)];
        header[at..at + text.len()].copy_from_slice(text);
    };
    put(0, path.as_bytes(), 99);
    put(100, b"0000644", 7);
    put(124, format!("{:011o}", content.len()).as_bytes(), 11);
    put(136, b"14524770400", 11);
    put(148, b"        ", 8);
    put(156, &[kind], 1);
    put(157, link.as_bytes(), 99);
    put(257, b"ustar\x0000", 8);
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    bytes.extend(header);
    bytes.extend(content);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
}

fn zip(members: &[Member]) -> Result<Vec<u8>> {
    let failed = |error: &dyn std::fmt::Display| ScriptError::new(format!("no zip file: {error}"));
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let time = zip::DateTime::from_date_and_time(2023, 11, 14, 22, 13, 20);
    let time = time.map_err(|error| failed(&error))?;
    let options = SimpleFileOptions::default().last_modified_time(time);
    for Member { path, what } in members {
        let made = match what {
            What::Dir => writer.add_directory(path.as_str(), options),
            What::Symlink(text) => writer.add_symlink(path.as_str(), text.as_str(), options),
            // The format has no second names.
            What::File(_) | What::Hard(..) => writer.start_file(path.as_str(), options),
        };
        made.map_err(|error| failed(&error))?;
        if let What::File(content) | What::Hard(_, content) = what {
            writer.write_all(content).map_err(|error| failed(&error))?;
        }
    }
    let done = writer.finish().map_err(|error| failed(&error))?;
    Ok(done.into_inner())
}
