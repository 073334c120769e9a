//! `poll_oneoff`.

use super::wide;
use crate::{Answer, Guest};
use wasi_shim::abi::{Abi, Errno, EventType, SubclockFlags, Syscall};

/// One subscription for [`Guest::poll_oneoff`].
#[derive(Clone, Copy, Debug)]
pub enum Subscription {
    /// A clock's number, a timeout in nanoseconds, and whether it is a time.
    Clock(u32, u64, SubclockFlags),
    /// A descriptor to be read.
    Read(u32),
    /// A descriptor to be written.
    Write(u32),
}

/// One event of [`Guest::poll_oneoff`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollEvent {
    /// The index of the subscription.
    pub userdata: u64,
    /// Its error.
    pub error: Option<Errno>,
    /// Its type.
    pub kind: EventType,
    /// Bytes ready.
    pub nbytes: u64,
    /// The other end has closed.
    pub hangup: bool,
}

impl Guest {
    /// `poll_oneoff`; the mark of each subscription is its index.
    pub fn poll_oneoff(&mut self, subscriptions: &[Subscription]) -> Answer<Vec<PollEvent>> {
        let subs = self.encode_subscriptions(subscriptions);
        let events = self.room(32 * subscriptions.len());
        let out = self.room(4);
        let args = [
            wide(subs),
            wide(events),
            subscriptions.len() as i64,
            wide(out),
        ];
        self.call(Syscall::PollOneoff, &args)?;
        Ok((0..self.u32_at(out))
            .map(|index| self.event_at(events + 32 * index))
            .collect())
    }

    /// Puts subscriptions into the memory, as the guest's layout has them.
    pub fn encode_subscriptions(&mut self, subscriptions: &[Subscription]) -> u32 {
        let (size, shift) = match self.abi {
            Abi::Preview1 => (48, 0),
            Abi::Unstable => (56, 8),
        };
        let mut bytes = vec![0; size * subscriptions.len()];
        for (index, (sub, out)) in subscriptions.iter().zip(bytes.chunks_mut(size)).enumerate() {
            out[..8].copy_from_slice(&(index as u64).to_le_bytes());
            match sub {
                Subscription::Clock(clock, timeout, flags) => {
                    out[16 + shift..][..4].copy_from_slice(&clock.to_le_bytes());
                    out[24 + shift..][..8].copy_from_slice(&timeout.to_le_bytes());
                    out[40 + shift..][..2].copy_from_slice(&flags.bits().to_le_bytes());
                }
                Subscription::Read(fd) | Subscription::Write(fd) => {
                    out[8] = if matches!(sub, Subscription::Read(_)) {
                        1
                    } else {
                        2
                    };
                    out[16..20].copy_from_slice(&fd.to_le_bytes());
                }
            }
        }
        self.put(&bytes)
    }

    pub(super) fn event_at(&self, at: u32) -> PollEvent {
        let error = u16::from_le_bytes(self.bytes(at + 8, 2).try_into().expect("two bytes"));
        PollEvent {
            userdata: self.u64_at(at),
            error: Errno::from_number(error),
            kind: EventType::from_number(self.bytes(at + 10, 1)[0].into()).expect("a type"),
            nbytes: self.u64_at(at + 16),
            hangup: self.bytes(at + 24, 1)[0] == 1,
        }
    }
}
