//! Replays what fuzzing has found worth keeping, and shows that each target would notice a fault.

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use wasi_shim_tests::fuzz::{self, TARGETS};

mod faults;

fn package() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

fn names_in(folder: &Path) -> BTreeSet<String> {
    let name = |entry: std::io::Result<fs::DirEntry>| {
        let name = entry.expect("an entry").file_name();
        name.into_string().expect("names are text")
    };
    fs::read_dir(folder).expect("a folder").map(name).collect()
}

/// Every input of a target's corpus.
fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = package().join("corpus").join(target);
    let read = |name: String| (name.clone(), fs::read(folder.join(&name)).expect("a file"));
    names_in(&folder).into_iter().map(read).collect()
}

#[test]
fn every_target_has_a_corpus_an_entry_point_and_a_binary_and_nothing_else_has() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(targets.len(), TARGETS.len());
    assert_eq!(names_in(&package().join("corpus")), targets);
    let points = names_in(&package().join("fuzz_targets"));
    let named: BTreeSet<String> = targets.iter().map(|name| format!("{name}.rs")).collect();
    assert_eq!(points, named);
    let manifest = fs::read_to_string(package().join("Cargo.toml")).expect("a manifest");
    let bins = manifest
        .lines()
        .filter_map(|line| line.strip_prefix("path = \"fuzz_targets/"));
    let bins: BTreeSet<String> = bins
        .map(|line| line.trim_end_matches('"').to_owned())
        .collect();
    assert_eq!(bins, named);
    for name in targets {
        let text = fs::read_to_string(package().join("fuzz_targets").join(format!("{name}.rs")));
        let call = format!("wasi_shim_tests::fuzz::{name}::run(data)");
        assert!(text.expect("a file").contains(&call), "{name}");
        assert!(
            corpus(&name).len() >= 5,
            "{name} has hardly anything to begin with"
        );
    }
}

#[test]
fn no_input_that_was_worth_keeping_is_a_finding() {
    for (target, run) in TARGETS {
        for (name, input) in corpus(target) {
            println!("{target} {name}");
            run(&input);
        }
    }
}

/// Where `openat2` fails, what opens deep hands over to the walk in the middle of a path. What it answers by itself is in
/// the test above.
#[cfg(target_os = "linux")]
#[test]
fn paths_lead_where_they_do_whatever_openat2_answers() {
    use wasi_shim_tests::openat2::{Mode, again, asked};
    let this = "paths_lead_where_they_do_whatever_openat2_answers";
    if let Some(mode) = asked() {
        for (name, input) in corpus("resolve") {
            let found = catch_unwind(|| fuzz::resolve::run(&input));
            assert!(found.is_ok(), "{name} where openat2 is {}", mode.name());
        }
        return;
    }
    for mode in Mode::ALL.into_iter().filter(|mode| *mode != Mode::Native) {
        assert!(again(this, mode).success(), "{mode:?}");
    }
}

/// How many inputs of a corpus a target that was given something faulty finds it with.
fn found(target: &str, faulty: impl Fn(&[u8])) -> usize {
    let finds =
        |(_, input): &(String, Vec<u8>)| catch_unwind(AssertUnwindSafe(|| faulty(input))).is_err();
    corpus(target).iter().filter(|input| finds(input)).count()
}

#[test]
fn rules_for_names_that_are_wrong_are_found() {
    use wasi_shim::abi::Errno;
    use wasi_shim::vfs::Name;
    let text = |input: &[u8]| String::from_utf8_lossy(input).into_owned();
    let right = |text: &str| Name::new(text).err();
    assert_eq!(
        found("names", |input| fuzz::names::check(&text(input), right)),
        0
    );
    let slack = |text: &str| right(text).filter(|errno| *errno != Errno::Nametoolong);
    assert!(found("names", |input| fuzz::names::check(&text(input), slack)) > 0);
    // One that looks at the first eight bytes only.
    let short = |text: &str| {
        right(text.get(..8).unwrap_or(text))
            .or_else(|| right(text).filter(|errno| *errno != Errno::Inval))
    };
    assert!(found("names", |input| fuzz::names::check(&text(input), short)) > 0);
}

