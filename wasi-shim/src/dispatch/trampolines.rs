//! From a row of the table to a function: decode, check, run, store.

use super::arguments::{Argument, Gives, GivesAll};
use super::{CoreArgs, Outcome, Wasi};
use crate::abi::{
    Abi, Advice, ClockId, FdFlags, Fdstat, Filestat, LookupFlags, OFlags, Prestat, RiFlags, Rights,
    RoFlags, SdFlags, Signal, Syscall, Whence,
};
use crate::calls::sock::SiFlags;
use crate::calls::{self, Call, Failure, Resume};
use crate::dispatch::arguments::{Events, NewTimes, Pointer, Subscriptions, Text, Truncated};
use crate::mem::{Memory, Vectors, Window};

/// Decodes one argument; a descriptor's rights stand behind its type. A descriptor is held until the call ends.
macro_rules! take {
    ($arg:ident = $call:ident $memory:ident Open [$($right:ident)*] $raw:tt) => {
        let found = $call.find($raw.cast_unsigned());
        let $arg = $call.open(&found, const { Rights::empty()$(.union(Rights::$right))* })?;
    };
    ($arg:ident = $call:ident $memory:ident $type:ident $raw:tt) => {
        let $arg = <$type as Argument>::decode($raw, $call, $memory)?;
    };
}

/// `$value`, if the row is marked.
macro_rules! marked {
    ($marker:ident $value:expr) => {
        $value
    };
}

macro_rules! from_wide {
    ($wide:expr, i32) => {
        // The low half, as it was widened.
        $wide as i32
    };
    ($wide:expr, i64) => {
        $wide
    };
}

macro_rules! trampolines {
    ({} $(
        $(#[$doc:meta])*
        $name:ident = $variant:ident($($param:ident: $core:ident),*)
        takes [$($arg:ident: $type:ident $([$($right:ident)*])? = $raw:tt);*]
        gives [$($out:ident = $ptr:ident),*]
        by $room:ident::$handler:ident $(with $memory:ident)?;
    )*) => {
        /// Each function whole: what is called by name and what is called by number is the same code.
        mod whole {
            use super::*;
            $(
                #[allow(clippy::too_many_arguments)]
                pub(super) fn $name(
                    wasi: &Wasi,
                    abi: Abi,
                    memory: &mut Memory<'_>,
                    resume: Option<Box<Resume>>,
                    $($param: $core),*
                ) -> Outcome {
                    if let Some(ended) = wasi.0.ended() {
                        return Outcome::ended(ended);
                    }
                    let call = Call::new(&wasi.0, abi, resume);
                    match checked::$name(&call, memory, $($param),*) {
                        Ok(()) => Outcome::Return(0),
                        Err(Failure::Errno(errno)) => Outcome::Return(errno.number()),
                        Err(failure) => {
                            wasi.fail(abi, Syscall::$variant, pack(&[$(i64::from($param)),*]), failure)
                        }
                    }
                }
            )*
        }

        mod checked {
            use super::*;
            $(
                #[allow(clippy::too_many_arguments)]
                #[inline]
                pub(super) fn $name(
                    call: &Call<'_>,
                    memory: &mut Memory<'_>,
                    $($param: $core),*
                ) -> Result<(), Failure> {
                    $(take! { $arg = call memory $type $([$($right)*])? $raw })*
                    let outs = ($(<$out as Gives>::check($ptr, call, memory)?),*);
                    let values = calls::$room::$handler(
                        call $(, $arg)* $(, marked!($memory &mut *memory))?
                    )?;
                    outs.store(values, call, memory);
                    Ok(())
                }
            )*
        }

        /// The 46 functions by name, with their core arguments.
        pub mod raw {
            use super::*;
            $(
                $(#[$doc])*
                #[allow(clippy::too_many_arguments)]
                #[inline]
                pub fn $name(
                    wasi: &Wasi,
                    abi: Abi,
                    memory: &mut Memory<'_>,
                    $($param: $core),*
                ) -> Outcome {
                    whole::$name(wasi, abi, memory, None, $($param),*)
                }
            )*
        }

        impl Wasi {
            pub(super) fn attempt(
                &self,
                abi: Abi,
                memory: &mut Memory<'_>,
                syscall: Syscall,
                args: &[i64],
                resume: Option<Box<Resume>>,
            ) -> Outcome {
                match syscall {
                    $(Syscall::$variant => {
                        let mut _args = args.iter().copied();
                        whole::$name(
                            self,
                            abi,
                            memory,
                            resume,
                            $(from_wide!(_args.next().unwrap_or_default(), $core)),*
                        )
                    })*
                }
            }
        }
    };
}

crate::for_each_syscall! { [trampolines] {} }

fn pack(args: &[i64]) -> CoreArgs {
    let mut all = CoreArgs::default();
    for (to, from) in all.iter_mut().zip(args) {
        *to = *from;
    }
    all
}
