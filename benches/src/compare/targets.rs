//! What is to be reached, operation by operation.

use crate::report::{Measure, Row, SHIM, SHIM_MEMORY, Target};
use std::collections::BTreeMap;

/// What is to be reached on a directory of the host.
pub fn on_host(operation: &str) -> Option<Target> {
    find(ON_HOST, SHIM, operation)
}

/// What is to be reached on a tree in memory.
pub fn in_memory(operation: &str) -> Option<Target> {
    find(IN_MEMORY, SHIM_MEMORY, operation)
}

/// What else is to be reached, and is seen to elsewhere.
pub fn elsewhere(operation: &str) -> Option<&'static str> {
    let promise = "shim: at most 1 KiB allocated, which benches/budgets.toml sees to";
    (operation == "context create + drop").then_some(promise)
}

/// Listing takes as long as there are entries, and at most this much longer, because 100,000 of them fit into no cache that
/// 1,000 fit into: the kernel's own listing is seen to take up to 2.5 times as long for each. What lists the directory again
/// for every buffer takes 100 times as long.
const LINEAR: f64 = 5.0;

/// Whether a large directory takes so many times as long as a small one as it has more entries: a row on the host, and
/// one in memory, if both were listed.
pub fn linear(rows: &[Row]) -> Vec<Row> {
    let found = |operation: &str| rows.iter().find(|row| row.operation == operation);
    let (Some(many), Some(few)) = (
        found("fd_readdir, 100,000 entries"),
        found("fd_readdir, 1,000 entries"),
    ) else {
        return Vec::new();
    };
    let row = |host: &str| {
        let (one, hundred) = (few.measures.get(host)?, "100 × 1,000 entries".to_owned());
        let times = Measure {
            median: one.median * 100.0,
            min: one.min * 100.0,
            max: one.max * 100.0,
            samples: one.samples,
        };
        let many_of_host = *many.measures.get(host)?;
        Some(Row {
            group: "growth".to_owned(),
            operation: "fd_readdir, 100,000 entries".to_owned(),
            unit: many.unit,
            measures: BTreeMap::from([(host.to_owned(), many_of_host), (hundred.clone(), times)]),
            target: Some(Target::Ratio {
                to: hundred,
                at_most: LINEAR,
            }),
            note: String::new(),
        })
    };
    [SHIM, SHIM_MEMORY].into_iter().filter_map(row).collect()
}

enum Goal {
    /// So many times as long as another.
    Times(&'static str, f64),
    Nanoseconds(f64),
    /// So many nanoseconds more than another.
    MoreThan(&'static str, f64),
}

type Goals = &'static [(&'static str, Goal)];

fn find(goals: Goals, host: &str, operation: &str) -> Option<Target> {
    let (_, goal) = goals.iter().find(|(name, _)| *name == operation)?;
    let host = host.to_owned();
    Some(match *goal {
        Goal::Times(to, at_most) => Target::Ratio {
            to: to.to_owned(),
            at_most,
        },
        Goal::Nanoseconds(at_most) => Target::Nanoseconds { host, at_most },
        Goal::MoreThan(base, plus) => Target::Above {
            host,
            base: base.to_owned(),
            plus,
        },
    })
}

const ON_HOST: Goals = &[
    ("clock_time_get", Goal::Times("native", 1.6)),
    ("random_get 32 B", Goal::Times("native", 0.25)),
    ("fd_fdstat_get", Goal::Nanoseconds(50.0)),
    ("fd_seek", Goal::Nanoseconds(50.0)),
    ("fd_tell", Goal::Nanoseconds(50.0)),
    ("fd_pread 4 KiB", Goal::Times("native", 1.2)),
    ("fd_read 4 KiB", Goal::Times("native", 1.2)),
    ("fd_pwrite 4 KiB", Goal::Times("native", 1.05)),
    ("fd_write 1 B to a sink", Goal::Times("native", 1.3)),
    (
        "path_filestat_get, 1 component",
        Goal::Times("native", 1.25),
    ),
    (
        "path_filestat_get, 5 components",
        Goal::Times("native", 3.0),
    ),
    ("path_filestat_get, missing", Goal::Times("native", 1.3)),
    (
        "path_open + fd_close, 1 component",
        Goal::Times("native", 1.4),
    ),
    (
        "path_open + fd_close, 5 components",
        Goal::Times("native", 1.4),
    ),
    ("create + close + unlink", Goal::Times("native", 1.15)),
    ("fd_readdir, 1,000 entries", Goal::Times("native", 1.3)),
    ("fd_readdir, 100,000 entries", Goal::Times("native", 1.3)),
    ("poll_oneoff, 1 clock at 0", Goal::Nanoseconds(100.0)),
    ("context create + drop", Goal::Nanoseconds(600.0)),
    (
        "fd_tell, 4 threads, a descriptor each",
        Goal::Times("one thread", 1.0),
    ),
    (
        "fd_tell, 4 threads, the same descriptor",
        Goal::Times("one thread", 1.0),
    ),
];

const IN_MEMORY: Goals = &[
    ("fd_pread 4 KiB", Goal::MoreThan("memcpy", 60.0)),
    ("path_filestat_get, 1 component", Goal::Nanoseconds(200.0)),
    ("path_filestat_get, 5 components", Goal::Nanoseconds(500.0)),
    (
        "path_open + fd_close, 1 component",
        Goal::Nanoseconds(300.0),
    ),
    ("create + close + unlink", Goal::Nanoseconds(600.0)),
    ("fd_readdir, 1,000 entries", Goal::Nanoseconds(80_000.0)),
    (
        "100,000 files created in a directory",
        Goal::Nanoseconds(100e6),
    ),
];