#[test]
fn rules_for_windows_that_leave_something_out_are_found() {
    use wasi_shim::abi::Errno;
    use wasi_shim::vfs::{Name, check_windows_name};
    type Judge = fn(Name<'_>) -> Result<(), Errno>;
    let finds = |judge: Judge| {
        let text = |input: &[u8]| String::from_utf8_lossy(input).into_owned();
        found("names", |input| {
            fuzz::names::check_windows(&text(input), judge);
        }) > 0
    };
    assert!(!finds(check_windows_name));
    let excused: [Judge; 4] = [
        // CVE-2024-51745: digits of another form.
        |name| excuse(name, name.as_str().contains(['\u{b9}', '\u{b2}', '\u{b3}'])),
        // GHSA-f2pq-268w-886c: a drive.
        |name| excuse(name, name.as_str().starts_with("C:")),
        |name| excuse(name, name.as_str().ends_with(['.', ' '])),
        |name| excuse(name, name.as_str().starts_with("CONIN$")),
    ];
    for judge in excused {
        assert!(finds(judge));
    }
}

fn excuse(name: wasi_shim::vfs::Name<'_>, excused: bool) -> Result<(), wasi_shim::abi::Errno> {
    if excused {
        return Ok(());
    }
    wasi_shim::vfs::check_windows_name(name)
}

/// CVE-2024-51745, GHSA-f2pq-268w-886c: devices, drives and streams, in every form that was missed somewhere.
#[test]
fn names_that_windows_keeps_are_like_others() {
    let digits = ["0", "1", "9", "\u{b9}", "\u{b2}", "\u{b3}"];
    let ports = ["COM", "LPT"]
        .into_iter()
        .flat_map(|port| digits.map(|digit| format!("{port}{digit}")));
    let devices = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"].map(str::to_owned);
    for device in devices.into_iter().chain(ports) {
        for device in [device.to_lowercase(), device] {
            let forms = [
                "", ".txt", ":x", " ", ".", ".tar.gz", "/x", "/", "\\x", "::$DATA",
            ];
            for form in forms.map(|form| format!("{device}{form}")) {
                for text in [
                    format!("dir/{form}"),
                    format!("C:{form}"),
                    format!("\\\\.\\{form}"),
                    form,
                ] {
                    fuzz::names::run(text.as_bytes());
                }
            }
        }
    }
}

#[test]
fn archives_that_contradict_themselves_are_found() {
    for fault in faults::Fault::ALL {
        let faulty = |input: &[u8]| {
            if let Ok(archive) = wasi_shim::backends::Archive::from_bytes(input) {
                let _ = fuzz::archive::walk(&faults::Faulty::over(archive, fault));
            }
        };
        let found = found("archive", faulty);
        assert_eq!(
            found > 0,
            fault != faults::Fault::None,
            "{fault:?}: {found}"
        );
    }
}

#[test]
fn listings_of_a_faulty_directory_are_found() {
    for fault in faults::Fault::IN_LISTINGS {
        let faulty = |input: &[u8]| {
            let root = faults::Faulty::over(wasi_shim::backends::MemDir::new(), fault);
            fuzz::readdir::run_on(
                std::sync::Arc::new(root),
                input.get(1..).unwrap_or_default(),
            );
        };
        let found = found("readdir", faulty);
        assert_eq!(
            found > 0,
            fault != faults::Fault::None,
            "{fault:?}: {found}"
        );
    }
}

#[test]
fn a_clock_that_is_a_nanosecond_ahead_is_found() {
    assert_eq!(found("poll", |input| fuzz::poll::run_off(input, 0)), 0);
    assert!(found("poll", |input| fuzz::poll::run_off(input, 1)) > 0);
}
