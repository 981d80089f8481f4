//! Detects the columns of a people file and the order of its dates from its head.

use super::cells::{self, CsvFormat};
use super::input::Input;
use crate::source::people::{Map, People};
use crate::{Error, Result};
use std::path::Path;

/// The most records in the sample.
const SAMPLE: usize = 10_000;

/// A map and its text.
#[derive(Debug, Default)]
pub(super) struct MapFile {
    map: Map,
    /// The text of the file; empty without a map.
    pub text: String,
}

impl MapFile {
    pub fn read(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else {
            return Ok(Self::default());
        };
        let text = std::fs::read_to_string(path)
            .map_err(|error| Error::invalid(format!("cannot read {}: {error}", path.display())))?;
        let map = Map::parse(&text)
            .map_err(|error| Error::invalid(format!("{}: {error}", path.display())))?;
        Ok(Self { map, text })
    }
}

/// The parser for the rows of a CSV file, and the format of the file.
pub(super) fn of_rows(
    source: &str,
    map_file: &MapFile,
    input: &Input,
) -> Result<(People, CsvFormat)> {
    let (header, csv_format) = cells::header(&input.head)?;
    let sample = cells::sample(&input.head, csv_format, SAMPLE);
    let people = People::of_header(source, &map_file.map, &header, &sample)?;
    show(&people);
    if sample.is_empty() {
        super::super::note("the file has a header and no rows");
    }
    Ok((people, csv_format))
}

/// The parser for the objects of a JSONL file.
pub(super) fn of_objects(source: &str, map_file: &MapFile, input: &Input) -> Result<People> {
    let head = String::from_utf8_lossy(&input.head);
    let text = head.trim_start_matches('\u{feff}').trim_start();
    if text.is_empty() {
        return Err(Error::invalid(
            "the file is empty; it has one JSON object per line",
        ));
    }
    if text.starts_with('[') {
        return Err(Error::invalid(
            "the file is a JSON list; write one object per line (`jq -c '.[]' FILE`)",
        ));
    }
    let people = People::of_objects(source, &map_file.map, text.lines().take(SAMPLE))?;
    show(&people);
    Ok(people)
}

/// Prints the use of each column on stderr.
fn show(people: &People) {
    let columns = people.columns();
    let width = columns
        .iter()
        .map(|(column, _)| column.chars().count())
        .max()
        .unwrap_or(0);
    for (column, read_as) in &columns {
        super::super::note(&format!("{column:width$}  -> {read_as}"));
    }
    for remark in people.remarks() {
        super::super::note(&remark);
    }
}
