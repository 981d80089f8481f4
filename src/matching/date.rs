//! Birth dates: reads the many ways they are written, and compares two of them.

use serde::{Deserialize, Serialize};

/// A birth date as it was stated. A part that was not stated is zero; parts are kept as they are,
/// so that a mistyped month 14 can still be compared digit by digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Birth {
    /// Four digits.
    pub year: u16,
    /// 1 to 12, or 0.
    pub month: u8,
    /// 1 to 31, or 0.
    pub day: u8,
}

/// Two-digit years up to this one are of this century.
const LAST_SHORT_YEAR: u16 = 26;

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

impl Birth {
    /// Reads a date: `1980-05-24` (with or without a time), `19800524`, `5/24/1980`, `24.05.80`,
    /// `24 May 1980`, `1980-05`, `1980`. With slashes or dashes the month comes first unless it
    /// cannot be one; with dots the day does.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let date = text.split(['T', 't']).next().unwrap_or(text);
        let date = if date.len() < 4 { text } else { date };
        if date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit()) {
            return Self::compact(date);
        }
        let parts: Vec<&str> = text
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|part| !part.is_empty())
            .collect();
        if parts
            .iter()
            .take(3)
            .any(|part| part.bytes().all(|byte| byte.is_ascii_alphabetic()))
        {
            return Self::in_words(&parts);
        }
        let dotted = text.contains('.');
        Self::in_parts(&parts, dotted)
    }

    fn compact(digits: &str) -> Option<Self> {
        let number = |range: std::ops::Range<usize>| digits[range].parse::<u16>().ok();
        let (year, rest) = (number(0..4)?, number(4..8)?);
        if (1000..3000).contains(&year) {
            return Self::of(year, rest / 100, rest % 100);
        }
        let (first, second, year) = (number(0..2)?, number(2..4)?, number(4..8)?);
        let (month, day) = if first > 12 {
            (second, first)
        } else {
            (first, second)
        };
        Self::of(year, month, day)
    }

    fn in_parts(parts: &[&str], dotted: bool) -> Option<Self> {
        let digits = |part: &&str| part.bytes().take_while(u8::is_ascii_digit).count();
        let number = |part: &str| part[..digits(&part)].parse::<u16>().ok();
        let first = parts.first()?;
        if digits(first) == 4 {
            let rest = |place: usize| parts.get(place).map_or(Some(0), |part| number(part));
            return Self::of(number(first)?, rest(1)?, rest(2)?);
        }
        let [first, second, year, ..] = parts else {
            return None;
        };
        let (first, second) = (number(first)?, number(second)?);
        let year = long_year(number(year)?, digits(year));
        if (dotted && second <= 12) || first > 12 {
            return Self::of(year, second, first);
        }
        Self::of(year, first, second)
    }

    fn in_words(parts: &[&str]) -> Option<Self> {
        let mut month = 0;
        let mut numbers = Vec::new();
        for part in parts.iter().take(4) {
            let lower = part.to_lowercase();
            let named = lower
                .get(..3)
                .and_then(|start| MONTHS.iter().position(|name| *name == start));
            if let Some(place) = named {
                month = place as u16 + 1;
            } else {
                let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
                if let Ok(number) = digits.parse::<u16>() {
                    numbers.push((number, digits.len()));
                }
            }
        }
        if month == 0 {
            return None;
        }
        match numbers[..] {
            [(year, 4)] => Self::of(year, month, 0),
            [(year, 4), (day, _), ..] => Self::of(year, month, day),
            [(day, _), (year, digits), ..] => Self::of(long_year(year, digits), month, day),
            _ => None,
        }
    }

    fn of(year: u16, month: u16, day: u16) -> Option<Self> {
        let date = Self {
            year,
            month: u8::try_from(month).ok()?,
            day: u8::try_from(day).ok()?,
        };
        ((1000..3000).contains(&year) && month < 100 && day < 100).then_some(date)
    }

    /// Whether year, month and day are all known.
    pub(super) fn whole(self) -> bool {
        self.month > 0 && self.day > 0
    }

    /// Whether it is a date that systems store for an unknown one.
    pub(super) fn is_placeholder(self) -> bool {
        self.month < 2 && self.day < 2 && matches!(self.year, 1800 | 1900 | 1901 | 1970)
    }

    /// The date as a number, `19800524`.
    pub(super) fn number(self) -> u32 {
        u32::from(self.year) * 10_000 + u32::from(self.month) * 100 + u32::from(self.day)
    }

    /// The date as a number that stays the same when day and month are swapped.
    pub(super) fn unordered(self) -> u32 {
        Self {
            month: self.month.min(self.day),
            day: self.month.max(self.day),
            ..self
        }
        .number()
    }

    /// The eight digits.
    fn digits(self) -> [u8; 8] {
        let mut number = self.number();
        std::array::from_fn::<u8, 8, _>(|_| {
            let digit = (number % 10) as u8;
            number /= 10;
            digit
        })
    }
}

