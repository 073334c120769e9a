//! The functions of WASI by name, each with parameters of its own.
//!
//! They are made from the library's table, so that none can be missing or different. The header's part on them is made from
//! the same table, by the test that compares the header. What every call does is in `call`.

#![allow(unsafe_code, reason = "the attribute that exports a name")]

use crate::call::{CallResult, Frame, Outcome, enter};
use crate::context::Context;
use crate::raw::{Linear, Place, Ref};
use wasi_shim::raw;

macro_rules! unsigned {
    (i32) => {
        u32
    };
    (i64) => {
        u64
    };
}

macro_rules! functions {
    ({} $(
        $(#[$doc:meta])*
        $name:ident = $variant:ident($($param:ident: $core:ident),*)
        takes $takes:tt gives $gives:tt by $room:ident::$handler:ident $(with $memory:ident)?;
    )*) => {$(
        $(#[$doc])*
        #[unsafe(export_name = concat!("wasi_shim_", stringify!($name)))]
        #[allow(clippy::too_many_arguments, reason = "they are preview1's")]
        pub extern "C" fn $name(
            context: Ref<Context>,
            abi: u32,
            memory: Linear,
            memory_size: usize,
            $($param: unsigned!($core),)*
            result: Place<CallResult>,
        ) -> Outcome {
            let frame = Frame { context, abi, memory, size: memory_size };
            enter(frame, result, |wasi, abi, memory| {
                raw::$name(wasi, abi, memory, $($param.cast_signed()),*)
            })
        }
    )*};
}

wasi_shim::for_each_syscall! { [functions] {} }
