//! Guests of wasmi that wait without a thread. Knows how a call that has to wait leaves the guest in an error, and how it
//! gets back; refuses to know who waits for it and how. For embedders that schedule guests themselves.

use crate::abi::{CoreType, Syscall};
use crate::mem::Memory as Bytes;
use crate::{Blocked, Outcome, Trap};
use std::fmt;
use std::sync::{Mutex, PoisonError};
use wasmi::errors::{FuncError, HostError};
use wasmi::{
    AsContext, AsContextMut, Error, Func, FuncType, Memory, ResumableCall, ResumableCallHostTrap,
    ResumableCallOutOfFuel, Val, ValType,
};

/// What a call of a guest has come to.
#[derive(Debug)]
pub enum Call {
    /// It has ended, and its results are where they should be.
    Finished,
    /// It waits for something.
    Suspended(Suspended),
    /// A function of the embedder's has failed, with an error that is not the library's.
    HostTrap(ResumableCallHostTrap),
    /// It has used up its fuel. Give it more, resume it, and give the result to [`Call::new`].
    OutOfFuel(ResumableCallOutOfFuel),
}

/// A guest that waits. Dropping it abandons the guest where it is.
#[derive(Debug)]
pub struct Suspended {
    waiting: Waiting,
    /// What waits for the function's result. Nothing does if the function is all that there was to call.
    caller: Option<ResumableCallHostTrap>,
}

/// Calls a function of a guest that was linked by [`add_to_linker_resumable`](super::wasmi::add_to_linker_resumable).
///
/// `inputs` and `outputs` are those of `wasmi::Func::call_resumable`.
///
/// A function of the embedder's that calls the guest must not hand on an error of the library's as it is, but make its own
/// of it: if the call below had to wait, wasmi would take that function for the one that waits. It is told apart where its
/// type or that of the function called here is not the waiting one's, and cannot be otherwise.
///
/// # Errors
/// Those of `wasmi::Func::call_resumable`. A guest that ended itself, or trapped, has ended with an error.
pub fn call(
    mut store: impl AsContextMut,
    function: Func,
    inputs: &[Val],
    outputs: &mut [Val],
) -> Result<Call, Error> {
    match function.call_resumable(&mut store, inputs, outputs) {
        // What has no caller that could be resumed is the function itself, by a tail call: all that wait answer a number.
        Err(error) if function.ty(&store).results() != [ValType::I32] => Err(error),
        result => Call::new(result, store),
    }
}

impl Call {
    /// What `wasmi::Func::call_resumable` or one of the `resume` methods of wasmi has come to, in this store.
    ///
    /// # Errors
    /// The one that is given, unless it is a call that waits.
    pub fn new(result: Result<ResumableCall, Error>, store: impl AsContext) -> Result<Self, Error> {
        let caller = match result {
            Ok(ResumableCall::Finished) => return Ok(Self::Finished),
            Ok(ResumableCall::OutOfFuel(caller)) => return Ok(Self::OutOfFuel(caller)),
            Ok(ResumableCall::HostTrap(caller)) => caller,
            // A tail call, or one from outside: there is no caller that could be resumed.
            Err(error) => {
                let waiting = Waits::out_of(error)?;
                return Ok(Self::Suspended(Suspended {
                    waiting,
                    caller: None,
                }));
            }
        };
        let (error, ty) = (caller.host_error(), caller.host_func().ty(store));
        if error.i32_exit_status().is_some() || error.downcast_ref::<Trap>().is_some() {
            return Err(caller.into_host_error());
        }
        let waits = Waits::of(error).filter(|waits| waits.can_be(&ty));
        Ok(match waits.and_then(Waits::take) {
            Some(waiting) => Self::Suspended(Suspended {
                waiting,
                caller: Some(caller),
            }),
            None => Self::HostTrap(caller),
        })
    }
}

impl Suspended {
    /// What it waits for: when it [is ready](Blocked::is_ready), resume.
    pub const fn blocked(&self) -> &Blocked {
        &self.waiting.blocked
    }

    /// Goes on with the guest. It may have to wait again, at once if it was not time.
    ///
    /// `store` is the one that the guest was called in, and `outputs` are as many as they were then.
    ///
    /// # Errors
    /// Those of [`call`].
    pub fn resume(self, mut store: impl AsContextMut, outputs: &mut [Val]) -> Result<Call, Error> {
        let Self { waiting, caller } = self;
        let Waiting { blocked, memory } = waiting;
        let mut bytes = Bytes::new(memory.data_mut(&mut store));
        let outcome = blocked.resume(&mut bytes);
        let errno = match leave(outcome, &mut bytes, Some(memory)) {
            Ok(errno) => Val::I32(errno),
            Err(error) => {
                let waiting = Waits::out_of(error)?;
                return Ok(Call::Suspended(Self { waiting, caller }));
            }
        };
        match (caller, outputs) {
            (Some(caller), outputs) => {
                let result = caller.resume(&mut store, &[errno], outputs);
                Call::new(result, store)
            }
            (None, [output]) => {
                *output = errno;
                Ok(Call::Finished)
            }
            (None, _) => Err(FuncError::MismatchingResultLen.into()),
        }
    }
}

/// Lets a call that has to wait leave the guest.
pub(super) fn leave(
    outcome: Outcome,
    _: &mut Bytes<'_>,
    memory: Option<Memory>,
) -> Result<i32, Error> {
    match outcome {
        Outcome::Return(errno) => Ok(i32::from(errno)),
        Outcome::Exit(exit) => Err(Error::i32_exit(exit.0.cast_signed())),
        Outcome::Trap(trap) => Err(Error::host(trap)),
        Outcome::Block(blocked) => {
            let memory = memory.ok_or_else(|| Error::host(Trap::NoMemory))?;
            Err(Error::host(Waits::new(blocked, memory)))
        }
    }
}

/// A call that waits, and the memory that it works in.
#[derive(Debug)]
struct Waiting {
    blocked: Blocked,
    memory: Memory,
}

/// A call that waits, on its way out of the guest. An error can be looked at, but not taken apart.
#[derive(Debug)]
pub(super) struct Waits {
    call: Syscall,
    waiting: Mutex<Option<Waiting>>,
}

impl HostError for Waits {}

impl fmt::Display for Waits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let call = self.call;
        write!(
            f,
            "{call} has to wait, and the guest was not called so that it can: use wasi_shim::wasmi::call"
        )
    }
}

impl Waits {
    pub(super) fn new(blocked: Blocked, memory: Memory) -> Self {
        Self {
            call: blocked.syscall(),
            waiting: Mutex::new(Some(Waiting { blocked, memory })),
        }
    }

    fn of(error: &Error) -> Option<&Self> {
        error.downcast_ref()
    }

    /// What waits, or an error that is about something else.
    fn out_of(error: Error) -> Result<Waiting, Error> {
        Self::of(&error).and_then(Self::take).ok_or(error)
    }

    fn take(&self) -> Option<Waiting> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.take()
    }

    /// Can it have come from a function of this type? It may come from one of the embedder's, which called the guest and
    /// hands on the error; what was to wait is then gone.
    fn can_be(&self, ty: &FuncType) -> bool {
        let core = |(_, core): &(_, CoreType)| match core {
            CoreType::I32 => ValType::I32,
            CoreType::I64 => ValType::I64,
        };
        let params = self.call.signature().params.iter().map(core);
        params.eq(ty.params().iter().copied()) && ty.results() == [ValType::I32]
    }
}