impl std::fmt::Display for Birth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}", self.year)?;
        if self.month > 0 {
            write!(f, "-{:02}", self.month)?;
        }
        if self.day > 0 {
            write!(f, "-{:02}", self.day)?;
        }
        Ok(())
    }
}

fn long_year(year: u16, digits: usize) -> u16 {
    match year {
        _ if digits > 2 => year,
        0..=LAST_SHORT_YEAR => 2000 + year,
        _ => 1900 + year,
    }
}

/// The levels of a comparison of birth dates, best first.
pub(super) mod level {
    pub(in super::super) const SAME: u8 = 0;
    pub(in super::super) const TURNED: u8 = 1;
    pub(in super::super) const TYPO: u8 = 2;
    pub(in super::super) const YEAR: u8 = 3;
    pub(in super::super) const PART: u8 = 4;
    pub(in super::super) const NEAR: u8 = 5;
    pub(in super::super) const OTHER: u8 = 6;
}

/// How two birth dates differ, as a [`level`].
pub(super) fn compare(a: Birth, b: Birth) -> u8 {
    if a == b && a.whole() {
        return level::SAME;
    }
    if !a.whole() || !b.whole() {
        let month_differs = a.month != b.month && a.month > 0 && b.month > 0;
        return match a.year.abs_diff(b.year) {
            0 if !month_differs => level::YEAR,
            0 | 1 => level::NEAR,
            _ => level::OTHER,
        };
    }
    if a.year == b.year && a.month == b.day && a.day == b.month {
        return level::TURNED;
    }
    if one_slip(&a.digits(), &b.digits()) {
        return level::TYPO;
    }
    let parts = usize::from(a.year == b.year)
        + usize::from(a.month == b.month)
        + usize::from(a.day == b.day);
    match parts {
        2 => level::PART,
        _ if a.year == b.year || (a.year.abs_diff(b.year) == 1 && parts == 1) => level::NEAR,
        _ => level::OTHER,
    }
}

/// Whether one digit differs or two neighbours are swapped.
fn one_slip(a: &[u8; 8], b: &[u8; 8]) -> bool {
    let mut differ = (0..8).filter(|place| a[*place] != b[*place]);
    match (differ.next(), differ.next(), differ.next()) {
        (Some(_), None, _) => true,
        (Some(i), Some(j), None) => j == i + 1 && a[i] == b[j] && a[j] == b[i],
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(year: u16, month: u8, day: u8) -> Birth {
        Birth { year, month, day }
    }

    #[test]
    fn dates_are_read_as_people_write_them() {
        for text in [
            "1980-05-24",
            "1980-05-24T00:00:00Z",
            "1980-05-24 00:00:00",
            "19800524",
            "5/24/1980",
            "24/5/1980",
            "24.05.1980",
            "24.5.80",
            "05-24-80",
            "24 May 1980",
            "May 24, 1980",
            "24th May 1980",
            "1980/05/24",
            "24-MAY-80",
        ] {
            assert_eq!(Birth::parse(text), Some(date(1980, 5, 24)), "{text}");
        }
        assert_eq!(Birth::parse("1980-05"), Some(date(1980, 5, 0)));
        assert_eq!(Birth::parse("May 1980"), Some(date(1980, 5, 0)));
        assert_eq!(Birth::parse("1980"), Some(date(1980, 0, 0)));
        assert_eq!(
            Birth::parse("3/4/2001"),
            Some(date(2001, 3, 4)),
            "the month first"
        );
        assert_eq!(
            Birth::parse("19801499"),
            Some(date(1980, 14, 99)),
            "slips are kept"
        );
        for text in [
            "",
            "unknown",
            "0000-00-00",
            "12",
            "n/a",
            "Müller",
            "t",
            "5/24",
        ] {
            assert_eq!(Birth::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_levels_of_birth_dates() {
        let one = date(1980, 5, 24);
        for (other, expected) in [
            (date(1980, 5, 24), level::SAME),
            (date(1980, 5, 25), level::TYPO),
            (date(1980, 5, 42), level::TYPO),
            (date(1908, 5, 24), level::TYPO),
            (date(1980, 0, 0), level::YEAR),
            (date(1980, 5, 0), level::YEAR),
            (date(1980, 5, 17), level::PART),
            (date(1980, 11, 9), level::NEAR),
            (date(1951, 11, 9), level::OTHER),
            (date(1951, 0, 0), level::OTHER),
        ] {
            assert_eq!(compare(one, other), expected, "{other}");
            assert_eq!(compare(other, one), expected, "{other}");
        }
        assert_eq!(compare(date(1980, 5, 11), date(1980, 11, 5)), level::TURNED);
        assert!(date(1900, 1, 1).is_placeholder() && !one.is_placeholder());
    }
}
