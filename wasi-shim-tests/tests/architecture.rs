//! The shape of the sources: who may use whom, where what is dangerous may be said, and how long things may get.
//!
//! What is said in comments and strings does not count.

use std::collections::BTreeMap;
use wasi_shim_tests::source::Source;

/// The rooms of the library, each with those that it may use besides itself.
const ROOMS: &[(&str, &[&str])] = &[
    ("abi", &[]),
    ("sync", &[]),
    ("mem", &["abi"]),
    ("vfs", &["abi"]),
    ("wait", &["vfs"]),
    ("resolve", &["vfs", "abi"]),
    ("process", &["resolve", "vfs", "abi", "sync"]),
    ("calls", &["process", "resolve", "mem", "vfs", "abi"]),
    ("dispatch", &["calls", "process", "mem", "vfs", "abi"]),
    ("backends", &["vfs", "abi", "sync"]),
    ("host", &["vfs", "abi"]),
    // Waits with what the crate's root shows to everybody.
    ("tokio", &["host", "vfs", "abi", "the root's dispatch"]),
    // What the crate's root shows to everybody, and nothing else: its own adapters are no better off than others.
    ("threads", &["abi", "the root's dispatch"]),
    (
        "engines",
        &["mem", "abi", "threads", "tokio", "the root's dispatch"],
    ),
    // The one place where everything meets; a guest is made here, not called.
    (
        "builder",
        &[
            "abi",
            "mem",
            "vfs",
            "resolve",
            "process",
            "backends",
            "host",
            "wait",
            "the root's dispatch",
        ],
    ),
];

/// The library's sources.
const LIBRARY: &str = "wasi-shim/src/";

/// Where `unsafe` may be said.
const UNSAFE: &[&str] = &[
    "wasi-shim/src/host/wipe.rs",
    "wasi-shim/src/mem/shared.rs",
    "wasi-shim/capi/src/raw.rs",
    "wasi-shim/cli/src/compiled.rs",
    "wasi-shim/tests/host_fork.rs",
];

/// Where names may be exported to C, and the attributes for it, which say `unsafe` too.
const EXPORTS: &str = "wasi-shim/capi/src/";
const EXPORTING: [&str; 2] = ["unsafe(no_mangle)", "unsafe(export_name = "];

/// What knows the operating system. Only the library's `host` may name them.
const SYSTEM: &[&str] = &["cap_std", "cap_fs_ext", "cap_primitives", "rustix", "libc"];

const FILE_LINES: usize = 450;
const FUNCTION_LINES: usize = 60;
const COMMENT_LETTERS: usize = 125;

/// The room of the library that this is in: a folder's name, or a file's.
fn room(source: &Source) -> Option<&str> {
    let path = source.path.strip_prefix(LIBRARY)?;
    path.split('/').next()?.split('.').next()
}

/// How many modules this is below the crate's root.
fn depth(source: &Source) -> usize {
    let path = source.path.strip_prefix(LIBRARY).unwrap_or_default();
    path.matches('/').count() + usize::from(!path.ends_with("mod.rs"))
}

/// Every name that is taken from the crate's root, with its offset.
fn root_names(source: &Source) -> Vec<(usize, &str)> {
    let absolute = source
        .code
        .match_indices("crate::")
        .map(|(at, found)| (at, at + found.len()));
    let up = "super::".repeat(depth(source));
    // Where `super` is repeated more often, or less, it does not lead to the root.
    let relative = source.code.match_indices("super::").filter_map(|(at, _)| {
        let first = !source.code[..at].ends_with("super::");
        let rest = source.code[at..].strip_prefix(&up)?;
        (first && !rest.starts_with("super")).then_some((at, at + up.len()))
    });
    let relative = relative.filter(|_| depth(source) > 0);
    let names = |(at, end): (usize, usize)| {
        names_at(&source.code[end..])
            .into_iter()
            .map(move |name| (at, name))
    };
    let found = absolute.chain(relative).flat_map(names);
    // A name that a macro is given is not there to be read.
    found.filter(|(_, name)| !name.is_empty()).collect()
}

/// The first names of a path, or of each path in a group.
fn names_at(code: &str) -> Vec<&str> {
    let Some(group) = code.strip_prefix('{') else {
        let end = code.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
        return vec![&code[..end.unwrap_or(code.len())]];
    };
    let (mut depth, mut start, mut names) = (1, 0, Vec::new());
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 || (depth == 1 && letter == ',') {
            names.extend(names_at(group[start..at].trim()));
            start = at + 1;
        }
        if depth == 0 {
            break;
        }
    }
    names.retain(|name| !name.is_empty() && *name != "self");
    names
}

/// Names at the crate's root that are not rooms: what it shows again, and exported macros, each with its room.
fn shown_at_root(sources: &[Source]) -> BTreeMap<String, String> {
    let mut shown = BTreeMap::new();
    for source in sources {
        let Some(room) = room(source) else { continue };
        for (at, _) in source.code.match_indices("#[macro_export]") {
            let (_, rest) = source.code[at..]
                .split_once("macro_rules!")
                .expect("a macro");
            shown.insert(names_at(rest.trim_start())[0].to_owned(), room.to_owned());
        }
        for (at, found) in source
            .code
            .match_indices("pub use ")
            .filter(|_| room == "lib")
        {
            let (room, names) = source.code[at + found.len()..]
                .split_once("::")
                .expect("a path");
            let names = names_at(names)
                .into_iter()
                .map(|name| (name.to_owned(), room.to_owned()));
            shown.extend(names);
        }
    }
    shown
}

