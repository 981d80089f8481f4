//! Records that are lines.

use super::record::{Body, MAX_RECORD, Record};
use crate::{Error, Result};
use std::io::{BufRead, BufReader, Read};

/// Lines and their positions.
pub(super) struct Lines {
    input: Box<dyn BufRead + Send>,
    /// Bytes that were read.
    pub at: u64,
    /// Lines that were read.
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
    pub fn next(&mut self) -> Result<Option<Record>> {
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
            let record = Record::new(self.line, &line, Body::Line);
            if !record.text.is_empty() {
                return Ok(Some(record));
            }
        }
    }

    /// Goes to a position, counting the lines before it.
    pub fn skip_to(&mut self, position: u64) -> Result<()> {
        while self.at < position {
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                return Err(Error::invalid(
                    "the file is shorter than it was; `--restart` begins again",
                ));
            }
            let wanted = usize::try_from(position - self.at).unwrap_or(usize::MAX);
            let taken = &buffer[..buffer.len().min(wanted)];
            self.line += newlines(taken);
            let taken = taken.len();
            self.input.consume(taken);
            self.at += taken as u64;
        }
        Ok(())
    }

    /// What follows, where nothing else is to be read as lines.
    pub fn into_rest(self) -> Box<dyn BufRead + Send> {
        self.input
    }
}

/// Passes over what is left of a line that is too long; how many bytes that was.
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
