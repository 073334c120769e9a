//! Memory that other threads write while we read it.
//!
//! This file knows one thing: that a byte in an `UnsafeCell` may be looked at as an atomic byte, and who may say so. It
//! knows nothing of guests. Adapters to engines with shared memories use it.

#![allow(unsafe_code)]

use super::Memory;
use std::cell::UnsafeCell;
use std::sync::atomic::AtomicU8;

impl<'a> Memory<'a> {
    /// As [`Memory::shared`], for engines that hand out cells.
    ///
    /// # Safety
    ///
    /// For as long as the memory lives, all others access the cells' bytes as WebAssembly does: with atomic operations,
    /// or with plain ones whose races the engine's own contract allows for. Nobody has a reference to what is in a cell.
    pub unsafe fn shared_cells(cells: &'a [UnsafeCell<u8>]) -> Self {
        let len = cells.len();
        // SAFETY: `UnsafeCell<u8>` and `AtomicU8` have the size and alignment of `u8` and allow mutation through a
        // shared reference; the pointer comes from a slice of `len` cells that lives for `'a`, so the new slice covers
        // the same live bytes for the same time. Every access made through it is atomic, and by the caller's promise
        // no other access is one that it could race with.
        let bytes = unsafe { core::slice::from_raw_parts(cells.as_ptr().cast::<AtomicU8>(), len) };
        Self::shared(bytes)
    }
}

/// The [`Memory`](crate::mem::Memory) of a `wasmtime::SharedMemory`; for `link_wasmtime!`, not for use by itself.
#[doc(hidden)]
#[macro_export]
macro_rules! wasmtime_shared_memory {
    ($memory:ident) => {{
        let cells: &[::core::cell::UnsafeCell<u8>] = $memory.data();
        // SAFETY: these are the cells of a shared linear memory. Guests access it as WebAssembly does, and wasmtime's
        // contract for `SharedMemory::data` forbids embedders everything but atomic accesses.
        #[allow(unsafe_code)]
        unsafe {
            $crate::mem::Memory::shared_cells(cells)
        }
    }};
}
