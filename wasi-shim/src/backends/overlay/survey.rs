//! The changed part of the merged tree, as it differs from the lower tree.
//!
//! Knows which entries of the lower tree are hidden, which of its nodes have other names, and where directories with
//! differences are now. Refuses to know what follows from that. Only `plan` uses it.

use super::child::Child;
use super::node::DirNode;
use super::volume::Volume;
use crate::abi::{Errno, Result};
use crate::backends::lock::read;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// How many bytes the paths of a survey may have. A guest makes a chain of directories as long as it likes, and the paths of
/// all of them grow with the square of that.
const PATHS: usize = 256 << 20;

/// The changed part of the merged tree.
pub(super) struct Survey {
    /// Each directory with differences, after those above it, with its path in the merged tree.
    pub(super) dirs: Vec<(String, Arc<DirNode>)>,
    /// The nodes of the lower tree that have names which the lower tree has not, and those names.
    pub(super) moved: BTreeMap<Arc<str>, Vec<String>>,
    /// Paths of the lower tree that are hidden.
    pub(super) hidden: BTreeSet<Arc<str>>,
    /// Where directories of the lower tree with differences are in the merged tree, by their path in the lower.
    pub(super) places: HashMap<Arc<str>, String>,
    /// How many bytes paths may still have.
    room: usize,
}

impl Survey {
    /// Looks at everything that was changed. `nomem` if the paths are too long to be kept.
    pub(super) fn of(volume: &Volume) -> Result<Self> {
        let mut survey = Self {
            dirs: Vec::new(),
            moved: BTreeMap::new(),
            hidden: BTreeSet::new(),
            places: HashMap::new(),
            room: PATHS,
        };
        let (root, below) = at_home(volume);
        let mut open: Vec<(String, Arc<DirNode>)> =
            root.into_iter().map(|root| (String::new(), root)).collect();
        if open.is_empty() {
            // The root itself has no differences.
            let first = below.get("").into_iter().flatten();
            open.extend(first.map(|(path, dir)| (path.as_ref().into(), Arc::clone(dir))));
        }
        while let Some((path, dir)) = open.pop() {
            survey.visit(&path, &dir, &mut open)?;
            let origin = dir.origin.as_ref().map(|origin| &origin.path);
            let here = origin.and_then(|origin| Some((origin, below.get(&**origin)?)));
            for (origin, (inner, dir)) in here
                .into_iter()
                .flat_map(|(o, all)| all.iter().map(move |one| (o, one)))
            {
                let rest = inner.get(origin.len()..).unwrap_or_default();
                open.push((join(&path, rest.trim_start_matches('/')), Arc::clone(dir)));
            }
            survey.spend(&path)?;
            survey.dirs.push((path, dir));
        }
        Ok(survey)
    }

    /// A path is kept.
    fn spend(&mut self, path: &str) -> Result<()> {
        self.room = self.room.checked_sub(path.len()).ok_or(Errno::Nomem)?;
        Ok(())
    }

    /// Takes note of a directory's differences, and of what is to be visited next.
    fn visit(
        &mut self,
        path: &str,
        dir: &DirNode,
        open: &mut Vec<(String, Arc<DirNode>)>,
    ) -> Result<()> {
        if let Some(origin) = &dir.origin {
            self.places.insert(Arc::clone(&origin.path), path.into());
        }
        let state = read(&dir.state);
        for (name, slot) in &state.slots {
            let origin = slot.child.as_ref().and_then(Child::origin);
            let home = dir.path_of(name);
            let at_home = slot.covers && origin.is_some_and(|origin| origin.path == home);
            if slot.covers && !at_home {
                self.hidden.insert(home);
            }
            let here = join(path, name);
            self.spend(&here)?;
            if let Some(origin) = origin.filter(|_| !at_home) {
                let names = self.moved.entry(Arc::clone(&origin.path));
                names.or_default().push(here.clone());
            }
            if let Some(Child::Dir(dir)) = &slot.child {
                open.push((here, Arc::clone(dir)));
            }
        }
        Ok(())
    }

    /// Where an entry of the lower tree that is not hidden itself is in the merged tree, if it is not in a directory that
    /// is gone.
    pub(super) fn place_of(&self, path: &str) -> Option<String> {
        let mut end = path.len();
        loop {
            end = path.get(..end)?.rfind('/').unwrap_or(0);
            let above = path.get(..end)?;
            if let Some(place) = self.places.get(above) {
                let rest = path.get(end..)?.trim_start_matches('/');
                return Some(join(place, rest));
            }
            if self.hidden.contains(above) {
                return None;
            }
            if end == 0 {
                return Some(path.into());
            }
        }
    }
}

/// Directories of the lower tree by the nearest directory above them that has differences.
type Below = HashMap<Arc<str>, Vec<(Arc<str>, Arc<DirNode>)>>;

/// The root, if it has differences, and all other directories with differences that are where they are in the lower tree.
fn at_home(volume: &Volume) -> (Option<Arc<DirNode>>, Below) {
    let mut dirs = BTreeMap::new();
    for child in volume.pinned() {
        if let Child::Dir(dir) = child
            && let Some(origin) = &dir.origin
        {
            dirs.insert(Arc::clone(&origin.path), dir);
        }
    }
    let mut below = Below::new();
    for (path, dir) in dirs
        .iter()
        .filter(|(path, dir)| !path.is_empty() && dir.is_home())
    {
        let mut above: &str = path;
        while !above.is_empty() {
            above = above.rsplit_once('/').map_or("", |(above, _)| above);
            if dirs.contains_key(above) {
                break;
            }
        }
        let one = (Arc::clone(path), Arc::clone(dir));
        below.entry(above.into()).or_default().push(one);
    }
    (dirs.remove(""), below)
}

/// The path of an entry.
pub(super) fn join(above: &str, name: &str) -> String {
    if above.is_empty() {
        name.into()
    } else {
        format!("{above}/{name}")
    }
}
