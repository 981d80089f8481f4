//! What is learnt from the beginning of a people file: its columns, what they are read as, and the order of its dates.

use super::cells::{self, Form};
use super::input::Input;
use crate::source::people::{Map, People};
use crate::{Error, Result};
use std::path::Path;

/// Most records that are looked at.
const SAMPLE: usize = 10_000;

/// A map and the text that it was written as.
#[derive(Debug, Default)]
pub(super) struct Mapping {
    map: Map,
    /// The file's text; empty without one.
    pub text: String,
}

impl Mapping {
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

/// How the rows of a CSV file are read.
pub(super) fn of_rows(source: &str, mapping: &Mapping, input: &Input) -> Result<(People, Form)> {
    let (header, form) = cells::header(&input.head)?;
    let sample = cells::sample(&input.head, form, SAMPLE);
    let people = People::of_header(source, &mapping.map, &header, &sample)?;
    show(&people);
    if sample.is_empty() {
        super::super::note("the file has a header and no rows");
    }
    Ok((people, form))
}

/// How the objects of a JSONL file are read.
pub(super) fn of_objects(source: &str, mapping: &Mapping, input: &Input) -> Result<People> {
    let text = String::from_utf8_lossy(&input.head);
    let text = text.trim_start_matches('\u{feff}').trim_start();
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
    let people = People::of_objects(source, &mapping.map, text.lines().take(SAMPLE))?;
    show(&people);
    Ok(people)
}

/// Says on stderr what each column is read as.
fn show(people: &People) {
    let columns = people.columns();
    let width = columns
        .iter()
        .map(|(column, _)| column.chars().count())
        .max();
    let width = width.unwrap_or(0);
    for (column, read_as) in &columns {
        super::super::note(&format!("{column:width$}  -> {read_as}"));
    }
    for remark in people.remarks() {
        super::super::note(&remark);
    }
}
