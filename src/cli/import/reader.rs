//! The records of a file of any format, in batches.

use super::cells::{Cells, CsvFormat};
use super::input::Input;
use super::input_record::{InputRecord, MAX_RECORD};
use super::lines::Lines;
use crate::Result;
use crate::clock::Time;
use crate::event::Reject;
use crate::source::people::People;
use crate::source::{Parsed, segment};

/// The most records of one batch.
const BATCH_RECORDS: usize = 2_000;
/// The most bytes of one batch.
const BATCH_BYTES: usize = 2 * 1024 * 1024;

/// The parser that makes events of records.
#[derive(Clone, Debug)]
pub(super) enum Reading {
    Events,
    Rows(People),
    Objects(People),
}

impl Reading {
    pub fn parse(&self, record: &InputRecord, source: &str, received_at: Time) -> Parsed {
        let refused = |code, message: &str| Parsed {
            outcome: Err(Reject::new(code, message)),
            message_id: None,
            raw: record.text.clone(),
        };
        if !record.utf8 {
            let message = "it is not UTF-8; save the file in that encoding (`iconv -f WINDOWS-1252 -t UTF-8` if it is Latin-1)";
            return refused("invalid_utf8", message);
        }
        if record.text.len() >= MAX_RECORD {
            return refused(
                "too_large",
                &format!("a record has at most {MAX_RECORD} bytes"),
            );
        }
        match self {
            Self::Events => segment::parse_line(source, &record.text, received_at),
            Self::Objects(people) => people.object(&record.text, received_at),
            Self::Rows(people) => match record.cells() {
                Some(row) => people.cells(row.len(), row.iter(), &record.text, received_at),
                None => refused("invalid_utf8", "it is not UTF-8"),
            },
        }
    }
}

/// The reader of a file's records.
pub(super) enum Reader {
    Lines(Lines),
    Cells(Box<Cells>),
}

impl Reader {
    pub fn lines(input: &mut Input) -> Self {
        Self::Lines(Lines::new(input.bytes()))
    }

    /// A reader of rows, which begins after the header.
    pub fn cells(input: &mut Input, csv_format: CsvFormat) -> Result<Self> {
        let cells = Cells::new(input.bytes(), csv_format.separator, (0, 0));
        Ok(Self::Cells(Box::new(cells.skip_to(csv_format.begins)?)))
    }

    /// How many bytes of the file were read.
    pub fn at(&self) -> u64 {
        match self {
            Self::Lines(lines) => lines.at,
            Self::Cells(cells) => cells.at(),
        }
    }

    /// Skips to a position between two records.
    pub fn skip_to(self, position: u64) -> Result<Self> {
        Ok(match self {
            Self::Lines(mut lines) => {
                lines.skip_to(position)?;
                Self::Lines(lines)
            }
            Self::Cells(cells) => Self::Cells(Box::new(cells.skip_to(position)?)),
        })
    }

    /// The next records; empty at the end.
    pub fn batch(&mut self) -> Result<Vec<InputRecord>> {
        let (mut records, mut bytes) = (Vec::new(), 0);
        while records.len() < BATCH_RECORDS && bytes < BATCH_BYTES {
            let next = match self {
                Self::Lines(lines) => lines.next()?,
                Self::Cells(cells) => cells.next()?,
            };
            let Some(record) = next else { break };
            bytes += record.text.len();
            records.push(record);
        }
        Ok(records)
    }
}