fn check_arrows(source: &Source, shown: &BTreeMap<String, String>) -> Vec<String> {
    let Some(room) = room(source).filter(|room| *room != "lib") else {
        return Vec::new();
    };
    let Some((_, may_use)) = ROOMS.iter().find(|(name, _)| *name == room) else {
        return vec![source.fault(0, format!("`{room}` is no room; give it a row in ROOMS"))];
    };
    let check = |(at, name): (usize, &str)| {
        let is_room = ROOMS.iter().any(|(known, _)| *known == name);
        let used = if is_room {
            name
        } else {
            shown.get(name).map_or(name, String::as_str)
        };
        let from_root = format!("the root's {used}");
        let allowed = used == room
            || may_use.contains(&used)
            || (!is_room && may_use.contains(&from_root.as_str()));
        (!allowed).then(|| source.fault(at, format!("`{room}` may not use `{name}` of `{used}`")))
    };
    root_names(source).into_iter().filter_map(check).collect()
}

fn check_words(source: &Source) -> Vec<String> {
    let mut faults = Vec::new();
    if !UNSAFE.contains(&source.path.as_str()) {
        let exports = |at: &usize| {
            let (before, code) = source.code.split_at(*at);
            let attribute =
                before.ends_with("#[") && EXPORTING.iter().any(|with| code.starts_with(with));
            attribute && source.path.starts_with(EXPORTS)
        };
        faults.extend(
            source
                .word("unsafe")
                .filter(|at| !exports(at))
                .map(|at| source.fault(at, "`unsafe` is for the files in UNSAFE")),
        );
    }
    if room(source).is_some_and(|room| room != "host") {
        let systems = source
            .word("target_os")
            .map(|at| source.fault(at, "only `host` knows systems"));
        faults.extend(systems);
        for name in SYSTEM {
            let rule = format!("only `host` may name `{name}`");
            faults.extend(source.word(name).map(|at| source.fault(at, &rule)));
        }
    }
    faults
}

fn check_lengths(source: &Source) -> Vec<String> {
    let too_long = |what, lines, most| format!("{what} has {lines} lines; {most} are enough");
    let mut faults = Vec::new();
    let lines = source.text.lines().count();
    if lines > FILE_LINES {
        faults.push(source.fault(0, too_long("the file", lines, FILE_LINES)));
    }
    for (at, body) in source.functions() {
        let code = body.lines().skip(1).filter(|line| !line.trim().is_empty());
        let lines = code.count();
        if lines > FUNCTION_LINES {
            faults.push(source.fault(at, too_long("the function", lines, FUNCTION_LINES)));
        }
    }
    faults.extend(check_comments(source));
    faults
}

/// What rustfmt leaves as it is. Rows of tables cannot be broken.
fn check_comments(source: &Source) -> impl Iterator<Item = String> {
    let long = |line: &&str| {
        let comment = line.trim_start().strip_prefix("//");
        let words = comment.map(|comment| comment.trim_start_matches(['/', '!', ' ']));
        words.is_some_and(|words| !words.starts_with('|')) && line.chars().count() > COMMENT_LETTERS
    };
    let lines = source.text.lines().filter(long);
    lines.map(|line| {
        let at = source.text.find(line).unwrap_or_default();
        source.fault(
            at,
            format!("a comment has more than {COMMENT_LETTERS} letters"),
        )
    })
}

fn check_docs(source: &Source) -> Vec<String> {
    let mut lines = source
        .text
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with("#!["));
    let documented = lines.next().is_some_and(|line| line.starts_with("//! "));
    let fault = || source.fault(0, "a file begins with `//!` and what it is");
    (!documented).then(fault).into_iter().collect()
}

