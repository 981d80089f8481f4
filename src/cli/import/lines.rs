//! Records that are lines.

use super::input_record::{InputRecord, MAX_RECORD, RecordContent};
use crate::{Error, Result};
use std::io::{BufRead, BufReader, Read};

/// Lines and their positions.
pub(super) struct Lines {
    input: Box<dyn BufRead + Send>,
    /// How many bytes were read.
    pub at: u64,
    /// How many lines were read.
    pub line: u64,
}

impl Lines {
    pub fn new(input: impl Read + Send + 'static) -> Self {
        Self {
            input: Box::new(BufReader::with_capacity(1 << 18, input)),
            at: 0,
            line: 0,
        }
    }

    /// The next line that is not blank.
    pub fn next(&mut self) -> Result<Option<InputRecord>> {
        loop {
            let mut line = Vec::new();
            let most = MAX_RECORD as u64;
            let read = self
                .input
                .by_ref()
                .take(most)
                .read_until(b'\n', &mut line)?;
            if read == 0 {
                return Ok(None);
            }
            self.at += read as u64;
            self.line += 1;
            if read == MAX_RECORD && !line.ends_with(b"\n") {
                self.at += skip_line(&mut self.input)?;
            }
            let record = InputRecord::new(self.line, &line, RecordContent::Line);
            if !record.text.is_empty() {
                return Ok(Some(record));
            }
        }
    }

    /// Skips to a position and counts the lines before it.
    pub fn skip_to(&mut self, position: u64) -> Result<()> {
        while self.at < position {
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                return Err(Error::invalid(
                    "the file is shorter than it was; `--restart` begins again",
                ));
            }
            let wanted = usize::try_from(position - self.at).unwrap_or(usize::MAX);
            let taken = buffer.len().min(wanted);
            self.line += newlines(&buffer[..taken]);
            self.input.consume(taken);
            self.at += taken as u64;
        }
        Ok(())
    }

    /// The rest of the input.
    pub fn into_rest(self) -> Box<dyn BufRead + Send> {
        self.input
    }
}

/// Skips the rest of a line that is too long, and returns its number of bytes.
fn skip_line(input: &mut impl BufRead) -> Result<u64> {
    let mut skipped = 0;
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            return Ok(skipped);
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(buffer.len(), |end| end + 1);
        input.consume(taken);
        skipped += taken as u64;
        if end.is_some() {
            return Ok(skipped);
        }
    }
}

/// How many lines end in these bytes.
pub(super) fn newlines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}
