//! Sets of pages, as ranges.
//!
//! Knows ranges of numbers that neither overlap nor touch. Refuses to know what the pages hold and who pays for them.
//! Only the pages of a file use it.

use std::collections::BTreeMap;

/// Each range by its start, with its end, which is not in it.
#[derive(Clone, Default)]
pub(super) struct Ranges(BTreeMap<u64, u64>);

impl Ranges {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn contains(&self, page: u64) -> bool {
        let before = self.0.range(..=page).next_back();
        before.is_some_and(|(_, &end)| page < end)
    }

    /// What is within `start..end`, in order.
    pub(super) fn within(&self, start: u64, end: u64) -> impl Iterator<Item = (u64, u64)> + '_ {
        let before = self.0.range(..start).next_back();
        let from = before.map_or(start, |(&before, _)| before);
        self.0
            .range(from..end.max(from))
            .map(move |(&from, &to)| (from.max(start), to.min(end)))
            .filter(|(from, to)| from < to)
    }

    /// Adds `start..end`. What it overlaps or touches becomes one range with it.
    pub(super) fn insert(&mut self, start: u64, end: u64) {
        let (mut start, mut end) = (start, end);
        while let Some((&from, &to)) = self.0.range(..=end).next_back()
            && to >= start
        {
            self.0.remove(&from);
            (start, end) = (start.min(from), end.max(to));
        }
        self.0.insert(start, end);
    }

    /// Takes out all from `end` on.
    pub(super) fn cut(&mut self, end: u64) {
        self.0.split_off(&end);
        if let Some(mut last) = self.0.last_entry() {
            let to = last.get_mut();
            *to = end.min(*to);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn all(ranges: &Ranges) -> Vec<(u64, u64)> {
        ranges.0.iter().map(|(&start, &end)| (start, end)).collect()
    }

    #[test]
    fn ranges_that_meet_become_one() {
        let mut ranges = Ranges::default();
        for (start, end) in [(10, 12), (20, 22), (14, 15)] {
            ranges.insert(start, end);
        }
        assert_eq!(all(&ranges), [(10, 12), (14, 15), (20, 22)]);
        ranges.insert(12, 13);
        assert_eq!(all(&ranges), [(10, 13), (14, 15), (20, 22)]);
        ranges.insert(11, 20);
        assert_eq!(all(&ranges), [(10, 22)]);
        ranges.insert(12, 14);
        ranges.insert(0, 9);
        assert_eq!(all(&ranges), [(0, 9), (10, 22)]);
        assert_eq!(ranges.within(8, 11).collect::<Vec<_>>(), [(8, 9), (10, 11)]);
        assert_eq!(
            ranges.within(9, 10).count() + ranges.within(12, 12).count(),
            0
        );
        ranges.cut(11);
        assert_eq!(all(&ranges), [(0, 9), (10, 11)]);
        ranges.cut(0);
        assert!(ranges.is_empty());
    }

    #[test]
    fn any_ranges_are_the_same_set() {
        let (mut ranges, mut set) = (Ranges::default(), BTreeSet::new());
        let mut dice = 1_u64;
        let mut roll = |below: u64| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (dice >> 33) % below
        };
        for _ in 0..3_000 {
            let start = roll(60);
            let end = start + 1 + roll(6);
            if roll(8) == 0 {
                ranges.cut(start);
                set.retain(|page| *page < start);
            } else {
                ranges.insert(start, end);
                set.extend(start..end);
            }
            let (from, to) = (roll(70), roll(70));
            let within: Vec<u64> = ranges.within(from, to).flat_map(|(a, b)| a..b).collect();
            let expected: Vec<u64> = set
                .iter()
                .copied()
                .filter(|p| (from..to).contains(p))
                .collect();
            assert_eq!(within, expected);
            assert_eq!(ranges.contains(from), set.contains(&from));
            let all = all(&ranges);
            assert!(
                all.iter().zip(all.iter().skip(1)).all(|(a, b)| a.1 < b.0),
                "{all:?}"
            );
        }
    }
}
