//! The bytes of one file, in pages.
//!
//! Knows pages, holes, reservations and what they are charged to. Refuses to know the file's length, times and locks:
//! every byte past what was written reads as zero. Only the file of this filesystem uses it.

use super::volume::Meter;
use crate::abi::Result;
use std::collections::BTreeMap;

/// Bytes in a page: the unit of charging. A block of 4 KiB, which most programs read and write, is one copy.
pub(super) const PAGE: usize = 1 << PAGE_BITS;
pub(super) const PAGE_BITS: u32 = 12;
const LEAF_BITS: u32 = 6;
/// Pages in a leaf: as many as a `u64` has bits.
const LEAF: usize = 1 << LEAF_BITS;

type Page = Box<[u8; PAGE]>;

/// Neighbouring pages. An owned page without bytes is a reservation: paid for, and all zeros.
///
/// Leaves keep the bookkeeping of the sparsest file at an eighth of what it is charged, and the map of a dense one
/// small.
struct Leaf {
    pages: [Option<Page>; LEAF],
    owned: u64,
}

impl Leaf {
    fn count(&self, mask: u64) -> u64 {
        u64::from((self.owned & mask).count_ones())
    }
}

/// A sparse run of pages.
#[derive(Default)]
pub(super) struct Pages {
    leaves: BTreeMap<u64, Box<Leaf>>,
    held: u64,
}

impl Pages {
    /// How many pages are charged for.
    pub(super) const fn held(&self) -> u64 {
        self.held
    }

    /// Fills all of `buf` from `offset` on; holes are zeros.
    pub(super) fn read(&self, buf: &mut [u8], offset: u64) {
        let mut at = offset;
        let mut rest = buf;
        while !rest.is_empty() {
            let (page, within) = split(at);
            let count = rest.len().min(PAGE.saturating_sub(within));
            let (part, later) = rest.split_at_mut(count);
            match self.page(page).and_then(|bytes| span(bytes, within, count)) {
                Some(bytes) => part.copy_from_slice(bytes),
                None => part.fill(0),
            }
            rest = later;
            at = at.saturating_add(count as u64);
        }
    }

    /// Writes `buf` at `offset` until pages run out; returns how much was written.
    pub(super) fn write(&mut self, buf: &[u8], offset: u64, quota: &Meter) -> usize {
        let mut done = 0_usize;
        while let Some(rest) = buf.get(done..).filter(|rest| !rest.is_empty()) {
            let (page, within) = split(offset.saturating_add(done as u64));
            let count = rest.len().min(PAGE.saturating_sub(within));
            let Some(bytes) = self.page_mut(page, quota) else {
                break;
            };
            let end = within.saturating_add(count);
            if let (Some(to), Some(from)) = (bytes.get_mut(within..end), rest.get(..count)) {
                to.copy_from_slice(from);
            }
            done = done.saturating_add(count);
        }
        done
    }

    /// Pays for every page of `offset..end`, or for none of them: `nospc`.
    ///
    /// The pages stay unmade until they are written, so that the time this takes does not grow with the bytes.
    pub(super) fn reserve(&mut self, offset: u64, end: u64, quota: &Meter) -> Result<()> {
        let (first, last) = (split(offset).0, split(end.saturating_sub(1)).0);
        let leaves = first >> LEAF_BITS..=last >> LEAF_BITS;
        let owned = self.leaves.range(leaves.clone());
        let owned: u64 = owned
            .map(|(&index, leaf)| leaf.count(mask(index, first, last)))
            .sum();
        let missing = last
            .saturating_sub(first)
            .saturating_add(1)
            .saturating_sub(owned);
        quota.take(missing)?;
        self.held = self.held.saturating_add(missing);
        // The quota has agreed: there are no more leaves than it has pages.
        for index in leaves {
            self.leaf(index).owned |= mask(index, first, last);
        }
        Ok(())
    }

