//! The cases' own machinery is able to fail: expectations that are wrong, texts that are no cases, output that is rubbish.

use wasi_shim_tests::driver;
use wasi_shim_tests::script::{Case, Observed, Plan, Tree, check, parse};

const TREE: &str = r#"case c
dir d
file d/f "content"
link to "d/f"
file "../secret" "x"
"#;

fn case(lines: &str) -> Case {
    let text = format!("{TREE}{lines}\n");
    let mut cases = parse("a.txt", &text).unwrap_or_else(|error| panic!("{error}"));
    cases.remove(0)
}

/// What the judge says of these lines, in memory.
fn judged(lines: &str) -> Result<(), String> {
    let case = case(lines);
    let plan = Plan::of(&case).unwrap_or_else(|error| panic!("{error}"));
    check(&case, &plan, Tree::MEMORY).map_err(|failure| failure.to_string())
}

const OPEN: &str = "path_open 3 nofollow \"d/f\" - fd_read+fd_seek+fd_write - - -> ok $fd\n";

#[test]
fn what_is_right_passes() {
    for lines in [
        "fd_close 3 -> ok",
        "fd_close 99 -> badf",
        "path_filestat_get 3 nofollow \"d/f\" -> ok _ _ regular_file 1 7",
        "path_filestat_get 3 nofollow \"d/f\" -> ok size=7 nlink=>=1 nlink=<2 size=!=8 ino=$i",
        "path_readlink 3 \"to\" 100 -> ok 3 \"d/f\"",
        "fd_readdir 3 400 0 -> ok \"d\" \"to\" \".\" \"..\"",
        "poll_oneoff clock:monotonic:0 read:99 -> ok 2 1:fd_read:badf 0:clock:success",
        "proc_exit 7 -> exits 7",
        "raw fd_tell 3 end -> trap",
        "sched_yield -> ok\nunchanged\nleft file d/f \"content\"\nleft link to \"d/f\"\nleft nothing x\nleft dir d",
        "left file ../secret \"x\"\nsched_yield -> ok",
        "args_get -> ok \"guest\"",
        "fd_fdstat_get 3 -> ok directory base=has:path_open base=lacks:sock_accept",
    ] {
        assert_eq!(judged(lines), Ok(()), "{lines}");
    }
}

/// Lines, and what has to be in the two halves of the message.
const WRONG: &[(&str, &str, &str)] = &[
    ("fd_close 3 -> badf", "expected: badf", "actual: ok"),
    ("fd_close 99 -> ok", "expected: ok", "actual: badf"),
    ("fd_close 99 -> noent", "expected: noent", "actual: badf"),
    ("fd_close 99 -> trap", "expected: trap", "actual: badf"),
    (
        "path_filestat_get 3 nofollow \"d/f\" -> ok size=8",
        "expected: size=8",
        "size=7",
    ),
    (
        "path_filestat_get 3 nofollow \"d/f\" -> ok size=<7",
        "expected: size=<7",
        "size=7",
    ),
    (
        "path_filestat_get 3 nofollow \"d/f\" -> ok filetype=directory",
        "directory",
        "regular_file",
    ),
    (
        "path_filestat_get 3 nofollow \"d/f\" -> ok _ _ _ 2",
        "expected: 2",
        "nlink=1",
    ),
    (
        "path_filestat_get 3 nofollow \"d/f\" -> ok mode=1",
        "no such number",
        "size=7",
    ),
    (
        "path_readlink 3 \"to\" 100 -> ok \"d/\"",
        "\"d/\"",
        "\"d/f\"",
    ),
    (
        "fd_readdir 3 400 0 -> ok \"d\" \"to\" \".\"",
        "\"to\"",
        "\"..\"",
    ),
    (
        "fd_readdir 3 400 0 -> ok \"d\" \"d\" \".\" \"..\"",
        "\"d\" \"d\"",
        "\"to\"",
    ),
    (
        "poll_oneoff clock:monotonic:0 -> ok 0:clock:inval",
        "0:clock:inval",
        "0:clock:success",
    ),
    (
        "poll_oneoff clock:monotonic:0 read:9 -> ok 0:clock:success",
        "0:clock",
        "1:fd_read:badf",
    ),
    ("proc_exit 7 -> exits 8", "exits 8", "exits 7"),
    (
        "sched_yield -> ok\nproc_exit 7 -> ok",
        "expected: ok",
        "exits 7",
    ),
    ("raw fd_tell 3 end -> ok", "expected: ok", "trap: fd_tell"),
    ("args_get -> ok \"other\"", "\"other\"", "\"guest\""),
    (
        "fd_fdstat_get 3 -> ok base=has:sock_accept",
        "base=has:sock_accept",
        "directory",
    ),
    (
        "fd_fdstat_get 3 -> ok base=lacks:path_open",
        "base=lacks:path_open",
        "directory",
    ),
    (
        "path_filestat_get 3 nofollow \"d\" -> ok ino=$i\npath_filestat_get 3 nofollow \"d/f\" -> ok ino=$i",
        "ino=$i, which is",
        "ino=",
    ),
    (
        "sched_yield -> ok\nleft nothing d",
        "expected: nothing",
        "a directory",
    ),
    (
        "sched_yield -> ok\nleft file d/f \"conten!\"",
        "conten!",
        "content",
    ),
    (
        "sched_yield -> ok\nleft link to \"f\"",
        "a link to \"f\"",
        "a link to \"d/f\"",
    ),
    (
        "path_unlink_file 3 \"to\" -> ok\nunchanged",
        "the tree as it was",
        "root/to, a link to \"d/f\", is gone",
    ),
    (
        "path_create_directory 3 \"x\" -> ok\nunchanged",
        "the tree as it was",
        "root/x has appeared",
    ),
];

