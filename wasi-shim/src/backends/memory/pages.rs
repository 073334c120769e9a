//! The bytes of one file, in pages.
//!
//! Knows the first page, and what pages are charged to; the others are kept by `leaves`, and what is paid for ahead by
//! `ranges`. Refuses to know the file's length, times and locks: every byte past what was written reads as zero. Only the
//! file of this filesystem uses it.

use super::leaves::Leaves;
use super::ranges::Ranges;
use super::volume::Meter;
use crate::abi::Result;
use crate::sync::Arc;
use std::mem::take;

/// Bytes in a page: the unit of charging. A block of 4 KiB, which most programs read and write, is one copy.
pub(super) const PAGE: usize = 1 << PAGE_BITS;
pub(super) const PAGE_BITS: u32 = 12;
/// No page of any file has this number.
const END: u64 = 1 << (u64::BITS - PAGE_BITS);

/// A sparse run of pages.
#[derive(Default)]
pub(super) struct Pages {
    /// The first page, as far as it was written. Most files have no other, and many are a good deal shorter.
    first: Vec<u8>,
    rest: Option<Box<Rest>>,
}

/// What only some files have.
#[derive(Default)]
struct Rest {
    /// All pages but the first.
    leaves: Leaves,
    /// The first page, if it is in common with a snapshot. Then there is no other.
    first: Option<Arc<Vec<u8>>>,
    /// Pages that are paid for, written or not. Written ones are paid for in any case.
    reserved: Ranges,
}

impl Pages {
    /// The same pages for another file. What either writes from now on, it copies first.
    pub(super) fn share(&mut self) -> Self {
        if !self.first.is_empty() {
            let first = Arc::new(take(&mut self.first));
            self.rest.get_or_insert_default().first = Some(first);
        }
        Self {
            first: Vec::new(),
            rest: self.rest.as_mut().map(|rest| {
                Box::new(Rest {
                    leaves: rest.leaves.share(),
                    first: rest.first.clone(),
                    reserved: rest.reserved.clone(),
                })
            }),
        }
    }

    /// The first page.
    fn first(&self) -> &[u8] {
        if self.first.is_empty() {
            self.common()
        } else {
            &self.first
        }
    }

    #[cold]
    fn common(&self) -> &[u8] {
        let common = self.rest.as_ref().and_then(|rest| rest.first.as_ref());
        common.map_or(&[], |first| first.as_slice())
    }

    /// Makes the first page the file's own.
    fn take_over(&mut self) {
        if let Some(first) = self.rest.as_mut().and_then(|rest| rest.first.take()) {
            self.first = Arc::unwrap_or_clone(first);
        }
    }

    /// The first byte at `offset` or later that is in a page.
    pub(super) fn next(&self, offset: u64) -> Option<u64> {
        let (page, _) = split(offset);
        if page == 0 && !self.first().is_empty() {
            return Some(offset);
        }
        let next = self.rest.as_ref()?.leaves.next(page)?;
        Some(offset.max(next << PAGE_BITS))
    }

    /// How many pages are charged for.
    pub(super) fn held(&self) -> u64 {
        self.charged(0, END)
    }

    /// Fills all of `buf` from `offset` on; holes are zeros.
    pub(super) fn read(&self, buf: &mut [u8], offset: u64) {
        let within = usize::try_from(offset).unwrap_or(usize::MAX);
        let count = buf.len().min(PAGE.saturating_sub(within));
        let (part, later) = buf.split_at_mut(count);
        copy_or_zero(self.first().get(within..), part);
        match &self.rest {
            Some(rest) => rest.leaves.read(later, offset.saturating_add(count as u64)),
            None => later.fill(0),
        }
    }

    /// Writes `buf` at `offset` until pages run out; returns how much was written.
    pub(super) fn write(&mut self, buf: &[u8], offset: u64, quota: &Meter) -> usize {
        let mut done = 0_usize;
        while let Some(rest) = buf.get(done..).filter(|rest| !rest.is_empty()) {
            let (page, within) = split(offset.saturating_add(done as u64));
            let part = rest.get(..PAGE.saturating_sub(within)).unwrap_or(rest);
            if !self.put(page, within, part, quota) {
                break;
            }
            done = done.saturating_add(part.len());
        }
        done
    }