    /// Makes every byte from `len` on a zero again and gives the pages back.
    pub(super) fn cut(&mut self, len: u64, quota: &Meter) {
        let first = split(len.saturating_add(PAGE as u64).saturating_sub(1)).0;
        let border = first >> LEAF_BITS;
        let mut beyond = self.leaves.split_off(&border);
        let mut freed = 0_u64;
        if let Some(mut leaf) = beyond.remove(&border) {
            freed = freed.saturating_add(leaf.count(mask(border, first, u64::MAX)));
            leaf.owned &= !mask(border, first, u64::MAX);
            leaf.pages
                .iter_mut()
                .skip(slot(first))
                .for_each(|page| *page = None);
            if leaf.owned != 0 {
                self.leaves.insert(border, leaf);
            }
        }
        for leaf in beyond.values() {
            freed = freed.saturating_add(leaf.count(u64::MAX));
        }
        self.held = self.held.saturating_sub(freed);
        quota.give(freed);
        self.blank_tail(len);
    }

    /// Zeros the rest of the page that `len` lies in, which growing would show again.
    fn blank_tail(&mut self, len: u64) {
        let (page, within) = split(len);
        let leaf = self.leaves.get_mut(&(page >> LEAF_BITS));
        let bytes = leaf.and_then(|leaf| leaf.pages.get_mut(slot(page))?.as_mut());
        if let Some(tail) = bytes.and_then(|bytes| bytes.get_mut(within..)) {
            tail.fill(0);
        }
    }

    fn page(&self, page: u64) -> Option<&Page> {
        let leaf = self.leaves.get(&(page >> LEAF_BITS))?;
        leaf.pages.get(slot(page))?.as_ref()
    }

    fn page_mut(&mut self, page: u64, quota: &Meter) -> Option<&mut Page> {
        let (index, bit) = (page >> LEAF_BITS, mask(page >> LEAF_BITS, page, page));
        // Paid for before a leaf is made: writes that fail must not leave empty leaves behind.
        if self
            .leaves
            .get(&index)
            .is_none_or(|leaf| leaf.count(bit) == 0)
        {
            quota.take(1).ok()?;
            self.held = self.held.saturating_add(1);
        }
        let leaf = self.leaf(index);
        leaf.owned |= bit;
        let page = leaf.pages.get_mut(slot(page))?;
        Some(page.get_or_insert_with(|| Box::new([0; PAGE])))
    }

    fn leaf(&mut self, index: u64) -> &mut Leaf {
        self.leaves.entry(index).or_insert_with(|| {
            Box::new(Leaf {
                pages: [const { None }; LEAF],
                owned: 0,
            })
        })
    }
}

/// The page of an offset, and the place within it.
const fn split(offset: u64) -> (u64, usize) {
    (offset >> PAGE_BITS, offset as usize & (PAGE - 1))
}

/// The place of a page within its leaf.
const fn slot(page: u64) -> usize {
    page as usize & (LEAF - 1)
}

/// The bits of leaf `index` that stand for pages of `first..=last`.
const fn mask(index: u64, first: u64, last: u64) -> u64 {
    let low = if first >> LEAF_BITS == index {
        slot(first)
    } else {
        0
    };
    let high = if last >> LEAF_BITS == index {
        slot(last)
    } else {
        LEAF - 1
    };
    u64::MAX.unbounded_shl(low as u32)
        & u64::MAX.unbounded_shr((LEAF - 1).saturating_sub(high) as u32)
}

fn span(bytes: &Page, within: usize, count: usize) -> Option<&[u8]> {
    bytes.get(within..within.saturating_add(count))
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
    fn the_last_page_of_the_address_space_costs_one() {
        let (quota, mut pages) = (Meter::new(1), Pages::default());
        let end = i64::MAX as u64;
        assert_eq!(pages.write(b"x", end - 1, &quota), 1);
        assert_eq!(content(&pages, end - 2, 2), b"\0x");
        assert_eq!(pages.write(b"y", 0, &quota), 0);
        assert_eq!((pages.leaves.len(), quota.used()), (1, 1));
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
        assert_eq!((quota.used(), pages.leaves.len()), (64, 1));
        pages.cut(0, &quota);
        assert_eq!((quota.used(), pages.held(), pages.leaves.len()), (0, 0, 0));
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
        assert_eq!((quota.used(), pages.leaves.len()), (90, 2));
        assert_eq!(quota.take(10), Ok(()));
        assert_eq!(pages.write(&vec![1; 90 * PAGE], 0, &quota), 90 * PAGE);
        assert_eq!(pages.write(b"x", 90 * PAGE as u64, &quota), 0);
    }
}
