//! The group: what its threads share, and how it begins and ends.

use super::spawn::Running;
use crate::{Exit, Outcome, Trap, Wasi, Watch};
use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};
use std::thread;

/// How much the threads of one guest may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ThreadLimits {
    /// How many there may be at a time besides the main one. A thread counts until whatever was made for it is gone, which
    /// is a little after the guest can know that it has ended. 256 if not said. Each that waits for a file, pipe or socket
    /// of the host's takes two of the process's descriptors.
    pub count: u32,
    /// Bytes of stack for each of them, the main one too; only what is used is taken. It has to hold what the engine allows
    /// its guests (wasmtime's `max_wasm_stack`) and what the host's functions need below, a megabyte or two. 4 MiB if not
    /// said.
    pub stack: usize,
}

impl Default for ThreadLimits {
    fn default() -> Self {
        Self {
            count: 256,
            stack: 4 << 20,
        }
    }
}

/// The threads of one guest, as each of them has it. `E` is the engine's error.
pub struct Threads<E>(pub(super) Arc<Shared<E>>);

pub(super) struct Shared<E> {
    pub(super) limits: ThreadLimits,
    state: Mutex<State<E>>,
    changed: Condvar,
}

pub(super) struct State<E> {
    /// What ended the guest, once something has.
    first: Option<First<E>>,
    /// The number of the thread that was begun last.
    pub(super) last: u32,
    /// Those that were begun and not joined.
    pub(super) running: BTreeMap<u32, Running>,
    /// How many have something of the guest's: the main one, and those that have not left.
    inside: usize,
    /// Somebody has ended the guest, or its deadline has changed.
    woken: bool,
}

/// What came first.
enum First<E> {
    Returned,
    Failed(E),
    Panicked(Box<dyn Any + Send>),
}

impl<E> Clone for Threads<E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<E> fmt::Debug for Threads<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Threads").finish_non_exhaustive()
    }
}

impl<E> Shared<E> {
    /// No code of others runs while this is held, and none of ours panics.
    pub(super) fn state(&self) -> MutexGuard<'_, State<E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a change, or as long as this.
    pub(super) fn sleep<'a>(
        &self,
        state: MutexGuard<'a, State<E>>,
        timeout: Option<std::time::Duration>,
    ) -> MutexGuard<'a, State<E>> {
        match timeout {
            None => self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner),
            Some(timeout) => {
                self.changed
                    .wait_timeout(state, timeout)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0
            }
        }
    }
}

impl<E> State<E> {
    pub(super) const fn has_ended(&self) -> bool {
        self.first.is_some()
    }

    /// Keeps what ended the guest, unless something has ended it before; then it is given back.
    fn end(&mut self, first: First<E>) -> Option<First<E>> {
        if self.first.is_some() {
            return Some(first);
        }
        self.first = Some(first);
        None
    }

    pub(super) const fn inside(&self) -> usize {
        self.inside
    }

    pub(super) const fn enter(&mut self) {
        self.inside = self.inside.saturating_add(1);
    }
}

/// Somebody has ended the guest.
impl<E: Send> Wake for Shared<E> {
    fn wake(self: Arc<Self>) {
        self.state().woken = true;
        self.changed.notify_all();
    }
}

