//! Every kind of member that an archive can have, and what becomes of it.

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
use wasi_shim::vfs::Dir as _;

fn tar(members: &[Vec<u8>]) -> Arc<Archive> {
    Archive::from_bytes(tar_file(members)).unwrap()
}

fn zip(members: &[Zipped]) -> Arc<Archive> {
    Archive::from_bytes(zip_file(members)).unwrap()
}

/// The same members in a tar and in a zip file: their names, `/` at the end makes a directory.
fn both(names: &[&[u8]]) -> [Arc<Archive>; 2] {
    let content = |index: usize| index.to_string().into_bytes();
    let in_tar = names.iter().enumerate();
    let in_tar: Vec<_> = in_tar
        .map(|(index, name)| match name.ends_with(b"/") {
            true => member(b'5', name, b""),
            false if name.len() < 100 => member(b'0', name, &content(index)),
            false => [
                member(b'L', b"././@LongLink", &[name, &b"\0"[..]].concat()),
                member(b'0', b"short", &content(index)),
            ]
            .concat(),
        })
        .collect();
    let in_zip = names.iter().enumerate();
    let in_zip: Vec<_> = in_zip
        .map(|(index, name)| match name.ends_with(b"/") {
            true => stored(name, b""),
            false => deflated(name, &content(index)),
        })
        .collect();
    [tar(&in_tar), zip(&in_zip)]
}

#[track_caller]
fn check_both(names: &[&[u8]], expected: &[&str], left_out: &[(&str, Skip)]) {
    for archive in both(names) {
        assert_eq!(tree(&*archive), expected);
        assert_eq!(skipped(&archive), left_out);
        assert_eq!(archive.skipped_count(), left_out.len() as u64);
    }
}

#[test]
fn what_means_nothing_in_a_name_is_dropped() {
    let names: &[&[u8]] = &[b"/a", b"//b/./c", b"./d", b"./", b".", b"e//", b"e/./f"];
    let expected = ["a=0", "b/", "b/c=1", "d=2", "e/", "e/f=6"];
    check_both(names, &expected, &[(".", Skip::NoName)]);
}

#[test]
fn names_that_cannot_be_are_left_out() {
    let long = "x".repeat(256);
    let longest = format!("{}y", "x/".repeat(2048));
    let names: &[&[u8]] = &[
        b"../up",
        b"a/../b",
        b"a/..",
        b"back\\slash",
        b"C:\\x",
        b"\xff",
        "\u{e4}".as_bytes(),
        long.as_bytes(),
        longest.as_bytes(),
        b"ok",
    ];
    let cut = &longest[..255];
    let left_out = [
        ("../up", Skip::Parent),
        ("a/../b", Skip::Parent),
        ("a/..", Skip::Parent),
        ("back\\slash", Skip::ForbiddenByte),
        ("C:\\x", Skip::ForbiddenByte),
        ("\u{fffd}", Skip::NotUtf8),
        (&long[..255], Skip::NameTooLong),
        (cut, Skip::NameTooLong),
    ];
    check_both(names, &["ok=9", "\u{e4}=6"], &left_out);
    // A NUL ends a name in a tar's header, but not in a pax record.
    let archive = zip(&[stored(b"a\0b", b"")]);
    assert_eq!(skipped(&archive), [("a\0b", Skip::ForbiddenByte)]);
    let archive = tar(&[pax(b'x', &[("path", b"a\0b")]), member(b'0', b"c", b"")]);
    assert_eq!(skipped(&archive), [("a\0b", Skip::ForbiddenByte)]);
}

#[test]
fn the_longest_names_are_there() {
    let part = "x".repeat(255);
    let deep = format!(
        "{}{}",
        format!("{}/", &part[1..]).repeat(16),
        "y".repeat(16)
    );
    for archive in both(&[part.as_bytes(), deep.as_bytes()]) {
        assert_eq!(archive.skipped_count(), 0);
        assert!(archive.stat(name(&part)).is_ok());
        assert_eq!(tree(&*archive).len(), 18);
    }
}

#[test]
fn the_last_of_a_name_stays() {
    check_both(&[b"a", b"b", b"a", b"./a"], &["a=3", "b=1"], &[]);
}

#[test]
fn what_is_there_first_says_what_is_a_directory() {
    let names: &[&[u8]] = &[b"f", b"f/below", b"f/", b"d/inner", b"d", b"d/", b"d/more"];
    let left_out = [
        ("f/below", Skip::NotDirectory),
        ("f/", Skip::NotDirectory),
        ("d", Skip::IsDirectory),
    ];
    let expected = ["d/", "d/inner=3", "d/more=6", "f=0"];
    check_both(names, &expected, &left_out);
}

