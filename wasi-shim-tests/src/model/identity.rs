//! Which file is which: the model's nodes as numbers, to be compared with the numbers that a filesystem gives.
//!
//! Knows what has a name and what is open. A number says nothing but that two files with different ones are two files.

use super::tree::TOP;
use super::{At, Model, Slot, table::Table};
use std::collections::BTreeMap;

impl Model {
    /// The same tree, for a guest that has nothing open.
    #[must_use]
    pub fn another_guest(&self) -> Self {
        Self {
            tree: self.tree.clone(),
            table: Table::new(),
        }
    }

    /// The node that each path leads to, no link followed.
    pub fn numbers(&self) -> BTreeMap<String, usize> {
        let mut numbers = BTreeMap::new();
        let mut todo = vec![(TOP, String::new())];
        while let Some((dir, above)) = todo.pop() {
            for (name, ino) in self.tree.entries(dir) {
                let path = format!("{above}{name}");
                if self.tree.is_dir(*ino) {
                    todo.push((*ino, format!("{path}/")));
                }
                numbers.insert(path, *ino);
            }
        }
        numbers
    }

    /// The node that a path leads to.
    pub fn number(&self, at: &At, follow: bool) -> Option<usize> {
        let (dir, path) = self.start(at).ok()?;
        self.reach(dir, path, follow).ok()
    }

    /// The node that is open in a slot.
    pub fn number_of(&self, fd: Slot) -> Option<usize> {
        Some(self.table.get(fd).ok()?.ino)
    }

    /// Is this node still there: has it a name, or is it open?
    pub fn exists(&self, number: usize) -> bool {
        let named = number == TOP || self.tree.nlink(number) > 0;
        let mut open = self.table.open_slots().into_iter();
        named || open.any(|fd| self.number_of(fd) == Some(number))
    }
}
