//! Calling a function of WASI, and what comes of it.
//!
//! Knows how an outcome of the library is said in C, and the functions by their numbers. Refuses to know what any of them
//! does. The functions by name are in `by_name`, and go through `enter` too.

#![allow(unsafe_code, reason = "the attribute that exports a name")]

use crate::blocked::Blocked;
use crate::context::Context;
use crate::raw::{Linear, Place, Ref, Text, Values};
use crate::status::{Error, Handle, caught, quietly, tell};
use std::ffi::c_char;
use wasi_shim::Wasi;
use wasi_shim::abi::{Abi, Syscall};
use wasi_shim::mem::Memory;

/// What came of a call.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The function returns `value` to the guest: 0, or an error code of WASI.
    Returned = 0,
    /// The guest has called `proc_exit` with `value`, and must not go on.
    Exited = 1,
    /// The guest must not go on: a wasi_shim_trap is in `value`. wasi_shim_message has the words.
    Trapped = 2,
    /// The call has to wait, and `blocked` is how; only with WASI_SHIM_BLOCKING_RETURN. Go on with wasi_shim_resume, or give
    /// it up with wasi_shim_blocked_free.
    Blocked = 3,
    /// There was no call, or no end of it: a wasi_shim_status is in `value`. wasi_shim_message has the words.
    Failed = 4,
}

/// Why a guest must not go on.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trap {
    /// A pointer to something outside the memory.
    OutOfBounds = 1,
    /// A pointer that its type does not allow.
    Misaligned = 2,
    /// The guest was cancelled.
    Cancelled = 3,
    /// The guest's deadline has passed.
    Deadline = 4,
    /// Something else, which the message says.
    Other = 5,
}

/// The module that a guest imports a function from. Records are laid out differently in some functions.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AbiVersion {
    /// `wasi_snapshot_preview1`.
    Preview1 = 0,
    /// `wasi_unstable`, which came before it.
    Unstable = 1,
}

/// What came of a call, with its value. It owns `blocked`; nothing else in it needs to be freed.
#[repr(C)]
pub struct CallResult {
    /// What came of it.
    pub outcome: Outcome,
    /// What the outcome says.
    pub value: u32,
    /// The call, if it is blocked; else `NULL`. To be freed by wasi_shim_blocked_free, unless it is resumed.
    pub blocked: Handle<Blocked>,
}

impl CallResult {
    pub(crate) const fn new(outcome: Outcome, value: u32) -> Self {
        let blocked = None;
        Self {
            outcome,
            value,
            blocked,
        }
    }

    #[cold]
    fn failed(error: &Error) -> Self {
        tell(error.to_string());
        Self::new(Outcome::Failed, error.status() as u32)
    }

    /// An outcome of the library, once it is none that has to be waited for here.
    #[inline]
    fn of(
        outcome: wasi_shim::Outcome,
        memory: &mut Memory<'_>,
        hands_out: bool,
        shared: bool,
    ) -> Self {
        match outcome {
            wasi_shim::Outcome::Return(errno) => Self::new(Outcome::Returned, errno.into()),
            other => Self::of_few(other, memory, hands_out, shared),
        }
    }

    /// Likewise of what most calls are not.
    #[cold]
    fn of_few(
        mut outcome: wasi_shim::Outcome,
        memory: &mut Memory<'_>,
        hands_out: bool,
        shared: bool,
    ) -> Self {
        loop {
            outcome = match outcome {
                wasi_shim::Outcome::Return(errno) => {
                    return Self::new(Outcome::Returned, errno.into());
                }
                wasi_shim::Outcome::Exit(exit) => return Self::new(Outcome::Exited, exit.0),
                wasi_shim::Outcome::Trap(trap) => return Self::trapped(trap),
                wasi_shim::Outcome::Block(blocked) if hands_out => {
                    let blocked = Some(Box::new(Blocked::new(blocked, shared)));
                    let waiting = Self::new(Outcome::Blocked, 0);
                    return Self { blocked, ..waiting };
                }
                wasi_shim::Outcome::Block(blocked) => {
                    blocked.wait();
                    blocked.resume(memory)
                }
            };
        }
    }

