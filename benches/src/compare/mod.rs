//! The comparison: the same guest on the library, on its peers, and the same system calls without any of them.
//!
//! Times are taken in rounds, one host after the other in each, so that a machine that becomes slower becomes slower for
//! all. It reports and judges by the targets; it does not know why something is slow.

pub mod guest;
pub mod hosts;
pub mod layout;
pub mod lives;
pub mod operation;
pub mod rounds;
pub mod table;
pub mod targets;
pub mod threads;
pub mod tree;
pub mod versions;

use crate::report::{Machine, Measure, NATIVE, Report, Row, SHIM, SHIM_MEMORY, Target, Unit};
use hosts::native::{Copying, Native};
use hosts::{Guest, Host, Kind, Node};
use layout::Layout;
use operation::Operation;
use rounds::{Outcome, measure};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use threads::Threads;
use wasmtime::{Engine, Module, Result};

/// What is compared, and how long.
#[derive(Clone, Debug)]
pub struct Options {
    /// Only operations whose names hold this.
    pub only: String,
    /// How many times each host takes.
    pub rounds: u32,
    /// Where the trees are made.
    pub dir: PathBuf,
}

/// Compares, and tells `say` what it is about to measure.
///
/// # Errors
/// Those of making the trees and the hosts. A host that cannot do something is noted in its row; without Node, its column
/// is missing.
pub fn run(options: &Options, mut say: impl FnMut(&str)) -> Result<Report> {
    let engine = hosts::engine()?;
    let base = tempfile::tempdir_in(&options.dir)?;
    let mut report = Report {
        machine: Machine::here(versions::versions()),
        rounds: options.rounds,
        rows: Vec::new(),
    };
    let mut add = |group: &str, hosts: &mut [Box<dyn Host>], index, operation: &Operation| {
        if !operation.name.contains(&options.only) {
            return;
        }
        say(&format!("{group}: {}", operation.name));
        let found = measure(hosts, index, operation, options.rounds as usize);
        report
            .rows
            .extend(rows(group, hosts, operation.name, found));
    };
    for (group, shared) in [(ONE_GUEST, false), (SHARED, true)] {
        let mut layout = Layout::default();
        let operations = table::operations(&mut layout, shared);
        let wasm = wat::parse_str(guest::module(&operations, &layout, shared))?;
        let scratch = base.path().join(if shared { "shared" } else { "own" });
        std::fs::create_dir(&scratch)?;
        let mut hosts = guests(&engine, &operations, &wasm, &scratch, shared)?;
        for (index, operation) in operations.iter().enumerate() {
            add(group, &mut hosts, index, operation);
        }
    }
    let root = base.path().join("own/shim");
    for (name, mut hosts) in [
        ("context create + drop", lives::contexts(&root)?),
        ("instantiate to exit", lives::instances(&engine, &root)?),
    ] {
        add("life", &mut hosts, 0, &Operation::of_the_host(name, 1));
    }
    for (name, mut hosts) in threads(&engine)? {
        add("threads", &mut hosts, 0, &Operation::of_the_host(name, 1));
    }
    report.rows.extend(targets::linear(&report.rows));
    Ok(report)
}

/// A guest whose memory is its own.
const ONE_GUEST: &str = "one guest";

/// A guest with a memory that others may write, which nothing is promised about: all bytes are copied once more.
const SHARED: &str = "shared memory";

