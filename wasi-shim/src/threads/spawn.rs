//! How a thread begins, and how it is known to have gone.

use super::Threads;
use crate::abi::Errno;
use crate::{Exit, Trap};
use std::io;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};
use thiserror::Error;

/// The largest number of a thread: the three bits above are others' (wasi-threads, "Design choice: thread IDs").
const LAST: u32 = 0x1fff_ffff;

/// Why a thread has not begun.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SpawnError {
    /// There are as many as there may be.
    #[error("there are {0} threads already, which is the limit")]
    Limit(u32),
    /// All numbers have been given out.
    #[error("no number is left for another thread")]
    Numbers,
    /// The system has none to give.
    #[error("the system gives no thread: {0}")]
    System(io::Error),
    /// What a thread needs could not be made.
    #[error("nothing could be made for the thread to run in")]
    Unprepared,
    /// The guest has ended.
    #[error("the guest has ended")]
    Ended,
}

impl SpawnError {
    /// What a guest is told; nothing if it has ended, and is told no more.
    pub const fn errno(&self) -> Option<Errno> {
        match self {
            Self::Limit(_) | Self::Numbers | Self::System(_) => Some(Errno::Again),
            Self::Unprepared => Some(Errno::Nomem),
            Self::Ended => None,
        }
    }
}

/// A thread that was begun.
pub(super) struct Running {
    thread: JoinHandle<()>,
    /// It does nothing more, and is about to be gone.
    pub(super) left: bool,
}

impl<E: From<Exit> + From<Trap> + From<io::Error> + Send + 'static> Threads<E> {
    /// Begins a thread and answers its number, from 1 to 2²⁹ − 1, which no other thread of this guest has or had.
    ///
    /// The thread calls `prepare`, and this waits until it has; then it calls what `prepare` made, with its number.
    /// If that fails, the guest ends with the error. What it hands out besides is dropped after that. Nothing is left of a
    /// thread that could not be prepared.
    ///
    /// # Errors
    /// If there are too many, or the system or `prepare` has nothing to give, or the guest has ended.
    pub fn spawn<B, X>(
        &self,
        prepare: impl FnOnce() -> Option<B> + Send + 'static,
    ) -> Result<u32, SpawnError>
    where
        B: FnOnce(u32) -> (Result<(), E>, X),
    {
        self.join_those_that_left();
        let (tell, prepared) = sync_channel(1);
        let tid = self.begin(prepare, tell)?;
        // Nothing is told if it panicked, which has ended the guest.
        match prepared.recv() {
            Ok(true) => Ok(tid),
            Ok(false) => {
                self.join(|other, _| other == tid);
                Err(SpawnError::Unprepared)
            }
            Err(_) => Err(SpawnError::Ended),
        }
    }

    fn begin<B, X>(
        &self,
        prepare: impl FnOnce() -> Option<B> + Send + 'static,
        tell: SyncSender<bool>,
    ) -> Result<u32, SpawnError>
    where
        B: FnOnce(u32) -> (Result<(), E>, X),
    {
        let mut state = self.0.state();
        let limits = self.0.limits;
        if state.has_ended() {
            return Err(SpawnError::Ended);
        }
        if state.running.len() >= usize::try_from(limits.count).unwrap_or(usize::MAX) {
            return Err(SpawnError::Limit(limits.count));
        }
        let tid = state.last.saturating_add(1);
        if tid > LAST {
            return Err(SpawnError::Numbers);
        }
        let threads = self.clone();
        let body = move || {
            // What tells is dropped after that: a panic has ended the guest when nothing is told.
            threads.part(tid, || {
                let body = prepare();
                // It is waited for.
                let _ = tell.send(body.is_some());
                match body.map(|body| body(tid)) {
                    Some((result, rest)) => (result, Some(rest)),
                    None => (Ok(()), None),
                }
            });
        };
        // Under the lock, so that it cannot have gone before it is known.
        let thread = Builder::new()
            .name(format!("guest-{tid}"))
            .stack_size(limits.stack)
            .spawn(body)
            .map_err(SpawnError::System)?;
        state.last = tid;
        state.enter();
        let left = false;
        state.running.insert(tid, Running { thread, left });
        Ok(tid)
    }

    fn join_those_that_left(&self) {
        self.join(|_, running| running.left);
    }

    pub(super) fn join_all(&self) {
        self.join(|_, _| true);
    }

    /// Waits until some threads are gone from the system too.
    fn join(&self, which: impl Fn(u32, &Running) -> bool) {
        let gone: Vec<Running> = {
            let mut state = self.0.state();
            let gone = state
                .running
                .extract_if(.., |tid, running| which(*tid, running));
            gone.map(|(_, running)| running).collect()
        };
        for running in gone {
            // It catches its own panics.
            let _ = running.thread.join();
        }
    }
}
