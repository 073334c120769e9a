//! Arrays of buffers, lent to a system call in one piece.
//!
//! Every buffer is checked before anything is transferred, so that a bad one cannot leave a half-done call behind. The
//! array itself stays where it is if nothing can change it meanwhile; where another thread can, or a buffer covers it, it
//! is copied when it is checked. The handlers of transfers use it; what is transferred they know, this does not.

use super::{Bounce, Fault, Kind, Memory, Window};
use crate::abi::Iovec;
use std::io::{IoSlice, IoSliceMut};

/// A checked array of buffers.
#[derive(Clone, Debug)]
pub(crate) struct Vectors {
    array: Array,
    total: u64,
    /// Does each lie behind the one before? Then they can be lent in place; C libraries' always do.
    in_order: bool,
}

#[derive(Clone, Debug)]
enum Array {
    /// The one buffer of most calls.
    One(Window),
    /// In memory that nobody else changes, and apart from all its buffers.
    InPlace(Window),
    Copied(Vec<Window>),
}

impl Vectors {
    /// The sum of their lengths.
    pub(crate) const fn total(&self) -> u64 {
        self.total
    }

    /// How many there are.
    fn count(&self) -> usize {
        match &self.array {
            Array::One(_) => 1,
            Array::InPlace(array) => array
                .len
                .checked_div(Iovec::SIZE as usize)
                .unwrap_or_default(),
            Array::Copied(windows) => windows.len(),
        }
    }

    /// The buffers, as they were checked; `memory` is where the array is, if it is in place.
    fn windows<'m>(&'m self, memory: &'m [u8]) -> impl Iterator<Item = Window> + 'm {
        let (in_place, copied) = match &self.array {
            Array::One(window) => (Default::default(), core::slice::from_ref(window)),
            Array::InPlace(array) => (elements(memory, *array), Default::default()),
            Array::Copied(windows) => (Default::default(), windows.as_slice()),
        };
        in_place.iter().map(window).chain(copied.iter().copied())
    }

    /// What is left after `done` bytes, if there is one buffer.
    fn only(&self, done: u64) -> Option<Window> {
        let Array::One(window) = &self.array else {
            return None;
        };
        Some(window.part(usize::try_from(done).unwrap_or(usize::MAX), window.len))
    }

    /// How many bytes are left after `done`.
    fn left(&self, done: u64) -> usize {
        usize::try_from(self.total.saturating_sub(done)).unwrap_or(usize::MAX)
    }
}

