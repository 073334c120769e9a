//! The header: made from the sources and the library's table, and compared with the one that is committed.
//!
//! `HEADER_WRITE=1 cargo test -p wasi-shim-capi --test header` writes it instead. What C calls each type is said here.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    reason = "what is wrong in a test should fail it"
)]

use cbindgen::{Builder, Config, EnumConfig, Language, RenameRule, SortKey, Style};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use wasi_shim::abi::{CoreType, Syscall};

/// The sources that export something, in the order in which the header has them. Those in folders come with the `mod.rs`
/// that names them.
const SOURCES: &[&str] = &[
    "status.rs",
    "dirs.rs",
    "trees.rs",
    "changes.rs",
    "archive.rs",
    "mounts.rs",
    "streams.rs",
    "capture.rs",
    "callback/mod.rs",
    "devices.rs",
    "config.rs",
    "ambient.rs",
    "context.rs",
    "given.rs",
    "blocked.rs",
    "call.rs",
];

/// What a type is called in Rust, and in C.
const NAMES: &[(&str, &str)] = &[
    ("ArchiveLimits", "wasi_shim_archive_limits"),
    ("ChangeKind", "wasi_shim_change"),
    ("OnChange", "wasi_shim_on_change"),
    ("DeviceTable", "wasi_shim_devices"),
    ("LOWEST", "WASI_SHIM_LOWEST"),
    ("MountTable", "wasi_shim_mounts"),
    ("OnLine", "wasi_shim_on_line"),
    ("TreeLimits", "wasi_shim_tree_limits"),
    ("Usage", "wasi_shim_usage"),
    ("AbiVersion", "wasi_shim_abi"),
    ("Blocked", "wasi_shim_blocked"),
    ("Blocking", "wasi_shim_blocking"),
    ("ByteStream", "wasi_shim_stream"),
    ("CallResult", "wasi_shim_result"),
    ("Config", "wasi_shim_config"),
    ("Context", "wasi_shim_context"),
    ("Descriptor", "wasi_shim_descriptor"),
    ("DirAccess", "wasi_shim_access"),
    ("DirCallbacks", "wasi_shim_dir_callbacks"),
    ("Directory", "wasi_shim_dir"),
    ("Faults", "wasi_shim_faults"),
    ("FileCallbacks", "wasi_shim_file_callbacks"),
    ("FileStat", "wasi_shim_filestat"),
    ("Fill", "wasi_shim_fill"),
    ("Found", "wasi_shim_found"),
    ("Limit", "wasi_shim_limit"),
    ("Listing", "wasi_shim_listing"),
    ("NEVER", "WASI_SHIM_NEVER"),
    ("NewTimes", "wasi_shim_times"),
    ("Now", "wasi_shim_now"),
    ("OnName", "wasi_shim_on_name"),
    ("OnNames", "wasi_shim_on_names"),
    ("OpenHow", "wasi_shim_open_how"),
    ("Outcome", "wasi_shim_outcome"),
    ("Rights", "wasi_shim_rights"),
    ("Status", "wasi_shim_status"),
    ("StreamCallbacks", "wasi_shim_stream_callbacks"),
    ("Trap", "wasi_shim_trap"),
    ("WakerHandle", "wasi_shim_waker"),
];

