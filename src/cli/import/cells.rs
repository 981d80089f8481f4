//! Records that are rows of a CSV file. The `csv` crate reads them, and the raw bytes of a row are
//! kept until its end, for the file of refused records.

use super::input_record::{InputRecord, MAX_RECORD, RecordContent};
use super::lines::{Lines, newlines};
use crate::{Error, Result};
use csv::{ByteRecord, ReaderBuilder, Trim};
use std::io::{self, Read};

/// How many bytes the `csv` crate reads at a time.
const BUFFER: usize = 1 << 16;
/// The possible separators.
const SEPARATORS: [u8; 4] = *b",;\t|";

/// The format of a CSV file.
#[derive(Clone, Copy, Debug)]
pub(super) struct CsvFormat {
    pub separator: u8,
    /// The position of the first row after the header.
    pub begins: u64,
}

/// Rows and their positions.
pub(super) struct Cells {
    reader: csv::Reader<RowBuffer<Box<dyn Read + Send>>>,
    row: ByteRecord,
    separator: u8,
    /// The bytes and line ends before the reader's input.
    before: (u64, u64),
}

impl Cells {
    /// Reads `input`, which begins after this many bytes and lines of the file.
    pub fn new(input: Box<dyn Read + Send>, separator: u8, before: (u64, u64)) -> Self {
        let buffer = RowBuffer {
            input,
            bytes: Vec::new(),
            from: 0,
            used: 0,
        };
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(Trim::All)
            .delimiter(separator)
            .buffer_capacity(BUFFER)
            .from_reader(buffer);
        Self {
            reader,
            row: ByteRecord::new(),
            separator,
            before,
        }
    }

    /// Skips to a position. Nothing may have been read yet.
    pub fn skip_to(self, position: u64) -> Result<Self> {
        let mut lines = Lines::new(self.reader.into_inner().input);
        (lines.at, lines.line) = self.before;
        lines.skip_to(position)?;
        let before = (lines.at, lines.line);
        Ok(Self::new(
            Box::new(lines.into_rest()),
            self.separator,
            before,
        ))
    }

    /// How many bytes of the file were read.
    pub fn at(&self) -> u64 {
        self.before.0 + self.reader.position().byte()
    }

    /// The next row.
    pub fn next(&mut self) -> Result<Option<InputRecord>> {
        let (start, line) = (self.reader.position().byte(), self.reader.position().line());
        let more = self.reader.read_byte_record(&mut self.row).map_err(|error| {
            let line = self.before.1 + line;
            match error.into_kind() {
                csv::ErrorKind::Io(error) if error.kind() == io::ErrorKind::InvalidData => Error::invalid(format!(
                    "the row that begins in line {line} has more than {MAX_RECORD} bytes; is a quote opened there and never closed?"
                )),
                csv::ErrorKind::Io(error) => Error::Io(error),
                other => Error::invalid(format!("line {line} cannot be read as CSV: {other:?}")),
            }
        })?;
        if !more {
            return Ok(None);
        }
        let raw = self
            .reader
            .get_ref()
            .slice(start, self.reader.position().byte());
        // Line ends before the row are blank lines, or the end of the previous row.
        let text = raw
            .iter()
            .position(|byte| !matches!(byte, b'\r' | b'\n'))
            .unwrap_or(0);
        let number = self.before.1 + line + newlines(&raw[..text]);
        let record = InputRecord::new(
            number,
            &raw[text..],
            RecordContent::Cells(std::mem::take(&mut self.row)),
        );
        let end = self.reader.position().byte();
        self.reader.get_mut().forget(end);
        Ok(Some(record))
    }
}

/// The cells of the first row, and the format of the file.
///
/// # Errors
/// [`Error::Invalid`] when there is no first row, or it is not UTF-8.
pub(super) fn header(head: &[u8]) -> Result<(Vec<String>, CsvFormat)> {
    if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
        return Err(Error::invalid("the file is UTF-16; save it as UTF-8"));
    }
    let mark = if head.starts_with(b"\xef\xbb\xbf") {
        3
    } else {
        0
    };
    let separator = separator(&head[mark..]);
    let mut cells = Cells::new(
        Box::new(io::Cursor::new(head[mark..].to_vec())),
        separator,
        (mark as u64, 0),
    );
    let Some(record) = cells.next()? else {
        return Err(Error::invalid(
            "the file is empty; its first line has to name the columns",
        ));
    };
    let row = record.cells().ok_or_else(|| {
        Error::invalid("the first line is not UTF-8; save the file as UTF-8 (`iconv -f WINDOWS-1252 -t UTF-8`)")
    })?;
    let format = CsvFormat {
        separator,
        begins: cells.at(),
    };
    Ok((numbered(row.iter()), format))
}

/// The rows after the header that are in the head. The last one may be cut off.
pub(super) fn sample(head: &[u8], format: CsvFormat, most: usize) -> Vec<Vec<String>> {
    let rest = head
        .get(usize::try_from(format.begins).unwrap_or(usize::MAX)..)
        .unwrap_or_default();
    let mut cells = Cells::new(
        Box::new(io::Cursor::new(rest.to_vec())),
        format.separator,
        (0, 0),
    );
    let mut rows = Vec::new();
    while rows.len() < most
        && let Ok(Some(record)) = cells.next()
    {
        rows.extend(
            record
                .cells()
                .map(|row| row.iter().map(str::to_owned).collect()),
        );
    }
    rows
}

