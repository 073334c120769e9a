//! What the records of zip files are made of: numbers, and times as MS-DOS had them.
//!
//! Knows how they are written. Refuses to know which record they are in. The readers of both headers use it.

use crate::vfs::Timestamp;

/// Numbers, the least byte first, taken from the front one after the other. Where there are no more, they are zero:
/// readers look at the length first.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn take(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at_checked(len).unwrap_or((self.0, &[]));
        self.0 = rest;
        taken
    }

    fn number(&mut self, len: usize) -> u64 {
        let bytes = self.take(len).iter().rev();
        bytes.fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
    }

    pub(super) fn u16(&mut self) -> u16 {
        u16::try_from(self.number(2)).unwrap_or_default()
    }

    pub(super) fn u32(&mut self) -> u32 {
        u32::try_from(self.number(4)).unwrap_or_default()
    }

    pub(super) fn u64(&mut self) -> u64 {
        self.number(8)
    }
}

/// The time of MS-DOS, which had no time zones, as if it were UTC. What is no date is 1970.
pub(super) fn dos_time(date: u16, time: u16) -> Timestamp {
    let (date, time) = (i64::from(date), i64::from(time));
    let (day, month, year) = (date & 31, (date >> 5) & 15, date >> 9);
    let seconds = (time & 31).saturating_mul(2);
    let (minutes, hours) = ((time >> 5) & 63, time >> 11);
    if day == 0 || !(1..=12).contains(&month) {
        return Timestamp(0);
    }
    // Years begin in March, so that a leap day is a year's last; months then repeat every five, which have 153 days.
    let early = month <= 2;
    let year = year.saturating_add(1980).saturating_sub(early.into());
    let month = month.saturating_add(if early { 9 } else { -3 });
    let in_year = month.saturating_mul(153).saturating_add(2) / 5;
    let leaps = (year / 4)
        .saturating_sub(year / 100)
        .saturating_add(year / 400);
    let days = year.saturating_mul(365).saturating_add(leaps);
    let days = days.saturating_add(in_year).saturating_add(day);
    // The first of March of the year 0 to 1970.
    let days = days.saturating_sub(719_469);
    let of_day = hours
        .saturating_mul(60)
        .saturating_add(minutes)
        .saturating_mul(60);
    let seconds = seconds.saturating_add(of_day);
    Timestamp::from_parts(days.saturating_mul(86_400).saturating_add(seconds), 0)
}
