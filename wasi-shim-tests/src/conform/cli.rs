//! What `conform` does: finds the hosts and the tests, runs each on each, and writes down what came of it.

use super::expectations::Expectation;
use super::host::{Host, Module, Prepared};
use super::options::Options;
use super::process::Bounds;
use super::report::{self, Cell, Note, Report, Row};
use super::roster::{self, Member};
use super::suite::{self, Suite, rights};
use super::{cases, pool};
use crate::{driver, script};
use clap::Parser;
use std::error::Error;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

/// The suite that this project's own cases are in, for expectations.
pub const OWN: &str = "scripts";

/// Runs the command line.
pub fn run() -> ExitCode {
    // What goes wrong in a thread has its cell for it.
    let show = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().name() == Some("main") {
            show(panic);
        }
    }));
    match conform(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("conform: {error}");
            ExitCode::from(2)
        }
    }
}

fn conform(options: &Options) -> Result<bool, Box<dyn Error>> {
    let members = roster::gather(options)?;
    if options.list_hosts {
        let columns: Vec<_> = members.iter().map(Member::column).collect();
        say(&report::table::hosts(&columns));
        return Ok(true);
    }
    counted(options, &members)?;
    let scratch = tempfile::tempdir()?;
    let report = match &options.suite {
        Some(folder) => external(options, &members, folder, scratch.path())?,
        None => own(options, &members, scratch.path())?,
    };
    let table = report::table::show(&report, |column| counts(options, column), options.verbose);
    say(&table);
    write(options, &report)?;
    Ok(report.failed(|column| counts(options, column)).is_empty())
}

