//! Random numbers that follow from a seed.

use std::hash::{BuildHasher, Hasher, RandomState};

/// A generator; a copy of it gives the same numbers again.
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    /// One that no other is like; failures print it.
    pub(super) fn new() -> Self {
        Self(RandomState::new().build_hasher().finish())
    }

    /// A number below `end`.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    /// True in `percent` of a hundred throws.
    #[cfg(target_os = "linux")]
    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}