/// What a pointer of C's is in Rust, where it is told from others to be checked. Longer names come before those that they
/// end in.
const POINTERS: &[(&str, &str)] = &[
    ("Text", "const char *"),
    ("Pointer", "void *"),
    ("Linear", "uint8_t *"),
    ("Room_u8", "uint8_t *"),
    ("Room_Descriptor", "wasi_shim_descriptor *"),
    ("Values_u8", "const uint8_t *"),
    ("Values_u64", "const uint64_t *"),
    ("Place_u32", "uint32_t *"),
    ("Place_i32", "int32_t *"),
    ("Place_u64", "uint64_t *"),
    ("Place_usize", "size_t *"),
    ("Place_CallResult", "wasi_shim_result *"),
    ("Place_Config", "wasi_shim_config *"),
    ("Place_DeviceTable", "wasi_shim_devices *"),
    ("Place_Found", "wasi_shim_found *"),
    ("Place_MountTable", "wasi_shim_mounts *"),
    ("Place_Usage", "wasi_shim_usage *"),
    ("Place_Handle_Blocked", "wasi_shim_blocked **"),
    ("Place_Handle_ByteStream", "wasi_shim_stream **"),
    ("Place_Handle_Config", "wasi_shim_config **"),
    ("Place_Handle_Context", "wasi_shim_context **"),
    ("Place_Handle_DeviceTable", "wasi_shim_devices **"),
    ("Place_Handle_Directory", "wasi_shim_dir **"),
    ("Place_Handle_MountTable", "wasi_shim_mounts **"),
    ("Place_Handle_WakerHandle", "wasi_shim_waker **"),
    ("Handle_Blocked", "wasi_shim_blocked *"),
    ("Handle_ByteStream", "wasi_shim_stream *"),
    ("Handle_Config", "wasi_shim_config *"),
    ("Handle_Context", "wasi_shim_context *"),
    ("Handle_DeviceTable", "wasi_shim_devices *"),
    ("Handle_Directory", "wasi_shim_dir *"),
    ("Handle_MountTable", "wasi_shim_mounts *"),
    ("Handle_WakerHandle", "wasi_shim_waker *"),
    ("Ref_ArchiveLimits", "const wasi_shim_archive_limits *"),
    ("Ref_ByteStream", "const wasi_shim_stream *"),
    ("Ref_Config", "const wasi_shim_config *"),
    ("Ref_Context", "const wasi_shim_context *"),
    ("Ref_DeviceTable", "const wasi_shim_devices *"),
    ("Ref_DirCallbacks", "const wasi_shim_dir_callbacks *"),
    ("Ref_Directory", "const wasi_shim_dir *"),
    ("Ref_FileCallbacks", "const wasi_shim_file_callbacks *"),
    ("Ref_MountTable", "const wasi_shim_mounts *"),
    ("Ref_TreeLimits", "const wasi_shim_tree_limits *"),
    ("Ref_StreamCallbacks", "const wasi_shim_stream_callbacks *"),
    ("Ref_WakerHandle", "const wasi_shim_waker *"),
];

