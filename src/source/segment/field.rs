//! The scalar fields of a call: ids, names, times, each from its JSON text.
//!
//! They stay text until here, because an id may be a number with more digits than an integer or
//! float holds.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::clock::{Time, parse_time};
use crate::event::{Kind, Reject};

/// The smallest number that is read as milliseconds: as seconds it would be the year 5138.
const FIRST_MILLISECONDS: f64 = 1e11;

/// The text of a JSON string; `None` for any other value.
pub(super) fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    let json = raw.get();
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        return serde_json::from_str(json).ok().map(Cow::Owned);
    }
    Some(Cow::Borrowed(inner))
}

/// The time that a string or number states; a number is in seconds, or in milliseconds if it is
/// large enough.
pub(super) fn time(raw: &RawValue) -> Option<Time> {
    if let Some(text) = text(raw) {
        return parse_time(&text);
    }
    let number: f64 = raw
        .get()
        .parse()
        .ok()
        .filter(|number: &f64| number.is_finite())?;
    let milliseconds = if number.abs() >= FIRST_MILLISECONDS {
        number
    } else {
        number * 1000.0
    };
    // The cast saturates; a time that far away is refused or capped later.
    Some(Time::from_ms(milliseconds.round() as i64))
}

/// The kind that the `type` of a call names.
pub(super) fn kind(field: Option<&RawValue>) -> Result<Kind, Reject> {
    let six = "send identify, track, page, screen, group or alias";
    let Some(field) = field else {
        return Err(Reject::new("no_type", format!("`type` is not set; {six}")));
    };
    text(field)
        .and_then(|word| Kind::parse(&word).filter(|kind| kind.as_str() == word))
        .ok_or_else(|| {
            Reject::new(
                "unknown_type",
                format!("`type` is none that is known; {six}"),
            )
        })
}

/// An id: a string, or a number as it is written.
pub(super) fn id(field: &str, raw: Option<&RawValue>) -> Result<Option<String>, Reject> {
    let Some(raw) = raw else { return Ok(None) };
    if let Some(text) = text(raw) {
        return Ok(Some(text.into_owned()));
    }
    match raw.get().as_bytes() {
        b"null" => Ok(None),
        [b'-' | b'0'..=b'9', ..] => Ok(Some(raw.get().to_owned())),
        _ => Err(Reject::new(
            "invalid_id",
            format!("`{field}` is no id; send a string or a number"),
        )),
    }
}

/// A name: a string.
pub(super) fn word(field: &str, raw: Option<&RawValue>) -> Result<Option<String>, Reject> {
    let Some(raw) = raw else { return Ok(None) };
    match text(raw) {
        Some(text) => Ok(Some(text.into_owned())),
        None => Err(Reject::new(
            "invalid_field",
            format!("`{field}` is not a string; send one"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> &RawValue {
        serde_json::from_str(json).expect("JSON")
    }

    #[test]
    fn strings_with_and_without_escapes() {
        assert_eq!(text(raw(r#""plain""#)).as_deref(), Some("plain"));
        assert_eq!(
            text(raw(r#""a\"b\u00e9\\""#)).as_deref(),
            Some("a\"b\u{e9}\\")
        );
        assert_eq!(text(raw(r#""""#)).as_deref(), Some(""));
        for json in ["1", "null", "[]", r#"{"a":"b"}"#, r#""\ud800""#] {
            assert_eq!(text(raw(json)), None, "{json}");
        }
    }

    #[test]
    fn times_are_text_seconds_or_milliseconds() {
        for json in [
            r#""2026-11-23T18:29:57.441Z""#,
            r#""2026-11-23T18:29:57.441000+00:00""#,
            "1795458597441",
            "1795458597.441",
            "1.795458597441e12",
        ] {
            assert_eq!(
                time(raw(json)),
                Some(Time::from_ms(1_795_458_597_441)),
                "{json}"
            );
        }
        assert_eq!(
            time(raw("99999999999")),
            Some(Time::from_ms(99_999_999_999_000))
        );
        assert_eq!(
            time(raw("100000000000")),
            Some(Time::from_ms(100_000_000_000))
        );
        assert_eq!(time(raw("-5")), Some(Time::from_ms(-5_000)));
        assert_eq!(time(raw("1e300")), Some(Time::from_ms(i64::MAX)));
        for json in [r#""""#, r#""soon""#, "true", "null", "[1]", "1e999"] {
            assert_eq!(time(raw(json)), None, "{json}");
        }
    }
}