    fn trapped(trap: wasi_shim::Trap) -> Self {
        tell(trap.to_string());
        let kind = match trap {
            wasi_shim::Trap::OutOfBounds { .. } => Trap::OutOfBounds,
            wasi_shim::Trap::Misaligned { .. } => Trap::Misaligned,
            wasi_shim::Trap::Cancelled => Trap::Cancelled,
            wasi_shim::Trap::Deadline => Trap::Deadline,
            _ => Trap::Other,
        };
        Self::new(Outcome::Trapped, kind as u32)
    }
}

/// The guest's call, and the memory it is made in.
pub(crate) struct Frame {
    pub(crate) context: Ref<Context>,
    pub(crate) abi: u32,
    pub(crate) memory: Linear,
    pub(crate) size: usize,
}

/// What every call does.
#[inline]
pub(crate) fn enter(
    frame: Frame,
    place: Place<CallResult>,
    call: impl FnOnce(&Wasi, Abi, &mut Memory<'_>) -> wasi_shim::Outcome,
) -> Outcome {
    let Frame {
        context,
        abi,
        mut memory,
        size,
    } = frame;
    let done = caught(|| {
        place.check("result")?;
        // The guest is ours for the call: a callback may free the context.
        let Context {
            wasi,
            hands_out,
            shared,
        } = context.get("context")?;
        let abi = version(abi)?;
        let mut memory = memory.get(size, shared)?;
        let outcome = call(&wasi, abi, &mut memory);
        Ok(CallResult::of(outcome, &mut memory, hands_out, shared))
    });
    put(place, done)
}

/// Tells what came of a call.
#[inline]
fn put(mut place: Place<CallResult>, done: Result<CallResult, Error>) -> Outcome {
    let done = done.unwrap_or_else(|error| CallResult::failed(&error));
    let outcome = done.outcome;
    // Where there is no place, that is what went wrong, and the outcome says so.
    let _ = place.set(done, "result");
    outcome
}

fn version(abi: u32) -> Result<Abi, Error> {
    match abi {
        0 => Ok(Abi::Preview1),
        1 => Ok(Abi::Unstable),
        other => Err(Error::Number {
            what: "abi",
            number: other.into(),
            known: "see wasi_shim_abi",
        }),
    }
}

/// The function of a number, and its arguments.
#[inline]
fn named(index: u32, args: &Values<u64>, n: usize, all: &mut [i64; 9]) -> Result<Syscall, Error> {
    let place = usize::try_from(index).ok();
    let call = place.and_then(|place| Syscall::ALL.get(place));
    let call = call.ok_or(Error::Number {
        what: "index",
        number: index.into(),
        known: "see wasi_shim_function",
    })?;
    for (to, from) in all.iter_mut().zip(args.get(n, "args")?) {
        *to = from.cast_signed();
    }
    Ok(*call)
}

/// Calls a function by its number, a wasi_shim_function, for the module that `abi` says, a wasi_shim_abi.
///
/// `memory` is the guest's, all of it, wherever it is now: it may move and grow between calls, and is not touched outside
/// of them. During the call it stays where it is, and nobody else may use it, callbacks of the guest's filesystems
/// included, unless it is shared (wasi_shim_config_shared_memory). A call that waits is a call all the while: if the memory
/// may move meanwhile, let blocked calls return (WASI_SHIM_BLOCKING_RETURN).
///
/// `args` are the guest's, in order, those of 32 bits with anything in the upper half. Those that are missing are 0, and
/// those that are too many are passed over.
///
/// What comes of it is returned, and written to `result` with its value, whatever was there before: a blocked call in it
/// has to be resumed or freed first. Callbacks are called in this thread.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_call(
    context: Ref<Context>,
    abi: u32,
    index: u32,
    memory: Linear,
    memory_size: usize,
    args: Values<u64>,
    n: usize,
    result: Place<CallResult>,
) -> Outcome {
    // Ours: a callback may write where they were.
    let mut all = [0; 9];
    let call = match named(index, &args, n, &mut all) {
        Ok(call) => call,
        Err(error) => return put(result, Err(error)),
    };
    let frame = Frame {
        context,
        abi,
        memory,
        size: memory_size,
    };
    enter(frame, result, |wasi, abi, memory| {
        wasi.call(abi, memory, call, &all)
    })
}

