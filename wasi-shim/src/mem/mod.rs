//! A guest's linear memory for the duration of one call.
//!
//! This room knows where bytes are, that they are in bounds and aligned, and how to lend them to a system call. It does
//! not know what they mean beyond the wire's records, and it never hands out a reference into memory that another
//! thread may write. An adapter to an engine makes a [`Memory`]; the dispatcher and the handlers of bulk calls use it.
//!
//! A pointer is checked once and becomes a `Window`, `Out` or `Vectors`; what those name cannot be out of bounds later,
//! because a linear memory never shrinks.

mod shared;
mod vectors;
mod words;

pub(crate) use vectors::Vectors;
pub(crate) use words::Bounce;

use crate::abi::{Abi, MAX_SIZE, Wire};
use std::borrow::Cow;
use std::marker::PhantomData;
use std::sync::atomic::AtomicU8;
use words::Shared;

/// One linear memory, for the duration of one call.
pub struct Memory<'a>(Kind<'a>);

enum Kind<'a> {
    Exclusive(&'a mut [u8]),
    Shared(Shared<'a>),
}

/// A pointer that no memory of this size contains, or that its type does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The pointer.
    pub(crate) address: u32,
    /// How many bytes were to be read or written there.
    pub(crate) len: u64,
    /// The alignment it should have had, if that is what is wrong with it.
    pub(crate) misaligned: Option<u32>,
    /// The size of the memory.
    pub(crate) size: u64,
}

/// A checked range of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Window {
    start: usize,
    len: usize,
}

impl Window {
    /// How many bytes.
    pub(crate) const fn len(self) -> usize {
        self.len
    }

    /// Is there none?
    pub(crate) const fn is_empty(self) -> bool {
        self.len == 0
    }

    /// The part from `from` on, at most `len` bytes.
    #[must_use]
    pub(crate) fn part(self, from: usize, len: usize) -> Self {
        let from = from.min(self.len);
        Self {
            start: self.start.saturating_add(from),
            len: len.min(self.len.saturating_sub(from)),
        }
    }

    const fn end(self) -> usize {
        self.start.saturating_add(self.len)
    }

    /// Is there a byte that is in both?
    const fn overlaps(self, other: Self) -> bool {
        self.start < other.end() && other.start < self.end()
    }
}

/// A checked result pointer.
pub(crate) struct Out<T> {
    window: Window,
    value: PhantomData<fn(T)>,
}

impl<'a> Memory<'a> {
    /// A memory that nobody else touches during the call.
    pub const fn new(bytes: &'a mut [u8]) -> Self {
        Self(Kind::Exclusive(bytes))
    }

    /// A memory that other threads may be writing. It is copied byte by byte, never borrowed:
    /// [`shared_cells`](Self::shared_cells) is faster, where it may be used.
    pub const fn shared(bytes: &'a [AtomicU8]) -> Self {
        Self::of_shared(Shared::of_bytes(bytes))
    }

    const fn of_shared(shared: Shared<'a>) -> Self {
        Self(Kind::Shared(shared))
    }

    /// Its size in bytes.
    pub const fn size(&self) -> usize {
        match &self.0 {
            Kind::Exclusive(bytes) => bytes.len(),
            Kind::Shared(shared) => shared.len(),
        }
    }

    /// Checks a range of bytes. An empty range must be in bounds too.
    pub(crate) fn window(&self, address: u32, len: u32) -> Result<Window, Fault> {
        self.array(address, 1, len, 1)
    }

    /// Checks a range of `count` elements of `size` bytes.
    #[inline]
    pub(crate) fn array(
        &self,
        address: u32,
        count: u32,
        size: u32,
        align: u32,
    ) -> Result<Window, Fault> {
        let len = u64::from(count).saturating_mul(u64::from(size));
        if u64::from(address).saturating_add(len) > self.size() as u64 {
            return Err(self.fault(address, len, None));
        }
        if !address.is_multiple_of(align) {
            return Err(self.fault(address, len, Some(align)));
        }
        // Both fit: they are within a memory that is addressable here.
        let (start, len) = (address as usize, usize::try_from(len).unwrap_or_default());
        Ok(Window { start, len })
    }

