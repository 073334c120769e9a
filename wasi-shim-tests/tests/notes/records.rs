//! The tables of `abi.md`, against the specification's text, with which `table_vs_witx` compares the library.

use std::collections::BTreeMap;
use wasi_shim::abi::{Abi, Event, Fdstat, Filestat, Iovec, Prestat, RoFlags, Subscription, Wire};
use wasi_shim_tests::notes::Page;
use wasi_shim_tests::witx::Document;

/// Offsets and sizes by record and field.
type Fields = BTreeMap<(String, String), (usize, usize)>;

const MODULES: [(Abi, &str); 2] = [(Abi::Preview1, "preview1"), (Abi::Unstable, "preview0")];

/// The fields of all records are those of the text, at the same places.
pub(crate) fn check_fields() {
    let page = Page::load("abi.md");
    let rows = &page.table("Records").rows;
    let mut records: Vec<String> = rows
        .iter()
        .map(|row| row.cells[0].replace('`', ""))
        .collect();
    records.dedup();
    assert_eq!(records.len(), 8, "preview1 has eight records");
    for (module, (_, text)) in MODULES.iter().enumerate() {
        let mut listed = Fields::new();
        for row in rows.iter().filter(|row| !row.cells[4 + module].is_empty()) {
            let [record, field] = [0, 1].map(|cell| row.cells[cell].replace('`', ""));
            let sizes: Vec<usize> = row.cells[3]
                .split(", ")
                .map(|size| size.parse().expect("a size"))
                .collect();
            let size = *sizes.get(module).unwrap_or(&sizes[0]);
            listed.insert(
                (record, field),
                (row.cells[4 + module].parse().expect("an offset"), size),
            );
        }
        let witx = Document::of(text);
        let of = |record: &String| {
            let places = witx.places(record).into_iter();
            let record = record.clone();
            places.map(move |(field, place)| ((record.clone(), field), (place.at, place.size)))
        };
        let specified: Fields = records.iter().flat_map(of).collect();
        assert_eq!(listed, specified, "{text}");
    }
}

/// Sizes and alignments, of the text's and of the library's.
pub(crate) fn check_sizes() {
    let page = Page::load("abi.md");
    for row in &page.table("Sizes").rows {
        let name = row.cells[0].replace('`', "");
        let [new, old, align] =
            [1, 2, 3].map(|cell| row.cells[cell].parse::<u32>().expect("a number"));
        for ((abi, text), size) in MODULES.into_iter().zip([new, old]) {
            assert_eq!(
                library(abi, &name),
                (size, align),
                "{name} of the library in {text}"
            );
            // `size` and its like are there in both texts, `roflags` and the records as well.
            assert_eq!(
                Document::of(text).size(&name),
                (size, align),
                "{name} in {text}"
            );
        }
    }
}

fn library(abi: Abi, name: &str) -> (u32, u32) {
    fn of<T: Wire>(abi: Abi) -> (u32, u32) {
        (T::size(abi), T::ALIGN)
    }
    match name {
        "fdstat" => of::<Fdstat>(abi),
        "filestat" => of::<Filestat>(abi),
        "prestat" => of::<Prestat>(abi),
        // Entries are written one behind the other, wherever that is.
        "dirent" => (24, 8),
        "iovec" | "ciovec" => (Iovec::SIZE, Iovec::ALIGN),
        "event" => of::<Event>(abi),
        "subscription" => (Subscription::size(abi), Subscription::ALIGN),
        "size" | "fd" => of::<u32>(abi),
        "timestamp" | "filesize" => of::<u64>(abi),
        "roflags" => of::<RoFlags>(abi),
        other => panic!("{other:?} is no type here"),
    }
}
