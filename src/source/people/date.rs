//! Dates in the many ways people write them.
//!
//! Only dates such as `03/04/1980` are ambiguous. The order is decided once for a file, from its
//! unambiguous dates ([`Tally`]), so that a row always means the same day.

use crate::clock::{Time, parse_time};
use jiff::civil::Date;
use serde::Deserialize;

/// The order of day and month in an ambiguous date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum DateOrder {
    /// As in the United States.
    #[default]
    MonthDay,
    /// As nearly everywhere else.
    DayMonth,
}

/// Counts of the dates of a file by their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Dates with the day first for certain.
    pub day_first: usize,
    /// Dates with the month first for certain.
    pub month_first: usize,
    /// Ambiguous dates.
    pub either: usize,
}

impl Tally {
    /// Counts one more date.
    pub fn add(&mut self, text: &str) {
        let Some(DateParts::Open { first, second, .. }) =
            DateParts::of(&tokens(day_of(text)), false)
        else {
            return;
        };
        match (first > 12, second > 12) {
            (true, false) => self.day_first += 1,
            (false, true) => self.month_first += 1,
            (false, false) if first != second => self.either += 1,
            _ => {}
        }
    }

    /// The order of most dates; month first if there is no majority for the day.
    pub fn order(self) -> DateOrder {
        if self.day_first > self.month_first {
            DateOrder::DayMonth
        } else {
            DateOrder::MonthDay
        }
    }
}

/// Reads a day as YYYY-MM-DD; `None` where the text is no date. A year of two digits is the latest
/// one in which the day is not after `today`.
pub(super) fn day(text: &str, order: DateOrder, today: Date) -> Option<String> {
    read(text, order, today).map(|date| date.to_string())
}

/// Reads a time: in the format of [`parse_time`], as seconds or milliseconds
/// since 1970, or as a day in any spelling with a time of day after it.
pub(super) fn moment(text: &str, order: DateOrder, today: Date) -> Option<Time> {
    let text = text.trim();
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        let number: i64 = text.parse().ok()?;
        match text.len() {
            10 => return Some(Time::from_ms(number * 1_000)),
            13 => return Some(Time::from_ms(number)),
            _ => {}
        }
    }
    if let Some(at) = parse_time(text) {
        return Some(at);
    }
    let date = read(text, order, today)?;
    let seconds = clock_time(text).unwrap_or(0);
    let midnight = parse_time(&date.to_string())?;
    Some(midnight + seconds * 1_000)
}

/// The day of a time, for [`day`].
pub(super) fn today(at: Time) -> Date {
    let moment = jiff::Timestamp::from_millisecond(at.ms()).unwrap_or(jiff::Timestamp::MAX);
    jiff::tz::Offset::UTC.to_datetime(moment).date()
}

fn read(text: &str, order: DateOrder, today: Date) -> Option<Date> {
    let text = day_of(text);
    let tokens = tokens(text);
    if let [DateToken::Number(digits)] = tokens[..]
        && digits.len() == 8
    {
        return compact(digits, order);
    }
    match DateParts::of(&tokens, text.contains('.'))? {
        DateParts::Known { year, month, day } => {
            Date::new(full_year(year, month, day, today)?, month, day).ok()
        }
        DateParts::Open {
            first,
            second,
            year,
            dotted,
        } => {
            let day_first = match (first > 12, second > 12) {
                (true, false) => true,
                (false, true) => false,
                // Dates with dots are European, so the day comes first.
                _ => dotted || order == DateOrder::DayMonth,
            };
            let (day, month) = if day_first {
                (first, second)
            } else {
                (second, first)
            };
            Date::new(full_year(year, month, day, today)?, month, day).ok()
        }
    }
}

/// Reads `19800229`, or `29021980` where the first four digits are no likely year.
fn compact(digits: &str, order: DateOrder) -> Option<Date> {
    let number = |range: std::ops::Range<usize>| digits.get(range)?.parse::<i16>().ok();
    let small = |range| number(range).and_then(|number| i8::try_from(number).ok());
    let year_first = Date::new(number(0..4)?, small(4..6)?, small(6..8)?).ok();
    let likely = |date: &Date| (1800..=2200).contains(&date.year());
    let (first, second, year) = (small(0..2)?, small(2..4)?, number(4..8)?);
    let month_first = Date::new(year, first, second).ok().filter(likely);
    let day_first = Date::new(year, second, first).ok().filter(likely);
    let year_last = match order {
        DateOrder::MonthDay => month_first.or(day_first),
        DateOrder::DayMonth => day_first.or(month_first),
    };
    let any = year_first.filter(|date| date.year() >= 1000);
    year_first.filter(likely).or(year_last).or(any)
}

/// A year as it was written.
#[derive(Clone, Copy, Debug)]
enum Year {
    Full(i16),
    /// Its last two digits.
    Short(i16),
}

fn full_year(year: Year, month: i8, day: i8, today: Date) -> Option<i16> {
    match year {
        Year::Full(year) => (year >= 1000).then_some(year),
        Year::Short(short) => {
            let this = today.year() - today.year() % 100 + short;
            let past = Date::new(this, month, day).is_ok_and(|date| date <= today);
            Some(if past { this } else { this - 100 })
        }
    }
}

/// The three parts of a date.
#[derive(Debug)]
enum DateParts {
    /// The order is clear.
    Known { year: Year, month: i8, day: i8 },
    /// The first two numbers are day and month in an unknown order.
    Open {
        first: i8,
        second: i8,
        year: Year,
        dotted: bool,
    },
}