    /// Pays for every page of `offset..end`, or for none of them: `nospc`.
    ///
    /// The pages stay unmade until they are written, so that the time this takes does not grow with the bytes.
    pub(super) fn reserve(&mut self, offset: u64, end: u64, quota: &Meter) -> Result<()> {
        let (first, end) = (split(offset).0, pages(end));
        let missing = end
            .saturating_sub(first)
            .saturating_sub(self.charged(first, end));
        quota.take(missing)?;
        let rest = self.rest.get_or_insert_default();
        rest.reserved.insert(first, end);
        Ok(())
    }

    /// Makes every byte from `len` on a zero again and gives the pages back.
    pub(super) fn cut(&mut self, len: u64, quota: &Meter) {
        let kept = pages(len);
        quota.give(self.charged(kept, END));
        if len < PAGE as u64 {
            self.take_over();
        }
        if kept == 0 {
            self.first = Vec::new();
        }
        self.first
            .truncate(usize::try_from(len).unwrap_or(usize::MAX));
        if let Some(rest) = &mut self.rest {
            rest.leaves.cut(len);
            rest.reserved.cut(kept);
        }
        self.rest.take_if(|rest| rest.is_empty());
    }

    /// How many of the pages `first..end` are charged for: those that are reserved, and the written ones between them.
    fn charged(&self, first: u64, end: u64) -> u64 {
        let written = first == 0 && !self.first().is_empty();
        let Some(rest) = &self.rest else {
            return u64::from(written);
        };
        let mut count = u64::from(written && !rest.reserved.contains(0));
        let mut at = first;
        for (from, to) in rest.reserved.within(first, end) {
            count = count
                .saturating_add(rest.leaves.written(at, from))
                .saturating_add(to.saturating_sub(from));
            at = to;
        }
        count.saturating_add(rest.leaves.written(at, end))
    }

    /// Writes within a page; `false` if there is none and no room for one.
    fn put(&mut self, page: u64, within: usize, part: &[u8], quota: &Meter) -> bool {
        if page == 0 && self.first.is_empty() {
            self.take_over();
        }
        if page == 0 && !self.first.is_empty() {
            self.put_first(within, part);
            return true;
        }
        if let Some(bytes) = self.rest.as_mut().and_then(|rest| rest.leaves.page(page)) {
            copy_into(bytes, within, part);
            return true;
        }
        // Paid for before anything is made: writes that fail must not leave empty leaves behind.
        let rest = self.rest.as_ref();
        if rest.is_none_or(|rest| !rest.reserved.contains(page)) && quota.take(1).is_err() {
            return false;
        }
        if page == 0 {
            self.put_first(within, part);
        } else {
            let rest = self.rest.get_or_insert_default();
            rest.leaves.add(page, within, part);
        }
        true
    }

    /// Writes within the first page, which becomes as long as that takes.
    fn put_first(&mut self, within: usize, part: &[u8]) {
        let first = &mut self.first;
        let end = within.saturating_add(part.len());
        if end > first.capacity() {
            // Twice as much at least, so that many short writes do not copy it as often; never more than a page.
            let room = first.capacity().saturating_mul(2).max(end).min(PAGE);
            first.reserve_exact(room.saturating_sub(first.len()));
        }
        if first.len() < within {
            first.resize(within, 0);
        }
        let (old, new) = part.split_at(part.len().min(first.len().saturating_sub(within)));
        copy_into(first, within, old);
        first.extend_from_slice(new);
    }
}

impl Rest {
    fn is_empty(&self) -> bool {
        self.leaves.is_empty() && self.reserved.is_empty() && self.first.is_none()
    }
}

/// The page of an offset, and the place within it.
pub(super) const fn split(offset: u64) -> (u64, usize) {
    (offset >> PAGE_BITS, offset as usize & (PAGE - 1))
}

/// How many pages it takes to hold `len` bytes.
pub(super) const fn pages(len: u64) -> u64 {
    len.div_ceil(PAGE as u64)
}

pub(super) fn copy_into(bytes: &mut [u8], within: usize, part: &[u8]) {
    if let Some(to) = bytes.get_mut(within..within.saturating_add(part.len())) {
        to.copy_from_slice(part);
    }
}

