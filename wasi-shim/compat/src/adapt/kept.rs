//! Operations on streams that take longer than a call.
//!
//! This file knows how to begin an operation, to give `again` while it is under way, and to wake whoever waits for it. What
//! it does is kept until it is asked for: nothing that was read is lost, and nothing is written twice. Only `stream` uses
//! it.

use super::{lock, told};
use crate::Error;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, TryLockError};
use std::task::{Context, Poll, Wake, Waker};
use wasi_shim::abi::{Errno, Result};

/// An operation of an embedder's.
pub(super) type Operation<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

/// At most one operation of a kind.
pub(super) struct Kept<T> {
    state: Mutex<State<T>>,
    bell: Arc<Bell>,
}

#[derive(Default)]
enum State<T> {
    #[default]
    Idle,
    UnderWay(Operation<T>),
    Done(Result<T, Error>),
}

/// What is known about an operation.
pub(super) enum Look {
    /// There is none.
    Idle,
    /// It is done.
    Done,
    /// It is not; the waker has been kept.
    Later,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self {
            state: Mutex::default(),
            bell: Arc::default(),
        }
    }
}

impl<T> Kept<T> {
    /// What came of the operation that is under way or, if none is, of the one that `begin` begins. `again` while nothing
    /// has. The error of the operation's own is told apart from that.
    pub(super) fn ask(&self, begin: impl FnOnce() -> Operation<T>) -> Result<T> {
        let mut state = lock(&self.state);
        let mut operation = match std::mem::take(&mut *state) {
            State::Idle => begin(),
            State::UnderWay(operation) => operation,
            State::Done(result) => return result.map_err(told),
        };
        let waker = Waker::from(Arc::clone(&self.bell));
        match operation.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(result) => {
                drop(state);
                // Somebody may have come while it was not to be looked at.
                self.bell.ring();
                result.map_err(told)
            }
            Poll::Pending => {
                *state = State::UnderWay(operation);
                Err(Errno::Again)
            }
        }
    }

    /// Begins an operation of which only the end matters, unless one is under way. Its end, without telling; nothing while
    /// it has none, and the waker is kept.
    pub(super) fn begin(&self, operation: Operation<T>, waker: &Waker) -> Option<Result<T, Error>> {
        self.bell.keep(waker);
        let mut state = lock(&self.state);
        let mut operation = match std::mem::take(&mut *state) {
            State::Idle => operation,
            State::UnderWay(begun) => begun,
            State::Done(result) => return Some(result),
        };
        let bell = Waker::from(Arc::clone(&self.bell));
        match operation.as_mut().poll(&mut Context::from_waker(&bell)) {
            Poll::Ready(result) => Some(result),
            Poll::Pending => {
                *state = State::UnderWay(operation);
                None
            }
        }
    }

    /// Looks at the operation. `waker` is woken when to look again.
    pub(super) fn look(&self, waker: &Waker) -> Look {
        self.bell.keep(waker);
        let mut state = match self.state.try_lock() {
            Ok(state) => state,
            Err(TryLockError::Poisoned(state)) => state.into_inner(),
            // Somebody is in the middle of it, and rings when that is over.
            Err(TryLockError::WouldBlock) => return Look::Later,
        };
        let State::UnderWay(operation) = &mut *state else {
            return match *state {
                State::Done(_) => Look::Done,
                _ => Look::Idle,
            };
        };
        let bell = Waker::from(Arc::clone(&self.bell));
        match operation.as_mut().poll(&mut Context::from_waker(&bell)) {
            Poll::Ready(result) => {
                *state = State::Done(result);
                drop(state);
                self.bell.ring();
                Look::Done
            }
            Poll::Pending => Look::Later,
        }
    }
}

/// Wakes all that wait for an operation, each once.
#[derive(Default)]
struct Bell(Mutex<Vec<Waker>>);

impl Bell {
    fn keep(&self, waker: &Waker) {
        let mut wakers = lock(&self.0);
        let known = waker.will_wake(Waker::noop()) || wakers.iter().any(|one| one.will_wake(waker));
        if !known {
            wakers.push(waker.clone());
        }
    }

    fn ring(&self) {
        let wakers = std::mem::take(&mut *lock(&self.0));
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.ring();
    }
}
