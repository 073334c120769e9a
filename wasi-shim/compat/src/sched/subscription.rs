//! What a scheduler waits for, and what it says about it.

use crate::Error;
use crate::clocks::WasiMonotonicClock;
use crate::file::WasiFile;
use bitflags::bitflags;
use cap_std::time::{Duration, Instant};

bitflags! {
    /// The state of a file that is ready.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct RwEventFlags: u32 {
        /// The other end has closed.
        const HANGUP = 1;
    }
}

/// A file that is waited for.
pub struct RwSubscription<'a> {
    /// The file.
    pub file: &'a dyn WasiFile,
    status: Option<Result<(u64, RwEventFlags), Error>>,
}

impl<'a> RwSubscription<'a> {
    /// Nothing has been said yet.
    pub fn new(file: &'a dyn WasiFile) -> Self {
        Self { file, status: None }
    }

    /// It is ready.
    pub fn complete(&mut self, size: u64, flags: RwEventFlags) {
        self.status = Some(Ok((size, flags)));
    }

    /// It cannot be waited for.
    pub fn error(&mut self, error: Error) {
        self.status = Some(Err(error));
    }

    /// What was said, once.
    pub fn result(&mut self) -> Option<Result<(u64, RwEventFlags), Error>> {
        self.status.take()
    }
}

/// A time that is waited for.
#[allow(missing_docs, reason = "each is what its name says")]
pub struct MonotonicClockSubscription<'a> {
    pub clock: &'a dyn WasiMonotonicClock,
    pub deadline: Instant,
    pub precision: Duration,
}

impl MonotonicClockSubscription<'_> {
    /// The clock's time.
    pub fn now(&self) -> Instant {
        self.clock.now(self.precision)
    }

    /// How long it is until then; nothing if it is over.
    pub fn duration_until(&self) -> Option<Duration> {
        self.deadline.checked_duration_since(self.now())
    }

    /// Has it come?
    pub fn result(&self) -> Option<Result<(), Error>> {
        let over = self.now().checked_duration_since(self.deadline);
        over.map(|_| Ok(()))
    }
}

/// One thing that is waited for.
#[allow(missing_docs, reason = "each is what its name says")]
pub enum Subscription<'a> {
    Read(RwSubscription<'a>),
    Write(RwSubscription<'a>),
    MonotonicClock(MonotonicClockSubscription<'a>),
}

/// What there is to say about it.
#[derive(Debug)]
#[allow(missing_docs, reason = "each is what its name says")]
pub enum SubscriptionResult {
    Read(Result<(u64, RwEventFlags), Error>),
    Write(Result<(u64, RwEventFlags), Error>),
    MonotonicClock(Result<(), Error>),
}

impl SubscriptionResult {
    /// Nothing, if there is nothing to say yet.
    pub fn from_subscription(subscription: Subscription<'_>) -> Option<Self> {
        match subscription {
            Subscription::Read(mut one) => one.result().map(Self::Read),
            Subscription::Write(mut one) => one.result().map(Self::Write),
            Subscription::MonotonicClock(one) => one.result().map(Self::MonotonicClock),
        }
    }
}
