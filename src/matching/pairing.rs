//! Picks which of several names or addresses are compared, also with first and last name swapped.

use super::field::MISSING;
use super::name::{self, Name};
use super::text::alike;

/// What a level is worth when the best pair of names or addresses is picked.
const FIRST_WORTH: [f64; 6] = [8.0, 6.5, 5.0, 1.0, 0.0, -4.0];
const LAST_WORTH: [f64; 6] = [9.0, 5.5, 5.5, 1.0, 0.0, -4.0];
pub(super) const STREET_WORTH: [f64; 6] = [11.0, 8.0, 3.0, 1.0, 0.0, -3.0];
pub(super) const LOCALITY_WORTH: [f64; 6] = [7.0, 5.0, 3.0, 2.0, -1.0, -3.0];

pub(super) fn worth(table: &[f64], level: u8) -> f64 {
    table.get(usize::from(level)).copied().unwrap_or(0.0)
}

/// One way to compare two names: straight or swapped.
#[derive(Clone, Copy)]
pub(super) struct Pairing {
    pub(super) first: u8,
    pub(super) last: u8,
    pub(super) swapped: bool,
}

impl Pairing {
    pub(super) fn both(x: &Name, y: &Name) -> impl Iterator<Item = Self> {
        let straight = Self {
            first: first_level(x, y),
            last: level(&x.last, &y.last, name::compare_last),
            swapped: false,
        };
        let crossing = straight.first != 0
            && straight.last != 0
            && (likely(&x.first, &y.last) || likely(&x.last, &y.first));
        // If only one word agrees, it may be a shared family name, so the better level counts as
        // the last name's.
        let swapped = crossing.then(|| {
            let one = level(&x.first, &y.last, name::compare_last);
            let other = level(&x.last, &y.first, name::compare_last);
            Self {
                first: one.max(other),
                last: one.min(other),
                swapped: true,
            }
        });
        [Some(straight), swapped].into_iter().flatten()
    }

    pub(super) fn worth(&self) -> f64 {
        let price = if self.swapped { 4.0 } else { 0.0 };
        worth(&FIRST_WORTH, self.first) + worth(&LAST_WORTH, self.last) - price
    }
}

/// Whether two words are close enough to suspect a swap.
fn likely(a: &str, b: &str) -> bool {
    a.len() > 1 && b.len() > 1 && alike(a, b) > 0.85
}

fn level(a: &str, b: &str, compare: impl Fn(&str, &str) -> u8) -> u8 {
    if a.is_empty() || b.is_empty() {
        MISSING
    } else {
        compare(a, b)
    }
}

/// First names; someone may go by a middle name.
fn first_level(x: &Name, y: &Name) -> u8 {
    let level = level(&x.first, &y.first, name::compare_first);
    let by_middle =
        |first: &str, middle: &str| first.len() > 2 && middle.split(' ').any(|word| word == first);
    if level == name::level::OTHER
        && (by_middle(&x.first, &y.middle) || by_middle(&y.first, &x.middle))
    {
        return name::level::SIMILAR;
    }
    level
}

/// Middle names: same, one an initial of the other, or different.
pub(super) fn middle(a: &str, b: &str) -> u8 {
    if a.is_empty() || b.is_empty() {
        return MISSING;
    }
    if a == b {
        return u8::from(a.len() == 1);
    }
    let initials = |text: &str| {
        text.split(' ')
            .filter_map(|word| word.bytes().next())
            .collect::<Vec<_>>()
    };
    let (x, y) = (initials(a), initials(b));
    let short = a.len() == x.len() * 2 - 1 || b.len() == y.len() * 2 - 1;
    if short && x.iter().zip(&y).all(|(x, y)| x == y) {
        return 1;
    }
    if name::compare_first(a, b) <= name::level::CLOSE || a.contains(b) || b.contains(a) {
        0
    } else {
        2
    }
}

/// Generations: same, stated by one only, or different.
pub(super) fn suffix(a: &str, b: &str) -> u8 {
    match (a.is_empty(), b.is_empty()) {
        (true, true) => MISSING,
        (false, false) => {
            if a == b {
                0
            } else {
                2
            }
        }
        _ => 1,
    }
}
