//! The steps of a commit, one by one.
//!
//! Knows how each is made through the traits of filesystems, and what waits out of sight meanwhile. Refuses to know
//! which steps there are and in which order. Only `commit` uses it.

use super::elsewhere::{file, remove};
use super::leaf::Leaf;
use super::plan::Step;
use super::volume::Volume;
use crate::abi::{Errno, Result};
use crate::backends::content::{Source, Stopped, buffer, check_length, copy};
use crate::backends::trail::enter;
use crate::vfs::{Create, Dir, File, Name, OpenRequest, SetTime, SetTimes, same_filesystem};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The directory in which things wait.
struct Waiting {
    name: String,
    dir: Arc<dyn Dir>,
    /// The times of the target before there was such a directory in it.
    times: SetTimes,
}

/// A commit that is going on.
pub(super) struct Work<'a> {
    volume: &'a Arc<Volume>,
    target: &'a dyn Dir,
    /// All that is to be made.
    steps: &'a [Step],
    waiting: Option<Waiting>,
    /// New files that wait, by their numbers.
    prepared: BTreeSet<usize>,
    /// What else waits: its path before, by its number.
    aside: BTreeMap<usize, String>,
    /// The directory that the last step was in, and its path: the next is likely to be there or below. Nothing for the
    /// target itself. What a step moves or removes is below it, so the path stays right.
    last: Cell<(String, Option<Arc<dyn Dir>>)>,
}

impl<'a> Work<'a> {
    pub(super) fn new(volume: &'a Arc<Volume>, target: &'a dyn Dir, steps: &'a [Step]) -> Self {
        Self {
            volume,
            target,
            steps,
            waiting: None,
            prepared: BTreeSet::new(),
            aside: BTreeMap::new(),
            last: Cell::default(),
        }
    }

    /// A step failed. Returns what waits: its path before, and its path now.
    pub(super) fn give_up(mut self) -> Vec<(String, String)> {
        let waiting = self.waiting.as_ref().map(|waiting| waiting.name.clone());
        let waiting = waiting.unwrap_or_default();
        // Nobody saw it, and the overlay still has it. If it cannot be removed, there is nothing more to do about it.
        let _ = self.discard();
        let at = |(number, from)| (from, format!("{waiting}/{number}"));
        self.aside.into_iter().map(at).collect()
    }

    /// Makes a step.
    pub(super) fn make(&mut self, step: &Step) -> Result<()> {
        match step {
            Step::Prepare { leaf, number, .. } => self.prepare(leaf, *number),
            Step::Write { leaf, path } => self.at(path, |dir, name| self.write(leaf, dir, name)),
            Step::Aside { from, number, .. } => self.put_aside(from, *number),
            Step::Remove { path } => self.at(path, remove),
            Step::Place {
                number, to: path, ..
            }
            | Step::Enter { number, path } => self.place(*number, path),
            Step::MakeDir { path } => self.at(path, |dir, name| dir.create_dir(name)),
            Step::MakeSymlink { leaf, path } => self.at(path, |dir, name| {
                dir.create_symlink(name, &leaf.text(self.volume, None)?)?;
                dir.set_times(name, &leaf.times())
            }),
            Step::Link { from, to } => self.at(from, |from, old| {
                self.at(to, |dir, new| {
                    same_filesystem(from, dir)?;
                    from.link(old, dir, new)
                })
            }),
            Step::Touch { times, path } if path.is_empty() => self.target.set_own_times(times),
            Step::Touch { times, path } => self.at(path, |dir, name| dir.set_times(name, times)),
        }
    }

