//! The handles that one call waits for.

#[cfg(all(feature = "host", unix))]
use crate::host::{Seen, Watch};
use crate::vfs::{HostHandle, Interest};
use std::task::{Context, Poll};
use tokio::runtime::Handle;

/// A watch of each handle.
#[derive(Default)]
pub(super) struct Watches {
    watches: Vec<Watch>,
    /// There are handles that nobody tells of.
    blind: bool,
}

impl Watches {
    /// Watches these, and nothing else.
    pub(super) fn set(&mut self, runtime: &Handle, handles: &[(HostHandle, Interest)]) {
        let pairs = || self.watches.iter().zip(handles);
        let same = |(watch, (handle, interest)): (&Watch, &(HostHandle, Interest))| {
            watch.is_of(runtime, handle, *interest)
        };
        if self.watches.len() == handles.len() && !self.blind && pairs().all(same) {
            return;
        }
        // What is registered anew is not blind.
        self.clear();
        let new =
            |(handle, interest): &(HostHandle, Interest)| Watch::new(runtime, handle, *interest);
        self.watches.extend(handles.iter().filter_map(new));
        self.blind = self.watches.len() < handles.len();
    }

    /// Watches nothing.
    pub(super) fn clear(&mut self) {
        self.watches.clear();
        self.blind = false;
    }

    /// Has something happened? If not, the task will be woken, if that can be told.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> bool {
        let mut changed = false;
        for watch in &mut self.watches {
            match watch.poll(cx) {
                Poll::Pending => {}
                Poll::Ready(Seen::Change) => changed = true,
                Poll::Ready(Seen::Nothing) => self.blind = true,
            }
        }
        changed
    }

    /// Are there handles that it cannot tell of?
    pub(super) const fn are_blind(&self) -> bool {
        self.blind
    }
}

#[cfg(not(all(feature = "host", unix)))]
use blind::{Seen, Watch};

/// In place of `host`, which this crate was built without.
#[cfg(not(all(feature = "host", unix)))]
mod blind {
    use super::{Context, Handle, HostHandle, Interest, Poll};

    pub(super) enum Watch {}

    #[allow(dead_code, reason = "nobody sees anything")]
    pub(super) enum Seen {
        Change,
        Nothing,
    }

    impl Watch {
        pub(super) const fn new(_: &Handle, _: &HostHandle, _: Interest) -> Option<Self> {
            None
        }

        pub(super) const fn is_of(&self, _: &Handle, _: &HostHandle, _: Interest) -> bool {
            match *self {}
        }

        pub(super) const fn poll(&mut self, _: &mut Context<'_>) -> Poll<Seen> {
            match *self {}
        }
    }
}
