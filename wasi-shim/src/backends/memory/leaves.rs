//! Pages by number, and holes where there are none.
//!
//! Knows pages and how they are found. Refuses to know what is charged for them, and how long their file is. Only the
//! pages of a file use it, for all but the first.

use super::pages::{PAGE, PAGE_BITS, copy_into, copy_or_zero, pages, split};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Pages in a leaf.
const LEAF: usize = 1 << LEAF_BITS;
const LEAF_BITS: u32 = 6;
const LEAF_BYTES: usize = LEAF * PAGE;

/// Shared with snapshots until it is written.
type Page = Arc<[u8; PAGE]>;

/// Neighbouring pages, shared likewise.
type Leaf = Arc<[Option<Page>; LEAF]>;

/// All pages. Leaves keep the bookkeeping of the sparsest file at an eighth of its pages, and the map of a dense one
/// small.
#[derive(Clone, Default)]
pub(super) struct Leaves(BTreeMap<u64, Leaf>);

impl Leaves {
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

    /// A page, if it is there, to be written: from now on it is this file's alone.
    pub(super) fn page(&mut self, page: u64) -> Option<&mut [u8]> {
        let leaf = Arc::make_mut(self.0.get_mut(&(page >> LEAF_BITS))?);
        let page = leaf.get_mut(slot(page))?.as_mut()?;
        Some(Arc::make_mut(page).as_mut_slice())
    }

    /// Makes a page that is not there.
    pub(super) fn add(&mut self, page: u64, within: usize, part: &[u8]) {
        let leaf = self.0.entry(page >> LEAF_BITS);
        let leaf = leaf.or_insert_with(|| Arc::new([const { None }; LEAF]));
        if let Some(slot) = Arc::make_mut(leaf).get_mut(slot(page)) {
            *slot = new_page(within, part);
        }
    }

    /// How many of the pages `first..end` are there.
    pub(super) fn written(&self, first: u64, end: u64) -> u64 {
        if first >= end {
            return 0;
        }
        let last = end.saturating_sub(1);
        let (low, high) = (first >> LEAF_BITS, last >> LEAF_BITS);
        let count = |(&index, leaf): (&u64, &Leaf)| {
            let from = if index == low { slot(first) } else { 0 };
            let to = if index == high { slot(last) } else { LEAF - 1 };
            let slots = leaf.get(from..=to).unwrap_or_default();
            slots.iter().flatten().count() as u64
        };
        self.0.range(low..=high).map(count).sum()
    }

    /// Makes every byte from `len` on a zero again.
    pub(super) fn cut(&mut self, len: u64) {
        let kept = pages(len);
        let border = kept >> LEAF_BITS;
        let mut beyond = self.0.split_off(&border);
        if slot(kept) > 0
            && let Some(mut leaf) = beyond.remove(&border)
        {
            let pages = Arc::make_mut(&mut leaf).iter_mut();
            pages.skip(slot(kept)).for_each(|page| *page = None);
            if leaf.iter().any(Option::is_some) {
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

/// The place of a page within its leaf.
const fn slot(page: u64) -> usize {
    page as usize & (LEAF - 1)
}

fn read_leaf(leaf: &Leaf, buf: &mut [u8], offset: usize) {
    let mut within = offset & (PAGE - 1);
    let mut left = buf;
    for page in leaf.iter().skip(offset >> PAGE_BITS) {
        let count = left.len().min(PAGE.saturating_sub(within));
        let (part, later) = left.split_at_mut(count);
        let bytes = page.as_ref().and_then(|bytes| bytes.get(within..));
        copy_or_zero(bytes, part);
        if later.is_empty() {
            return;
        }
        (left, within) = (later, 0);
    }
}

/// A page with `part` at `within`, and zeros around it.
fn new_page(within: usize, part: &[u8]) -> Option<Page> {
    if part.len() == PAGE {
        return Arc::<[u8]>::from(part).try_into().ok();
    }
    let mut page: Page = Arc::new([0; PAGE]);
    copy_into(Arc::make_mut(&mut page).as_mut_slice(), within, part);
    Some(page)
}

#[cfg(test)]
impl Leaves {
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }
}
