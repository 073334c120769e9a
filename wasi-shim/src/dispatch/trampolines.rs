//! From a row of the table to a function: decode, check, run, store.

use super::arguments::{Argument, Gives, GivesAll};
use super::{CoreArgs, Outcome, Trap, Wasi};
use crate::abi::{
    Abi, Advice, ClockId, FdFlags, Fdstat, Filestat, LookupFlags, OFlags, Prestat, RiFlags, Rights,
    RoFlags, SdFlags, Signal, Syscall, Whence,
};
use crate::calls::sock::SiFlags;
use crate::calls::{self, Call, Failure, Resume};
use crate::dispatch::arguments::{Events, NewTimes, Pointer, Subscriptions, Text, Truncated};
use crate::mem::{Memory, Vectors, Window};

/// Decodes one argument; a descriptor's rights stand behind its type.
macro_rules! take {
    ($call:ident $memory:ident Open [$($right:ident)*] $raw:tt) => {
        $call.open($raw.cast_unsigned(), Rights::empty()$(.union(Rights::$right))*)?
    };
    ($call:ident $memory:ident $type:ident $raw:tt) => {
        <$type as Argument>::decode($raw, $call, $memory)?
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
        mod checked {
            use super::*;
            $(
                #[allow(clippy::too_many_arguments)]
                pub(super) fn $name(
                    call: &Call<'_>,
                    memory: &mut Memory<'_>,
                    $($param: $core),*
                ) -> Result<(), Failure> {
                    $(let $arg = take!(call memory $type $([$($right)*])? $raw);)*
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
                    if wasi.0.is_cancelled() {
                        return Outcome::Trap(Trap::Cancelled);
                    }
                    let call = Call::new(&wasi.0, abi, None);
                    let result = checked::$name(&call, memory, $($param),*);
                    let args = || pack(&[$(i64::from($param)),*]);
                    wasi.finish(abi, Syscall::$variant, args, result)
                }
            )*
        }

        impl Wasi {
            pub(super) fn attempt(
                &self,
                abi: Abi,
                memory: &mut Memory<'_>,
                syscall: Syscall,
                args: CoreArgs,
                resume: Option<Resume>,
            ) -> Outcome {
                if self.0.is_cancelled() {
                    return Outcome::Trap(Trap::Cancelled);
                }
                let call = Call::new(&self.0, abi, resume);
                let result = match syscall {
                    $(Syscall::$variant => {
                        let mut _args = args.into_iter();
                        checked::$name(
                            &call,
                            memory,
                            $(from_wide!(_args.next().unwrap_or_default(), $core)),*
                        )
                    })*
                };
                self.finish(abi, syscall, || args, result)
            }
        }
    };
}

crate::for_each_syscall! { [trampolines] {} }

pub(super) fn pack(args: &[i64]) -> CoreArgs {
    let mut all = CoreArgs::default();
    for (to, from) in all.iter_mut().zip(args) {
        *to = *from;
    }
    all
}