    /// Does something with the entry at a path. No link is followed on the way.
    fn at<T>(&self, path: &str, act: impl FnOnce(&dyn Dir, Name<'_>) -> Result<T>) -> Result<T> {
        let (above, last) = path.rsplit_once('/').unwrap_or(("", path));
        let (known, mut at) = self.last.take();
        let below = match above.strip_prefix(&*known) {
            Some(rest) if at.is_some() && (rest.is_empty() || rest.starts_with('/')) => rest,
            _ => {
                at = None;
                above
            }
        };
        for part in below.split('/').filter(|part| !part.is_empty()) {
            at = Some(enter(
                at.as_deref().unwrap_or(self.target),
                Name::new(part)?,
            )?);
        }
        let result = act(at.as_deref().unwrap_or(self.target), Name::new(last)?);
        self.last.replace((above.into(), at));
        result
    }

    /// Other content in the same file, if it has other content, and other times.
    fn write(&self, leaf: &Arc<Leaf>, dir: &dyn Dir, name: Name<'_>) -> Result<()> {
        if leaf.is_raised() {
            let request = OpenRequest {
                write: true,
                ..OpenRequest::READ
            };
            self.copy(leaf, &*file(dir.open(name, &request)?)?)?;
        }
        match leaf.times() {
            times if times == SetTimes::default() => Ok(()),
            times => dir.set_times(name, &times),
        }
    }

    fn copy(&self, leaf: &Arc<Leaf>, to: &dyn File) -> Result<()> {
        let from = leaf.handle(self.volume, None)?;
        let (old, len) = (to.metadata()?.size, from.metadata()?.size);
        let data = |at| from.seek_data(at);
        check_length(len, data)?;
        let source = Source {
            read: &|buf, at| from.read_at(buf, at),
            data: &data,
            limit: len,
        };
        let copied = copy(&source, to, old, &mut buffer()?).map_err(Stopped::errno)?;
        match copied.len < old {
            true => to.set_len(copied.len),
            false => Ok(()),
        }
    }

    /// The directory in which things wait, which is made if it is missing.
    fn waiting(&mut self) -> Result<Arc<dyn Dir>> {
        if let Some(waiting) = &self.waiting {
            return Ok(Arc::clone(&waiting.dir));
        }
        let new = Waiting::new(self.target, self.steps)?;
        let dir = Arc::clone(&new.dir);
        self.waiting = Some(new);
        Ok(dir)
    }

    /// A new file, out of sight.
    fn prepare(&mut self, leaf: &Arc<Leaf>, number: usize) -> Result<()> {
        let (waiting, text) = (self.waiting()?, number.to_string());
        let (name, request) = (
            Name::new(&text)?,
            OpenRequest {
                write: true,
                create: Create::Exclusive,
                ..OpenRequest::READ
            },
        );
        let new = file(waiting.open(name, &request)?)?;
        self.prepared.insert(number);
        self.copy(leaf, &*new)?;
        waiting.set_times(name, &leaf.times())
    }

    fn put_aside(&mut self, from: &str, number: usize) -> Result<()> {
        let (waiting, to) = (self.waiting()?, number.to_string());
        self.at(from, |dir, name| {
            same_filesystem(dir, &*waiting)?;
            dir.rename(name, &*waiting, Name::new(&to)?)
        })?;
        self.aside.insert(number, from.into());
        Ok(())
    }

    fn place(&mut self, number: usize, to: &str) -> Result<()> {
        let (waiting, waits) = (self.waiting()?, number.to_string());
        // What the overlay replaces is gone by now. What is there else it has never seen.
        self.at(to, |dir, name| match dir.stat(name) {
            Ok(_) => Err(Errno::Exist),
            Err(Errno::Noent) => {
                same_filesystem(&*waiting, dir)?;
                waiting.rename(Name::new(&waits)?, dir, name)
            }
            Err(errno) => Err(errno),
        })?;
        self.prepared.remove(&number);
        self.aside.remove(&number);
        self.tidy()
    }

    /// Removes the directory in which things wait, if nothing does.
    fn tidy(&mut self) -> Result<()> {
        if self.prepared.is_empty()
            && self.aside.is_empty()
            && let Some(waiting) = self.waiting.take()
        {
            self.target.remove_dir(Name::new(&waiting.name)?)?;
            self.target.set_own_times(&waiting.times)?;
        }
        Ok(())
    }

    /// Removes what was prepared and not put in place.
    fn discard(&mut self) -> Result<()> {
        let Some(waiting) = self
            .waiting
            .as_ref()
            .map(|waiting| Arc::clone(&waiting.dir))
        else {
            return Ok(());
        };
        while let Some(number) = self.prepared.pop_first() {
            waiting.remove_file(Name::new(&number.to_string())?)?;
        }
        self.tidy()
    }
}

impl Waiting {
    /// A new directory in `target`, under a name that none of the steps is about.
    fn new(target: &dyn Dir, steps: &[Step]) -> Result<Self> {
        let facts = target.metadata()?;
        let times = SetTimes {
            atim: SetTime::At(facts.atim),
            mtim: SetTime::At(facts.mtim),
        };
        let asked: BTreeSet<&str> = steps.iter().filter_map(Step::makes).collect();
        for number in 0..=u32::MAX {
            let name = format!(".overlay-aside-{number}");
            if asked.contains(&*name) {
                continue;
            }
            match target.create_dir(Name::new(&name)?) {
                Err(Errno::Exist) => {}
                Err(errno) => return Err(errno),
                Ok(()) => {
                    let dir = enter(target, Name::new(&name)?)?;
                    return Ok(Self { name, dir, times });
                }
            }
        }
        Err(Errno::Exist)
    }
}