/// Whoever reads may have had enough.
fn say(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// Does a failure of this host make the run fail?
fn counts(options: &Options, column: &report::Column) -> bool {
    if options.fail_on.is_empty() {
        column.ours
    } else {
        options.fail_on.contains(&column.name)
    }
}

fn counted(options: &Options, members: &[Member]) -> Result<(), String> {
    for name in &options.fail_on {
        let member = members.iter().find(|member| member.entry.name == *name);
        match member.map(|member| &member.host) {
            None if name == "none" => {}
            None => return Err(format!("--fail-on {name}: that host is not run")),
            Some(Err(why)) => return Err(format!("--fail-on {name}: {why}")),
            Some(Ok(_)) => {}
        }
    }
    if members.iter().all(|member| member.host.is_err()) {
        let why = members.iter().filter_map(|member| member.column().absent);
        return Err(format!(
            "no host is here: {}",
            why.collect::<Vec<_>>().join("; ")
        ));
    }
    Ok(())
}

fn wanted(options: &Options, name: &str, claims: &[String]) -> bool {
    let fits =
        |text: &String| name.contains(text) || claims.iter().any(|claim| claim.contains(text));
    options.filter.is_empty() || options.filter.iter().any(fits)
}

/// A test, before it is known what comes of it.
struct Item<T> {
    row: Row,
    needs: Vec<String>,
    test: T,
}

fn own(options: &Options, members: &[Member], scratch: &Path) -> Result<Report, Box<dyn Error>> {
    let folder = options.scripts.clone().unwrap_or_else(script::folder);
    let mut items = Vec::new();
    for case in script::load_all(&folder)? {
        if !wanted(options, &case.id, &case.claims) {
            continue;
        }
        let row = Row {
            suite: OWN.to_owned(),
            name: case.id.clone(),
            place: format!("{}:{}", case.file, case.line),
            claims: case.claims.clone(),
            cells: Vec::new(),
        };
        let prepared = Prepared::new(case)?;
        items.push(Item {
            row,
            needs: prepared.needs(),
            test: Arc::new(prepared),
        });
    }
    let module = Module {
        path: scratch.join("guest.wasm"),
        bytes: driver::module(),
    };
    std::fs::write(&module.path, &module.bytes)?;
    let module = Arc::new(module);
    let run = |host: &dyn Host, prepared: &Arc<Prepared>| {
        cases::run(host, prepared, &module, bounds(options))
    };
    let title = format!("{} cases of wasi-shim", items.len());
    matrix(options, members, title, items, run)
}

fn external(
    options: &Options,
    members: &[Member],
    folder: &Path,
    scratch: &Path,
) -> Result<Report, Box<dyn Error>> {
    let suite = Suite::load(folder)?;
    let mut items = Vec::new();
    for test in suite.tests {
        let name = format!("{}/{}", test.suite, test.name);
        if wanted(options, &name, &[]) {
            let (suite, name) = (test.suite.clone(), test.name.clone());
            let row = Row {
                suite,
                name,
                place: String::new(),
                claims: Vec::new(),
                cells: Vec::new(),
            };
            items.push(Item {
                row,
                needs: Vec::new(),
                test,
            });
        }
    }
    let others = match suite.others {
        0 => String::new(),
        count => format!(" ({count} for other versions of WASI are left out)"),
    };
    let title = format!("{} preview1 tests of a suite{others}", items.len());
    let run = |host: &dyn Host, test: &suite::Test| suite::judge::run(host, test, bounds(options));
    let mut report = matrix(options, members, title, items, run)?;
    let question = rights::question(scratch)?;
    for (column, member) in report.columns.iter_mut().zip(members) {
        let answer = member
            .host
            .as_ref()
            .ok()
            .and_then(|host| rights::ask(&**host, &question, bounds(options)));
        if let Some(answer) = answer {
            let good = answer == rights::Rights::Enforced;
            column.notes.push(Note {
                text: answer.spell(),
                good,
            });
        }
    }
    Ok(report)
}

fn bounds(options: &Options) -> Bounds {
    Bounds {
        time: options.timeout,
        ..Bounds::default()
    }
}

/// Runs every test on every host that is here.
fn matrix<T: Sync + Send>(
    options: &Options,
    members: &[Member],
    title: String,
    mut items: Vec<Item<T>>,
    run: impl Fn(&dyn Host, &T) -> Cell + Sync,
) -> Result<Report, Box<dyn Error>> {
    if items.is_empty() {
        return Err("there is nothing to run: no test has what --filter asks for".into());
    }
    let tasks: Vec<_> = items
        .iter()
        .flat_map(|item| members.iter().map(move |member| (item, member)))
        .collect();
    let bar = pool::bar(tasks.len());
    let cells = pool::run(&tasks, options.jobs, &bar, |(item, member)| {
        cell(item, member, &run)
    });
    bar.finish_and_clear();
    drop(tasks);
    let mut cells = cells.into_iter();
    for item in &mut items {
        item.row.cells = cells.by_ref().take(members.len()).collect();
    }
    Ok(Report {
        title,
        columns: members.iter().map(Member::column).collect(),
        rows: items.into_iter().map(|item| item.row).collect(),
    })
}

fn cell<T>(item: &Item<T>, member: &Member, run: impl Fn(&dyn Host, &T) -> Cell) -> Option<Cell> {
    let host = member.host.as_ref().ok()?;
    let expectation = member.expectations.of(&item.row.suite, &item.row.name);
    if let Some(Expectation::Skip(reason)) = expectation {
        return Some(Cell::skipped(reason));
    }
    let own = item
        .needs
        .iter()
        .find(|need| host.cannot().contains(&need.as_str()));
    if let Some(need) = own.or_else(|| member.entry.lacks(&item.needs)) {
        return Some(Cell::skipped(format!("it needs {need}")));
    }
    let start = Instant::now();
    let cell = run(&**host, &item.test);
    let milliseconds = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    Some(Cell {
        milliseconds,
        ..cell.expected(expectation)
    })
}

fn write(options: &Options, report: &Report) -> Result<(), Box<dyn Error>> {
    type Form = fn(&Report) -> String;
    let forms: [(_, Form); 4] = [
        (&options.json, report::json::show),
        (&options.junit, report::junit::show),
        (&options.html, report::html::show),
        (&options.markdown, report::markdown::show),
    ];
    for (file, form) in forms {
        if let Some(file) = file {
            std::fs::write(file, form(report))
                .map_err(|error| format!("{}: {error}", file.display()))?;
        }
    }
    Ok(())
}