/// Goes on with the call that `result` is blocked on, in the same memory, which may be elsewhere by now, and larger. What
/// comes of it takes the place of what was there; it may be blocked again. A guest that was freed meanwhile does not matter.
///
/// It may be called at any time, by any thread, also before there is anything to go on with: then the call is blocked
/// again. If `memory` is none, the outcome is WASI_SHIM_OUTCOME_FAILED, and `blocked` is still the call: resume it with one
/// that is, or free it.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_resume(
    mut result: Place<CallResult>,
    mut memory: Linear,
    memory_size: usize,
) -> Outcome {
    let mut kept = None;
    let done = caught(|| {
        kept = result.with("result", |result| result.blocked.take())?;
        if kept.is_some() {
            memory.check(memory_size)?;
        }
        let blocked = kept.take().ok_or(Error::Kind("the call is not blocked"))?;
        let Blocked { inner, shared, .. } = *blocked;
        let mut memory = memory.get(memory_size, shared)?;
        let outcome = inner.resume(&mut memory);
        Ok(CallResult::of(outcome, &mut memory, true, shared))
    });
    let done = done.unwrap_or_else(|error| CallResult {
        blocked: kept,
        ..CallResult::failed(&error)
    });
    put(result, Ok(done))
}

macro_rules! letter {
    (i32) => {
        "i"
    };
    (i64) => {
        "I"
    };
}

macro_rules! texts {
    ({} $(
        $(#[$doc:meta])*
        $name:ident = $variant:ident($($param:ident: $core:ident),*)
        takes $takes:tt gives $gives:tt by $room:ident::$handler:ident $(with $memory:ident)?;
    )*) => {
        const NAMES: &[&str] = &[$(concat!(stringify!($name), "\0")),*];
        const PARAMETERS: &[&str] = &[$(concat!($(letter!($core),)* "\0")),*];
    };
}

wasi_shim::for_each_syscall! { [texts] {} }

/// One of the texts, for C, which end in NUL and are there as long as the library is.
fn text(texts: &'static [&'static str], index: u32) -> *const c_char {
    let text = usize::try_from(index)
        .ok()
        .and_then(|index| texts.get(index));
    text.map_or(std::ptr::null(), |text| text.as_ptr().cast())
}

/// The name of a function in import sections; `NULL` if there is none of that number. It is there for ever.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_function_name(index: u32) -> *const c_char {
    text(NAMES, index)
}

/// The parameters of a function: `i` for each of 32 bits, `I` for each of 64. `NULL` if there is no function of that number.
/// All but `proc_exit` have a result of 32 bits. It is there for ever.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_function_parameters(index: u32) -> *const c_char {
    text(PARAMETERS, index)
}

/// Looks up an import by its module and name: its wasi_shim_abi and its number, which are written only if it is there. False
/// if it is none of WASI's.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_function_find(
    module: Text,
    name: Text,
    mut abi: Place<u32>,
    mut index: Place<u32>,
) -> bool {
    quietly(false, || {
        let (module, name) = (module.get("module")?, name.get("name")?);
        abi.check("abi")?;
        index.check("index")?;
        let Some((version, call)) = Syscall::imported(module, name) else {
            return Ok(false);
        };
        let version = match version {
            Abi::Preview1 => AbiVersion::Preview1,
            Abi::Unstable => AbiVersion::Unstable,
        };
        abi.set(version as u32, "abi")?;
        index.set(call as u32, "index")?;
        Ok(true)
    })
}
