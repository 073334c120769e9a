//! The file of hosts, and the command lines that come of it.

use crate::support::{script, text};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wasi_shim_tests::conform::catalogue::{Catalogue, Entry};
use wasi_shim_tests::conform::command::External;
use wasi_shim_tests::conform::host::{Directory, Host, Module, Program};

fn ours() -> Catalogue {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("hosts.toml");
    Catalogue::load(&file).expect("our own file")
}

fn parse(text: &str) -> Result<Catalogue, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("hosts.toml");
    std::fs::write(&file, text).expect("it can be written");
    Catalogue::load(&file).map_err(|error| error.to_string())
}

fn entry(text: &str) -> Entry {
    parse(text).expect("hosts").hosts.remove(0)
}

fn program(folder: &Path) -> Program {
    let directory = |host: &str, guest: &str, read_only| Directory {
        host: folder.join(host),
        guest: guest.to_owned(),
        read_only,
    };
    Program {
        module: Arc::new(Module {
            path: PathBuf::from("/m.wasm"),
            bytes: Vec::new(),
        }),
        args: vec!["{module}".to_owned(), "{name}".to_owned(), String::new()],
        env: vec![
            ("A".to_owned(), "{name}={value}".to_owned()),
            ("B".to_owned(), String::new()),
        ],
        preopens: vec![
            directory("one", "/", false),
            directory("two", "/read", true),
        ],
        stdin: b"in".to_vec(),
        threads: false,
    }
}

#[test]
fn our_hosts_can_be_read_and_say_how_they_are_installed() {
    let hosts = ours().hosts;
    assert!(hosts.len() >= 9, "{}", hosts.len());
    for entry in &hosts {
        assert!(!entry.about.is_empty(), "{}", entry.name);
        if entry.is_in_process() {
            continue;
        }
        assert!(
            !entry.install.is_empty() && !entry.version.is_empty(),
            "{}",
            entry.name
        );
        for word in ["{module}", "{dirs}", "{env}", "{args}"] {
            assert!(
                entry.command.iter().any(|known| known == word),
                "{} has no {word}",
                entry.name
            );
        }
        assert_eq!(
            entry.program_name.is_empty(),
            !entry.command.contains(&"{name}".to_owned()),
            "{}",
            entry.name
        );
    }
    let ours: Vec<_> = hosts
        .iter()
        .filter(|entry| entry.ours)
        .map(|entry| entry.name.as_str())
        .collect();
    assert_eq!(
        ours,
        [
            "shim",
            "shim-wasmtime",
            "shim-wasmtime-async",
            "shim-wasmi",
            "shim-threads",
            "shim-compat",
            "shim-compat-async",
            "shim-compat-wrapped",
            "shim-cli",
            "shim-wasm3",
            "shim-wasm2c"
        ]
    );
}

#[test]
fn a_command_line_is_made_of_words_and_never_of_text() {
    let folder = tempfile::tempdir().expect("a folder");
    let tool = script(folder.path(), "tool", "echo \"tool $1 1.2\"");
    let toml = format!(
        "[[host]]\nname = \"t\"\nabout = \"a\"\ncommand = [\"{tool}\", \"{{name}}\", \"{{env}}\", \"{{dirs}}\", \"{{module}}\", \
         \"{{args}}\", \"{{here}}/x\"]\ndir = [\"--dir\", \"{{host}}::{{guest}}\"]\nread-only-dir = [\"--ro={{host}}::{{guest}}\"]\n\
         env = [\"-e\", \"{{name}}={{value}}\"]\nprogram-name = [\"--as\", \"{{name}}\"]\nversion = [\"{tool}\", \"version\"]\n",
        tool = tool.display()
    );
    let host = External::find(entry(&toml), Path::new("/here")).expect("it is here");
    assert_eq!(host.version(), "tool version 1.2");
    let root = folder.path().display();
    let expected = [
        tool.display().to_string(),
        "--as".to_owned(),
        "{module}".to_owned(),
        "-e".to_owned(),
        // What is put in is not looked at again.
        "A={name}={value}".to_owned(),
        "-e".to_owned(),
        "B=".to_owned(),
        "--dir".to_owned(),
        format!("{root}/one::/"),
        format!("--ro={root}/two::/read"),
        "/m.wasm".to_owned(),
        "{name}".to_owned(),
        String::new(),
        "/here/x".to_owned(),
    ];
    assert_eq!(host.words(&program(folder.path())), expected);
}

#[test]
fn a_host_that_is_not_here_is_told_with_the_way_to_install_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("hosts.toml");
    let toml = "[[host]]\nname = \"gone\"\nabout = \"a\"\ncommand = [\"no-such-program-here\", \"{module}\"]\n\
                version = [\"no-such-program-here\", \"--version\"]\ninstall = \"pip install gone\"\n";
    std::fs::write(&file, toml).expect("it can be written");
    let file = file.display().to_string();
    let output = crate::support::conform(&["--hosts", &file, "--list-hosts"]);
    let said = text(&output.stdout);
    assert!(
        output.status.success() && said.contains("not here: `no-such-program-here --version`"),
        "{said}"
    );
    assert!(said.contains("Install it: pip install gone"), "{said}");
    let output = crate::support::conform(&["--hosts", &file]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("Install it: pip install gone"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn a_file_that_is_wrong_is_refused_with_the_reason() {
    for (toml, reason) in [
        ("[[host]]\nname = \"a\"\n", "missing field `about`"),
        (
            "[[host]]\nname = \"a\"\nabout = \"\"\ncomand = []\n",
            "unknown field `comand`",
        ),
        (
            "[[host]]\nname = \"a\"\nabout = \"\"\n[[host]]\nname = \"a\"\nabout = \"\"\n",
            "two hosts called `a`",
        ),
        ("host = 1", "invalid type"),
    ] {
        let error = parse(toml).expect_err(toml);
        assert!(
            error.contains(reason) && error.contains("hosts.toml"),
            "{error}"
        );
    }
    let error = ours()
        .chosen(&["nobody".to_owned()])
        .expect_err("nobody")
        .to_string();
    assert!(
        error.starts_with("there is no host called `nobody`; there are shim, "),
        "{error}"
    );
}