/// The hosts that run the guest, and those that do without it.
fn guests(
    engine: &Engine,
    operations: &[Operation],
    wasm: &[u8],
    scratch: &Path,
    shared: bool,
) -> Result<Vec<Box<dyn Host>>> {
    let module = Module::new(engine, wasm)?;
    let folder = |name: &str, many| -> std::io::Result<PathBuf> {
        let path = scratch.join(name);
        std::fs::create_dir(&path)?;
        tree::in_folder(&path, many)?;
        Ok(path)
    };
    let wasi = hosts::shim(tree::in_memory()?)?;
    let (native, shim) = (folder(NATIVE, !shared)?, folder(SHIM, !shared)?);
    let mut hosts: Vec<Box<dyn Host>> = vec![
        Box::new(Native::new(operations, &native)?),
        Box::new(Copying::beside(operations, "fd_pread 4 KiB")),
        Box::new(Guest::on_folder(Kind::Shim, SHIM, &module, &shim)?),
        Box::new(Guest::on_shim(SHIM_MEMORY, &module, wasi)?),
    ];
    for kind in [Kind::WasiCommon, Kind::WasmtimeWasi] {
        let folder = folder(kind.name(), false)?;
        hosts.push(Box::new(Guest::on_folder(
            kind,
            kind.name(),
            &module,
            &folder,
        )?));
    }
    if !shared && let Ok(node) = Node::start(wasm, &folder("node", false)?, scratch) {
        hosts.push(Box::new(node));
    }
    Ok(hosts)
}

/// What is compared among a few hosts, and they.
type Together = (&'static str, Vec<Box<dyn Host>>);

/// One thread, and four that share its context.
fn threads(engine: &Engine) -> Result<[Together; 2]> {
    let module = Threads::module(engine)?;
    let wasi = threads::context()?;
    let fds = threads::descriptors(&wasi, 4)?;
    let first = fds.first().copied().unwrap_or_default();
    let with = |fds: &[i32]| -> Result<Vec<Box<dyn Host>>> {
        Ok(vec![
            Box::new(Threads::new(SHIM, &module, &wasi, fds)?),
            Box::new(Threads::new("one thread", &module, &wasi, &[first])?),
        ])
    };
    Ok([
        ("fd_tell, 4 threads, a descriptor each", with(&fds)?),
        (
            "fd_tell, 4 threads, the same descriptor",
            with(&[first; 4])?,
        ),
    ])
}

/// A row for the hosts' directories; another for the tree in memory, if it has a target of its own.
fn rows(
    group: &str,
    hosts: &[Box<dyn Host>],
    operation: &str,
    found: Vec<Outcome>,
) -> impl Iterator<Item = Row> {
    let mut measures = BTreeMap::new();
    let mut notes: Vec<_> = targets::elsewhere(operation)
        .map(str::to_owned)
        .into_iter()
        .collect();
    for (host, outcome) in hosts.iter().zip(found) {
        match outcome {
            Outcome::Samples(samples) => {
                measures
                    .extend(Measure::of(samples).map(|measure| (host.name().to_owned(), measure)));
            }
            Outcome::Absent => {}
            Outcome::Not(why) => notes.push(format!("{}: {why}", host.name())),
        }
    }
    let promised = group != SHARED;
    let goal =
        targets::in_memory(operation).filter(|_| promised && measures.contains_key(SHIM_MEMORY));
    let of_memory: BTreeMap<String, Measure> = measures
        .iter()
        .filter(|(host, _)| [SHIM_MEMORY, "memcpy"].contains(&host.as_str()))
        .map(|(host, measure)| (host.clone(), *measure))
        .collect();
    let row =
        |group: &str, measures: BTreeMap<String, Measure>, target: Option<Target>, note| Row {
            group: group.to_owned(),
            operation: operation.to_owned(),
            unit: unit(&measures),
            measures,
            target,
            note,
        };
    measures.remove("memcpy");
    let memory = goal.map(|goal| row("in memory", of_memory, Some(goal), String::new()));
    let host = row(
        group,
        measures,
        targets::on_host(operation),
        notes.join("; "),
    );
    [Some(host), memory].into_iter().flatten()
}

fn unit(measures: &BTreeMap<String, Measure>) -> Unit {
    let least = measures.values().map(|measure| measure.median);
    match least.fold(f64::INFINITY, f64::min) {
        least if least < 100e3 => Unit::Nanoseconds,
        least if least < 10e6 => Unit::Microseconds,
        _ => Unit::Milliseconds,
    }
}
