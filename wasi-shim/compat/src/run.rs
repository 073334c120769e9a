//! One call of a guest.
//!
//! This file knows what an embedder of wasi-common's is told of a call: a result, or an error that it can take apart. It
//! refuses to know where the memory comes from and who waits how. The linkers and the functions of `snapshots` use it.

use crate::sched::{Poll, Userdata};
use crate::snapshots::types::Errno as Theirs;
use crate::{Cause, Error, I32Exit, WasiCtx, adapt};
use cap_std::time::Duration;
use std::task::Waker;
use wasi_shim::abi::{Abi, Syscall};
use wasi_shim::mem::Memory;
use wasi_shim::{Blocked, Exit, Outcome};

/// What comes of a call, for now.
pub(crate) enum Step {
    /// The number for the guest.
    Return(i32),
    /// It has to wait.
    Wait(Blocked),
}

/// Makes a call.
pub(crate) fn begin(
    ctx: &WasiCtx,
    memory: &mut Memory<'_>,
    abi: Abi,
    call: Syscall,
    args: &[i64],
) -> Result<Step, Cause> {
    if call == Syscall::SchedYield && !ctx.sched.built_in() {
        return answered(adapt::settle(ctx.sched.sched_yield())).map(Step::Return);
    }
    adapt::forget();
    step(ctx.wasi().call(abi, memory, call, args))
}

/// Goes on with a call that has waited.
pub(crate) fn resume(blocked: Blocked, memory: &mut Memory<'_>) -> Result<Step, Cause> {
    adapt::forget();
    step(blocked.resume(memory))
}

/// Makes a call and waits for it on this thread.
pub(crate) fn whole(
    ctx: &WasiCtx,
    memory: &mut Memory<'_>,
    abi: Abi,
    call: Syscall,
    args: &[i64],
) -> Result<i32, Cause> {
    let mut step = begin(ctx, memory, abi, call, args)?;
    loop {
        match step {
            Step::Return(number) => return Ok(number),
            Step::Wait(blocked) => {
                if let Err(error) = wait(ctx, &blocked) {
                    return answered(Err(error));
                }
                step = resume(blocked, memory)?;
            }
        }
    }
}

fn step(outcome: Outcome) -> Result<Step, Cause> {
    // An error that ends the guest, whatever the shim made of the code that took its place.
    if let Some(cause) = adapt::trapped() {
        return Err(cause);
    }
    match outcome {
        Outcome::Return(number) => Ok(Step::Return(number.into())),
        Outcome::Exit(Exit(code)) => Err(I32Exit(code.cast_signed()).into()),
        Outcome::Trap(trap) => Err(trap.into()),
        Outcome::Block(blocked) => Ok(Step::Wait(blocked)),
    }
}

/// What a guest is answered with where no call was made.
pub(crate) fn answered(result: Result<(), Error>) -> Result<i32, Cause> {
    match result {
        Ok(()) => Ok(0),
        Err(error) => error.downcast().map(|errno| u16::from(errno).into()),
    }
}

/// Waits as the context has it: a scheduler of the embedder's is asked to wait for the clock.
fn wait(ctx: &WasiCtx, blocked: &Blocked) -> Result<(), Error> {
    match blocked.timeout() {
        Some(left) if !ctx.sched.built_in() && blocked.syscall() == Syscall::PollOneoff => {
            wait_for_clock(ctx, blocked, left)
        }
        _ => {
            blocked.wait();
            Ok(())
        }
    }
}

/// As [`wait`], without a thread.
#[cfg(feature = "tokio")]
pub(crate) async fn wait_async(ctx: &WasiCtx, blocked: &mut Blocked) -> Result<(), Error> {
    match blocked.timeout() {
        Some(left) if !ctx.sched.built_in() && blocked.syscall() == Syscall::PollOneoff => {
            ctx.sched.sleep(left).await
        }
        _ => {
            crate::tokio::ready(blocked).await;
            Ok(())
        }
    }
}

/// How long to pause where a scheduler comes back although the time has not come.
const PAUSE: Duration = Duration::from_millis(1);

/// One clock is slept for. Beside something else, it is a poll of the clock alone, and we look at the rest when it is over.
fn wait_for_clock(ctx: &WasiCtx, blocked: &Blocked, left: Duration) -> Result<(), Error> {
    let is_ready = |handles: &mut Vec<_>| blocked.is_ready(Waker::noop(), handles);
    let mut handles = Vec::new();
    let waits_for_files = is_ready(&mut handles) || !handles.is_empty();
    match &ctx.clocks.monotonic {
        Some(clock) if waits_for_files || blocked.deadlines().len() > 1 => {
            let mut poll = Poll::new();
            let precision = clock.abs_clock.resolution();
            let now = clock.abs_clock.now(precision);
            let deadline = now.checked_add(left).ok_or(Theirs::Overflow)?;
            let userdata = Userdata::from(0);
            poll.subscribe_monotonic_clock(&*clock.abs_clock, deadline, precision, userdata);
            adapt::settle(ctx.sched.poll_oneoff(&mut poll))?;
        }
        _ => adapt::settle(ctx.sched.sleep(left))?,
    }
    if !is_ready(&mut handles) {
        std::thread::sleep(PAUSE);
    }
    Ok(())
}