impl<E: From<Exit> + From<Trap> + From<io::Error> + Send + 'static> Threads<E> {
    /// Runs the main thread of a guest and those that it begins, and answers what ended them first: what `main` returned,
    /// or the error of any of them. When this returns, all of them are gone with everything that was made for them.
    ///
    /// `main` also hands out what it worked with, an engine's store for one: that is dropped on its thread once everybody
    /// knows what it came to, since dropping may take long, or run code of others.
    ///
    /// If some were left when the guest ended, all its calls are refused from then on: `wasi` has been
    /// [cancelled](Wasi::cancel). `interrupt` is called until the last of them has left, with how often it was called
    /// before. It stops threads that make no calls, so that their functions return, with whatever error: nobody sees it.
    /// It answers whether it got any further; then it is called again soon, and else after a while that becomes longer.
    ///
    /// # Errors
    /// `Exit` or `Trap` if `wasi` was ended by others; if that was before, `main` is not called. That of the thread that
    /// failed first. The system's if it has no thread to give.
    ///
    /// # Panics
    /// If one of the guest's threads panicked first, with what it panicked with.
    pub fn run<R: Send, X>(
        wasi: &Wasi,
        limits: ThreadLimits,
        main: impl FnOnce(&Self) -> (Result<R, E>, X) + Send,
        mut interrupt: impl FnMut(&Self, u32) -> bool,
    ) -> Result<R, E> {
        let threads = Self::new(limits);
        let watch = wasi.watch();
        if let Some(error) = ended(&watch, Waker::noop()) {
            return Err(error);
        }
        let value = thread::scope(|scope| {
            let main = thread::Builder::new()
                .name("guest".to_owned())
                .stack_size(limits.stack)
                .spawn_scoped(scope, || threads.main(main))?;
            // It asks a clock, which may be the embedder's.
            let watching = catch_unwind(AssertUnwindSafe(|| threads.look_after(&watch)));
            if let Err(panic) = watching {
                threads.end(First::Panicked(panic));
            }
            threads.chase(wasi, &mut interrupt);
            threads.join_all();
            // It catches its own panics.
            Ok(main.join().ok().flatten())
        });
        let value = value.map_err(|error: io::Error| E::from(error))?;
        let first = threads.0.state().first.take();
        match (first, value) {
            (Some(First::Panicked(what)), _) => resume_unwind(what),
            (Some(First::Failed(error)), _) => Err(error),
            (_, Some(value)) => Ok(value),
            // Main has returned nothing only if something else came first.
            (_, None) => Err(Trap::Cancelled.into()),
        }
    }

    /// How many threads have not left the guest.
    pub fn inside(&self) -> usize {
        self.0.state().inside
    }

    /// Is it time for every thread to stop?
    pub fn has_ended(&self) -> bool {
        self.0.state().has_ended()
    }

    fn new(limits: ThreadLimits) -> Self {
        Self(Arc::new(Shared {
            limits,
            state: Mutex::new(State {
                first: None,
                last: 0,
                running: BTreeMap::new(),
                inside: 1,
                woken: false,
            }),
            changed: Condvar::new(),
        }))
    }

    fn main<R, X>(&self, main: impl FnOnce(&Self) -> (Result<R, E>, X)) -> Option<R> {
        let done = catch_unwind(AssertUnwindSafe(|| main(self)));
        let (first, value, rest) = match done {
            Ok((Ok(value), rest)) => (First::Returned, Some(value), Some(rest)),
            Ok((Err(error), rest)) => (First::Failed(error), None, Some(rest)),
            Err(panic) => (First::Panicked(panic), None, None),
        };
        self.leave(Some(first));
        self.drop_last(rest);
        value
    }

    /// Runs the part of a thread, which then leaves. A failure of it is everybody's.
    pub(super) fn part<X>(&self, tid: u32, body: impl FnOnce() -> (Result<(), E>, X)) {
        let (first, rest) = match catch_unwind(AssertUnwindSafe(body)) {
            Ok((Ok(()), rest)) => (None, Some(rest)),
            Ok((Err(error), rest)) => (Some(First::Failed(error)), Some(rest)),
            Err(panic) => (Some(First::Panicked(panic)), None),
        };
        self.leave(first);
        self.drop_last(rest);
        if let Some(running) = self.0.state().running.get_mut(&tid) {
            running.left = true;
        }
    }

    /// The last that a thread does in the guest: in one step, so that a guest whose last thread ends it is one with nobody
    /// left.
    fn leave(&self, first: Option<First<E>>) {
        let mut state = self.0.state();
        let late = first.and_then(|first| state.end(first));
        state.inside = state.inside.saturating_sub(1);
        self.0.changed.notify_all();
        drop(state);
        self.drop_last(late);
    }

    /// Drops what is somebody else's, and may do anything then.
    fn drop_last<X>(&self, rest: X) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(rest))) {
            self.end(First::Panicked(panic));
        }
    }

    /// Ends the guest, unless something has ended it before.
    fn end(&self, first: First<E>) {
        let late = self.0.state().end(first);
        self.0.changed.notify_all();
        drop(late);
    }

    /// Waits until something has ended the guest.
    fn look_after(&self, watch: &Watch) {
        let waker = Waker::from(Arc::clone(&self.0));
        loop {
            if let Some(error) = ended(watch, &waker) {
                self.end(First::Failed(error));
            }
            let timeout = watch.timeout();
            let mut state = self.0.state();
            if state.has_ended() {
                return;
            }
            if !state.woken {
                state = self.0.sleep(state, timeout);
            }
            state.woken = false;
        }
    }
}

/// What a guest was ended with by others, if it was.
fn ended<E: From<Exit> + From<Trap>>(watch: &Watch, waker: &Waker) -> Option<E> {
    match watch.ended(waker) {
        Some(Outcome::Exit(exit)) => Some(exit.into()),
        Some(Outcome::Trap(trap)) => Some(trap.into()),
        _ => None,
    }
}