/// Types that no function has: they are passed as numbers, which may be any.
const NUMBERS: [&str; 8] = [
    "AbiVersion",
    "Blocking",
    "ChangeKind",
    "DirAccess",
    "Faults",
    "Limit",
    "Rights",
    "Trap",
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// The table's rows, with their first line of documentation.
macro_rules! rows {
    ({} $(
        #[doc = $doc:literal]
        $name:ident = $variant:ident($($param:ident: $core:ident),*)
        takes $takes:tt gives $gives:tt by $room:ident::$handler:ident $(with $memory:ident)?;
    )*) => {
        const ROWS: &[(Syscall, &str)] = &[$((Syscall::$variant, $doc)),*];
    };
}

wasi_shim::for_each_syscall! { [rows] {} }

fn config() -> Config {
    let mut config = Config {
        language: Language::C,
        style: Style::Both,
        cpp_compat: true,
        include_guard: Some("WASI_SHIM_H".to_owned()),
        no_includes: true,
        usize_is_size_t: true,
        sys_includes: ["stdbool.h", "stddef.h", "stdint.h"]
            .map(str::to_owned)
            .to_vec(),
        line_length: 120,
        sort_by: SortKey::None,
        header: Some(include_str!("header/beginning.txt").trim_end().to_owned()),
        enumeration: EnumConfig {
            rename_variants: RenameRule::QualifiedScreamingSnakeCase,
            ..EnumConfig::default()
        },
        ..Config::default()
    };
    let rename = NAMES
        .iter()
        .map(|(rust, c)| ((*rust).to_owned(), (*c).to_owned()));
    config.export.rename.extend(rename);
    config.export.include = NUMBERS.map(str::to_owned).to_vec();
    config
}

/// The header as it should be.
fn header() -> String {
    let mut builder = Builder::new().with_config(config());
    builder = builder.with_src(folder().join("src/raw.rs"));
    for source in SOURCES {
        builder = builder.with_src(folder().join("src").join(source));
    }
    let mut bytes = Vec::new();
    builder
        .generate()
        .expect("the sources can be read")
        .write(&mut bytes);
    let text = plain(&String::from_utf8(bytes).expect("text"));
    let mark = "#ifdef __cplusplus\n}";
    let (before, after) = text.rsplit_once(mark).expect("C++ is thought of");
    format!("{before}{}{mark}{after}", table())
}

/// Without the types that only Rust tells from pointers.
fn plain(text: &str) -> String {
    let mut text = text.to_owned();
    for (rust, c) in POINTERS {
        text = without_definition(&text, rust);
        text = text.replace(&format!("{rust} "), c);
    }
    text
}

/// Cuts `typedef ... NAME;` and the comment before it.
fn without_definition(text: &str, name: &str) -> String {
    let end = format!(" *{name};\n");
    let Some(at) = text.find(&end) else {
        return text.to_owned();
    };
    let start = text[..at].rfind("/**").unwrap_or(at);
    let (before, after) = (
        text[..start].trim_end(),
        text[at + end.len()..].trim_start(),
    );
    format!("{before}\n\n{after}")
}

/// What the header has from the table.
fn table() -> String {
    let mut text =
        "/**\n * The functions of WASI by number, in the order of the specification.\n */\n"
            .to_owned();
    text += "typedef enum wasi_shim_function {\n";
    for (call, doc) in ROWS {
        let name = call.name().to_uppercase();
        let _ = writeln!(
            text,
            "  /**\n   *{doc}\n   */\n  WASI_SHIM_FUNCTION_{name} = {},",
            *call as u32
        );
    }
    text += "} wasi_shim_function;\n\n";
    text += include_str!("header/by_name.txt");
    for (call, doc) in ROWS {
        text += &prototype(*call, doc);
    }
    text += &listed();
    text
}

fn typed(call: Syscall) -> impl Iterator<Item = (&'static str, &'static str)> {
    let params = call.signature().params.iter();
    params.map(|(name, core)| match core {
        CoreType::I32 => ("uint32_t", *name),
        CoreType::I64 => ("uint64_t", *name),
    })
}

fn prototype(call: Syscall, doc: &str) -> String {
    let name = call.name();
    let indent = " ".repeat(format!("wasi_shim_outcome wasi_shim_{name}(").len());
    let params = typed(call).map(|(kind, name)| format!("{kind} {name}"));
    let first = [
        "const wasi_shim_context *context",
        "uint32_t abi",
        "uint8_t *memory",
        "size_t memory_size",
    ];
    let all = first.map(str::to_owned).into_iter().chain(params);
    let all: Vec<String> = all.chain(["wasi_shim_result *result".to_owned()]).collect();
    format!(
        "/**\n *{doc}\n */\nwasi_shim_outcome wasi_shim_{name}({});\n\n",
        all.join(&format!(",\n{indent}"))
    )
}

/// The list for macros.
fn listed() -> String {
    let mut text = include_str!("header/listed.txt").to_owned();
    text += "#define WASI_SHIM_FUNCTIONS(X)";
    for call in Syscall::ALL
        .iter()
        .filter(|call| **call != Syscall::ProcExit)
    {
        let params: String = typed(*call)
            .map(|(kind, name)| format!(", {kind} {name}"))
            .collect();
        let args: String = typed(*call).map(|(_, name)| format!(", {name}")).collect();
        let _ = write!(text, " \\\n  X({}, ({params}), ({args}))", call.name());
    }
    text + "\n\n"
}

#[test]
fn the_header_is_what_the_sources_say() {
    let path = folder().join("include/wasi_shim.h");
    let made = header();
    if std::env::var_os("HEADER_WRITE").is_some() {
        std::fs::write(&path, &made).expect("the header can be written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let same = made
        .lines()
        .zip(committed.lines())
        .take_while(|(one, other)| one == other)
        .count();
    assert!(
        made == committed,
        "include/wasi_shim.h differs from line {} on, which should be {:?}; see this test's file for how to write it",
        same + 1,
        made.lines().nth(same)
    );
}

/// Every file of the package's sources.
fn sources() -> Vec<PathBuf> {
    let mut folders = vec![folder().join("src")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files
}

#[test]
fn every_exported_function_is_in_the_header_once() {
    let made = header();
    let declared = |name: &str| made.matches(&format!(" {name}(")).count();
    let stars = |name: &str| made.matches(&format!(" *{name}(")).count();
    let mut exported = 0;
    for source in sources() {
        let text = std::fs::read_to_string(&source).expect("a source");
        for (_, rest) in text
            .match_indices("pub extern \"C\" fn wasi_shim_")
            .map(|(at, found)| text.split_at(at + found.len()))
        {
            let name = rest.split('(').next().unwrap_or_default();
            let name = format!("wasi_shim_{name}");
            assert_eq!(declared(&name) + stars(&name), 1, "{name} of {source:?}");
            exported += 1;
        }
    }
    assert!(exported > 80, "{exported}");
    for call in Syscall::ALL {
        assert_eq!(declared(&format!("wasi_shim_{}", call.name())), 1, "{call}");
    }
}

#[test]
fn no_name_of_rust_is_left_in_the_header() {
    let made = header();
    for (rust, _) in NAMES.iter().chain(POINTERS) {
        let word = |letter: char| letter.is_alphanumeric() || letter == '_';
        let code = made
            .lines()
            .filter(|line| !line.trim_start().starts_with(['*', '/']));
        for line in code {
            assert!(
                line.split(|letter| !word(letter))
                    .all(|found| found != *rust),
                "{line}"
            );
        }
    }
}
