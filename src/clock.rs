//! The only place that reads the system clock and the operating system's random bytes.
//!
//! Other code gets a [`Clock`], so that a test can choose the time.

use data_encoding::{Encoding, Specification};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};

/// Milliseconds of a day, and of the years from 1970 to 9999.
const DAY_MS: u64 = 86_400_000;
const YEAR_9999: u64 = 253_370_764_800_000;

/// The time in UTC milliseconds: the system's, or one that a test sets.
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// A fixed clock, which shows `at` until [`Clock::set`].
    #[must_use]
    pub fn fixed(at: i64) -> Self {
        Self(Some(Arc::new(AtomicI64::new(at))))
    }

    /// Sets a fixed clock; does nothing to the system's clock.
    pub fn set(&self, at: i64) {
        if let Some(fixed) = &self.0 {
            fixed.store(at, Ordering::Relaxed);
        }
    }

    /// Now, in UTC milliseconds since 1970.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one reader of the system clock"
    )]
    pub fn now(&self) -> i64 {
        match &self.0 {
            Some(fixed) => fixed.load(Ordering::Relaxed),
            None => jiff::Timestamp::now().as_millisecond(),
        }
    }
}

/// `prefix` followed by `bytes` random bytes in lower-case base 32: an unguessable id or key.
///
/// # Panics
/// When the operating system has no random bytes; there is no safe way to go on.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one reader of random bytes"
)]
pub fn random_id(prefix: &str, bytes: usize) -> String {
    let mut random = vec![0; bytes];
    getrandom::fill(&mut random).expect("the operating system gives random bytes");
    format!("{prefix}{}", base32(&random))
}

/// Crockford's alphabet in lower case: no i, l, o, u.
static BASE32: LazyLock<Encoding> = LazyLock::new(|| {
    let mut form = Specification::new();
    form.symbols.push_str("0123456789abcdefghjkmnpqrstvwxyz");
    form.encoding().expect("each character stands once")
});

/// Lower-case base 32 without padding (Crockford's alphabet), the format of ids.
#[must_use]
pub fn base32(bytes: &[u8]) -> String {
    BASE32.encode(bytes)
}

/// The reverse of [`base32`]; `None` if the text does not encode exactly `N` bytes.
#[must_use]
pub fn from_base32<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != (N * 8).div_ceil(5) {
        return None;
    }
    let mut bytes = [0; N];
    BASE32.decode_mut(text.as_bytes(), &mut bytes).ok()?;
    Some(bytes)
}

/// `at` as RFC 3339 in UTC, with milliseconds if they are not zero.
#[must_use]
pub fn rfc3339(at: i64) -> String {
    match u64::try_from(at) {
        Ok(at) if at < YEAR_9999 => plain(at),
        _ => jiff::Timestamp::from_millisecond(at)
            .map_or_else(|_| at.to_string(), |at| at.to_string()),
    }
}

/// The same for times from 1970 on, about ten times as fast: an answer has dozens of them.
fn plain(at: u64) -> String {
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
    let mut end = if ms % 1_000 == 0 { 19 } else { 23 };
    while end > 20 && text[end - 1] == b'0' {
        end -= 1;
    }
    text[end] = b'Z';
    text[..=end].iter().map(|byte| char::from(*byte)).collect()
}

/// Year, month and day of a day since 1970, by Howard Hinnant's `civil_from_days`: its years begin
/// in March, so that the leap day is the last.
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

/// Parses a time into UTC milliseconds: RFC 3339, the same without an offset (then UTC), or a day.
#[must_use]
pub fn parse_time(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Some(at.as_millisecond());
    }
    let pieces = jiff::fmt::temporal::Pieces::parse(text).ok()?;
    let civil = pieces.date().to_datetime(pieces.time().unwrap_or_default());
    let offset = pieces.to_numeric_offset().unwrap_or(jiff::tz::Offset::UTC);
    let at = match offset.to_timestamp(civil) {
        // "Forever" is often written as 9999-12-31T23:59:59Z, which is a day too late for a
        // timestamp.
        Err(_) if civil.year() == 9999 => jiff::Timestamp::MAX,
        at => at.ok()?,
    };
    Some(at.as_millisecond())
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
            assert_eq!(parse_time(text), Some(1_795_458_597_441), "{text}");
        }
        assert_eq!(parse_time("2026-11-23"), Some(1_795_392_000_000));
        assert_eq!(parse_time("yesterday"), None);
        for forever in [
            "9999-12-31T23:59:59Z",
            "9999-12-31T23:59:59.999999-11:00",
            "9999-12-31",
        ] {
            let latest = Some(jiff::Timestamp::MAX.as_millisecond());
            assert_eq!(parse_time(forever), latest, "{forever}");
        }
        assert_eq!(rfc3339(1_795_458_597_441), "2026-11-23T18:29:57.441Z");
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
                assert_eq!(rfc3339(at), text);
            }
        }
    }

    #[test]
    fn base32_keeps_every_bit() {
        assert_eq!(base32(&[0xff; 5]), "zzzzzzzz");
        assert_eq!(base32(&[0, 1]), "000g");
        assert_eq!(base32(&[]), "");
    }

    #[test]
    fn base32_reads_back_what_it_wrote_and_nothing_else() {
        let bytes = [0xff, 0, 1, 0x80, 7, 9, 200, 3, 0, 0, 0, 1, 2, 3, 4, 5];
        let text = base32(&bytes);
        assert_eq!(from_base32(&text), Some(bytes));
        assert_eq!(from_base32::<15>(&text), None);
        assert_eq!(from_base32::<16>(&text.to_uppercase()), None);
        let last = text.len() - 1;
        let beyond = format!("{}{}", &text[..last], "1");
        assert_eq!(from_base32::<16>(&beyond), None, "bits beyond the bytes");
    }
}
