//! Knows how to run something on a large stack and how long to wait for it.
//! Refuses to know what runs; it is told how to ask it to stop.
//! For `run`.

use std::{
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use crate::failure::Failure;

/// What host functions may need below the deepest frame of the guest.
const HOST_STACK: usize = 2 << 20;

/// How long the guest may take to notice that it should stop. One that does not, because it is in a call that cannot be
/// cancelled or was compiled to never look, ends with the process instead, which differs for nobody outside.
const GRACE: Duration = Duration::from_millis(250);

/// What a thread needs whose guest has so much.
pub(crate) const fn stack(guest: usize) -> usize {
    guest.saturating_add(HOST_STACK)
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    pub(crate) stack: usize,
    pub(crate) limit: Option<Duration>,
}

impl Deadline {
    /// Answers what `work` answers, or that it took too long; then `stop` was called.
    pub(crate) fn run<W>(self, work: W, stop: impl FnOnce()) -> Result<u32, Failure>
    where
        W: FnOnce() -> Result<u32, Failure> + Send + 'static,
    {
        let (sender, result) = mpsc::channel();
        // The main thread's stack is as large as the system says, not as large as the guest needs.
        let thread = thread::Builder::new()
            .name("guest".to_owned())
            .stack_size(stack(self.stack));
        thread
            .spawn(move || _ = sender.send(work()))
            .map_err(|error| Failure::Stack {
                size: self.stack,
                error,
            })?;
        let Some(limit) = self.limit else {
            return result.recv().unwrap_or(Err(Failure::Internal));
        };
        match result.recv_timeout(limit) {
            Ok(ended) => ended,
            Err(RecvTimeoutError::Disconnected) => Err(Failure::Internal),
            Err(RecvTimeoutError::Timeout) => {
                stop();
                in_time(result.recv_timeout(GRACE).ok()).unwrap_or(Err(Failure::TimedOut(limit)))
            }
        }
    }
}

/// The guest may have ended by itself between the deadline and the request to stop; a trap then comes from the request.
fn in_time(ended: Option<Result<u32, Failure>>) -> Option<Result<u32, Failure>> {
    ended.filter(|ended| !matches!(ended, Err(Failure::Trapped(_))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deadline(limit: Option<Duration>) -> Deadline {
        Deadline {
            stack: 1 << 20,
            limit,
        }
    }

    #[test]
    fn without_a_limit_the_result_is_waited_for() {
        assert!(matches!(
            deadline(None).run(|| Ok(7), || panic!("stopped")),
            Ok(7)
        ));
    }

    #[test]
    fn work_that_heeds_the_request_is_timed_out() {
        let (stop, stopped) = mpsc::channel();
        let work = move || {
            let _ = stopped.recv();
            Err(Failure::Trapped("interrupted".to_owned()))
        };
        let result =
            deadline(Some(Duration::from_millis(1))).run(work, move || stop.send(()).unwrap());
        assert!(matches!(result, Err(Failure::TimedOut(_))), "{result:?}");
    }

    #[test]
    fn work_that_ends_properly_at_the_last_moment_is_believed() {
        let (stop, stopped) = mpsc::channel();
        let work = move || {
            let _ = stopped.recv();
            Ok(3)
        };
        let result =
            deadline(Some(Duration::from_millis(1))).run(work, move || stop.send(()).unwrap());
        assert!(matches!(result, Ok(3)), "{result:?}");
    }

    #[test]
    fn work_that_never_stops_is_given_up() {
        let (_hold, forever) = mpsc::channel::<()>();
        let work = move || {
            let _ = forever.recv();
            Ok(0)
        };
        let result = deadline(Some(Duration::from_millis(1))).run(work, || ());
        assert!(matches!(result, Err(Failure::TimedOut(_))), "{result:?}");
    }
}
