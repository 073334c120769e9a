//! How threads are got out of a guest that has ended.

use super::Threads;
use crate::{Exit, Trap, Wasi};
use std::io;
use std::time::{Duration, Instant};

/// How long threads may take to notice by themselves before they are interrupted again. It is twice as long each time that
/// an interruption has got nobody any further.
const PATIENCE: Duration = Duration::from_millis(1);

/// The longest that it becomes.
const MOST_PATIENCE: Duration = Duration::from_millis(64);

impl<E: From<Exit> + From<Trap> + From<io::Error> + Send + 'static> Threads<E> {
    /// Interrupts the threads until none is left. One interruption may not be enough: a thread that looked just before, and
    /// begins to wait just after, has missed it.
    pub(super) fn chase(&self, wasi: &Wasi, interrupt: &mut impl FnMut(&Self, u32) -> bool) {
        let mut patience = PATIENCE;
        let mut round = 0_u32;
        while self.inside() > 0 {
            if round == 0 {
                wasi.cancel();
            }
            if interrupt(self, round) {
                patience = PATIENCE;
            }
            self.wait_until_all_have_left(patience);
            patience = patience.saturating_mul(2).min(MOST_PATIENCE);
            round = round.saturating_add(1);
        }
    }

    fn wait_until_all_have_left(&self, patience: Duration) {
        let until = Instant::now().checked_add(patience);
        let mut state = self.0.state();
        while state.inside() > 0 {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                return;
            }
            state = self.0.sleep(state, left);
        }
    }
}
