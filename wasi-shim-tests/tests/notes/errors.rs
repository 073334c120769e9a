//! `errno.md`.

use std::collections::BTreeSet;
use wasi_shim::abi::Errno;
use wasi_shim_tests::notes::{Page, quoted};
use wasi_shim_tests::source::Source;

/// The codes, their numbers, names and texts.
pub(crate) fn check_codes() {
    let page = Page::load("errno.md");
    let rows = &page.table("All of them").rows;
    assert_eq!(rows.len(), Errno::ALL.len());
    for (row, errno) in rows.iter().zip(Errno::ALL) {
        let [number, name, text, posix, _] = &row.cells[..] else {
            panic!("{row:?} has five cells")
        };
        assert_eq!(number, &errno.number().to_string());
        assert_eq!(name, &format!("`{}`", errno.name()));
        assert_eq!(text, &errno.to_string());
        let in_posix = format!("`E{}`", errno.name().to_uppercase());
        let own = *errno == Errno::Notcapable;
        assert_eq!(posix, if own { "" } else { &in_posix });
    }
}

/// The library's translation of native codes, as it is written: the code and what it becomes.
fn translation(pattern: &str) -> Vec<(String, String)> {
    let mut sources = Source::all().into_iter();
    let source = sources
        .find(|source| source.path == "wasi-shim/src/host/errno.rs")
        .expect("the translation");
    let code = source
        .code
        .split("#[cfg(test)]\nmod tests")
        .next()
        .expect("some code")
        .to_owned();
    let entry = |rest: &str| {
        let end = rest
            .find(|letter: char| !letter.is_alphanumeric())
            .unwrap_or(rest.len());
        let (from, rest) = rest.split_at(end);
        let to = rest
            .trim_start_matches([',', ' ', '=', '>'])
            .strip_prefix("Errno::")?;
        let end = to
            .find(|letter: char| !letter.is_alphanumeric())
            .unwrap_or(to.len());
        Some((from.to_owned(), to[..end].to_owned()))
    };
    code.split(pattern).skip(1).filter_map(entry).collect()
}

fn variant(name: &str) -> String {
    let errno = Errno::ALL.iter().find(|errno| errno.name() == name);
    format!(
        "{:?}",
        errno.unwrap_or_else(|| panic!("{name:?} is no error code"))
    )
}

/// Rustix leaves the `E` away, and spells two codes out.
fn native(name: &str) -> String {
    match name {
        "ACCESS" => "EACCES".to_owned(),
        "TOOBIG" => "E2BIG".to_owned(),
        name => format!("E{name}"),
    }
}

/// Which codes of Linux become which.
pub(crate) fn check_native() {
    let page = Page::load("errno.md");
    let mut listed = BTreeSet::new();
    for row in &page.table("All of them").rows {
        let becomes = variant(row.cells[1].trim_matches('`'));
        listed.extend(quoted(&row.cells[4]).map(|code| (code.to_owned(), becomes.clone())));
    }
    let known = translation("(Native::")
        .into_iter()
        .map(|(from, to)| (native(&from), to))
        .collect();
    assert!(listed.len() > 70, "{listed:?}");
    assert_eq!(listed, known);
}

/// Which kinds of error become which.
pub(crate) fn check_kinds() {
    let page = Page::load("errno.md");
    let rows = &page.table("What has no native code").rows;
    let (last, rows) = rows.split_last().expect("some rows");
    assert_eq!(last.cells, ["any other", "`io`"]);
    let name = |cell: &str| cell.trim_matches('`').to_owned();
    let listed: BTreeSet<(String, String)> = rows
        .iter()
        .map(|row| (name(&row.cells[0]), variant(&name(&row.cells[1]))))
        .collect();
    assert_eq!(listed, translation("io::ErrorKind::").into_iter().collect());
}
