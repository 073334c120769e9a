//! Waiting on tokio.
//!
//! This file knows that a guest with this scheduler is waited for by the shim; what stands here is for embedders that call
//! it, or wrap it.

use crate::Error;
use crate::sched::{Duration, Poll, RwEventFlags, Subscription, WasiSched};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{self, ready};

struct AsyncSched;

/// The scheduler.
pub fn sched_ctx() -> Box<dyn WasiSched> {
    Box::new(AsyncSched)
}

#[async_trait::async_trait]
impl WasiSched for AsyncSched {
    async fn poll_oneoff<'a>(&self, poll: &mut Poll<'a>) -> Result<(), Error> {
        poll_oneoff(poll).await
    }

    async fn sched_yield(&self) -> Result<(), Error> {
        ::tokio::task::yield_now().await;
        Ok(())
    }

    async fn sleep(&self, duration: Duration) -> Result<(), Error> {
        ::tokio::time::sleep(duration).await;
        Ok(())
    }

    fn built_in(&self) -> bool {
        true
    }
}

type Waiting<'a> = Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'a>>;

/// Waits until a file says that it is ready, or the first time has come. For nothing it does not wait.
pub async fn poll_oneoff<'a>(poll: &mut Poll<'a>) -> Result<(), Error> {
    if poll.is_empty() {
        return Ok(());
    }
    let left = poll
        .earliest_clock_deadline()
        .map(|clock| clock.duration_until().unwrap_or_default());
    let mut files: Vec<Waiting<'_>> = Vec::new();
    for subscription in poll.rw_subscriptions() {
        match subscription {
            Subscription::Read(one) => files.push(Box::pin(async move {
                one.file.readable().await?;
                one.complete(one.file.num_ready_bytes()?, RwEventFlags::empty());
                Ok(())
            })),
            Subscription::Write(one) => files.push(Box::pin(async move {
                one.file.writable().await?;
                one.complete(0, RwEventFlags::empty());
                Ok(())
            })),
            Subscription::MonotonicClock(_) => {}
        }
    }
    let mut first = poll_fn(move |context| {
        // All that are ready say so, not only the first.
        let mut over = None;
        files.retain_mut(|file| match file.as_mut().poll(context) {
            task::Poll::Ready(result) => {
                over = Some(over.take().unwrap_or(Ok(())).and(result));
                false
            }
            task::Poll::Pending => true,
        });
        over.map_or(task::Poll::Pending, task::Poll::Ready)
    });
    match left {
        None => first.await,
        Some(left) => {
            let mut sleep = Box::pin(::tokio::time::sleep(left));
            poll_fn(|context| {
                if let task::Poll::Ready(result) = Pin::new(&mut first).poll(context) {
                    return task::Poll::Ready(result);
                }
                ready!(sleep.as_mut().poll(context));
                task::Poll::Ready(Ok(()))
            })
            .await
        }
    }
}
