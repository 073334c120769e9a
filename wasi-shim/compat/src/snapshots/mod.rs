//! The functions of both versions of the interface, by name, for hosts that have an engine of their own.
//!
//! This room knows the shapes in which wasi-common has them: a context, a memory, and core arguments. It refuses to know any
//! engine. A function that has to wait blocks the thread: its future is ready when it is first polled.

pub mod preview_0;
pub mod preview_1;
pub mod types;

use crate::WasiCtx;

/// What has a context. It is not for embedders to implement function by function: what they would change there is changed by
/// a file, a directory, a clock or a scheduler of theirs.
pub trait Context {
    /// The context.
    fn context(&mut self) -> &WasiCtx;
}

impl Context for WasiCtx {
    fn context(&mut self) -> &WasiCtx {
        self
    }
}

/// The functions of a version.
macro_rules! functions {
    ({ $abi:ident $bound:ident } $(
        $(#[$doc:meta])*
        $name:ident = $variant:ident($($param:ident: $core:ident),*)
        takes $takes:tt gives $gives:tt by $room:ident::$handler:ident $(with $memory:ident)?;
    )*) => {$(
        crate::snapshots::function! {
            $abi $bound $(#[$doc])* $name $variant ($($param: $core),*)
        }
    )*};
}

macro_rules! function {
    // It came with the later version.
    (Unstable $bound:ident $(#[$doc:meta])* sock_accept $($rest:tt)*) => {};
    ($abi:ident $bound:ident $(#[$doc:meta])* proc_exit $variant:ident ($code:ident: i32)) => {
        $(#[$doc])*
        pub async fn proc_exit(
            ctx: &mut impl $bound,
            memory: &mut impl GuestMemory,
            $code: i32,
        ) -> Result<(), Cause> {
            call(ctx, memory, Syscall::$variant, &[$code.into()]).map(drop)
        }
    };
    ($abi:ident $bound:ident $(#[$doc:meta])* $name:ident $variant:ident ($($param:ident: $core:ident),*)) => {
        $(#[$doc])*
        #[allow(clippy::too_many_arguments)]
        pub async fn $name(
            ctx: &mut impl $bound,
            memory: &mut impl GuestMemory,
            $($param: $core),*
        ) -> Result<i32, Cause> {
            call(ctx, memory, Syscall::$variant, &[$($param.into()),*])
        }
    };
}

pub(crate) use {function, functions};