#[test]
fn symbolic_links_keep_their_text_and_lead_nowhere_here() {
    let targets: [&[u8]; 4] = [b"a", b"../../../etc/passwd", b"/etc/passwd", b"back\\slash"];
    let expected = [
        "l0>a",
        "l1>../../../etc/passwd",
        "l2>/etc/passwd",
        "l3>back\\slash",
    ];
    let in_tar: Vec<_> = (0..).zip(targets).collect();
    let archive = tar(&in_tar
        .iter()
        .map(|(i, target)| link(b'2', format!("l{i}").as_bytes(), target).to_vec())
        .collect::<Vec<_>>());
    assert_eq!(tree(&*archive), expected);
    for pack in [stored, deflated] {
        let links = in_tar.iter().map(|(i, target)| Zipped {
            mode: 0o120_777,
            ..pack(format!("l{i}").as_bytes(), target)
        });
        assert_eq!(tree(&*zip(&links.collect::<Vec<_>>())), expected);
    }
    // Nothing is put where a link leads.
    let archive = tar(&[
        link(b'2', b"out", b"/tmp").to_vec(),
        member(b'0', b"out/file", b"x"),
        member(b'5', b"out", b""),
    ]);
    assert_eq!(tree(&*archive), ["out>/tmp"]);
    let both = [
        ("out/file", Skip::NotDirectory),
        ("out", Skip::NotDirectory),
    ];
    assert_eq!(skipped(&archive), both);
}

#[test]
fn texts_of_links_that_cannot_be_are_left_out() {
    let long = vec![b'x'; 4097];
    let archive = tar(&[
        link(b'2', b"empty", b"").to_vec(),
        link(b'2', b"bytes", b"\xff").to_vec(),
        member(b'K', b"././@LongLink", &long),
        link(b'2', b"long", b"").to_vec(),
        pax(b'x', &[("linkpath", b"a\0b")]),
        link(b'2', b"nul", b"").to_vec(),
    ]);
    let left_out = [
        ("empty", Skip::NoName),
        ("bytes", Skip::NotUtf8),
        ("long", Skip::NameTooLong),
        ("nul", Skip::ForbiddenByte),
    ];
    assert_eq!(skipped(&archive), left_out);
    let mode = 0o120_777;
    let (ok, damaged) = (stored(b"wrong", b"text"), deflated(b"damaged", b"text"));
    let archive = zip(&[
        Zipped {
            mode,
            ..stored(b"empty", b"")
        },
        Zipped {
            mode,
            ..stored(b"bytes", b"\xff")
        },
        Zipped {
            mode,
            ..deflated(b"long", &long)
        },
        Zipped {
            mode,
            ..stored(b"nul", b"a\0b")
        },
        Zipped {
            mode,
            crc: 1,
            local_crc: 1,
            ..ok
        },
        Zipped {
            mode,
            crc: 1,
            local_crc: 1,
            ..damaged
        },
        Zipped {
            mode,
            ..deflated(b"longest", &long[1..])
        },
    ]);
    assert_eq!(skipped(&archive)[..4], left_out);
    let damaged = [("wrong", Skip::Damaged), ("damaged", Skip::Damaged)];
    assert_eq!(skipped(&archive)[4..], damaged);
    assert_eq!(support::names(&*archive), ["longest"]);
}

#[test]
fn other_types_are_left_out_and_passed() {
    let mut sparse = header(b'S', b"sparse", 3);
    sparse[482] = 1;
    let (mut more, mut last) = ([0; 512], [0; 512]);
    (more[504], last[0]) = (1, 1);
    let archive = tar(&[
        member(b'3', b"char", b""),
        member(b'4', b"block", b""),
        // Whatever its size says, a FIFO has no content.
        header(b'6', b"fifo", 5).to_vec(),
        member(b'V', b"volume", b"x"),
        member(b'?', b"unknown", b"x"),
        [&sealed(sparse)[..], &more, &last, &padded(b"abc")].concat(),
        pax(
            b'x',
            &[("GNU.sparse.major", b"1"), ("GNU.sparse.minor", b"0")],
        ),
        member(b'0', b"sparser", b"x"),
        member(b'7', b"contiguous", b"x"),
        member(0, b"old", b"y"),
        member(0, b"old-dir/", b""),
        member(b'D', b"dumped", b"Yold\0"),
    ]);
    assert_eq!(
        tree(&*archive),
        ["contiguous=x", "dumped/", "old=y", "old-dir/"]
    );
    let left_out = [
        ("char", Skip::Special),
        ("block", Skip::Special),
        ("fifo", Skip::Special),
        ("volume", Skip::UnknownType(b'V')),
        ("unknown", Skip::UnknownType(b'?')),
        ("sparse", Skip::Sparse),
        ("sparser", Skip::Sparse),
    ];
    assert_eq!(skipped(&archive), left_out);
    assert_eq!(archive.skipped()[1].at, 512);
    let modes = [0o010_644, 0o020_644, 0o060_644, 0o140_755];
    let members = modes.map(|mode| Zipped {
        mode,
        ..stored(b"x", b"")
    });
    let archive = zip(&members);
    assert_eq!(skipped(&archive), [("x", Skip::Special); 4]);
    let archive = zip(&[Zipped {
        mode: 0o040_755,
        ..stored(b"dir", b"")
    }]);
    assert_eq!(tree(&*archive), ["dir/"]);
}
