//! The interface as C has it: the library installed, and programs in C and C++ built with it and run.
//!
//! Needs what Rust itself needs to link, `cc`, and `gcc` and `g++`. What the programs test is in `tests/c`; they are built
//! with the checks of AddressSanitizer, which also looks for what is never freed.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    reason = "what is wrong in a test should fail it"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

const STRICT: &[&str] = &[
    "-std=c11",
    "-D_POSIX_C_SOURCE=200809L",
    "-g",
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Werror",
];
const SANITIZE: &[&str] = &["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn succeed(command: &mut Command) -> Output {
    let output = command.output().expect("it starts");
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// The library, installed once for all tests, and a folder for what is built with it.
struct Installed {
    room: PathBuf,
    flags: BTreeMap<String, Vec<String>>,
}

static INSTALLED: LazyLock<Installed> = LazyLock::new(|| {
    let room = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let prefix = room.join("prefix");
    succeed(
        Command::new(here().join("install"))
            .arg(&prefix)
            .env("PROFILE", "dev"),
    );
    let file = prefix.join("lib/pkgconfig/wasi_shim.pc");
    let flags = flags(&std::fs::read_to_string(file).expect("the file for pkg-config"));
    Installed { room, flags }
});

/// What pkg-config makes of its file: each line's words, with the variables before it filled in.
fn flags(text: &str) -> BTreeMap<String, Vec<String>> {
    let mut variables: Vec<(String, String)> = Vec::new();
    let mut flags = BTreeMap::new();
    for line in text.lines() {
        let mut line = line.to_owned();
        for (name, value) in &variables {
            line = line.replace(&format!("${{{name}}}"), value);
        }
        if let Some((name, value)) = line.split_once(": ") {
            let words = value.split(' ').map(str::to_owned).collect();
            flags.insert(name.to_owned(), words);
        } else if let Some((name, value)) = line.split_once('=') {
            variables.push((name.to_owned(), value.to_owned()));
        }
    }
    flags
}

impl Installed {
    fn words(&self, name: &str) -> &[String] {
        self.flags
            .get(name)
            .expect("a line of the file for pkg-config")
    }

    fn program(&self, name: &str) -> PathBuf {
        self.room.join(name)
    }

    fn library(&self) -> PathBuf {
        self.room.join("prefix/lib/libwasi_shim.a")
    }
}

fn sources(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(here().join(folder)).expect("a folder of sources");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut paths: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|end| end == "c"))
        .collect();
    paths.sort();
    assert!(!paths.is_empty());
    paths
}

#[test]
fn what_the_header_says_is_so_in_c() {
    let program = INSTALLED.program("interface");
    let mut cc = Command::new("cc");
    cc.args(STRICT)
        .args(SANITIZE)
        .args(INSTALLED.words("Cflags"))
        .arg("-o")
        .arg(&program);
    cc.args(sources("tests/c"))
        .arg(INSTALLED.library())
        .args(INSTALLED.words("Libs.private"));
    succeed(&mut cc);
    let mut run = Command::new(program);
    // What is freed is written over, so that who reads it afterwards goes wrong: the library is not built with the checks.
    run.env(
        "ASAN_OPTIONS",
        "max_free_fill_size=65536:free_fill_byte=165",
    );
    let output = succeed(&mut run);
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "everything is as the header says\n"
    );
}

/// A compiler, what it is told that it reads, and the flag for the standard.
const LANGUAGES: [(&str, &str, &str); 3] = [
    ("gcc", "c", "-std=c99"),
    ("gcc", "c", "-std=c11"),
    ("g++", "c++", "-std=c++17"),
];

#[test]
fn the_header_is_c99_and_c11_and_cpp17_without_a_warning() {
    for (compiler, language, standard) in LANGUAGES {
        let mut compile = Command::new(compiler);
        compile
            .args([
                "-x",
                language,
                standard,
                "-fsyntax-only",
                "-Wall",
                "-Wextra",
            ])
            .args(["-Werror", "-pedantic", "-Wredundant-decls"])
            .arg("-I")
            .arg(here().join("include"))
            .arg(here().join("tests/header/twice.c"));
        succeed(&mut compile);
    }
}

#[test]
fn a_program_in_cpp_is_linked_with_the_static_library_as_its_file_says() {
    let program = INSTALLED.program("greeting");
    let mut compile = Command::new("g++");
    compile
        .args(["-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Werror"])
        .args(SANITIZE)
        .args(INSTALLED.words("Cflags"))
        .arg("-o")
        .arg(&program)
        .arg(here().join("cmake/greeting.cpp"))
        .arg(INSTALLED.library())
        .args(INSTALLED.words("Libs.private"));
    succeed(&mut compile);
    let output = succeed(&mut Command::new(program));
    assert_eq!(output.stdout, b"a guest says: hello\n");
}

#[test]
fn an_exception_of_cpp_that_leaves_a_callback_ends_the_process() {
    use std::os::unix::process::ExitStatusExt as _;
    let program = INSTALLED.program("throws");
    let mut compile = Command::new("g++");
    compile
        .args(["-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Werror"])
        .args(INSTALLED.words("Cflags"))
        .arg("-o")
        .arg(&program)
        .arg(here().join("tests/cpp/throws.cpp"))
        .arg(INSTALLED.library())
        .args(INSTALLED.words("Libs.private"));
    succeed(&mut compile);
    let output = Command::new(&program).output().expect("it starts");
    const SIGABRT: i32 = 6;
    assert_eq!(output.status.signal(), Some(SIGABRT), "{output:?}");
    assert_eq!(output.stdout, b"before\n");
}

#[test]
fn a_program_is_linked_with_the_shared_library_by_its_name() {
    let program = INSTALLED.program("hello");
    let mut cc = Command::new("cc");
    cc.args(STRICT)
        .args(INSTALLED.words("Cflags"))
        .arg("-o")
        .arg(&program);
    cc.arg(here().join("cmake/hello.c"))
        .args(INSTALLED.words("Libs"));
    succeed(&mut cc);
    let libraries = INSTALLED.room.join("prefix/lib");
    let output = succeed(Command::new(&program).env("LD_LIBRARY_PATH", &libraries));
    assert_eq!(output.stdout, b"hello\n");
    // It looks for the name that changes when records do, and not for a path.
    let bytes = std::fs::read(&program).expect("the program");
    let name = b"\0libwasi_shim.so.0.1\0";
    assert!(!cfg!(target_os = "linux") || bytes.windows(name.len()).any(|found| found == name));
}
