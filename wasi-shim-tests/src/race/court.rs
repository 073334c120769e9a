//! What is made of the answers: they are judged and counted.
//!
//! This file knows what one round of each deed asks, that an answer about a file which is not the guest's is an escape, and
//! what is counted to know that an attack was one. It does not run anything by itself. Only the run of a pair uses it.

use super::numbers::{Numbers, Owner};
use super::pair::{Deed, Pair};
use super::script::Script;
use super::sentinel::Sentinel;
use super::victim::{Answer, Purpose, Seen, Victim};
use std::collections::BTreeMap;

/// How many escapes are described.
const DESCRIBED: usize = 4;

/// An outcome that is not an error: below are the errors' numbers.
const DONE: u16 = 300;
const NEW: u16 = 301;
const OTHER: u16 = 302;
const UNTOLD: u16 = 303;
const GUESTS: u16 = 304;

/// Room for the outcomes of a path.
const OUTCOMES: usize = 512;

/// What is counted.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Rounds.
    pub rounds: u64,
    /// Rounds during which the attacker began or ended a step.
    pub hits: u64,
    /// Answers that are another than the one before to the same question.
    pub changes: u64,
    /// Answers about, and traces left at, what is not the guest's.
    pub escapes: u64,
    /// Some of them.
    pub evidence: Vec<String>,
}

/// Why a run says too little.
pub type Weakness = &'static str;

impl Tally {
    /// An attacker that seldom acts during a call, or whose two states are seldom both seen, shows nothing.
    fn weakness(&self, visible: bool, rounds: u64) -> Option<Weakness> {
        if self.hits < rounds.div_ceil(200) {
            return Some("the attacker hardly ever acts during a call");
        }
        if visible && self.changes < rounds.div_ceil(1000) {
            return Some("the answers hardly ever change");
        }
        None
    }
}

/// The oracle and its book.
pub(super) struct Court<'p> {
    pub(super) pair: &'p Pair,
    numbers: Numbers,
    sentinel: Sentinel,
    pub(super) tally: Tally,
    last: [Option<u16>; 8],
    outcomes: Vec<[u64; OUTCOMES]>,
    found: Vec<String>,
}

impl<'p> Court<'p> {
    pub(super) fn new(pair: &'p Pair, numbers: Numbers, sentinel: Sentinel) -> Self {
        Self {
            pair,
            numbers,
            sentinel,
            tally: Tally::default(),
            last: [None; 8],
            outcomes: vec![[0; OUTCOMES]; pair.paths.len()],
            found: Vec::new(),
        }
    }

    /// One round.
    pub(super) fn round(&mut self, victim: &mut impl Victim, round: u64) {
        // Renaming out and back is two rounds.
        let turn = round >> u32::from(self.pair.deed == Deed::Rename);
        let at = turn as usize % self.pair.paths.len();
        let path = self.pair.paths[at];
        match self.pair.deed {
            Deed::Open => self.seen(at, victim.open(path, Purpose::Read)),
            Deed::OpenDirectory => self.seen(at, victim.open(path, Purpose::Directory)),
            Deed::Create => self.seen(at, victim.open(path, Purpose::Create)),
            Deed::Stat => self.seen(at, victim.stat(path, true)),
            Deed::SetTimes => self.done(at, &victim.set_times(path)),
            Deed::Rename => self.rename(victim, at, round),
            Deed::Link => self.link(victim, at),
            Deed::Unlink => {
                let removed = victim.unlink(path);
                self.done(at, &removed);
                let _ = victim.link("spare/secret", false, path);
            }
            Deed::CreateDirectory => {
                let made = victim.create_directory(path);
                self.done(at, &made);
                let _ = victim.remove_directory(path);
            }
            Deed::List => self.list(victim, at),
        }
        self.tally.rounds += 1;
    }

    fn rename(&mut self, victim: &mut impl Victim, at: usize, round: u64) {
        let path = self.pair.paths[at];
        let out = round.is_multiple_of(2);
        let (from, to) = if out {
            (path, "taken")
        } else {
            ("taken", path)
        };
        let renamed = victim.rename(from, to);
        self.done(at, &renamed);
        if out && renamed.is_ok() {
            self.judge_taken(victim, at);
        }
    }

    fn link(&mut self, victim: &mut impl Victim, at: usize) {
        let linked = victim.link(self.pair.paths[at], false, "taken");
        self.done(at, &linked);
        if linked.is_ok() {
            self.judge_taken(victim, at);
            let _ = victim.unlink("taken");
        }
    }

