//! The target `state`: programs of calls on files, directories and descriptors, compared with the model call by call.
//!
//! The first byte says over which tree in memory: plain, without its shortcuts, or with somebody who counts. At the end the
//! tree is the model's, which names are one file included, and nothing is charged that is not there.

use super::calls::calls;
use super::snapshot::Snapshot;
use super::source::Source;
use crate::model::Model;
use crate::oracles::{Found, answers, library, same_trees};
use crate::script::Stepwise;
use std::sync::Arc;
use wasi_shim::backends::{MemDir, Quota};
use wasi_shim::vfs::Dir;

/// Panics if the library and the model differ.
pub fn run(data: &[u8]) {
    run_over(data, |root| root);
}

/// The same with something between the tree and the guest.
pub fn run_over(data: &[u8], between: impl FnOnce(Arc<dyn Dir>) -> Arc<dyn Dir>) {
    let memory = MemDir::new();
    let mut source = Source::new(data);
    let root: Arc<dyn Dir> = match source.below(4) {
        0 | 1 => memory.clone(),
        2 => Stepwise::over(memory.clone()),
        _ => Quota::builder()
            .build(memory.clone())
            .expect("an empty tree can be counted"),
    };
    let found = compare(between(root), &mut source).and_then(|()| charged(&memory));
    found.unwrap_or_else(|found| panic!("{found}"));
}

/// Compares a tree, empty as yet, with the model.
fn compare(root: Arc<dyn Dir>, source: &mut Source<'_>) -> Found {
    let mut model = Model::new();
    answers(&mut model, &mut library(Arc::clone(&root)), &calls(source))?;
    same_trees(&model.left(), &Snapshot::of(&*root).left())
}

/// Nothing is open any more: is each node charged for once, and no page that no file has?
fn charged(memory: &MemDir) -> Found {
    let usage = memory.usage();
    let nodes = Snapshot::of(memory).0.into_values();
    let inos: std::collections::BTreeMap<_, _> =
        nodes.map(|(facts, _)| (facts.ino, facts.size)).collect();
    let most: u64 = inos.values().map(|size| size.next_multiple_of(4096)).sum();
    if usage.inodes != inos.len() as u64 || usage.bytes > most {
        return Err(format!("{usage:?} for {inos:?}"));
    }
    Ok(())
}
