//! What was changed, as steps that make the same changes elsewhere.
//!
//! Knows how the differences of directories become moves, removals and creations, and an order in which each step finds
//! what it needs. Refuses to know how a step is made. Only `commit` uses it.
//!
//! The order: new files, out of sight, so that a target without room for them stays as it is; then content and times of
//! what the lower tree has, at its old paths; then, deepest first, what moved is put
//! aside and what is gone is removed; then, from the top, what is new or moved is put in place; then further names of
//! files; then the times of directories, deepest first.

use super::child::Child;
use super::leaf::Leaf;
use super::survey::{Survey, join};
use super::volume::Volume;
use crate::abi::{FileKind, Result};
use crate::backends::lock::read;
use crate::vfs::SetTimes;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// One step. Paths are those at the time of the step; what is out of sight has a number.
pub(super) enum Step {
    Prepare {
        leaf: Arc<Leaf>,
        number: usize,
        path: String,
    },
    Write {
        leaf: Arc<Leaf>,
        path: String,
    },
    /// `to` is where it will be.
    Aside {
        number: usize,
        from: String,
        to: String,
    },
    Remove {
        path: String,
    },
    /// What was put aside.
    Place {
        number: usize,
        from: String,
        to: String,
    },
    MakeDir {
        path: String,
    },
    /// What was prepared.
    Enter {
        number: usize,
        path: String,
    },
    MakeSymlink {
        leaf: Arc<Leaf>,
        path: String,
    },
    Link {
        from: String,
        to: String,
    },
    Touch {
        times: SetTimes,
        path: String,
    },
}

impl Step {
    /// What there is a name for afterwards that the target may not have had.
    pub(super) fn makes(&self) -> Option<&str> {
        match self {
            Self::Place { to, .. } | Self::Link { to, .. } => Some(to),
            Self::MakeDir { path } | Self::Enter { path, .. } | Self::MakeSymlink { path, .. } => {
                Some(path)
            }
            Self::Prepare { .. }
            | Self::Write { .. }
            | Self::Aside { .. }
            | Self::Remove { .. }
            | Self::Touch { .. } => None,
        }
    }
}

/// The numbers of what was put aside, by its path in the lower tree.
type Numbers = HashMap<Arc<str>, usize>;

/// All steps, in order. The caller lets nothing change meanwhile. `nomem` if their paths are too long to be kept.
pub(super) fn plan(volume: &Volume) -> Result<Vec<Step>> {
    let survey = Survey::of(volume)?;
    let (mut steps, mut rest) = (Vec::new(), written(volume));
    let numbers = survey.clear(&mut rest);
    survey.fill(&numbers, &mut steps, &mut rest);
    steps.append(&mut rest);
    survey.link(&mut steps);
    for (path, dir) in survey.dirs.iter().rev() {
        let times = read(&dir.state).times.to_set();
        if times != SetTimes::default() {
            let path = path.clone();
            steps.push(Step::Touch { times, path });
        }
    }
    Ok(steps)
}

/// The files and links of the lower tree with other content or other times.
fn written(volume: &Volume) -> Vec<Step> {
    let mut written = BTreeMap::new();
    for child in volume.pinned() {
        if let Child::Leaf(leaf) = child
            && let Some(origin) = &leaf.origin
            && leaf.nlink() > 0
            && (leaf.is_raised() || leaf.times() != SetTimes::default())
        {
            written.insert(Arc::clone(&origin.path), leaf);
        }
    }
    let step = |(path, leaf): (Arc<str>, _)| Step::Write {
        leaf,
        path: path.as_ref().into(),
    };
    written.into_iter().map(step).collect()
}

/// Paths in an order in which nothing comes after what it is in.
fn deepest_first<T>(paths: &mut [(Arc<str>, T)]) {
    paths.sort_by_key(|(path, _)| std::cmp::Reverse(path.matches('/').count()));
}

impl Survey {
    /// Steps that put aside what moved and remove what is gone. Returns the numbers of what was put aside.
    fn clear(&self, steps: &mut Vec<Step>) -> Numbers {
        let mut numbers = Numbers::new();
        let mut all: Vec<(Arc<str>, bool)> = self
            .hidden
            .iter()
            .map(|path| (Arc::clone(path), self.moved.contains_key(path)))
            .collect();
        // What moved out of a directory that is gone.
        let moved = self
            .moved
            .keys()
            .filter(|path| !self.hidden.contains(*path));
        all.extend(
            moved
                .filter(|path| self.place_of(path).is_none())
                .map(|path| (Arc::clone(path), true)),
        );
        deepest_first(&mut all);
        for (path, moved) in all {
            let from = path.as_ref().into();
            if moved {
                let number = numbers.len();
                let to = self.moved.get(&path).and_then(|names| names.first());
                let to = to.cloned().unwrap_or_default();
                steps.push(Step::Aside { number, from, to });
                numbers.insert(path, number);
            } else {
                steps.push(Step::Remove { path: from });
            }
        }
        numbers
    }

    /// Steps that put what is new or moved in place, and those that prepare it.
    fn fill(&self, numbers: &Numbers, prepare: &mut Vec<Step>, steps: &mut Vec<Step>) {
        let mut made = HashMap::new();
        let mut links = Vec::new();
        for (above, dir) in &self.dirs {
            let state = read(&dir.state);
            let children = state.slots.iter();
            let children = children.filter_map(|(name, slot)| Some((name, slot.child.as_ref()?)));
            for (name, child) in children {
                let path = join(above, name);
                if let Some(origin) = child.origin() {
                    steps.extend(self.place(&origin.path, path, numbers));
                    continue;
                }
                let Child::Leaf(leaf) = child else {
                    steps.push(Step::MakeDir { path });
                    continue;
                };
                if let Some(from) = made.get(&Arc::as_ptr(leaf)) {
                    let from = String::clone(from);
                    links.push(Step::Link { from, to: path });
                    continue;
                }
                made.insert(Arc::as_ptr(leaf), path.clone());
                let leaf = Arc::clone(leaf);
                if leaf.kind == FileKind::SymbolicLink {
                    steps.push(Step::MakeSymlink { leaf, path });
                    continue;
                }
                let number = numbers.len().saturating_add(prepare.len());
                let shown = path.clone();
                prepare.push(Step::Prepare { leaf, number, path });
                steps.push(Step::Enter {
                    number,
                    path: shown,
                });
            }
        }
        steps.append(&mut links);
    }

    /// The step that puts what was put aside in place, if this is where.
    fn place(&self, origin: &Arc<str>, to: String, numbers: &Numbers) -> Option<Step> {
        let first = self.moved.get(origin)?.first()?;
        let &number = numbers.get(origin).filter(|_| *first == to)?;
        let from = origin.as_ref().into();
        Some(Step::Place { number, from, to })
    }

    /// Steps that give files of the lower tree their further names.
    fn link(&self, steps: &mut Vec<Step>) {
        for (path, names) in &self.moved {
            let mut names = names.iter();
            let from = match self.hidden.contains(path) {
                true => None,
                false => self.place_of(path),
            };
            let Some(from) = from.or_else(|| names.next().cloned()) else {
                continue;
            };
            steps.extend(names.map(|to| Step::Link {
                from: from.clone(),
                to: to.clone(),
            }));
        }
    }
}