impl DateParts {
    fn of(tokens: &[DateToken<'_>], dotted: bool) -> Option<Self> {
        let [a, b, c] = tokens else { return None };
        let known = |year, month, day: Option<i8>| {
            Some(Self::Known {
                year,
                month,
                day: day?,
            })
        };
        match (a, b, c) {
            (DateToken::Month(month), DateToken::Number(_), DateToken::Number(_)) => {
                known(c.year()?, *month, b.small())
            }
            (DateToken::Number(digits), DateToken::Month(month), DateToken::Number(_)) => {
                if digits.len() == 4 {
                    return known(a.year()?, *month, c.small());
                }
                known(c.year()?, *month, a.small())
            }
            (DateToken::Number(digits), DateToken::Number(_), DateToken::Number(_)) => {
                let year_first = digits.len() == 4 || (digits.len() == 2 && a.small()? > 31);
                if year_first {
                    return known(a.year()?, b.small()?, c.small());
                }
                let (first, second, year) = (a.small()?, b.small()?, c.year()?);
                Some(Self::Open {
                    first,
                    second,
                    year,
                    dotted,
                })
            }
            _ => None,
        }
    }
}

/// A token of a date.
#[derive(Clone, Copy, Debug)]
enum DateToken<'t> {
    Number(&'t str),
    Month(i8),
}

impl DateToken<'_> {
    /// The number of a day or month.
    fn small(self) -> Option<i8> {
        match self {
            Self::Number(digits) if digits.len() <= 2 => digits.parse().ok(),
            _ => None,
        }
    }

    fn year(self) -> Option<Year> {
        let Self::Number(digits) = self else {
            return None;
        };
        let number = digits.parse().ok()?;
        match digits.len() {
            4 => Some(Year::Full(number)),
            2 => Some(Year::Short(number)),
            _ => None,
        }
    }
}

/// The text without a time of day at its end.
fn day_of(text: &str) -> &str {
    let text = text.trim();
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let t = (1..bytes.len())
        .find(|at| bytes[*at].eq_ignore_ascii_case(&b'T') && digit(at - 1) && digit(at + 1));
    if let Some(t) = t {
        return &text[..t];
    }
    match text.find(':') {
        Some(colon) => match text[..colon].rfind([' ', ',']) {
            Some(space) => &text[..space],
            None => text,
        },
        None => text,
    }
}

/// The numbers and month names of a date. Weekdays, ordinals and filler tokens are skipped; any
/// other word means that the text is no date.
fn tokens(text: &str) -> Vec<DateToken<'_>> {
    let mut found = Vec::with_capacity(3);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let same = |c: char| c.is_ascii_digit() == first.is_ascii_digit() && c.is_alphanumeric();
        let end = rest.find(|c| !same(c)).unwrap_or(rest.len());
        if end == 0 {
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let (word, after) = rest.split_at(end);
        rest = after;
        if first.is_ascii_digit() {
            found.push(DateToken::Number(word));
            continue;
        }
        match month(word) {
            Some(month) => found.push(DateToken::Month(month)),
            None if is_filler(word) => {}
            None => return Vec::new(),
        }
    }
    found
}

/// The month by its name or short form, in English, German, French or Spanish.
fn month(word: &str) -> Option<i8> {
    const STARTS: [(&str, i8); 30] = [
        ("jan", 1),
        ("jän", 1),
        ("ene", 1),
        ("feb", 2),
        ("fev", 2),
        ("fév", 2),
        ("mar", 3),
        ("mär", 3),
        ("mae", 3),
        ("mrz", 3),
        ("apr", 4),
        ("avr", 4),
        ("abr", 4),
        ("may", 5),
        ("mai", 5),
        ("jun", 6),
        ("juin", 6),
        ("jul", 7),
        ("juil", 7),
        ("aug", 8),
        ("aou", 8),
        ("aoû", 8),
        ("ago", 8),
        ("sep", 9),
        ("oct", 10),
        ("okt", 10),
        ("nov", 11),
        ("dec", 12),
        ("déc", 12),
        ("dez", 12),
    ];
    let lower = word.to_lowercase();
    if lower.starts_with("dic") {
        return Some(12);
    }
    // A longer word is no month, even if it begins like one.
    if lower.chars().count() > 10 {
        return None;
    }
    let found = STARTS
        .iter()
        .rev()
        .find(|(start, _)| lower.starts_with(start));
    found.map(|(_, month)| *month)
}

fn is_filler(word: &str) -> bool {
    const FILLERS: [&str; 18] = [
        "st", "nd", "rd", "th", "of", "de", "del", "le", "er", "the", "mon", "tue", "wed", "thu",
        "fri", "sat", "sun", "den",
    ];
    let lower = word.to_lowercase();
    FILLERS.contains(&lower.as_str()) || (lower.ends_with("day") && lower.len() <= 9)
}

/// The time of day in a text (`14:30`, `14:30:05`, `2:30 PM`), in seconds since midnight.
fn clock_time(text: &str) -> Option<i64> {
    let colon = text.find(':')?;
    let start = text[..colon]
        .rfind(|c: char| !c.is_ascii_digit())
        .map_or(0, |at| at + 1);
    let mut numbers = text[start..].split(|c: char| !c.is_ascii_digit());
    let stated: i64 = numbers.next()?.parse().ok()?;
    let minute: i64 = numbers.next()?.parse().ok()?;
    let second = match text[colon + 1..].split_once(':') {
        Some(_) => numbers.next()?.parse().ok()?,
        None => 0,
    };
    let lower = text.to_lowercase();
    let hour = match (lower.ends_with("pm"), lower.ends_with("am"), stated) {
        (true, _, 1..=11) => stated + 12,
        (_, true, 12) => 0,
        _ => stated,
    };
    let real = hour < 24 && minute < 60 && second < 61;
    real.then_some(hour * 3600 + minute * 60 + second)
}

#[cfg(test)]
mod tests;
