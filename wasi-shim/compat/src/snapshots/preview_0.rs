//! `wasi_unstable`.

pub use super::types;

/// Errors, by the name that wasi-common gives this room.
pub mod error {
    pub use super::types::Errno;
    pub use crate::{Error, ErrorExt};
}

/// The functions.
pub mod wasi_unstable {
    use crate::snapshots::{Context, functions};
    use crate::{Cause, GuestMemory, WasiCtx, run};
    use wasi_shim::abi::{Abi, Syscall};

    /// What can make the calls of this version.
    pub trait WasiUnstable: Context {}

    impl WasiUnstable for WasiCtx {}

    fn call(
        ctx: &mut impl WasiUnstable,
        memory: &mut impl GuestMemory,
        call: Syscall,
        args: &[i64],
    ) -> Result<i32, Cause> {
        let ctx = ctx.context();
        memory.lend(|memory| run::whole(ctx, memory, Abi::Unstable, call, args))
    }

    wasi_shim::for_each_syscall! { [functions] { Unstable WasiUnstable } }
}
