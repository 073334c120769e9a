//! Arrays of buffers, lent to a system call in one piece.
//!
//! The array is copied and every buffer checked before anything is transferred, so that a guest cannot change it
//! meanwhile and a bad buffer cannot leave a half-done call behind.

use super::{Fault, Kind, Memory, Window};
use crate::abi::Iovec;
use std::io::{IoSlice, IoSliceMut};

/// Up to this many buffers cost no allocation: C libraries use two, languages rarely more.
const INLINE: usize = 16;

/// A checked array of buffers.
#[derive(Clone, Debug)]
pub(crate) struct Vectors {
    inline: [Window; INLINE],
    spilled: Vec<Window>,
    count: usize,
    total: u64,
}

impl Vectors {
    /// The sum of their lengths.
    pub(crate) const fn total(&self) -> u64 {
        self.total
    }

    fn windows(&self) -> &[Window] {
        if self.spilled.is_empty() {
            self.inline.get(..self.count).unwrap_or_default()
        } else {
            &self.spilled
        }
    }

    fn push(&mut self, window: Window) {
        self.total = self.total.saturating_add(window.len as u64);
        if let Some(slot) = self.inline.get_mut(self.count) {
            *slot = window;
        } else {
            if self.spilled.is_empty() {
                self.spilled.extend_from_slice(&self.inline);
            }
            self.spilled.push(window);
        }
        self.count = self.count.saturating_add(1);
    }

    /// The buffers without their first `done` bytes, and without empty ones.
    fn after(&self, done: u64) -> impl Iterator<Item = Window> + Clone + '_ {
        let mut skip = usize::try_from(done).unwrap_or(usize::MAX);
        self.windows().iter().filter_map(move |window| {
            let rest = window.part(skip, window.len);
            skip = skip.saturating_sub(window.len);
            (!rest.is_empty()).then_some(rest)
        })
    }
}

impl Memory<'_> {
    /// Reads an array of buffers and checks each.
    pub(crate) fn vectors(&self, address: u32, count: u32) -> Result<Vectors, Fault> {
        let array = self.array(address, count, Iovec::SIZE, Iovec::ALIGN)?;
        let mut vectors = Vectors {
            inline: [Window::default(); INLINE],
            spilled: Vec::new(),
            count: 0,
            total: 0,
        };
        for element in self.bytes(array).as_chunks().0 {
            let Iovec { buf, len } = Iovec::decode(element);
            vectors.push(self.window(buf, len)?);
        }
        Ok(vectors)
    }

    /// Lends the buffers, less their first `done` bytes, to `take`.
    ///
    /// They are lent in place, all at once, or as a copy of at most `bounce` bytes if the memory is shared.
    pub(crate) fn gather<R>(
        &self,
        vectors: &Vectors,
        done: u64,
        bounce: usize,
        take: impl FnOnce(&[IoSlice<'_>]) -> R,
    ) -> R {
        match &self.0 {
            Kind::Exclusive(memory) => {
                let lend =
                    |w: Window| IoSlice::new(memory.get(w.start..w.end()).unwrap_or_default());
                with_slices(
                    vectors.after(done).map(lend),
                    || IoSlice::new(&[]),
                    |bufs| take(bufs),
                )
            }
            Kind::Shared(_) => {
                let mut copy = Vec::new();
                for window in vectors.after(done) {
                    let room = bounce.saturating_sub(copy.len());
                    copy.extend_from_slice(&self.bytes(window.part(0, room)));
                }
                take(&[IoSlice::new(&copy)])
            }
        }
    }

    /// Lends the buffers, less their first `done` bytes, to `give`, which answers how many bytes it filled.
    ///
    /// They are lent in place, all at once; through a buffer of at most `bounce` bytes if the memory is shared or the
    /// buffers overlap.
    pub(crate) fn scatter<E>(
        &mut self,
        vectors: &Vectors,
        done: u64,
        bounce: usize,
        give: impl FnOnce(&mut [IoSliceMut<'_>]) -> Result<usize, E>,
    ) -> Result<usize, E> {
        match &mut self.0 {
            Kind::Exclusive(memory) if in_order(vectors.after(done)) => {
                let mut rest = &mut **memory;
                let mut at = 0_usize;
                let lend = |window: Window| {
                    let skip = window.start.saturating_sub(at);
                    let (_, tail) = core::mem::take(&mut rest).split_at_mut_checked(skip)?;
                    let (buf, tail) = tail.split_at_mut_checked(window.len)?;
                    (rest, at) = (tail, window.end());
                    Some(IoSliceMut::new(buf))
                };
                with_slices(
                    vectors.after(done).map_while(lend),
                    || IoSliceMut::new(&mut []),
                    |bufs| give(bufs),
                )
            }
            _ => self.scatter_copy(vectors, done, bounce, give),
        }
    }

    fn scatter_copy<E>(
        &mut self,
        vectors: &Vectors,
        done: u64,
        bounce: usize,
        give: impl FnOnce(&mut [IoSliceMut<'_>]) -> Result<usize, E>,
    ) -> Result<usize, E> {
        let wanted = usize::try_from(vectors.total.saturating_sub(done)).unwrap_or(usize::MAX);
        let mut copy = vec![0; wanted.min(bounce)];
        let count = give(&mut [IoSliceMut::new(&mut copy)])?;
        let mut filled = copy.get(..count).unwrap_or_default();
        for window in vectors.after(done) {
            let (now, later) = filled.split_at(filled.len().min(window.len));
            self.write(window, now);
            filled = later;
        }
        Ok(count)
    }
}

/// Do the windows lie one behind the other? Then they can be lent in place; C libraries' always do.
fn in_order(windows: impl Iterator<Item = Window>) -> bool {
    let mut end = 0_usize;
    for window in windows {
        if window.start < end {
            return false;
        }
        end = window.end();
    }
    true
}

/// Calls `with` on the slices as one array, which is on the stack if they are few.
fn with_slices<S, R>(
    mut slices: impl Iterator<Item = S>,
    empty: impl Fn() -> S,
    with: impl FnOnce(&mut [S]) -> R,
) -> R {
    let mut inline: [S; INLINE] = core::array::from_fn(|_| empty());
    let mut count = 0_usize;
    for (slot, slice) in inline.iter_mut().zip(slices.by_ref()) {
        *slot = slice;
        count = count.saturating_add(1);
    }
    // `zip` asks the array first, so a full array has taken nothing from the iterator that it did not keep.
    match slices.next() {
        None => with(inline.get_mut(..count).unwrap_or_default()),
        Some(next) => {
            let mut all: Vec<S> = inline.into_iter().collect();
            all.push(next);
            all.extend(slices);
            with(&mut all)
        }
    }
}
