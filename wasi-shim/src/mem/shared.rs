//! Memory that other threads write while we read it.
//!
//! This file knows one thing: that a byte in an `UnsafeCell` may be looked at as an atomic byte. It knows nothing of
//! guests. Adapters to engines with shared memories use it, through [`Memory::shared_cells`].

#![allow(unsafe_code)]

use super::Memory;
use std::cell::UnsafeCell;
use std::sync::atomic::AtomicU8;

impl<'a> Memory<'a> {
    /// As [`Memory::shared`], for engines that hand out cells.
    ///
    /// The caller gives up nothing by calling this, but must have got the cells from an engine that lets guests access
    /// them only as WebAssembly does: with atomic instructions, or with plain ones whose races the engine's own
    /// contract allows for, as `wasmtime::SharedMemory::data` does.
    pub fn shared_cells(cells: &'a [UnsafeCell<u8>]) -> Self {
        let len = cells.len();
        // SAFETY: `UnsafeCell<u8>` and `AtomicU8` have the size and alignment of `u8` and allow mutation through a
        // shared reference; the pointer comes from a slice of `len` cells that lives for `'a`, so the new slice covers
        // the same live bytes for the same time. Every access made through the result is atomic, and no reference to a
        // plain `u8` is ever made from it.
        let bytes = unsafe { core::slice::from_raw_parts(cells.as_ptr().cast::<AtomicU8>(), len) };
        Self::shared(bytes)
    }
}
