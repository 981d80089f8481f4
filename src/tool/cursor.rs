//! Cursors: the end of a page as an opaque text.
//!
//! A cursor holds a number, such as a time, and an id, and names no customer: the caller alone decides whose list is
//! read.

use crate::clock::Time;
use crate::{Error, Result};
use data_encoding::BASE64URL_NOPAD;

/// The start of the first page of a list by time, later than any entry.
pub const START: (Time, &str) = (Time::MAX, "");

/// The cursor of the page after this entry.
#[must_use]
pub fn encode(number: i64, id: &str) -> String {
    BASE64URL_NOPAD.encode(format!("{number}:{id}").as_bytes())
}

/// The start of a page: the last entry of the previous page.
///
/// # Errors
/// [`Error::Invalid`] for a text that [`encode`] did not make.
pub fn decode(cursor: Option<&str>) -> Result<(i64, String)> {
    let Some(cursor) = cursor else {
        return Ok((i64::MAX, String::new()));
    };
    let parsed = BASE64URL_NOPAD
        .decode(cursor.as_bytes())
        .ok()
        .and_then(|bytes| {
            let text = String::from_utf8(bytes).ok()?;
            let (number, id) = text.split_once(':')?;
            Some((number.parse().ok()?, id.to_owned()))
        });
    parsed.ok_or_else(foreign)
}

/// The start of a page of a list by time.
///
/// # Errors
/// [`Error::Invalid`] for a text that [`encode`] did not make.
pub fn decode_time(cursor: Option<&str>) -> Result<(Time, String)> {
    let (ms, id) = decode(cursor)?;
    Ok((Time::from_ms(ms), id))
}

/// The error for a text that is no cursor.
#[must_use]
pub fn foreign() -> Error {
    Error::invalid("`cursor` must be the `next_cursor` of an earlier answer, unchanged")
}
