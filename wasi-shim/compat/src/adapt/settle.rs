//! Futures of embedders, where the shim wants an answer.
//!
//! This file knows how to wait for one on this thread, and where that would wait for ever. It refuses to know what it is
//! about. Files that are streams do not wait here: see `kept`.

use crate::Error;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

/// The result. A future that is not ready at once is waited for on this thread.
pub(crate) fn settle<T>(future: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let mut future = pin!(future);
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(result) => result,
        Poll::Pending => wait(future),
    }
}

#[cfg(not(feature = "tokio"))]
fn wait<T>(future: Pin<&mut impl Future<Output = Result<T, Error>>>) -> Result<T, Error> {
    park(future)
}

/// On a thread of tokio's, others run meanwhile. If it is the only one, nobody would be left to make the future ready.
#[cfg(feature = "tokio")]
fn wait<T>(future: Pin<&mut impl Future<Output = Result<T, Error>>>) -> Result<T, Error> {
    use ::tokio::runtime::{Handle, RuntimeFlavor};
    match Handle::try_current() {
        Err(_) => park(future),
        Ok(runtime) if runtime.runtime_flavor() == RuntimeFlavor::CurrentThread => {
            let text = "a directory or a regular file waits for a runtime of one thread, which waits for it";
            Err(Error::from(crate::snapshots::types::Errno::Deadlk).context(text))
        }
        Ok(runtime) => ::tokio::task::block_in_place(|| runtime.block_on(future)),
    }
}

fn park<T>(mut future: Pin<&mut impl Future<Output = T>>) -> T {
    let unpark = Arc::new(Unpark {
        thread: thread::current(),
        woken: AtomicBool::new(false),
    });
    let waker = Waker::from(Arc::clone(&unpark));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(result) => return result,
            Poll::Pending => {
                while !unpark.woken.swap(false, Ordering::SeqCst) {
                    thread::park();
                }
            }
        }
    }
}

struct Unpark {
    thread: Thread,
    /// A thread's own token may be taken by whatever else parks on it.
    woken: AtomicBool,
}

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::SeqCst);
        self.thread.unpark();
    }
}
