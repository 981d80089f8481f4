//! A moment in UTC, to the millisecond.
//!
//! It is stored as a number and shown as text, and it is a type, so that no other number passes for
//! a time.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::ops::{Add, Sub};

/// Milliseconds of a day, and from 1970 until 9999.
const DAY_MS: u64 = 86_400_000;
const YEAR_9999: u64 = 253_370_764_800_000;

/// A moment in UTC. As text and as JSON it is RFC 3339, to the millisecond where there is one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

impl Time {
    /// Before every other time.
    pub const MIN: Self = Self(i64::MIN);
    /// After every other time.
    pub const MAX: Self = Self(i64::MAX);

    /// The time that is this many milliseconds after 1970 began.
    #[must_use]
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since 1970 began.
    #[must_use]
    pub const fn ms(self) -> i64 {
        self.0
    }
}

/// The time so many milliseconds later. Sums and differences end where numbers do, since a time may
/// be what an outsider stated.
impl Add<i64> for Time {
    type Output = Self;

    fn add(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}

/// The time so many milliseconds earlier.
impl Sub<i64> for Time {
    type Output = Self;

    fn sub(self, ms: i64) -> Self {
        Self(self.0.saturating_sub(ms))
    }
}

/// Milliseconds from the other time to this one.
impl Sub for Time {
    type Output = i64;

    fn sub(self, other: Self) -> i64 {
        self.0.saturating_sub(other.0)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match u64::try_from(self.0) {
            Ok(at) if at < YEAR_9999 => write_plain(at, f),
            _ => match jiff::Timestamp::from_millisecond(self.0) {
                Ok(at) => at.fmt(f),
                Err(_) => self.0.fmt(f),
            },
        }
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A string, as it is written.
impl JsonSchema for Time {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        String::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}

/// Writes a time from 1970 on, some ten times as fast as the library: an answer holds dozens of
/// them.
fn write_plain(at: u64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (day, ms) = (at / DAY_MS, at % DAY_MS);
    let (year, month, day) = civil(day);
    let mut text = *b"0000-00-00T00:00:00.000Z";
    let mut put = |from: usize, places: usize, mut number: u64| {
        for place in text[from..from + places].iter_mut().rev() {
            *place = b'0' + (number % 10) as u8;
            number /= 10;
        }
    };
    put(0, 4, year);
    put(5, 2, month);
    put(8, 2, day);
    put(11, 2, ms / 3_600_000);
    put(14, 2, ms / 60_000 % 60);
    put(17, 2, ms / 1_000 % 60);
    put(20, 3, ms % 1_000);
    let mut kept = if ms % 1_000 == 0 { 19 } else { 23 };
    while kept > 20 && text[kept - 1] == b'0' {
        kept -= 1;
    }
    text[kept] = b'Z';
    f.pad(str::from_utf8(&text[..=kept]).map_err(|_| fmt::Error)?)
}

/// Year, month and day of a day since 1970, by Howard Hinnant's `civil_from_days`: years begin in
/// March, so that the leap day is the last.
fn civil(day: u64) -> (u64, u64, u64) {
    let day = day + 719_468;
    let (era, of_era) = (day / 146_097, day % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (era * 400 + year + next, month, day)
}

/// The time that `text` names: RFC 3339, the same without an offset (then UTC), or a day.
#[must_use]
pub fn parse_time(text: &str) -> Option<Time> {
    let text = text.trim();
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Some(Time(at.as_millisecond()));
    }
    let pieces = jiff::fmt::temporal::Pieces::parse(text).ok()?;
    let civil = pieces.date().to_datetime(pieces.time().unwrap_or_default());
    let offset = pieces.to_numeric_offset().unwrap_or(jiff::tz::Offset::UTC);
    let at = match offset.to_timestamp(civil) {
        // "For ever" is often written as 9999-12-31T23:59:59Z, which is a day too late for a
        // timestamp.
        Err(_) if civil.year() == 9999 => jiff::Timestamp::MAX,
        at => at.ok()?,
    };
    Some(Time(at.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_every_spelling_that_sdks_send() {
        for text in [
            "2026-11-23T18:29:57.441Z",
            "2026-11-23T18:29:57.441000+00:00",
            "2026-11-23T13:29:57.441-05:00",
            "2026-11-23T18:29:57.441",
            "2026-11-23 18:29:57.441",
        ] {
            assert_eq!(parse_time(text), Some(Time(1_795_458_597_441)), "{text}");
        }
        assert_eq!(parse_time("2026-11-23"), Some(Time(1_795_392_000_000)));
        assert_eq!(parse_time("yesterday"), None);
        for forever in [
            "9999-12-31T23:59:59Z",
            "9999-12-31T23:59:59.999999-11:00",
            "9999-12-31",
        ] {
            let latest = Some(Time(jiff::Timestamp::MAX.as_millisecond()));
            assert_eq!(parse_time(forever), latest, "{forever}");
        }
        assert_eq!(
            Time(1_795_458_597_441).to_string(),
            "2026-11-23T18:29:57.441Z"
        );
    }

    #[test]
    fn every_moment_is_written_as_the_library_does() {
        let by_library = |at| jiff::Timestamp::from_millisecond(at).map(|at| at.to_string());
        let days = (0..3_000_000).map(|day| day * 86_400_000 + day * 7_919 % 86_400_000);
        let edges = [
            -1,
            0,
            1,
            10,
            100,
            999,
            1_000,
            253_370_764_799_999,
            253_370_764_800_000,
        ];
        for at in days.step_by(13).chain(edges) {
            if let Ok(text) = by_library(at) {
                assert_eq!(Time(at).to_string(), text);
            }
        }
    }

    #[test]
    fn a_time_in_json_is_a_string() {
        assert_eq!(
            serde_json::to_string(&Time(1_795_458_597_441)).unwrap(),
            r#""2026-11-23T18:29:57.441Z""#
        );
        let schema = |schema: Schema| schema.to_value();
        assert_eq!(
            schema(schemars::schema_for!(Option<Time>)),
            schema(schemars::schema_for!(Option<String>))
        );
    }
}
