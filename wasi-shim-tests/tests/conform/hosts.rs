//! The hosts that are compiled in, on cases that all of them answer alike, and on what tells them apart.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use wasi_shim_tests::conform::host::{Host, How, Module, Prepared, Program};
use wasi_shim_tests::conform::process::Bounds;
use wasi_shim_tests::conform::report::{Cell, Outcome};
use wasi_shim_tests::conform::suite::rights::{self, Rights};
use wasi_shim_tests::conform::{cases, in_process};
use wasi_shim_tests::{driver, script};

const ALL: [&str; 9] = [
    "shim",
    "shim-wasmtime",
    "shim-wasmi",
    "shim-threads",
    "shim-compat",
    "shim-compat-async",
    "shim-compat-wrapped",
    "wasi-common",
    "wasmtime-wasi",
];

/// Everything that is passed to a guest, and every way to end.
const ALIKE: &str = "\
case what-it-is-started-with
claim a.b
args \"guest\" \"one two\" \"\"
env \"NAME\" \"value\"
stdin \"typed\"
args_get -> ok \"guest\" \"one two\" \"\"
environ_get -> ok \"NAME=value\"
fd_read 0 8 -> ok 5 \"typed\"

case a-tree
claim a.b
file d/f \"content\"
preopen \"/d\" \"d\"
path_open 4 nofollow \"f\" - fd_read+fd_seek - - -> ok $fd
fd_read $fd 16 -> ok 7 \"content\"
path_unlink_file 3 \"d/f\" -> ok
path_create_directory 3 \"new\" -> ok
path_open 3 nofollow \"d/f\" - fd_read - - -> noent
left dir \"new\"
left nothing \"d/f\"

case a-tree-that-stays
claim a.b
file f \"x\"
path_create_directory 3 \"f\" -> exist
unchanged

case it-exits
claim a.b
sched_yield -> ok
proc_exit 7 -> exits 7
";

const RIGHTS: &str = "\
case a-right-is-given-up
claim a.b
fd_fdstat_set_rights 3 path_open - -> ok
path_create_directory 3 \"d\" -> notcapable
";

const NEEDS: &str = "\
case nothing
claim a.b
needs writable
fd_close 3 -> ok
-- driver writable

case output
claim a.b
fd_renumber 3 1 -> ok
-- driver output

case no-output
claim a.b
fd_write 1 \"x\" -> ok 1
-- driver

case codes
claim a.b
args
proc_exit 256 -> exits 256
-- driver large-exit-code

case no-arguments
claim a.b
args
args_sizes_get -> ok 0 0
-- driver no-arguments

case arguments
claim a.b
args_sizes_get -> ok 1 6
-- driver program-name

case input
claim a.b
stdin \"x\"*40000
sched_yield -> ok
-- driver long-input
";

struct Stage {
    folder: tempfile::TempDir,
    driver: Arc<Module>,
}

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let driver = Module {
            path: folder.path().join("driver.wasm"),
            bytes: driver::module(),
        };
        Self {
            folder,
            driver: Arc::new(driver),
        }
    }

    fn cases(&self, text: &str) -> Vec<Arc<Prepared>> {
        let cases = self.folder.path().join("cases/t");
        std::fs::create_dir_all(&cases).expect("a folder");
        std::fs::write(cases.join("f.txt"), text).expect("it can be written");
        let cases = script::load_all(&self.folder.path().join("cases")).expect("cases");
        cases
            .into_iter()
            .map(|case| Arc::new(Prepared::new(case).expect("a plan")))
            .collect()
    }

    fn run(&self, host: &dyn Host, case: &Arc<Prepared>) -> Cell {
        cases::run(host, case, &self.driver, Bounds::default())
    }
}

#[test]
fn all_of_them_run_cases() {
    let stage = Stage::new();
    let cases = stage.cases(ALIKE);
    assert_eq!(cases.len(), 4);
    for name in ALL {
        let host = in_process::find(name).expect(name);
        assert!(!host.version().is_empty());
        for case in &cases {
            let cell = stage.run(&*host, case);
            assert_eq!(
                cell.outcome,
                Outcome::Pass,
                "{name}, {}: {:?}",
                case.case.id,
                cell.why
            );
        }
    }
    assert!(in_process::find("nobody").is_err());
}

