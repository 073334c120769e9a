//! A filesystem that fails when it is told to.
//!
//! Knows which calls to fail, and with what. Refuses to know how they would have gone. Embedders use it in their tests.

use super::{Answer, Call, Event, Operation, Probe, Tap, Verdict};
use crate::abi::Errno;
use crate::vfs::{Dir, Interest};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Makes calls to a filesystem fail, or move fewer bytes than they could. A call that fails is not made, so it changes
/// nothing.
///
/// To fail each call of a program once, run it with [`nth`](Self::nth) for 1, 2, 3 and so on until a run has no
/// [fault](Self::faults):
///
/// ```
/// use wasi_shim::abi::Errno;
/// use wasi_shim::backends::{Faulty, MemDir};
/// for n in 1.. {
///     let root = Faulty::nth(MemDir::new(), n, Errno::Io);
///     // Run the program in `root`.
///     if root.probe().faults() == 0 {
///         break;
///     }
/// }
/// ```
pub struct Faulty {
    plan: Plan,
    calls: AtomicU64,
    faults: AtomicU64,
}

enum Plan {
    Chosen(Box<Choose>),
    Nth(u64, Errno),
    After {
        direction: Interest,
        left: AtomicU64,
        errno: Errno,
    },
}

type Choose = dyn Fn(&Call<'_>) -> Verdict + Send + Sync;

impl Faulty {
    /// Wraps a directory: the closure decides about each call before it is made.
    pub fn new(
        inner: Arc<dyn Dir>,
        choose: impl Fn(&Call<'_>) -> Verdict + Send + Sync + 'static,
    ) -> Arc<Tap<Self>> {
        Self::with(inner, Plan::Chosen(Box::new(choose)))
    }

    /// Wraps a directory: its `n`-th call fails, counted from 1, and no other. Not counted is what cannot fail.
    pub fn nth(inner: Arc<dyn Dir>, n: u64, errno: Errno) -> Arc<Tap<Self>> {
        Self::with(inner, Plan::Nth(n, errno))
    }

    /// Wraps a directory: all reads together, or all writes, move `bytes` bytes, the last of them perhaps fewer than it
    /// could; those that would move more fail. What was not moved although it could have been is not counted.
    pub fn after(
        inner: Arc<dyn Dir>,
        direction: Interest,
        bytes: u64,
        errno: Errno,
    ) -> Arc<Tap<Self>> {
        let left = AtomicU64::new(bytes);
        let plan = Plan::After {
            direction,
            left,
            errno,
        };
        Self::with(inner, plan)
    }

    fn with(inner: Arc<dyn Dir>, plan: Plan) -> Arc<Tap<Self>> {
        let (calls, faults) = (AtomicU64::new(0), AtomicU64::new(0));
        Tap::new(
            inner,
            Self {
                plan,
                calls,
                faults,
            },
        )
    }

    /// How many calls there were, without those that cannot fail.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// How many of them failed or were cut.
    pub fn faults(&self) -> u64 {
        self.faults.load(Ordering::Relaxed)
    }
}

impl Plan {
    /// What happens to the `n`-th call.
    fn verdict(&self, call: &Call<'_>, n: u64) -> Verdict {
        match self {
            Self::Chosen(choose) => choose(call),
            Self::Nth(chosen, errno) if *chosen == n => Verdict::Fail(*errno),
            Self::Nth(..) => Verdict::Proceed,
            Self::After {
                direction,
                left,
                errno,
            } => match call.operation.transfer() {
                Some((moves, len)) if moves == *direction && len > 0 => grant(left, len, *errno),
                _ => Verdict::Proceed,
            },
        }
    }
}

/// Takes `len` of what is left, or what there is.
fn grant(left: &AtomicU64, len: usize, errno: Errno) -> Verdict {
    let take = |left: u64| Some(left.saturating_sub(len as u64));
    let had = match left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take) {
        Ok(had) | Err(had) => had,
    };
    match usize::try_from(had) {
        Ok(0) => Verdict::Fail(errno),
        Ok(had) if had < len => Verdict::Short(had),
        _ => Verdict::Proceed,
    }
}

impl Probe for Faulty {
    fn before(&self, call: &Call<'_>) -> Verdict {
        if matches!(call.operation, Operation::Ready { .. }) {
            return Verdict::Proceed;
        }
        let n = self.calls.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        let verdict = self.plan.verdict(call, n);
        if verdict != Verdict::Proceed {
            self.faults.fetch_add(1, Ordering::Relaxed);
        }
        verdict
    }

    /// Gives back what a transfer was granted and did not move.
    fn after(&self, event: &Event<'_>) {
        let Plan::After {
            direction, left, ..
        } = &self.plan
        else {
            return;
        };
        let moved = match event.answer {
            Answer::Count(count) => count,
            _ => 0,
        };
        match event.call.operation.transfer() {
            Some((moves, len)) if moves == *direction => {
                left.fetch_add(len.saturating_sub(moved) as u64, Ordering::Relaxed);
            }
            _ => {}
        }
    }
}
