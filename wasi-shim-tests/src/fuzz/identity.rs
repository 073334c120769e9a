//! Whether a filesystem's numbers of files say which file is which, as the model knows it.
//!
//! Knows the number that each node of the model was seen with. One node has one number as long as it exists, and no two that
//! exist have the same.

use super::snapshot::Snapshot;
use crate::model::Model;
use crate::oracles::Found;
use std::collections::BTreeMap;

/// What was seen so far.
#[derive(Default)]
pub(crate) struct Identities(BTreeMap<usize, u64>);

impl Identities {
    /// Takes note that a node has a number now.
    pub(crate) fn meet(&mut self, model: &Model, node: usize, ino: u64) -> Found {
        if let Some(before) = self.0.insert(node, ino)
            && before != ino
        {
            return Err(format!("node {node} had the number {before} and has {ino}"));
        }
        let twin = self
            .0
            .iter()
            .find(|(other, known)| **known == ino && **other != node);
        let Some((&twin, _)) = twin else {
            return Ok(());
        };
        if model.exists(twin) {
            return Err(format!("nodes {twin} and {node} have the number {ino}"));
        }
        self.0.remove(&twin);
        Ok(())
    }

    /// Takes note of the numbers of a whole tree.
    pub(crate) fn meet_all(&mut self, model: &Model, seen: &Snapshot) -> Found {
        let nodes = model.numbers();
        if !nodes.keys().eq(seen.0.keys()) {
            return Err(format!("there should be {nodes:?} and is {seen:?}"));
        }
        let pairs = nodes.values().zip(seen.0.values());
        for (node, (facts, _)) in pairs {
            self.meet(model, *node, facts.ino)?;
        }
        Ok(())
    }
}
