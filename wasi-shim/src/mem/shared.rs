//! Memory that other threads write while we read it.
//!
//! This file knows one thing: that cells may be looked at as atomic bytes and words, and who may say so. It knows nothing
//! of guests, and leaves copying to `words`. Adapters to engines with shared memories use it.
//!
//! # Why no two accesses of different size race
//!
//! The language leaves atomic accesses of different size to one place undefined if they race. So every byte is only ever
//! accessed in one size. [`Memory::shared`] is safe to call, and its caller may use the same atomic bytes meanwhile:
//! there every access is one byte. [`Memory::shared_cells`] has a caller who vouches for all others. There the words at
//! addresses that are multiples of 8, as far as they lie wholly in the memory, are accessed as words only. What lies
//! before the first of them and after the last is accessed as bytes only. A memory that can grow by less than a word is
//! accessed as bytes only, since its last bytes would become part of a word.

#![allow(unsafe_code)]

use super::Memory;
use super::words::Shared;
use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicU8, AtomicU64};

impl<'a> Memory<'a> {
    /// As [`Memory::shared`], for engines that hand out cells. It is copied by words, and so much faster, where the memory
    /// grows by whole words: if `page_size`, in bytes, is a multiple of 8.
    ///
    /// # Safety
    ///
    /// For as long as the memory lives:
    ///
    /// * All others access the cells' bytes as WebAssembly does: with atomic operations, or with plain ones whose races
    ///   the engine's own contract allows for. Nobody has a reference to what is in a cell.
    /// * Rust code that may run at the same time accesses them through a `Memory` that was made by this function, or
    ///   with atomic operations on aligned words of 64 bits.
    /// * Such a `Memory` of any of these cells begins at the same cell, and has the same `page_size`. If it has another
    ///   length, because the memory grew, both lengths are multiples of that.
    pub unsafe fn shared_cells(cells: &'a [UnsafeCell<u8>], page_size: impl Into<u64>) -> Self {
        let len = cells.len();
        // SAFETY: `UnsafeCell<u8>` and `AtomicU8` have the size and alignment of `u8` and allow mutation through a
        // shared reference; the pointer comes from a slice of `len` cells that lives for `'a`, so the new slice covers
        // the same live bytes for the same time. Every access made through it is atomic, and by the caller's promise
        // no other access is one that it could race with.
        let bytes = unsafe { core::slice::from_raw_parts(cells.as_ptr().cast::<AtomicU8>(), len) };
        if !page_size.into().is_multiple_of(8) {
            return Self::of_shared(Shared::of_bytes(bytes));
        }
        // SAFETY: `AtomicU64` has the size of eight `AtomicU8`, every bit pattern is one of its values, and it allows
        // mutation through a shared reference as they do; `align_to` sees to the alignment and hands out every byte in
        // one slice only. Which bytes are in words follows from the addresses of the first and the last cell: by the
        // caller's promise everybody agrees on that, so no access to a word races with one to a byte in it.
        let (before, words, after) = unsafe { bytes.align_to::<AtomicU64>() };
        Self::of_shared(Shared {
            before,
            words,
            after,
        })
    }
}

/// The [`Memory`](crate::mem::Memory) of a `wasmtime::SharedMemory`; for `link_wasmtime!`, not for use by itself.
///
/// While guests run, an embedder must not use atomics of one byte, or of any size but aligned words of 64 bits, on the cells
/// of the same memory: `spec-notes/decisions/026` says why, and the page of [`link_wasmtime!`](crate::link_wasmtime) tells
/// embedders so.
#[doc(hidden)]
#[macro_export]
macro_rules! wasmtime_shared_memory {
    ($memory:ident) => {{
        let cells: &[::core::cell::UnsafeCell<u8>] = $memory.data();
        // SAFETY: these are all the cells of a shared linear memory, which never moves and grows by pages of that size.
        // Guests access it as WebAssembly does, wasmtime's contract for `SharedMemory::data` forbids embedders everything
        // but atomic accesses, the page of `link_wasmtime!` those that are not words, and the calls of guests are given
        // it by this macro alone.
        #[allow(unsafe_code)]
        unsafe {
            $crate::mem::Memory::shared_cells(cells, $memory.page_size())
        }
    }};
}

#[cfg(test)]
#[allow(
    clippy::arithmetic_side_effects,
    reason = "what is wrong in a test should fail it"
)]
mod tests {
    use super::*;
    use crate::mem::Kind;
    use crate::mem::words::tests::compare_every_range;

    /// Writes and reads every range of a memory that begins `behind` bytes behind a multiple of 8, and compares with a
    /// plain copy.
    fn compare(behind: usize, size: usize) {
        let cells: Vec<_> = (0..size + 16).map(|_| UnsafeCell::new(0)).collect();
        let start = cells.as_ptr().align_offset(8) + behind;
        // SAFETY: nobody else has the cells, and nothing but this memory is used while it lives.
        let memory = unsafe { Memory::shared_cells(&cells[start..][..size], 8_u64) };
        assert_eq!(memory.size(), size);
        let Kind::Shared(shared) = memory.0 else {
            unreachable!()
        };
        compare_every_range(&shared, size);
        let around = cells[..start].iter().chain(&cells[start + size..]);
        for cell in around {
            // SAFETY: as above; the memory is not used any more.
            assert_eq!(unsafe { *cell.get() }, 0);
        }
    }

    #[test]
    fn cells_are_copied_wherever_they_begin_and_end() {
        for behind in 0..8 {
            for size in [0, 1, 5, 8, 13, 16, 37] {
                compare(behind, size);
            }
        }
    }

    #[test]
    fn what_is_aligned_is_words_and_the_rest_is_bytes() {
        let cells: Vec<_> = (0..100).map(|_| UnsafeCell::new(0)).collect();
        let aligned = cells.as_ptr().align_offset(8);
        let parts = |behind, len, page_size: u64| {
            // SAFETY: nobody else has the cells, and the memory is not used.
            let memory =
                unsafe { Memory::shared_cells(&cells[aligned + behind..][..len], page_size) };
            let Kind::Shared(Shared {
                before,
                words,
                after,
            }) = memory.0
            else {
                unreachable!()
            };
            [before.len(), words.len(), after.len()]
        };
        assert_eq!(parts(0, 64, 1 << 16), [0, 8, 0]);
        assert_eq!(parts(3, 64, 8), [5, 7, 3]);
        assert_eq!(parts(0, 7, 8)[1], 0);
        assert_eq!(parts(1, 7, 8)[1], 0);
        // What is no part of a word yet may become one.
        for page_size in [1, 4] {
            assert_eq!(parts(0, 13, page_size)[1], 0);
            assert_eq!(parts(0, 64, page_size)[1], 0);
        }
    }
}
