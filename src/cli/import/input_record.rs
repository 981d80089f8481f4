//! A record of a file as it was read: its text, its line, and its cells if it is a row.

use csv::{ByteRecord, StringRecord};

/// The longest record that is read; an event has at most 32 KB.
pub(super) const MAX_RECORD: usize = 1024 * 1024;

/// A record of a file.
#[derive(Debug)]
pub(super) struct InputRecord {
    /// The line in which it begins.
    pub number: u64,
    pub text: String,
    /// Whether its bytes were UTF-8; if not, `text` has replacement characters.
    pub utf8: bool,
    body: RecordContent,
}

/// The content of a record.
#[derive(Debug)]
pub(super) enum RecordContent {
    Line,
    Cells(ByteRecord),
}

impl InputRecord {
    pub fn new(number: u64, bytes: &[u8], body: RecordContent) -> Self {
        let text = String::from_utf8_lossy(bytes);
        Self {
            number,
            text: text.trim_start_matches('\u{feff}').trim().to_owned(),
            utf8: std::str::from_utf8(bytes).is_ok(),
            body,
        }
    }

    /// Its cells; `None` if it is a line, or not UTF-8.
    pub fn cells(&self) -> Option<StringRecord> {
        match &self.body {
            RecordContent::Cells(row) => StringRecord::from_byte_record(row.clone()).ok(),
            RecordContent::Line => None,
        }
    }
}