#[test]
fn versions_are_those_of_the_lock_file() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
    let lock = std::fs::read_to_string(file).expect("the lock file");
    for name in ALL {
        let version = in_process::find(name).expect(name).version();
        for part in version.split(", ") {
            let (package, number) = part.split_once(' ').expect("a name and a version");
            let entry = format!("name = \"{package}\"\nversion = \"{number}\"\n");
            assert!(lock.contains(&entry), "{name} says it is {part}");
        }
    }
}

#[test]
fn what_a_case_needs_is_told_by_its_calls() {
    let expected: Vec<_> = NEEDS
        .lines()
        .filter_map(|line| line.strip_prefix("-- "))
        .collect();
    let text: String = NEEDS
        .lines()
        .filter(|line| !line.starts_with("-- "))
        .map(|line| format!("{line}\n"))
        .collect();
    let stage = Stage::new();
    for (case, words) in stage.cases(&text).iter().zip(expected) {
        assert_eq!(case.needs().join(" "), words, "{}", case.case.id);
    }
}

#[test]
fn a_difference_is_told_by_its_call() {
    let stage = Stage::new();
    let cases = stage.cases(RIGHTS);
    for (name, outcome) in [
        ("shim", Outcome::Pass),
        ("shim-wasmtime", Outcome::Pass),
        ("shim-wasmi", Outcome::Pass),
        ("shim-compat", Outcome::Pass),
        ("wasmtime-wasi", Outcome::Fail),
    ] {
        let cell = stage.run(&*in_process::find(name).expect(name), &cases[0]);
        assert_eq!(cell.outcome, outcome, "{name}: {:?}", cell.why);
        if let Some(why) = cell.why {
            assert_eq!(why.place, "scripts/t/f.txt:3");
            assert_eq!(why.call, "fd_fdstat_set_rights 3 path_open - -> ok");
            assert_eq!(
                (why.expected.as_str(), why.actual.as_str()),
                ("ok", "notsup")
            );
        }
    }
}

#[test]
fn the_question_about_rights_tells_who_enforces_them() {
    let stage = Stage::new();
    let question = rights::question(stage.folder.path()).expect("a program");
    for (name, answer) in [
        ("shim-wasmtime", Rights::Enforced),
        ("shim-wasmi", Rights::Enforced),
        ("shim-compat", Rights::Enforced),
        ("wasmtime-wasi", Rights::Unsupported),
    ] {
        let host = in_process::find(name).expect(name);
        assert_eq!(
            rights::ask(&*host, &question, Bounds::default()),
            Some(answer),
            "{name}"
        );
    }
    let shim = in_process::find("shim").expect("shim");
    assert_eq!(rights::ask(&*shim, &question, Bounds::default()), None);
}

fn start(name: &str, wat: &str, bounds: Bounds) -> How {
    let bytes = wat::parse_str(wat).expect("a module");
    let module = Module {
        path: Path::new(wat).to_owned(),
        bytes,
    };
    let program = Program {
        module: Arc::new(module),
        args: vec!["guest".to_owned()],
        env: Vec::new(),
        preopens: Vec::new(),
        stdin: Vec::new(),
        threads: false,
    };
    in_process::find(name)
        .expect(name)
        .start(&program, bounds)
        .expect("it runs modules")
        .how
}

#[test]
fn a_guest_that_computes_for_ever_is_left_behind() {
    let bounds = Bounds {
        time: Duration::from_millis(300),
        ..Bounds::default()
    };
    for name in [
        "shim-wasmtime",
        "shim-wasmi",
        "shim-compat",
        "wasmtime-wasi",
    ] {
        let how = start(
            name,
            "(module (func (export \"_start\") (loop $l (br $l))))",
            bounds,
        );
        assert!(
            matches!(&how, How::Lost(why) if why.starts_with("hung")),
            "{name}: {how:?}"
        );
    }
}

#[test]
fn a_trap_is_told_from_an_exit() {
    for name in [
        "shim-wasmtime",
        "shim-wasmi",
        "shim-compat",
        "wasmtime-wasi",
    ] {
        let how = start(
            name,
            "(module (func (export \"_start\") unreachable))",
            Bounds::default(),
        );
        assert!(
            matches!(&how, How::Trapped(why) if why.contains("unreachable")),
            "{name}: {how:?}"
        );
        let how = start(
            name,
            "(module (func (export \"_start\")))",
            Bounds::default(),
        );
        assert_eq!(how, How::Exited(0), "{name}");
    }
}
