//! Does one operation so many times, for `benches/instructions/run` to count instructions.
//!
//! Knows how to find an operation by its name. Refuses to know how instructions are counted. What is before the loop is the
//! same however often the operation is done, so that the difference between two runs is the operation's.

use std::path::Path;
use std::process::ExitCode;

#[path = "../operations/mod.rs"]
#[allow(dead_code)]
mod operations;

use operations::guest::Guest;
use operations::tree::Tree;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [tree, folder, name, count] = arguments.as_slice() else {
        eprintln!("usage: instructions memory|host EMPTY-FOLDER OPERATION COUNT");
        return ExitCode::FAILURE;
    };
    let Ok(count) = count.parse() else {
        eprintln!("{count} is no count");
        return ExitCode::FAILURE;
    };
    let tree = if tree == "host" {
        Tree::host(Path::new(folder))
    } else {
        Tree::memory()
    };
    let mut guest = Guest::new(&tree);
    let all = operations::all(&tree, &mut guest);
    // Something has to be before or after the others, and would be counted with them.
    let alone = |operation: &&operations::Operation| {
        operation.before.is_none() && operation.after.is_none()
    };
    let Some(operation) = all
        .iter()
        .filter(alone)
        .find(|operation| operation.name == *name)
    else {
        eprintln!("{name}: no such operation that is possible by itself");
        return ExitCode::FAILURE;
    };
    for _ in 0..count {
        assert_eq!((operation.run)(&mut guest), operation.answer, "{name}");
    }
    ExitCode::SUCCESS
}