impl Memory<'_> {
    /// Checks an array of buffers, and each of them.
    pub(crate) fn vectors(&self, address: u32, count: u32) -> Result<Vectors, Fault> {
        let array = self.array(address, count, Iovec::SIZE, Iovec::ALIGN)?;
        if count == 1 {
            return self.one(array);
        }
        let Kind::Exclusive(memory) = &self.0 else {
            return self.copied(array);
        };
        let (mut total, mut end) = (0_u64, 0);
        let (mut in_order, mut apart) = (true, true);
        for element in elements(memory, array) {
            let Iovec { buf, len } = Iovec::decode(element);
            let window = self.window(buf, len)?;
            total = total.saturating_add(u64::from(len));
            if !window.is_empty() {
                in_order &= window.start >= end;
                end = window.end();
                apart &= end <= array.start || window.start >= array.end();
            }
        }
        if !apart {
            return self.copied(array);
        }
        Ok(Vectors {
            array: Array::InPlace(array),
            total,
            in_order,
        })
    }

    /// As [`vectors`](Self::vectors), of one buffer.
    #[inline]
    fn one(&self, array: Window) -> Result<Vectors, Fault> {
        let mut element = [0; Iovec::SIZE as usize];
        match &self.0 {
            Kind::Exclusive(memory) => {
                if let Some(found) = elements(memory, array).first() {
                    element = *found;
                }
            }
            Kind::Shared(shared) => shared.read(array.start, &mut element),
        }
        let Iovec { buf, len } = Iovec::decode(&element);
        Ok(Vectors {
            array: Array::One(self.window(buf, len)?),
            total: len.into(),
            in_order: true,
        })
    }

    /// As [`vectors`](Self::vectors), with the array read once and for all.
    #[cold]
    fn copied(&self, array: Window) -> Result<Vectors, Fault> {
        let bytes = self.bytes(array);
        let elements = bytes.as_chunks().0;
        let mut windows = Vec::with_capacity(elements.len());
        let (mut total, mut end, mut in_order) = (0_u64, 0, true);
        for element in elements {
            let Iovec { buf, len } = Iovec::decode(element);
            let window = self.window(buf, len)?;
            windows.push(window);
            total = total.saturating_add(u64::from(len));
            in_order &= window.start >= end;
            end = window.end();
        }
        Ok(Vectors {
            array: Array::Copied(windows),
            total,
            in_order,
        })
    }

    /// Lends the buffers, less their first `done` bytes, to `take`.
    ///
    /// They are lent in place, all at once, or as a copy of as many bytes as `bounce` allows if the memory is shared.
    pub(crate) fn gather<R>(
        &self,
        vectors: &Vectors,
        done: u64,
        bounce: &mut Bounce,
        take: impl FnOnce(&[IoSlice<'_>]) -> R,
    ) -> R {
        match &self.0 {
            Kind::Exclusive(memory) => {
                let lend =
                    |w: Window| IoSlice::new(memory.get(w.start..w.end()).unwrap_or_default());
                if let Some(window) = vectors.only(done) {
                    let lent = [lend(window)];
                    return take(
                        lent.get(usize::from(window.is_empty())..)
                            .unwrap_or_default(),
                    );
                }
                with_slices(
                    vectors.count(),
                    after(done, vectors.windows(memory)).map(lend),
                    || IoSlice::new(&[]),
                    |bufs| take(bufs),
                )
            }
            Kind::Shared(shared) => bounce.lend(vectors.left(done), |copy| {
                let mut room = &mut *copy;
                for window in after(done, vectors.windows(&[])) {
                    let (now, later) = room.split_at_mut(room.len().min(window.len));
                    shared.read(window.start, now);
                    room = later;
                    if room.is_empty() {
                        break;
                    }
                }
                take(&[IoSlice::new(copy)])
            }),
        }
    }

    /// Lends the buffers, less their first `done` bytes, to `give`, which answers how many bytes it filled.
    ///
    /// They are lent in place, all at once; through `bounce` if the memory is shared, or if the buffers overlap or are not
    /// in order.
    pub(crate) fn scatter<E>(
        &mut self,
        vectors: &Vectors,
        done: u64,
        bounce: &mut Bounce,
        give: impl FnOnce(&mut [IoSliceMut<'_>]) -> Result<usize, E>,
    ) -> Result<usize, E> {
        if let (Kind::Exclusive(memory), Some(window)) = (&mut self.0, vectors.only(done)) {
            let bytes = memory.get_mut(window.start..window.end());
            let mut lent = [IoSliceMut::new(bytes.unwrap_or_default())];
            let lent = lent.get_mut(usize::from(window.is_empty())..);
            return give(lent.unwrap_or_default());
        }
        let (Kind::Exclusive(memory), Array::InPlace(array), true) =
            (&mut self.0, &vectors.array, vectors.in_order)
        else {
            return self.scatter_copy(vectors, done, bounce, give);
        };
        let (below, rest) = memory.split_at_mut(array.start.min(memory.len()));
        let (array, above) = rest.split_at_mut(array.len.min(rest.len()));
        let middle = below.len();
        let mut above = Rest {
            start: middle.saturating_add(array.len()),
            bytes: above,
        };
        let mut below = Rest {
            start: 0,
            bytes: below,
        };
        let lend = |window: Window| {
            if window.start < middle {
                below.lend(window)
            } else {
                above.lend(window)
            }
        };
        with_slices(
            vectors.count(),
            after(done, array.as_chunks().0.iter().map(window)).map_while(lend),
            || IoSliceMut::new(&mut []),
            |bufs| give(bufs),
        )
    }

    fn scatter_copy<E>(
        &mut self,
        vectors: &Vectors,
        done: u64,
        bounce: &mut Bounce,
        give: impl FnOnce(&mut [IoSliceMut<'_>]) -> Result<usize, E>,
    ) -> Result<usize, E> {
        let left = vectors.left(done);
        match &mut self.0 {
            Kind::Exclusive(memory) => bounce.lend(left, |copy| {
                let count = give(&mut [IoSliceMut::new(copy)])?;
                // Taken down first: the memory that an array in place lies in is about to be written.
                let windows: Vec<Window> = after(done, vectors.windows(memory)).collect();
                spread(copy, count, windows.into_iter(), |window, bytes| {
                    let to = memory.get_mut(window.start..);
                    if let Some(to) = to.and_then(|to| to.get_mut(..bytes.len())) {
                        to.copy_from_slice(bytes);
                    }
                });
                Ok(count)
            }),
            Kind::Shared(shared) => bounce.lend(left, |copy| {
                let count = give(&mut [IoSliceMut::new(copy)])?;
                let windows = after(done, vectors.windows(&[]));
                spread(copy, count, windows, |window, bytes| {
                    shared.write(window.start, bytes);
                });
                Ok(count)
            }),
        }
    }
}

/// Hands the first `count` bytes of a copy out to the windows, one after the other.
fn spread(
    copy: &[u8],
    count: usize,
    windows: impl Iterator<Item = Window>,
    mut write: impl FnMut(Window, &[u8]),
) {
    let mut filled = copy.get(..count).unwrap_or_default();
    for window in windows {
        if filled.is_empty() {
            return;
        }
        let (now, later) = filled.split_at(filled.len().min(window.len));
        write(window, now);
        filled = later;
    }
}

/// Memory from `start` on that has not been lent.
struct Rest<'m> {
    start: usize,
    bytes: &'m mut [u8],
}

impl<'m> Rest<'m> {
    /// Lends a window, and never again what is before its end.
    fn lend(&mut self, window: Window) -> Option<IoSliceMut<'m>> {
        let skip = window.start.checked_sub(self.start)?;
        let bytes = core::mem::take(&mut self.bytes);
        let (_, tail) = bytes.split_at_mut_checked(skip)?;
        let (buf, tail) = tail.split_at_mut_checked(window.len)?;
        (self.start, self.bytes) = (window.end(), tail);
        Some(IoSliceMut::new(buf))
    }
}

fn elements(memory: &[u8], array: Window) -> &[[u8; Iovec::SIZE as usize]] {
    let bytes = memory.get(array.start..array.end());
    bytes.unwrap_or_default().as_chunks().0
}

/// The buffer of an element that has been checked.
fn window(element: &[u8; Iovec::SIZE as usize]) -> Window {
    let Iovec { buf, len } = Iovec::decode(element);
    Window {
        start: buf as usize,
        len: len as usize,
    }
}

/// The buffers without their first `done` bytes, and without empty ones.
fn after(done: u64, windows: impl Iterator<Item = Window>) -> impl Iterator<Item = Window> {
    let mut skip = usize::try_from(done).unwrap_or(usize::MAX);
    windows.filter_map(move |window| {
        let mut rest = window;
        // Nearly always nothing is done yet.
        if skip > 0 {
            rest = window.part(skip, window.len);
            skip = skip.saturating_sub(window.len);
        }
        (!rest.is_empty()).then_some(rest)
    })
}

/// Calls `with` on up to `count` slices as one array. It is on the stack up to the number that a guest may pass if the
/// embedder says nothing else, so that no transfer allocates; a few sizes keep the usual ones small.
fn with_slices<S, R>(
    count: usize,
    mut slices: impl Iterator<Item = S>,
    empty: impl Fn() -> S,
    with: impl FnOnce(&mut [S]) -> R,
) -> R {
    match count {
        0..=1 => match slices.next() {
            Some(slice) => with(&mut [slice]),
            None => with(&mut []),
        },
        2 => fill([(); 2].map(|()| empty()), slices, with),
        3..=16 => on_stack::<16, S, R>(slices, empty, with),
        17..=128 => on_stack::<128, S, R>(slices, empty, with),
        129..=1024 => on_stack::<1024, S, R>(slices, empty, with),
        _ => with(&mut slices.collect::<Vec<S>>()),
    }
}

/// Never inlined: its frame is for those who need it.
#[inline(never)]
fn on_stack<const N: usize, S, R>(
    slices: impl Iterator<Item = S>,
    empty: impl Fn() -> S,
    with: impl FnOnce(&mut [S]) -> R,
) -> R {
    fill(core::array::from_fn::<S, N, _>(|_| empty()), slices, with)
}

#[inline(always)]
fn fill<const N: usize, S, R>(
    mut array: [S; N],
    slices: impl Iterator<Item = S>,
    with: impl FnOnce(&mut [S]) -> R,
) -> R {
    let mut count = 0_usize;
    for (slot, slice) in array.iter_mut().zip(slices) {
        *slot = slice;
        count = count.saturating_add(1);
    }
    with(array.get_mut(..count).unwrap_or_default())
}
