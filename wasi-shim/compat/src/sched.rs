//! Waiting and yielding, as wasi-common has them.
//!
//! This file knows the trait and what is waited for. Who waits for a guest is decided elsewhere: a scheduler of an
//! embedder's is asked to yield, to sleep, and to wait for clocks; for files the shim waits.

pub mod subscription;

pub use cap_std::time::Duration;
pub use subscription::{
    MonotonicClockSubscription, RwEventFlags, RwSubscription, Subscription, SubscriptionResult,
};

use crate::Error;
use crate::clocks::WasiMonotonicClock;
use crate::file::WasiFile;
use cap_std::time::Instant;

/// How a guest waits and yields.
#[async_trait::async_trait]
pub trait WasiSched: Send + Sync {
    /// Waits until one of these has something to say. It may come back early: it is asked again then.
    async fn poll_oneoff<'a>(&self, poll: &mut Poll<'a>) -> Result<(), Error>;

    /// Lets others run.
    async fn sched_yield(&self) -> Result<(), Error>;

    /// Waits. It may come back early: it is asked again then.
    async fn sleep(&self, duration: Duration) -> Result<(), Error>;

    /// Is it the shim that waits? Only for the types of this crate.
    #[doc(hidden)]
    fn built_in(&self) -> bool {
        false
    }
}

/// What a guest says about a subscription, and is told again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Userdata(u64);

impl From<u64> for Userdata {
    fn from(data: u64) -> Self {
        Self(data)
    }
}

impl From<Userdata> for u64 {
    fn from(Userdata(data): Userdata) -> Self {
        data
    }
}

/// What came of a poll.
pub type PollResults = Vec<(SubscriptionResult, Userdata)>;

/// What is waited for.
#[derive(Default)]
pub struct Poll<'a> {
    subscriptions: Vec<(Subscription<'a>, Userdata)>,
}

impl<'a> Poll<'a> {
    /// Nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// A time.
    pub fn subscribe_monotonic_clock(
        &mut self,
        clock: &'a dyn WasiMonotonicClock,
        deadline: Instant,
        precision: Duration,
        userdata: Userdata,
    ) {
        let subscription = MonotonicClockSubscription {
            clock,
            deadline,
            precision,
        };
        let subscription = Subscription::MonotonicClock(subscription);
        self.subscriptions.push((subscription, userdata));
    }

    /// That a file can be read.
    pub fn subscribe_read(&mut self, file: &'a dyn WasiFile, userdata: Userdata) {
        let subscription = Subscription::Read(RwSubscription::new(file));
        self.subscriptions.push((subscription, userdata));
    }

    /// That a file can be written.
    pub fn subscribe_write(&mut self, file: &'a dyn WasiFile, userdata: Userdata) {
        let subscription = Subscription::Write(RwSubscription::new(file));
        self.subscriptions.push((subscription, userdata));
    }

    /// All that has something to say.
    pub fn results(self) -> PollResults {
        let said = |(subscription, userdata)| {
            SubscriptionResult::from_subscription(subscription).map(|result| (result, userdata))
        };
        self.subscriptions.into_iter().filter_map(said).collect()
    }

    /// Is it nothing?
    pub const fn is_empty(&self) -> bool {
        self.subscriptions.is_empty()
    }

    /// The time that comes first.
    pub fn earliest_clock_deadline(&self) -> Option<&MonotonicClockSubscription<'a>> {
        let clocks = self.subscriptions.iter().filter_map(|(one, _)| match one {
            Subscription::MonotonicClock(clock) => Some(clock),
            Subscription::Read(_) | Subscription::Write(_) => None,
        });
        clocks.min_by_key(|clock| clock.deadline)
    }

    /// What is no time.
    pub fn rw_subscriptions<'b>(&'b mut self) -> impl Iterator<Item = &'b mut Subscription<'a>> {
        let all = self.subscriptions.iter_mut().map(|(one, _)| one);
        all.filter(|one| !matches!(one, Subscription::MonotonicClock(_)))
    }
}