fn check(rule: impl Fn(&Source) -> Vec<String>) {
    let mut faults: Vec<String> = Source::all().iter().flat_map(rule).collect();
    faults.sort();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn rooms_use_only_what_is_below_them() {
    let shown = shown_at_root(&Source::all());
    check(|source| check_arrows(source, &shown));
}

#[test]
fn unsafe_code_and_system_calls_stay_where_they_belong() {
    check(check_words);
}

#[test]
fn files_and_functions_stay_short() {
    check(check_lengths);
}

#[test]
fn every_file_says_what_it_is() {
    check(check_docs);
}

/// How many faults a file has with this text.
const ARROWS: &str = r##"
1  abi/errno.rs       use crate::vfs::Dir;
1  abi/errno.rs       use super::super::vfs::Dir;
0  abi/errno.rs       use super::vfs;
1  abi/mod.rs         use super::vfs::Dir;
0  wait.rs            use super::vfs::Dir;
1  wait.rs            use super::abi::Errno;
1  vfs/dir.rs         use crate::{abi::{Errno, Rights}, vfs::Name, mem::{self, Memory}};
2  vfs/dir.rs         fn f() { crate::host::open_dir(); $crate::calls::f() }
0  vfs/dir.rs         $crate::$room::f() // crate::host
0  vfs/dir.rs         /* crate::host /* */ crate::host */
0  vfs/dir.rs         const A: &str = "crate::host \" crate::host"; const B: &str = r#""crate::host"#;
1  vfs/dir.rs         const A: char = '"'; use crate::host; const B: char = '"';
1  vfs/dir.rs         fn f<'a>(a: &'a str) { crate::host::f('\'', '\u{7f}', b"\\", br"\") }
1  resolve/mod.rs     use crate::process::Limits;
1  resolve/mod.rs     use crate::Limits;
1  process/mod.rs     pub(crate) fn f() { crate::for_each!(); crate::Unknown }
0  engines/wasmi.rs   $crate::Outcome; $crate::raw::f; $crate::mem::Memory; $crate::for_each!
1  engines/wasmi.rs   use crate::dispatch::Outcome;
1  engines/wasmi.rs   use crate::Limits;
0  builder.rs         use crate::{Outcome, process::Process, host};
3  builder.rs         use crate::{dispatch::raw, calls, engines};
1  new_room.rs        //
0  lib.rs             use crate::calls;
"##;

#[test]
fn every_arrow_is_noticed() {
    let root = "pub use dispatch::{Outcome, raw};\npub use process::Limits;";
    let table = "#[macro_export]\nmacro_rules! for_each { () => {} }";
    let shown = shown_at_root(&[
        Source::new("wasi-shim/src/lib.rs", root),
        Source::new("wasi-shim/src/abi/table.rs", table),
    ]);
    for row in ARROWS.trim().lines() {
        let (expected, rest) = row.split_once(' ').expect("a number");
        let (file, code) = rest.trim().split_once(' ').expect("a file");
        let source = Source::new(format!("{LIBRARY}{file}"), code.trim());
        let faults = check_arrows(&source, &shown);
        assert_eq!(faults.len().to_string(), expected, "{row}\n{faults:?}");
    }
}

#[test]
fn every_other_fault_is_noticed() {
    let words = |path: &str, code: &str| check_words(&Source::new(path, code));
    let found = words("benches/b.rs", "\nunsafe { }");
    let expected = "benches/b.rs:2: `unsafe` is for the files in UNSAFE";
    assert_eq!(found, [expected]);
    assert_eq!(words(UNSAFE[0], "unsafe {}").len(), 0);
    let export = "#[unsafe(no_mangle)] fn f() {}\n#[unsafe(export_name = \"g\")] fn g() {}";
    assert_eq!(words("benches/b.rs", export).len(), 2);
    assert_eq!(words("wasi-shim/capi/src/call.rs", export).len(), 0);
    let block = "#[unsafe(no_mangle)] fn f() { unsafe(no_mangle); unsafe { } }";
    assert_eq!(words("wasi-shim/capi/src/call.rs", block).len(), 2);
    let quoted = "#![deny(unsafe_code)] // unsafe\n\"unsafe\"";
    assert_eq!(words("benches/b.rs", quoted).len(), 0);
    let system = "#[cfg(not(target_os = \"linux\"))] use rustix::fs;";
    assert_eq!(words("wasi-shim/src/calls/fd.rs", system).len(), 2);
    assert_eq!(words("wasi-shim/src/host/dir.rs", system).len(), 0);

    let lengths = |code: &str| check_lengths(&Source::new("benches/b.rs", code));
    let body = |lines: usize| {
        let head = "fn f<A, B>(a: fn(A), b: [u8; 2])\nwhere B: A, A: C,\n{\n";
        head.to_owned() + &"x{}; //}\n\n".repeat(lines) + "}\n"
    };
    assert_eq!(lengths(&body(60)).len(), 0);
    let expected = "benches/b.rs:1: the function has 61 lines; 60 are enough";
    assert_eq!(lengths(&body(61)), [expected]);
    let without = format!("fn f();\n{}", "mod m { }\n".repeat(100));
    assert_eq!(lengths(&without).len(), 0);
    assert_eq!(lengths(&"\n".repeat(450)).len(), 0);
    assert_eq!(lengths(&"\n".repeat(451)).len(), 1);

    let comment = |mark: &str, letters: usize| lengths(&(mark.to_owned() + &"é".repeat(letters)));
    assert_eq!(comment("    /// ", 117).len(), 0);
    let expected = "benches/b.rs:1: a comment has more than 125 letters";
    assert_eq!(comment("    /// ", 118), [expected]);
    assert_eq!(comment("//", 124).len(), 1);
    assert_eq!(comment("//! | a row | ", 200).len(), 0);
    assert_eq!(comment("let a = b / ", 200).len(), 0);

    let docs = |text: &str| check_docs(&Source::new("benches/b.rs", text)).len();
    assert_eq!(docs("#![cfg(unix)]\n\n//! What it is.\n"), 0);
    assert_eq!(docs("// Not that.\n//! What it is.\n"), 1);
    assert_eq!(docs(""), 1);
}