/// Fills `to` with what is there of `from`, then with zeros.
pub(super) fn copy_or_zero(from: Option<&[u8]>, to: &mut [u8]) {
    let from = from.unwrap_or_default();
    let count = from.len().min(to.len());
    let (part, rest) = to.split_at_mut(count);
    if let Some(from) = from.get(..count) {
        part.copy_from_slice(from);
    }
    rest.fill(0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::Errno;

    fn content(pages: &Pages, offset: u64, len: usize) -> Vec<u8> {
        let mut buf = vec![0xee; len];
        pages.read(&mut buf, offset);
        buf
    }

    fn leaves(pages: &Pages) -> usize {
        pages.rest.as_ref().map_or(0, |rest| rest.leaves.count())
    }

    #[test]
    fn pages_and_holes_read_as_written() {
        let (quota, mut pages) = (Meter::new(100), Pages::default());
        let data: Vec<u8> = (0..10_000_u32).map(|n| n as u8).collect();
        assert_eq!(pages.write(&data, 4_000, &quota), 10_000);
        assert_eq!((pages.held(), quota.used()), (4, 4));
        assert_eq!(content(&pages, 4_000, 10_000), data);
        assert_eq!(content(&pages, 0, 4_000), vec![0; 4_000]);
        assert_eq!(content(&pages, 14_000, 9_000), vec![0; 9_000]);
    }

    #[test]
    fn a_short_file_takes_no_whole_page_and_never_more_than_one() {
        let (quota, mut pages) = (Meter::new(1), Pages::default());
        let mut expected = Vec::new();
        for byte in (0..PAGE as u64).map(|at| at as u8 | 1) {
            assert_eq!(pages.write(&[byte], expected.len() as u64, &quota), 1);
            expected.push(byte);
            assert!(pages.first.capacity() <= PAGE.min(2 * expected.len().max(8)));
        }
        assert_eq!(content(&pages, 0, PAGE), expected);
        pages.cut(10, &quota);
        assert_eq!(pages.write(b"x", 20, &quota), 1);
        assert_eq!(pages.write(b"abc", 9, &quota), 3);
        expected = [&expected[..9], b"abc", &[0; 8], b"x", &[0; 9]].concat();
        assert_eq!(content(&pages, 0, 30), expected);
        assert_eq!(quota.used(), 1);
    }

    #[test]
    fn the_last_page_of_the_address_space_costs_one() {
        let (quota, mut pages) = (Meter::new(1), Pages::default());
        let end = i64::MAX as u64;
        assert_eq!(pages.write(b"x", end - 1, &quota), 1);
        assert_eq!(content(&pages, end - 2, 2), b"\0x");
        assert_eq!(pages.write(b"y", 0, &quota), 0);
        assert_eq!((leaves(&pages), quota.used()), (1, 1));
    }

    #[test]
    fn cutting_frees_pages_and_blanks_the_tail() {
        let (quota, mut pages) = (Meter::new(1_000), Pages::default());
        let data = vec![7; PAGE * 200];
        assert_eq!(pages.write(&data, 0, &quota), data.len());
        pages.cut(PAGE as u64 * 70 + 3, &quota);
        assert_eq!(quota.used(), 71);
        assert_eq!(content(&pages, PAGE as u64 * 70, 5), [7, 7, 7, 0, 0]);
        pages.cut(PAGE as u64 * 64, &quota);
        assert_eq!((quota.used(), leaves(&pages)), (64, 1));
        pages.cut(0, &quota);
        assert_eq!((quota.used(), pages.held(), leaves(&pages)), (0, 0, 0));
    }

    #[test]
    fn a_reservation_is_paid_once_and_is_all_or_nothing() {
        let (quota, mut pages) = (Meter::new(100), Pages::default());
        pages.write(b"x", 5 * PAGE as u64, &quota);
        assert_eq!(pages.reserve(0, 90 * PAGE as u64, &quota), Ok(()));
        assert_eq!((quota.used(), pages.held()), (90, 90));
        assert_eq!(
            pages.reserve(0, 101 * PAGE as u64, &quota),
            Err(Errno::Nospc)
        );
        assert_eq!(pages.reserve(0, i64::MAX as u64, &quota), Err(Errno::Nospc));
        assert_eq!((quota.used(), leaves(&pages)), (90, 1));
        assert_eq!(quota.take(10), Ok(()));
        assert_eq!(pages.write(&vec![1; 90 * PAGE], 0, &quota), 90 * PAGE);
        assert_eq!(pages.write(b"x", 90 * PAGE as u64, &quota), 0);
    }
}
