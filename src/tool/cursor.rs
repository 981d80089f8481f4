//! Cursors: where a page ended, as an opaque text.
//!
//! A cursor holds a time and an id and nothing of a customer; whose list it goes on in is decided by the caller alone.

use crate::{Error, Result};
use data_encoding::BASE64URL_NOPAD;

/// Later than anything: where a first page begins.
pub const START: (i64, &str) = (i64::MAX, "");

/// The cursor for the page that comes after this entry.
#[must_use]
pub fn encode(at: i64, id: &str) -> String {
    BASE64URL_NOPAD.encode(format!("{at}:{id}").as_bytes())
}

/// Where a page begins: the entry that the previous page ended with.
///
/// # Errors
/// [`Error::Invalid`] for anything but a cursor of ours.
pub fn decode(cursor: Option<&str>) -> Result<(i64, String)> {
    let Some(cursor) = cursor else {
        return Ok((START.0, START.1.to_owned()));
    };
    let parsed = BASE64URL_NOPAD
        .decode(cursor.as_bytes())
        .ok()
        .and_then(|bytes| {
            let text = String::from_utf8(bytes).ok()?;
            let (at, id) = text.split_once(':')?;
            Some((at.parse().ok()?, id.to_owned()))
        });
    parsed.ok_or_else(foreign)
}

/// What is said to a cursor that is none of ours.
#[must_use]
pub fn foreign() -> Error {
    Error::invalid("`cursor` must be the `next_cursor` of an earlier answer, unchanged")
}
