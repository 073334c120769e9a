//! How whoever waits for a word of a memory is found: every word is notified, and those where somebody was, again.
//!
//! It knows numbers of words and a function that notifies one; it does not know whose memory that is, nor who waits.
//! Adapters to engines use it where code waits inside of the engine.

use std::thread;
use std::time::{Duration, Instant};

/// What can be waited for: every multiple of so many bytes.
const WORD: usize = 4;

/// How many bytes are notified before it is asked whether anybody is left.
const OFTEN: usize = 1 << 16;

/// How many words are remembered.
const REMEMBERED: usize = 64;

/// How long a thread may take that was woken until it waits again.
const AGAIN: Duration = Duration::from_millis(1);

/// How long this goes on with the words that it remembers. Then it is for others to interrupt the threads again.
const LONGEST: Duration = Duration::from_millis(16);

/// Notifies every word of a memory of so many bytes. `notify` takes a word's address and answers how many it woke. Where
/// it woke somebody it is called again for a while, since whoever has several waits in a row mostly has them for the same
/// words. This ends as soon as all are `gone`.
///
/// True if anybody was woken.
pub fn sweep(size: usize, notify: impl FnMut(u64) -> u32, gone: impl Fn() -> bool) -> bool {
    let begun = Instant::now();
    sweep_by(|| begun.elapsed(), size, notify, gone)
}

/// The same, by any clock.
fn sweep_by(
    time: impl Fn() -> Duration,
    size: usize,
    mut notify: impl FnMut(u64) -> u32,
    gone: impl Fn() -> bool,
) -> bool {
    let mut found = Vec::new();
    let mut woken = false;
    for word in (0..size).step_by(WORD) {
        if word.is_multiple_of(OFTEN) && gone() {
            return woken;
        }
        if notify(word as u64) > 0 {
            woken = true;
            if found.len() < REMEMBERED {
                found.push(word as u64);
            }
        }
    }
    let end = time().saturating_add(LONGEST);
    let mut patience = time().saturating_add(AGAIN);
    while woken && time() < end && !gone() {
        // All of them, whether or not somebody is at the first.
        let again = found.iter().map(|word| notify(*word)).max();
        match again {
            Some(1..) => patience = time().saturating_add(AGAIN),
            _ if time() >= patience => break,
            _ => {}
        }
        thread::yield_now();
    }
    woken
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::{Cell, RefCell};

    /// A clock on which each look takes ten microseconds.
    fn clock() -> impl Fn() -> Duration {
        let shown = Cell::new(Duration::ZERO);
        move || {
            shown.set(shown.get().saturating_add(Duration::from_micros(10)));
            shown.get()
        }
    }

    #[test]
    fn every_word_is_notified_once_where_nobody_waits() {
        let notified = RefCell::new(Vec::new());
        let notify = |word| {
            notified.borrow_mut().push(word);
            0
        };
        assert!(!sweep_by(clock(), 18, notify, || false));
        assert_eq!(*notified.borrow(), [0, 4, 8, 12, 16]);
    }

    #[test]
    fn waits_in_a_row_are_all_found_without_the_memory_in_between() {
        // Somebody waits fifty times, for two words in turn.
        let (left, notified) = (Cell::new(50_u32), Cell::new(0_u32));
        let notify = |word| {
            notified.set(notified.get() + 1);
            let waits = left.get() > 0 && word == 8 * u64::from(left.get() % 2);
            left.set(left.get() - u32::from(waits));
            u32::from(waits)
        };
        let size = 1 << 16;
        assert!(sweep_by(clock(), size, notify, || left.get() == 0));
        assert_eq!(left.get(), 0);
        assert!(notified.get() < 3 * (1 << 14), "{}", notified.get());
    }

    #[test]
    fn nobody_is_looked_for_who_has_gone() {
        let notified = Cell::new(0_usize);
        let notify = |_| {
            notified.set(notified.get() + 1);
            1
        };
        let gone = || notified.get() > 0;
        assert!(sweep_by(clock(), 1 << 20, notify, gone));
        assert_eq!(notified.get(), OFTEN / WORD);
    }

    #[test]
    fn who_waits_for_ever_is_left_to_others_after_a_while() {
        let notified = Cell::new(0_u32);
        let notify = |_| {
            notified.set(notified.get() + 1);
            1
        };
        assert!(sweep_by(clock(), 4, notify, || false));
        // Sixteen milliseconds, with two looks at the clock for each.
        assert!((700..=801).contains(&notified.get()), "{}", notified.get());
    }

    #[test]
    fn who_does_not_come_again_is_not_waited_for() {
        let notified = Cell::new(0_u32);
        let notify = |_| {
            notified.set(notified.get() + 1);
            u32::from(notified.get() == 1)
        };
        assert!(sweep_by(clock(), 4, notify, || false));
        // A millisecond.
        assert!((40..=51).contains(&notified.get()), "{}", notified.get());
    }
}
