//! A guest's memory, as hosts without an engine of ours pass it.
//!
//! This file knows the memories of wiggle. It refuses to know what is in them. The functions of `snapshots` use it.

use wasi_shim::mem::Memory;

/// The memory of a guest for the duration of a call: `wiggle::GuestMemory`, of version 46 and, with the feature `wiggle-36`,
/// of version 36.
pub trait GuestMemory {
    /// Lends it.
    #[doc(hidden)]
    fn lend<R>(&mut self, call: impl FnOnce(&mut Memory<'_>) -> R) -> R;
}

macro_rules! guest_memory {
    ($wiggle:ident) => {
        impl GuestMemory for $wiggle::GuestMemory<'_> {
            fn lend<R>(&mut self, call: impl FnOnce(&mut Memory<'_>) -> R) -> R {
                /// Its contract is that of wasmtime's shared memories: it is all of one, and no Rust code accesses it but
                /// what it is passed to.
                struct Cells<'a>(&'a [std::cell::UnsafeCell<u8>]);

                impl<'a> Cells<'a> {
                    const fn data(&self) -> &'a [std::cell::UnsafeCell<u8>] {
                        self.0
                    }

                    /// As small as any: nobody tells.
                    const fn page_size(&self) -> u64 {
                        1
                    }
                }

                match self {
                    Self::Unshared(bytes) => call(&mut Memory::new(bytes)),
                    Self::Shared(cells) => {
                        let cells = Cells(cells);
                        call(&mut wasi_shim::wasmtime_shared_memory!(cells))
                    }
                }
            }
        }
    };
}

guest_memory! { wiggle }
#[cfg(feature = "wiggle-36")]
guest_memory! { wiggle_36 }
