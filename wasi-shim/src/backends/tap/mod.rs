//! Looking at every call, and standing in its way.
//!
//! Knows when a [`Probe`] is asked, and how everything that is opened stays in its sight. Refuses to know what probes are
//! for: tracing, faults and delays are three of them, in files of their own. Embedders use it, also with probes of theirs.

mod dir;
mod event;
mod faulty;
mod file;
mod latency;
mod place;
mod stream;
mod trace;

pub use event::{Answer, Call, Event, Operation};
pub use faulty::Faulty;
pub use latency::Latency;
pub use place::Place;
pub use trace::Trace;

use crate::abi::{Errno, Result};
use crate::vfs::{Dir, FsId, Name, Node};
use event::Report;
use std::sync::Arc;

/// What happens to a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verdict {
    /// It is made.
    #[default]
    Proceed,
    /// It is not made, and answers this. What cannot fail ([`Operation::Ready`]) is made all the same.
    Fail(Errno),
    /// It is made, and moves so many bytes at most. What moves no bytes is made as it is.
    Short(usize),
}

/// Whoever is asked about every call.
///
/// It runs on the thread that makes the call, with no lock held. Several threads may ask at once.
pub trait Probe: Send + Sync + 'static {
    /// A call is about to be made.
    fn before(&self, call: &Call<'_>) -> Verdict {
        let _ = call;
        Verdict::Proceed
    }

    /// A call was made. One that [failed before it was made](Verdict::Fail) is not reported. One that was
    /// [cut](Verdict::Short) is reported with the length that it had after that.
    fn after(&self, event: &Event<'_>) {
        let _ = event;
    }
}

/// A directory of which a probe sees every call, and every call to what is opened below it.
///
/// Not seen is what can be answered without asking the filesystem anything: of which kind a stream is, whether it is a
/// socket, to which filesystem a directory belongs. Several levels at once are declined, so that every step of a walk is
/// seen.
pub struct Tap<P> {
    inner: Arc<dyn Dir>,
    id: FsId,
    tapped: Tapped<P>,
}

impl<P: Probe> Tap<P> {
    /// Puts a probe on a directory.
    pub fn new(inner: Arc<dyn Dir>, probe: P) -> Arc<Self> {
        let tapped = Tapped {
            probe: Arc::new(probe),
            place: Place::root(),
        };
        let id = FsId::unique();
        Arc::new(Self { inner, id, tapped })
    }

    /// The probe.
    pub fn probe(&self) -> &P {
        &self.tapped.probe
    }
}

/// What stays with everything that is opened: who is asked, and where it was.
struct Tapped<P> {
    probe: Arc<P>,
    place: Arc<Place>,
}

impl<P: Probe> Tapped<P> {
    fn below(&self, name: Name<'_>) -> Self {
        Self {
            probe: Arc::clone(&self.probe),
            place: Place::below(&self.place, name),
        }
    }

    fn here(&self) -> Self {
        Self {
            probe: Arc::clone(&self.probe),
            place: Arc::clone(&self.place),
        }
    }

    /// Makes a call that moves no bytes.
    fn call<T: Report>(
        &self,
        operation: Operation<'_>,
        run: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        self.transfer(operation, |_| run())
    }

    /// Makes a call that moves bytes: `run` is told how many at most.
    fn transfer<T: Report>(
        &self,
        operation: Operation<'_>,
        run: impl FnOnce(usize) -> Result<T>,
    ) -> Result<T> {
        let mut call = Call {
            place: &self.place,
            operation,
        };
        match self.probe.before(&call) {
            Verdict::Proceed => {}
            Verdict::Fail(errno) => return Err(errno),
            Verdict::Short(most) => call.operation.cut(most),
        }
        let len = call.operation.transfer().map_or(0, |(_, len)| len);
        let result = run(len);
        self.probe.after(&Event {
            call,
            answer: Answer::of(&result),
        });
        result
    }
}

impl<P: Probe> Tap<P> {
    fn wrap(&self, node: Node, name: Name<'_>) -> Node {
        let tapped = self.tapped.below(name);
        match node {
            Node::Dir(inner) => Node::Dir(Arc::new(Self {
                inner,
                id: self.id,
                tapped,
            })),
            Node::File(inner) => Node::File(Arc::new(file::TapFile { inner, tapped })),
            Node::Stream(inner) => Node::Stream(Arc::new(stream::TapStream { inner, tapped })),
            Node::Symlink(text) => Node::Symlink(text),
        }
    }
}
