//! Pages by number, and holes where there are none.
//!
//! Knows pages and how they are found. Refuses to know what is charged for them, and how long their file is. Only the
//! pages of a file use it, for all but the first.

use super::pages::{PAGE, PAGE_BITS, copy_into, copy_or_zero, pages, split};
use crate::sync::Arc;
use std::collections::BTreeMap;

/// Pages in a leaf.
const LEAF: usize = 1 << LEAF_BITS;
const LEAF_BITS: u32 = 6;
const LEAF_BYTES: usize = LEAF * PAGE;

type Page = Box<[u8; PAGE]>;

/// Neighbouring pages: this file's own, and where there is none, what it has in common with a snapshot. To know that a
/// page is the file's own costs nothing, where a count would have to be asked.
struct Leaf {
    own: [Option<Page>; LEAF],
    common: Option<Common>,
}

type Common = Arc<[Option<Arc<Page>>; LEAF]>;

/// All pages. Leaves keep the bookkeeping of the sparsest file at an eighth of its pages, and the map of a dense one
/// small.
#[derive(Default)]
pub(super) struct Leaves(BTreeMap<u64, Box<Leaf>>);

impl Leaves {
    /// The same pages for another file.
    pub(super) fn share(&mut self) -> Self {
        let leaves = self.0.iter_mut();
        Self(leaves.map(|(at, leaf)| (*at, leaf.share())).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Fills all of `buf` from `offset` on; holes are zeros.
    pub(super) fn read(&self, buf: &mut [u8], offset: u64) {
        let (mut at, mut left) = (offset, buf);
        while !left.is_empty() {
            let within = at as usize & (LEAF_BYTES - 1);
            let count = left.len().min(LEAF_BYTES.saturating_sub(within));
            let (part, later) = left.split_at_mut(count);
            match self.0.get(&(split(at).0 >> LEAF_BITS)) {
                Some(leaf) => read_leaf(leaf, part, within),
                None => part.fill(0),
            }
            left = later;
            at = at.saturating_add(count as u64);
        }
    }

    /// A page, if it is there, to be written: from now on it is this file's own.
    pub(super) fn page(&mut self, page: u64) -> Option<&mut [u8]> {
        let leaf = self.0.get_mut(&(page >> LEAF_BITS))?;
        if leaf.common.is_some() {
            leaf.take_over(slot(page));
        }
        Some(leaf.own.get_mut(slot(page))?.as_mut()?.as_mut_slice())
    }

    /// Makes a page that is not there.
    pub(super) fn add(&mut self, page: u64, within: usize, part: &[u8]) {
        let leaf = self.0.entry(page >> LEAF_BITS);
        let leaf = leaf.or_insert_with(|| Leaf::new(None));
        if let Some(slot) = leaf.own.get_mut(slot(page)) {
            *slot = new_page(within, part);
        }
    }

    /// The first page at `page` or later that is there.
    pub(super) fn next(&self, page: u64) -> Option<u64> {
        let (low, from) = (page >> LEAF_BITS, slot(page));
        self.0.range(low..).find_map(|(&index, leaf)| {
            let from = if index == low { from } else { 0 };
            let slot = (from..LEAF).find(|slot| leaf.get(*slot).is_some())?;
            Some(index << LEAF_BITS | slot as u64)
        })
    }

    /// How many of the pages `first..end` are there.
    pub(super) fn written(&self, first: u64, end: u64) -> u64 {
        if first >= end {
            return 0;
        }
        let last = end.saturating_sub(1);
        let (low, high) = (first >> LEAF_BITS, last >> LEAF_BITS);
        let leaves = self.0.range(low..=high);
        let counts = leaves.map(|(&index, leaf)| {
            let from = if index == low { slot(first) } else { 0 };
            let to = if index == high { slot(last) } else { LEAF - 1 };
            leaf.written(from, to)
        });
        counts.sum()
    }

    /// Makes every byte from `len` on a zero again.
    pub(super) fn cut(&mut self, len: u64) {
        let kept = pages(len);
        let border = kept >> LEAF_BITS;
        let mut beyond = self.0.split_off(&border);
        if slot(kept) > 0
            && let Some(mut leaf) = beyond.remove(&border)
        {
            leaf.cut(slot(kept));
            if leaf.written(0, LEAF - 1) > 0 {
                self.0.insert(border, leaf);
            }
        }
        // The rest of the page that `len` lies in, which growing would show again.
        let (page, within) = split(len);
        if let Some(tail) = self.page(page).and_then(|bytes| bytes.get_mut(within..)) {
            tail.fill(0);
        }
    }
}

impl Leaf {
    fn new(common: Option<Common>) -> Box<Self> {
        let own = [const { None }; LEAF];
        Box::new(Self { own, common })
    }

    fn get(&self, slot: usize) -> Option<&[u8]> {
        match (self.own.get(slot)?, &self.common) {
            (Some(page), _) => Some(page.as_slice()),
            (None, Some(common)) => Some(common.get(slot)?.as_ref()?.as_slice()),
            (None, None) => None,
        }
    }

    /// Makes all pages common, and returns them once more.
    fn share(&mut self) -> Box<Self> {
        let own = self.own.iter_mut().enumerate();
        for (slot, page) in own.filter_map(|(slot, page)| Some((slot, page.take()?))) {
            let common = self
                .common
                .get_or_insert_with(|| Arc::new([const { None }; LEAF]));
            if let Some(place) = Arc::make_mut(common).get_mut(slot) {
                *place = Some(Arc::new(page));
            }
        }
        Self::new(self.common.clone())
    }

    /// Makes a page that is common the file's own. It is not kept twice once nobody else has it.
    fn take_over(&mut self, slot: usize) {
        let common = self.common.as_mut();
        if let Some(common) = common.filter(|all| all.get(slot).is_some_and(Option::is_some))
            && let Some(page) = Arc::make_mut(common).get_mut(slot).and_then(Option::take)
            && let Some(own) = self.own.get_mut(slot)
        {
            *own = Some(Arc::unwrap_or_clone(page));
        }
    }

    /// How many of the slots `from..=to` hold a page.
    fn written(&self, from: usize, to: usize) -> u64 {
        (from..=to).filter(|slot| self.get(*slot).is_some()).count() as u64
    }

    /// Drops the pages from a slot on.
    fn cut(&mut self, from: usize) {
        self.own.iter_mut().skip(from).for_each(|page| *page = None);
        if let Some(common) = &mut self.common {
            let pages = Arc::make_mut(common).iter_mut();
            pages.skip(from).for_each(|page| *page = None);
        }
    }
}

/// The place of a page within its leaf.
const fn slot(page: u64) -> usize {
    page as usize & (LEAF - 1)
}

fn read_leaf(leaf: &Leaf, buf: &mut [u8], offset: usize) {
    let mut within = offset & (PAGE - 1);
    let mut left = buf;
    for slot in offset >> PAGE_BITS..LEAF {
        let count = left.len().min(PAGE.saturating_sub(within));
        let (part, later) = left.split_at_mut(count);
        let bytes = leaf.get(slot).and_then(|bytes| bytes.get(within..));
        copy_or_zero(bytes, part);
        if later.is_empty() {
            return;
        }
        (left, within) = (later, 0);
    }
}

/// A page with `part` at `within`, and zeros around it.
fn new_page(within: usize, part: &[u8]) -> Option<Page> {
    let bytes: Box<[u8]> = if part.len() == PAGE {
        part.into()
    } else {
        let mut bytes = vec![0; PAGE].into_boxed_slice();
        copy_into(&mut bytes, within, part);
        bytes
    };
    bytes.try_into().ok()
}

#[cfg(test)]
impl Leaves {
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }
}