/// The most frequent separator in the first line, outside quotes.
fn separator(head: &[u8]) -> u8 {
    let (mut counts, mut quoted, mut begun) = ([0_usize; SEPARATORS.len()], false, false);
    for byte in head {
        match byte {
            b'"' => quoted = !quoted,
            b'\r' | b'\n' if !quoted && begun => break,
            _ => {}
        }
        begun |= !byte.is_ascii_whitespace();
        if let (false, Some(at)) = (
            quoted,
            SEPARATORS.iter().position(|separator| separator == byte),
        ) {
            counts[at] += 1;
        }
    }
    // Of two with the same count the first wins, which is the comma if there are none.
    let most = counts.iter().max().copied().unwrap_or(0);
    let at = counts.iter().position(|count| *count == most).unwrap_or(0);
    SEPARATORS[at]
}

/// Unique column names: a second `email` becomes `email_2`, and a third column without a name
/// `column_3`.
fn numbered<'c>(names: impl Iterator<Item = &'c str>) -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    for (at, name) in names.enumerate() {
        let name = if name.is_empty() {
            format!("column_{}", at + 1)
        } else {
            name.to_owned()
        };
        let mut column = name.clone();
        let mut number = 2;
        while columns.contains(&column) {
            column = format!("{name}_{number}");
            number += 1;
        }
        columns.push(column);
    }
    columns
}

/// A reader that keeps the read bytes until they are released.
struct RowBuffer<R> {
    input: R,
    bytes: Vec<u8>,
    /// The position of the first kept byte.
    from: u64,
    /// How many of the kept bytes are released.
    used: usize,
}

impl<R> RowBuffer<R> {
    fn slice(&self, start: u64, end: u64) -> &[u8] {
        let at = |position: u64| usize::try_from(position - self.from).unwrap_or(usize::MAX);
        self.bytes.get(at(start)..at(end)).unwrap_or_default()
    }

    fn forget(&mut self, to: u64) {
        self.used = usize::try_from(to - self.from).unwrap_or(usize::MAX);
    }
}

impl<R: Read> Read for RowBuffer<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.bytes.drain(..self.used);
        self.from += self.used as u64;
        self.used = 0;
        if self.bytes.len() > MAX_RECORD {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let read = self.input.read(buffer)?;
        self.bytes.extend_from_slice(&buffer[..read]);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<(u64, String, Vec<String>)> {
        let (_, format) = header(text.as_bytes()).expect("a header");
        let rest = text.as_bytes()[format.begins as usize..].to_vec();
        let before = newlines(&text.as_bytes()[..format.begins as usize]);
        let mut cells = Cells::new(
            Box::new(io::Cursor::new(rest)),
            format.separator,
            (format.begins, before),
        );
        let mut rows = Vec::new();
        while let Some(record) = cells.next().expect("a row") {
            let row = record
                .cells()
                .expect("UTF-8")
                .iter()
                .map(str::to_owned)
                .collect();
            rows.push((record.number, record.text.clone(), row));
        }
        assert_eq!(cells.at(), text.len() as u64);
        rows
    }

    #[test]
    fn rows_keep_their_line_and_their_text() {
        for end in ["\n", "\r\n"] {
            let text =
                ["id, name", "1, \"Ada\"", "", "2,\"b", "\"\"c\"\"\" ", "3,x"].join(end) + end;
            let found = rows(&text);
            let numbers: Vec<u64> = found.iter().map(|row| row.0).collect();
            assert_eq!(numbers, [2, 4, 6], "{end:?}");
            assert_eq!(found[1].1, format!("2,\"b{end}\"\"c\"\"\""));
            assert_eq!(found[2].2, ["3", "x"]);
        }
        assert_eq!(rows("id;name\n1;\"a;b\"\n")[0].2, ["1", "a;b"]);
        assert_eq!(rows("\u{feff}id\tname\n1\tAda")[0].2, ["1", "Ada"]);
    }

    #[test]
    fn a_header_is_found_and_named() {
        let named = |text: &str| header(text.as_bytes()).expect("a header").0;
        assert_eq!(
            named("\u{feff}id|email|email||\n"),
            ["id", "email", "email_2", "column_4", "column_5"]
        );
        assert_eq!(named("\"a,b\";c\n"), ["a,b", "c"]);
        assert_eq!(named("\r\n id \r\n1"), ["id"]);
        assert!(header(b"").is_err() && header(b"\n\n").is_err());
        for (bytes, word) in [
            (&b"\xff\xfei\0d\0"[..], "UTF-16"),
            (b"id,gr\xf6\xdfe\n", "iconv"),
        ] {
            let error = header(bytes).expect_err("refused").to_string();
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn a_quote_that_is_never_closed_is_found() {
        let mut text = "id,name\n1,Ada\n2,\"Bo".to_owned();
        text.push_str(&"b\n".repeat(MAX_RECORD));
        let mut cells = Cells::new(Box::new(io::Cursor::new(text.into_bytes())), b',', (0, 0));
        assert!(cells.next().is_ok() && cells.next().is_ok());
        let error = cells.next().expect_err("refused").to_string();
        assert!(error.contains("begins in line 3"), "{error}");
    }
}
