//! A terminal with a script for a user.
//!
//! Knows what to wait for on the screen and what to type then. Refuses to know time: a script waits as long as it takes.
//! For tests of programs that ask questions.

use super::super::lock::lock;
use super::super::streams::{Waiters, gather, now, total, wake};
use crate::abi::{Errno, FileKind, Result};
use crate::vfs::{Interest, Readiness, Stream};
use std::collections::VecDeque;
use std::io::{IoSlice, IoSliceMut};
use std::sync::{Arc, Mutex};
use std::task::Waker;

/// What the user of a [`ScriptedTerminal`] waits for and types, in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    steps: VecDeque<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Expect(Vec<u8>),
    Send(Vec<u8>),
}

impl Script {
    /// A user who types nothing: input ends at once.
    pub fn new() -> Self {
        Self::default()
    }

    /// Waits until these bytes have been shown, after what the last `expect` found. They need not be written at once.
    #[must_use]
    pub fn expect(self, shown: impl Into<Vec<u8>>) -> Self {
        self.then(Step::Expect(shown.into()))
    }

    /// Types this. A line ends with `\n`.
    #[must_use]
    pub fn send(self, typed: impl Into<Vec<u8>>) -> Self {
        self.then(Step::Send(typed.into()))
    }

    fn then(mut self, step: Step) -> Self {
        self.steps.push_back(step);
        self
    }
}

/// A terminal (`isatty`) whose user follows a [`Script`]. Give it to the guest as standard input, output and error.
///
/// Input is there when the script has come to it, one line for each read, as a terminal gives it; after the script's last
/// line input has ended. Nothing is echoed. Where the script waits for something that has not been shown, reading waits
/// too: a guest that reads before it has asked waits for good, and [`waits_for`](Self::waits_for) tells what it did not
/// show.
///
/// What is shown is kept up to a cap; a write beyond it fails with `nospc`, as that of a [`Capture`](super::super::Capture)
/// does.
#[derive(Debug)]
pub struct ScriptedTerminal {
    cap: usize,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    script: VecDeque<Step>,
    shown: Vec<u8>,
    /// Where in `shown` the next pattern is looked for.
    from: usize,
    typed: VecDeque<u8>,
    readers: Waiters,
}

impl ScriptedTerminal {
    /// Follows this script, and keeps up to `cap` bytes of what is shown.
    pub fn new(script: Script, cap: usize) -> Arc<Self> {
        let mut state = State {
            script: script.steps,
            shown: Vec::new(),
            from: 0,
            typed: VecDeque::new(),
            readers: Waiters::default(),
        };
        state.follow(0);
        let state = Mutex::new(state);
        Arc::new(Self { cap, state })
    }

    /// A copy of what was shown so far.
    pub fn contents(&self) -> Vec<u8> {
        lock(&self.state).shown.clone()
    }

    /// What the script waits for now; `None` at its end.
    pub fn waits_for(&self) -> Option<Vec<u8>> {
        match lock(&self.state).script.front() {
            Some(Step::Expect(pattern)) => Some(pattern.clone()),
            _ => None,
        }
    }
}

impl State {
    /// Goes on with the script as far as it can. What was shown up to `searched` has been looked through in vain.
    fn follow(&mut self, searched: usize) {
        let mut searched = searched;
        while let Some(step) = self.script.front() {
            match step {
                Step::Send(typed) => self.typed.extend(typed),
                Step::Expect(pattern) => {
                    // A pattern may have begun before what is new.
                    let begun = searched.saturating_sub(pattern.len().saturating_sub(1));
                    let start = self.from.max(begun);
                    let Some(end) = end_of(pattern, &self.shown, start) else {
                        return;
                    };
                    (self.from, searched) = (end, end);
                }
            }
            self.script.pop_front();
        }
    }

    /// Whether a read would be over at once.
    fn answers(&self) -> bool {
        !self.typed.is_empty() || self.script.is_empty()
    }
}

/// Where the first occurrence of `pattern` at `start` or later ends.
fn end_of(pattern: &[u8], shown: &[u8], start: usize) -> Option<usize> {
    if pattern.is_empty() {
        return Some(start);
    }
    let rest = shown.get(start..).unwrap_or_default();
    let at = rest.windows(pattern.len()).position(|part| part == pattern);
    at.map(|at| start.saturating_add(at).saturating_add(pattern.len()))
}

impl Stream for ScriptedTerminal {
    fn kind(&self) -> FileKind {
        FileKind::CharacterDevice
    }

    fn read(&self, bufs: &mut [IoSliceMut<'_>]) -> Result<usize> {
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Ok(0);
        }
        let mut state = lock(&self.state);
        if !state.answers() {
            return Err(Errno::Again);
        }
        let mut count = 0_usize;
        for slot in bufs.iter_mut().flat_map(|buf| buf.iter_mut()) {
            let Some(byte) = state.typed.pop_front() else {
                break;
            };
            *slot = byte;
            count = count.saturating_add(1);
            if byte == b'\n' {
                break;
            }
        }
        Ok(count)
    }

    fn write(&self, bufs: &[IoSlice<'_>]) -> Result<usize> {
        let mut state = lock(&self.state);
        let before = state.shown.len();
        let count = gather(bufs, |buf| {
            let room = self.cap.saturating_sub(state.shown.len());
            let part = buf.get(..room).unwrap_or(buf);
            state.shown.extend_from_slice(part);
            part.len()
        });
        if count == 0 && total(bufs) > 0 {
            return Err(Errno::Nospc);
        }
        state.follow(before);
        let waiting = if state.answers() {
            state.readers.take()
        } else {
            Vec::new()
        };
        drop(state);
        wake(waiting);
        Ok(count)
    }

    fn ready(&self, interest: Interest, waker: &Waker) -> Readiness {
        let mut waker = Some(waker.clone());
        let mut state = lock(&self.state);
        if interest == Interest::Write {
            let room = self.cap.saturating_sub(state.shown.len());
            return now(room as u64, false);
        }
        if state.answers() {
            let ended = state.typed.is_empty();
            return now(state.typed.len() as u64, ended);
        }
        let early = state.readers.keep(&mut waker);
        drop(state);
        wake(early);
        Readiness::Later
    }

    fn forget(&self, _: Interest, waker: &Waker) {
        let kept = lock(&self.state).readers.forget(waker);
        drop(kept);
    }
}
