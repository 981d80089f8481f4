//! Random numbers that are the same in every run, and times relative to a day.

use crate::clock::Time;

pub(super) const MINUTE: i64 = 60_000;
pub(super) const DAY: i64 = 24 * 60 * MINUTE;

/// A time of day, `days_ago` days before the day that starts at `today`.
pub(super) fn moment(today: Time, days_ago: i64, hour: i64, minute: i64) -> Time {
    today - days_ago * DAY + (hour * 60 + minute) * MINUTE
}

/// A seeded random number generator (`SplitMix64`).
pub(super) struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x7469_6465_7761_7465)
    }

    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let first = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let second = (first ^ (first >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        second ^ (second >> 31)
    }

    pub fn below(&mut self, most: u64) -> u64 {
        self.roll() % most.max(1)
    }

    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// A random time of day, `from` to `to` days ago.
    pub fn moment(&mut self, today: Time, from: u64, to: u64) -> Time {
        let days = (from + self.below(to - from + 1)) as i64;
        let (hour, minute) = (7 + self.below(15) as i64, self.below(60) as i64);
        moment(today, days, hour, minute) + self.below(60) as i64 * 1000
    }

    pub fn uuid(&mut self) -> String {
        let (a, b) = (self.roll(), self.roll());
        format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            a >> 32,
            (a >> 16) & 0xffff,
            a & 0xfff,
            b >> 52,
            b & 0xffff_ffff_ffff
        )
    }
}
