//! What only tar files have: hard links, and several ways to say a name, a size or a time.

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
use support::name;
use wasi_shim::backends::{Archive, SkipReason as Skip};
use wasi_shim::vfs::{Dir as _, Timestamp};

fn tar(members: &[Vec<u8>]) -> Arc<Archive> {
    Archive::from_bytes(tar_file(members)).unwrap()
}

#[test]
fn hard_links_are_names_of_one_file() {
    let archive = tar(&[
        member(b'0', b"d/a", b"content"),
        link(b'1', b"b", b"./d/a").to_vec(),
        link(b'1', b"c", b"/b").to_vec(),
        link(b'2', b"s", b"a").to_vec(),
        link(b'1', b"t", b"s").to_vec(),
        link(b'1', b"b", b"b").to_vec(),
    ]);
    let expected = ["b=content", "c=content", "d/", "d/a=content", "s>a", "t>a"];
    assert_eq!(tree(&*archive), expected);
    assert_eq!(skipped(&archive), []);
    let facts = archive.stat(name("b")).unwrap();
    assert_eq!(facts.nlink, 3);
    assert_eq!(archive.stat(name("c")), Ok(facts));
    assert_eq!(file(&*archive, "d/a").metadata(), Ok(facts));
    assert_eq!(archive.stat(name("s")).unwrap().nlink, 2);
}

#[test]
fn a_replaced_file_keeps_its_other_names() {
    let archive = tar(&[
        member(b'0', b"a", b"old"),
        link(b'1', b"b", b"a").to_vec(),
        member(b'0', b"a", b"new"),
        link(b'1', b"c", b"a").to_vec(),
    ]);
    assert_eq!(tree(&*archive), ["a=new", "b=old", "c=new"]);
    assert_eq!(archive.stat(name("b")).unwrap().nlink, 1);
    assert_eq!(archive.stat(name("a")).unwrap().nlink, 2);
}

#[test]
fn hard_links_lead_to_what_is_there_already() {
    let archive = tar(&[
        link(b'1', b"self", b"self").to_vec(),
        link(b'1', b"later", b"file").to_vec(),
        member(b'0', b"file", b""),
        member(b'5', b"dir", b""),
        link(b'1', b"missing", b"none").to_vec(),
        link(b'1', b"of-dir", b"dir").to_vec(),
        link(b'1', b"of-root", b"/").to_vec(),
        link(b'1', b"up", b"../file").to_vec(),
        link(b'1', b"new/through", b"file/x").to_vec(),
        link(b'1', b"dir", b"file").to_vec(),
    ]);
    assert_eq!(tree(&*archive), ["dir/", "file="]);
    let no = |name| (name, Skip::LinkTarget);
    let left_out = [
        "self",
        "later",
        "missing",
        "of-dir",
        "of-root",
        "up",
        "new/through",
    ];
    assert_eq!(skipped(&archive)[..7], left_out.map(no));
    assert_eq!(skipped(&archive)[7..], [("dir", Skip::IsDirectory)]);
}

#[test]
fn pax_records_come_before_the_header() {
    let long = format!("{}/{}", "d".repeat(200), "f".repeat(250));
    let mut huge = header(b'0', b"short", 0);
    put(&mut huge, 124, b"77777777777");
    let archive = tar(&[
        pax(b'g', &[("mtime", b"5"), ("comment", b"a\nb=c")]),
        pax(
            b'x',
            &[
                ("path", long.as_bytes()),
                ("size", b"3"),
                ("mtime", b"7.25"),
            ],
        ),
        [sealed(huge).to_vec(), padded(b"abc")].concat(),
        member(b'0', b"global", b""),
        pax(b'x', &[("path", b""), ("mtime", b"")]),
        member(b'0', b"back", b""),
        pax(b'x', &[("linkpath", long.as_bytes())]),
        link(b'1', b"hard", b"x").to_vec(),
        pax(b'x', &[("mtime", b"-1")]),
        member(b'0', b"early", b""),
    ]);
    assert_eq!(skipped(&archive), []);
    let time = |path: &str| archive.stat(name(path)).unwrap().mtim.0;
    assert_eq!(time("hard"), 7_250_000_000);
    assert_eq!(
        archive_kit::content(&*file(&*archive, &long)),
        Ok(b"abc".to_vec())
    );
    assert_eq!(
        (time("global"), time("back"), time("early")),
        (5_000_000_000, 1_000_000_000, 0)
    );
}

#[test]
fn long_names_and_prefixes_are_whole() {
    let (dir, base) = ("d".repeat(150), "f".repeat(90));
    let long = format!("{dir}/{base}");
    let mut split = header(b'0', base.as_bytes(), 0);
    put(&mut split, 345, dir.as_bytes());
    let archive = tar(&[sealed(split).to_vec()]);
    assert_eq!(tree(&*archive), [format!("{dir}/"), format!("{long}=")]);
    // GNU has other things in the place of the first part.
    put(&mut split, 257, b"ustar  \0");
    assert_eq!(tree(&*tar(&[sealed(split).to_vec()])), [format!("{base}=")]);
    let archive = tar(&[
        member(b'L', b"././@LongLink", format!("{long}\0").as_bytes()),
        member(b'K', b"././@LongLink", format!("{long}\0").as_bytes()),
        link(b'2', b"short", b"short").to_vec(),
    ]);
    assert_eq!(
        tree(&*archive),
        [format!("{dir}/"), format!("{long}>{long}")]
    );
}

#[test]
fn numbers_may_be_binary_or_odd() {
    let mut binary = header(b'0', b"binary", 0);
    put(&mut binary, 124, &[0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3]);
    put(&mut binary, 136, &[0xff; 12]);
    let mut spaces = header(b'0', b"spaces", 0);
    put(&mut spaces, 124, b"          2 ");
    put(&mut spaces, 136, b"nonsense\0\0\0\0");
    // The sum of signed bytes, as some programs had it.
    let mut signed = header(b'0', "s\u{e9}".as_bytes(), 0);
    signed[148..156].fill(b' ');
    let sum: i64 = signed.iter().map(|byte| i64::from(*byte as i8)).sum();
    put(&mut signed, 148, format!("{sum:06o}\0 ").as_bytes());
    let archive = tar(&[
        [sealed(binary).to_vec(), padded(b"abc")].concat(),
        [sealed(spaces).to_vec(), padded(b"de")].concat(),
        signed.to_vec(),
    ]);
    assert_eq!(tree(&*archive), ["binary=abc", "spaces=de", "s\u{e9}="]);
    assert_eq!(archive.stat(name("binary")).unwrap().mtim, Timestamp(0));
}