#[test]
fn what_is_wrong_fails_and_says_how() {
    for (lines, expected, actual) in WRONG {
        let failure = judged(lines).expect_err(lines);
        assert!(
            failure.contains(expected) && failure.contains(actual),
            "{lines}\n{failure}"
        );
    }
    let read = format!("{OPEN}fd_read $fd 0+3+0+2 -> ok 5 \"conte\"");
    assert_eq!(judged(&read), Ok(()));
    let write = format!("{OPEN}fd_write $fd \"C\" -> ok 1\nunchanged");
    assert!(judged(&write).is_err_and(|failure| failure.contains("\"Content\"")));
}

#[test]
fn what_is_no_case_is_refused_with_its_place() {
    for (text, what) in [
        ("fd_close 3 -> ok", "a line before the first case"),
        ("case a", "a case without a call"),
        (
            "case a\nfd_clse 3 -> ok",
            "fd_clse is no function of preview1",
        ),
        ("case a\nfd_close 3", "`-> RESULT` is missing"),
        ("case a\nfd_close 3 -> nonent", "nonent is no errno"),
        (
            "case a\nfd_close 3 -> badf 3",
            "nothing may come after badf",
        ),
        (
            "case a\nproc_exit 1 -> exits 1\nfd_close 3 -> ok",
            "nothing comes after the end of the guest",
        ),
        (
            "case a\nfd_close 3 -> ok\ncase a\nfd_close 3 -> ok",
            "a second case a",
        ),
        ("case a\nfile \"x\nfd_close 3 -> ok", "does not end"),
        (
            "case a\npreopen \"/x\" \".\" writable\nfd_close 4 -> ok",
            "instead of read-only",
        ),
    ] {
        let error = parse("b.txt", text).expect_err(text).to_string();
        assert!(
            error.contains(what) && error.starts_with("scripts/b.txt:"),
            "{text}\n{error}"
        );
    }
    for (call, what) in [
        ("fd_close -> ok", "takes more arguments"),
        ("fd_close 3 4 -> ok", "takes fewer arguments"),
        ("fd_close $fd -> ok", "answers $fd"),
        ("raw fd_close 3 4 -> ok", "core arguments"),
        (
            "path_open 3 nofollow \"d\" create - - - -> ok",
            "create is no OFlags",
        ),
        ("fd_write 1 5 -> ok", "a text in quotes"),
    ] {
        let error = Plan::of(&case(call)).expect_err(call).to_string();
        assert!(
            error.contains(what) && error.starts_with("scripts/a.txt:6"),
            "{call}\n{error}"
        );
    }
}

/// A result as the driver writes it.
fn result(step: u32, errno: u32, data: &[u8]) -> Vec<u8> {
    let len = 16 + data.len() as u32;
    let words = [step, len, errno].map(u32::to_le_bytes);
    [&driver::MARK[..], &words.concat(), data].concat()
}

#[test]
fn results_are_found_in_rubbish_and_never_made_of_it() {
    let case = case("fd_tell 3 -> badf\nfd_close 3 -> ok");
    let plan = Plan::of(&case).expect("a plan");
    let observed = |errno, outs: &[&[u8]]| Observed {
        errno,
        outs: outs.iter().map(|out| out.to_vec()).collect(),
    };
    let first = result(0, 8, &[1; 8]);
    let second = result(1, 0, &[]);
    let both = vec![observed(8, &[&[1; 8]]), observed(0, &[])];
    let cut = |bytes: &[u8]| bytes[..bytes.len() - 1].to_vec();
    let rubbish = [&driver::MARK[..], b"\xff\0W\xf5", &driver::MARK].concat();
    for (output, expected) in [
        ([&first[..], &second].concat(), &both[..]),
        (
            [
                &rubbish[..],
                &first,
                b"words\n",
                &rubbish,
                &second,
                &rubbish,
            ]
            .concat(),
            &both,
        ),
        ([&first[..], &cut(&second)].concat(), &both[..1]),
        (cut(&first), &[]),
        ([&second[..], &first].concat(), &both[..1]),
        // A result of a step with another number, or of another length.
        ([&first[..], &result(2, 0, &[])].concat(), &both[..1]),
        ([&first[..], &result(1, 0, &[0; 4])].concat(), &both[..1]),
        (b"\xf5WS".to_vec(), &[]),
        (Vec::new(), &[]),
    ] {
        assert_eq!(driver::results(&plan, &output), expected, "{output:?}");
    }
}
