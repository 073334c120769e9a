//! Deflated members, read at any offset.
//!
//! Knows which states of decompressors are worth keeping, and for how long. Refuses to know how they work. Files of zip
//! archives use [`Checkpoints`].
//!
//! Deflate has no way in but the start. So the state of the decompressor, 43 KiB, is kept at 64 places of a member, and
//! at the four where readers stopped last: who reads in order decompresses everything once, and who does not
//! decompresses at most a 64th of the member, or 256 KiB, before the first byte that is wanted. What was decompressed
//! is not kept.

use super::inflate::{CHUNK, Deflated, Inflater};
use super::source::Source;
use crate::abi::Result;
use crate::backends::lock::lock;
use miniz_oxide::inflate::stream::InflateState;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// How many checkpoints a member has at most, and how many bytes are between two at least.
const POINTS: u64 = 64;
const SPACING: u64 = 256 << 10;

/// How many readers of a member find their own place again.
const RESTING: usize = 4;

/// What a kept state takes up.
const STATE: usize = size_of::<InflateState>() + size_of::<Inflater>();

/// States of decompressors, kept for the next to read. What has not been used longest goes first.
pub(super) struct Checkpoints {
    budget: usize,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// Counts uses, to know which was last.
    uses: u64,
    /// How many states there are.
    states: usize,
    /// By where their content is. No two members have it at one place: those that overlap are refused.
    members: BTreeMap<u64, Member>,
}

/// What is kept of a member.
#[derive(Default)]
struct Member {
    used: u64,
    points: BTreeMap<u64, Arc<Inflater>>,
    resting: Vec<Inflater>,
}

impl Checkpoints {
    pub(super) fn new(budget: u64) -> Self {
        let budget = usize::try_from(budget).unwrap_or(usize::MAX);
        let kept = Mutex::default();
        Self { budget, kept }
    }

    /// Reads a member at an offset.
    pub(super) fn read(
        &self,
        source: &Source,
        member: &Deflated,
        buf: &mut [u8],
        offset: u64,
    ) -> Result<usize> {
        if offset >= member.size || buf.is_empty() {
            return Ok(0);
        }
        let mut inflater = self.nearest(member, offset);
        let mut scratch = [0; CHUNK];
        while inflater.position < offset {
            let left = usize::try_from(offset.saturating_sub(inflater.position));
            let wanted = left.unwrap_or(CHUNK).min(CHUNK);
            let passed = scratch.get_mut(..wanted).unwrap_or_default();
            self.advance(&mut inflater, source, member, passed)?;
        }
        let mut done = 0;
        while let Some(rest) = buf.get_mut(done..).filter(|rest| !rest.is_empty()) {
            match self.advance(&mut inflater, source, member, rest) {
                Ok(0) => break,
                Ok(count) => done = done.saturating_add(count),
                // What came before the damage is good; the next read meets it.
                Err(_) if done > 0 => return Ok(done),
                Err(errno) => return Err(errno),
            }
        }
        self.rest(member, inflater);
        Ok(done)
    }

    /// Decompresses to the next checkpoint, and keeps that.
    fn advance(
        &self,
        inflater: &mut Inflater,
        source: &Source,
        member: &Deflated,
        buf: &mut [u8],
    ) -> Result<usize> {
        let spacing = member.size.div_ceil(POINTS).max(SPACING);
        let passed = inflater.position.checked_rem(spacing).unwrap_or_default();
        let room = usize::try_from(spacing.saturating_sub(passed)).unwrap_or(usize::MAX);
        let wanted = room.min(buf.len());
        let buf = buf.get_mut(..wanted).unwrap_or_default();
        let count = inflater.read(source, member, buf)?;
        if count == room && inflater.position < member.size {
            self.keep(member, inflater);
        }
        Ok(count)
    }

    /// The state that is nearest before an offset: somebody's resting one, a copy of a checkpoint, or the start.
    fn nearest(&self, member: &Deflated, offset: u64) -> Inflater {
        let point = {
            let mut kept = lock(&self.kept);
            kept.uses = kept.uses.saturating_add(1);
            let Kept {
                uses,
                states,
                members,
            } = &mut *kept;
            let Some(found) = members.get_mut(&member.at) else {
                return Inflater::new();
            };
            found.used = *uses;
            let point = found.points.range(..=offset).next_back();
            let from = point.map_or(0, |(position, _)| *position);
            let before = |inflater: &Inflater| (from..=offset).contains(&inflater.position);
            let resting = found.resting.iter().enumerate();
            let best = resting
                .filter(|(_, inflater)| before(inflater))
                .max_by_key(|(_, inflater)| inflater.position);
            if let Some((index, _)) = best {
                *states = states.saturating_sub(1);
                let inflater = found.resting.remove(index);
                if found.resting.is_empty() && found.points.is_empty() {
                    members.remove(&member.at);
                }
                return inflater;
            }
            point.map(|(_, inflater)| inflater.clone())
        };
        // Copied without the lock.
        point.map_or_else(Inflater::new, |point| (*point).clone())
    }

    /// Keeps a checkpoint, if there is none.
    fn keep(&self, member: &Deflated, inflater: &Inflater) {
        let known = |member: &Member| member.points.contains_key(&inflater.position);
        if lock(&self.kept).members.get(&member.at).is_some_and(known) {
            return;
        }
        let point = Arc::new(inflater.clone());
        self.change(member, |found| {
            let old = found.points.insert(point.position, point);
            usize::from(old.is_none())
        });
    }

    /// Keeps the state where a reader stopped.
    fn rest(&self, member: &Deflated, inflater: Inflater) {
        if inflater.position == member.size {
            return;
        }
        self.change(member, |found| {
            found.resting.push(inflater);
            if found.resting.len() > RESTING {
                found.resting.remove(0);
                return 0;
            }
            1
        });
    }

    /// Changes what is kept of a member by some states more, and drops others until all is within the budget.
    fn change(&self, member: &Deflated, change: impl FnOnce(&mut Member) -> usize) {
        let mut kept = lock(&self.kept);
        let uses = kept.uses;
        let found = kept.members.entry(member.at).or_default();
        found.used = uses;
        let more = change(found);
        kept.states = kept.states.saturating_add(more);
        while kept.states.saturating_mul(STATE) > self.budget {
            let oldest = kept.members.iter().min_by_key(|(_, member)| member.used);
            let Some((&oldest, _)) = oldest else { break };
            if let Some(gone) = kept.members.remove(&oldest) {
                let fewer = gone.points.len().saturating_add(gone.resting.len());
                kept.states = kept.states.saturating_sub(fewer);
            }
        }
    }
}
