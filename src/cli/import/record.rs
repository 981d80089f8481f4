//! A record of a file as it was read: its text, where it begins, and its cells if it has some.

use csv::{ByteRecord, StringRecord};

/// Longest record that is read; an event has at most 32 KB.
pub(super) const MAX_RECORD: usize = 1024 * 1024;

/// A record of the file.
#[derive(Debug)]
pub(super) struct Record {
    /// The line in which it begins.
    pub number: u64,
    pub text: String,
    /// Whether its bytes were UTF-8; if not, `text` shows where.
    pub utf8: bool,
    body: Body,
}

/// What a record is beside its text.
#[derive(Debug)]
pub(super) enum Body {
    Line,
    Cells(ByteRecord),
}

impl Record {
    pub fn new(number: u64, bytes: &[u8], body: Body) -> Self {
        let text = String::from_utf8_lossy(bytes);
        Self {
            number,
            text: text.trim_start_matches('\u{feff}').trim().to_owned(),
            utf8: std::str::from_utf8(bytes).is_ok(),
            body,
        }
    }

    /// Its cells; none if it has none, or they are not UTF-8.
    pub fn cells(&self) -> Option<StringRecord> {
        match &self.body {
            Body::Cells(row) => StringRecord::from_byte_record(row.clone()).ok(),
            Body::Line => None,
        }
    }
}