    #[cold]
    const fn fault(&self, address: u32, len: u64, misaligned: Option<u32>) -> Fault {
        Fault {
            address,
            len,
            misaligned,
            size: self.size() as u64,
        }
    }

    /// Checks a result pointer.
    #[inline]
    pub(crate) fn out<T: Wire>(&self, abi: Abi, address: u32) -> Result<Out<T>, Fault> {
        let window = self.array(address, 1, T::size(abi), T::ALIGN)?;
        Ok(Out {
            window,
            value: PhantomData,
        })
    }

    /// Stores a result.
    #[inline]
    pub(crate) fn store<T: Wire>(&mut self, abi: Abi, out: &Out<T>, value: &T) {
        self.store_at(abi, out.window, value);
    }

    /// Stores a record at the start of a window that has room for it.
    #[inline]
    pub(crate) fn store_at<T: Wire>(&mut self, abi: Abi, at: Window, value: &T) {
        // In each branch the record's size is known.
        if T::size(Abi::Preview1) == T::size(Abi::Unstable) {
            return self.encode_at(abi, at, value);
        }
        match abi {
            Abi::Preview1 => self.encode_at(Abi::Preview1, at, value),
            Abi::Unstable => self.encode_at(Abi::Unstable, at, value),
        }
    }

    #[inline]
    fn encode_at<T: Wire>(&mut self, abi: Abi, at: Window, value: &T) {
        let size = T::size(abi) as usize;
        match &mut self.0 {
            Kind::Exclusive(memory) => {
                let to = memory.get_mut(at.start..);
                if let Some(to) = to.and_then(|to| to.get_mut(..size)) {
                    to.fill(0);
                    value.encode(abi, to);
                }
            }
            Kind::Shared(memory) => {
                // As large as any, so that its size is known here; what is not used of it is not made.
                let mut bytes = [0; MAX_SIZE];
                if let Some(bytes) = bytes.get_mut(..size) {
                    value.encode(abi, bytes);
                    memory.write(at.start, bytes);
                }
            }
        }
    }

    /// Copies `bytes` to the start of the window, as far as they fit.
    #[inline]
    pub(crate) fn write(&mut self, at: Window, bytes: &[u8]) {
        let Some(bytes) = bytes.get(..bytes.len().min(at.len)) else {
            return;
        };
        match &mut self.0 {
            Kind::Exclusive(memory) => {
                let to = memory.get_mut(at.start..);
                if let Some(to) = to.and_then(|to| to.get_mut(..bytes.len())) {
                    to.copy_from_slice(bytes);
                }
            }
            Kind::Shared(memory) => memory.write(at.start, bytes),
        }
    }

    /// The bytes of a window: borrowed where nobody else can change them, copied otherwise.
    pub(crate) fn bytes(&self, at: Window) -> Cow<'_, [u8]> {
        match &self.0 {
            Kind::Exclusive(memory) => {
                Cow::Borrowed(memory.get(at.start..at.end()).unwrap_or_default())
            }
            Kind::Shared(memory) => Cow::Owned(memory.copy(at.start, at.len)),
        }
    }

    /// A copy of what is in `array` now, if it could be something else later: where other threads write, or where it
    /// overlaps what this call writes, which is `out`.
    pub(crate) fn copy_unless_settled(&self, array: Window, out: Window) -> Option<Vec<u8>> {
        match &self.0 {
            Kind::Exclusive(_) if !array.overlaps(out) => None,
            _ => Some(self.bytes(array).into_owned()),
        }
    }

    /// Lets `fill` write into a window, in pieces of what `bounce` allows: in place, or through it.
    pub(crate) fn fill<E>(
        &mut self,
        at: Window,
        mut bounce: Bounce,
        fill: impl FnMut(&mut [u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        match &mut self.0 {
            Kind::Exclusive(memory) => {
                let bytes = memory.get_mut(at.start..at.end()).unwrap_or_default();
                bytes.chunks_mut(bounce.limit()).try_for_each(fill)
            }
            Kind::Shared(memory) => memory.fill(at.start, at.len, &mut bounce, fill),
        }
    }
}
