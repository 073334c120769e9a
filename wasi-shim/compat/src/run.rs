//! One call of a guest.
//!
//! This file knows what an embedder of wasi-common's is told of a call: a result, or an error that it can take apart. It
//! refuses to know where the memory comes from and who waits how. The linkers and the functions of `snapshots` use it.

use crate::wait::{Over, wait};
use crate::{Cause, Error, I32Exit, WasiCtx, adapt};
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
    step(adapt::while_over(None, || {
        ctx.wasi().call(abi, memory, call, args)
    }))
}

/// Goes on with a call that has waited. A time that is over by a scheduler's word is over for the call.
pub(crate) fn resume(
    blocked: Blocked,
    over: Option<Over>,
    memory: &mut Memory<'_>,
) -> Result<Step, Cause> {
    adapt::forget();
    step(adapt::while_over(over, || blocked.resume(memory)))
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
            Step::Wait(blocked) => match wait(ctx, &blocked, args) {
                Ok(over) => step = resume(blocked, over, memory)?,
                Err(error) => return answered(Err(error)),
            },
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