    fn judge_taken(&mut self, victim: &mut impl Victim, at: usize) {
        if let Ok(seen) = victim.stat("taken", false)
            && self.numbers.owner(seen) == Owner::Other
        {
            self.escape(|| format!("path {at} was taken from outside"));
        }
    }

    fn list(&mut self, victim: &mut impl Victim, at: usize) {
        let (mut strangers, numbers) = (0, &self.numbers);
        let listed = victim.list(self.pair.paths[at], &mut |number| {
            strangers += u64::from(matches!(
                numbers.of_entry(number),
                Owner::New | Owner::Other
            ));
        });
        self.seen(at, listed);
        for _ in 0..strangers {
            self.escape(|| format!("an entry of path {at} is from outside"));
        }
        let found = victim.stat("a/flip/secret", true);
        if found.is_ok_and(|seen| !matches!(self.numbers.owner(seen), Owner::Guest(_))) {
            self.escape(|| "an entry outside was looked at".to_owned());
        }
    }

    /// An answer that speaks of a file.
    fn seen(&mut self, at: usize, answer: Answer<Seen>) {
        let outcome = match answer {
            Err(errno) => errno,
            Ok(seen) => match self.numbers.owner(seen) {
                Owner::Guest(index) => GUESTS + index as u16,
                Owner::New if self.pair.deed == Deed::Create => NEW,
                Owner::Untold if self.pair.script == Script::Fifo => UNTOLD,
                Owner::New | Owner::Other | Owner::Untold => {
                    self.escape(|| format!("path {at} led to {}", seen.number));
                    OTHER
                }
            },
        };
        self.note(at, outcome);
    }

    /// An answer that does not.
    fn done(&mut self, at: usize, answer: &Answer<()>) {
        self.note(at, answer.err().unwrap_or(DONE));
    }

    fn note(&mut self, at: usize, outcome: u16) {
        self.outcomes[at][usize::from(outcome).min(OUTCOMES - 1)] += 1;
        let before = self.last[at].replace(outcome);
        self.tally.changes += u64::from(before.is_some_and(|before| before != outcome));
    }

    fn escape(&mut self, describe: impl FnOnce() -> String) {
        self.tally.escapes += 1;
        if self.tally.evidence.len() < DESCRIBED {
            let text = describe();
            self.tally.evidence.push(text);
        }
    }

    /// Why what was counted says too little about this many rounds.
    pub(super) fn weakness(&self, rounds: u64) -> Option<Weakness> {
        self.tally.weakness(self.pair.script.is_visible(), rounds)
    }

    /// Looks for traces: cheaply, or at the end everywhere.
    pub(super) fn inspect(&mut self, end: bool) {
        let mut found = std::mem::take(&mut self.found);
        if end {
            self.sentinel.check_all(&mut found);
        } else {
            self.sentinel.check(&mut found);
        }
        for trace in found.drain(..) {
            self.escape(|| trace);
        }
        self.found = found;
    }

    /// How often there was which answer, all paths together, most frequent first.
    pub(super) fn outcomes(&self, victim: &impl Victim) -> Vec<(String, u64)> {
        let mut all = BTreeMap::new();
        for of_path in &self.outcomes {
            for (outcome, count) in of_path.iter().enumerate().filter(|(_, count)| **count > 0) {
                *all.entry(self.outcome(victim, outcome as u16)).or_default() += count;
            }
        }
        let mut all: Vec<_> = all.into_iter().collect();
        all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        all
    }

    fn outcome(&self, victim: &impl Victim, outcome: u16) -> String {
        match outcome {
            DONE => "done".to_owned(),
            NEW => "new".to_owned(),
            OTHER => "OUTSIDE".to_owned(),
            UNTOLD => "a-stream".to_owned(),
            GUESTS.. => self.numbers.names[usize::from(outcome - GUESTS)].clone(),
            errno => victim.errno(errno),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn few_steps_during_calls_and_few_changes_are_each_too_few() {
        let tally = |hits, changes| Tally {
            hits,
            changes,
            ..Tally::default()
        };
        assert_eq!(tally(5000, 1000).weakness(true, 1_000_000), None);
        assert!(tally(4999, 1000).weakness(true, 1_000_000).is_some());
        assert!(tally(5000, 999).weakness(true, 1_000_000).is_some());
        assert_eq!(tally(5000, 0).weakness(false, 1_000_000), None);
        assert!(tally(0, 0).weakness(false, 1).is_some());
    }
}
