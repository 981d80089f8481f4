//! Rows of people files: each becomes one identify event.
//!
//! The identifier of a row is the id of its record (`record.NAME`, where NAME is the source).
//! E-mail addresses and phone numbers are traits: mailboxes and switchboards are shared, so they
//! identify nobody unless the map says that they are personal.
//!
//! The message id of the event is a hash of the values that were read. So a row counts once however
//! often its file is imported, and a changed row, or the same row under another map, is a new
//! event.

use super::{Intake, Parsed, SourceKind};
use crate::Result;
use crate::clock::Time;
use crate::event::Reject;
use crate::identity::RECORD;
use serde_json::{Map as Object, Value};
use std::borrow::Cow;
use std::collections::HashSet;

mod alias;
mod column;
mod date;
mod map;
mod plan;
mod record_builder;

pub use map::Map;

use column::{Role, Use};
use date::{DateOrder, Tally};
use plan::ColumnPlan;
use record_builder::RecordBuilder;

/// Files of people.
pub const SOURCE: SourceKind = SourceKind {
    name: "file",
    summary: "rows of CSV and JSONL files, read by `acquaint import`",
    also_for: None,
    intake: Intake::File,
};

/// The deepest level of objects whose members can be columns.
const MAX_DEPTH: usize = 4;

/// The identifier kind of a record's id.
#[must_use]
pub fn record_kind(source: &str) -> String {
    format!("{RECORD}{source}")
}

/// Reads the rows of one file.
#[derive(Clone, Debug)]
pub struct People {
    source: String,
    plan: ColumnPlan,
    /// The uses of each cell, by its index in the row.
    cells: Vec<Vec<Use>>,
    join: Vec<&'static str>,
    order: DateOrder,
    tally: Tally,
    order_given: bool,
    columns: Vec<String>,
}

impl People {
    /// A reader for rows of cells under this header. The order of dates is the one in the map, else
    /// the one that the sample shows.
    ///
    /// # Errors
    /// [`crate::Error::Invalid`] when the map does not fit the header, or no column has the
    /// record's id.
    pub fn of_header(
        source: &str,
        map: &Map,
        header: &[String],
        sample: &[Vec<String>],
    ) -> Result<Self> {
        let plan = ColumnPlan::of_header(map, header)?;
        let mut people = Self::new(source, map, plan);
        people.cells = header
            .iter()
            .map(|column| people.plan.uses(column).into_owned())
            .collect();
        people.columns = header.to_vec();
        let mut tally = Tally::default();
        for row in sample {
            for (uses, cell) in people.cells.iter().zip(row) {
                count(&mut tally, uses, cell);
            }
        }
        people.settle(tally);
        Ok(people)
    }

    /// A reader for one JSON object per line; `sample` are the first lines.
    ///
    /// # Errors
    /// [`crate::Error::Invalid`] when no object has a member with the record's id.
    pub fn of_objects<'l>(
        source: &str,
        map: &Map,
        sample: impl Iterator<Item = &'l str>,
    ) -> Result<Self> {
        let objects: Vec<Object<String, Value>> = sample
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        let (mut paths, mut seen) = (Vec::new(), HashSet::new());
        for object in &objects {
            list(object, "", 1, &mut |path| {
                if !seen.contains(path) {
                    seen.insert(path.to_owned());
                    paths.push(path.to_owned());
                }
            });
        }
        let plan = ColumnPlan::of_paths(map, &paths)?;
        let mut people = Self::new(source, map, plan);
        let (mut tally, mut visited) = (Tally::default(), HashSet::new());
        for object in &objects {
            people.walk(object, "", &mut |path, value| {
                if !visited.contains(path) {
                    visited.insert(path.to_owned());
                }
                let uses = people.plan.uses(path);
                each_text(value, &mut |text| count(&mut tally, &uses, text));
            });
        }
        people.columns = paths
            .into_iter()
            .filter(|path| visited.contains(path))
            .collect();
        people.settle(tally);
        Ok(people)
    }

    fn new(source: &str, map: &Map, plan: ColumnPlan) -> Self {
        Self {
            source: source.to_owned(),
            plan,
            cells: Vec::new(),
            join: map.join.iter().map(|contact| contact.as_str()).collect(),
            order: map.dates.order.unwrap_or_default(),
            tally: Tally::default(),
            order_given: map.dates.order.is_some(),
            columns: Vec::new(),
        }
    }

    fn settle(&mut self, tally: Tally) {
        self.tally = tally;
        if !self.order_given {
            self.order = tally.order();
        }
    }

    /// Reads a row of `here` cells. `raw` is the text of the row, for a refusal.
    pub fn cells<'c>(
        &self,
        here: usize,
        cells: impl Iterator<Item = &'c str>,
        raw: &str,
        received_at: Time,
    ) -> Parsed {
        let wanted = self.cells.len();
        if here != wanted {
            let message = format!(
                "the row has {here} cells and the header {wanted}; is a separator or a quote missing or too many?"
            );
            return refused("wrong_cell_count", message, raw);
        }
        let mut record = RecordBuilder::new(self.order, received_at);
        for (uses, cell) in self.cells.iter().zip(cells) {
            uses.iter().for_each(|used| record.put_text(used, cell));
        }
        self.finish(record, raw, received_at)
    }

    /// Reads a line with one JSON object.
    #[must_use]
    pub fn object(&self, line: &str, received_at: Time) -> Parsed {
        let object: Object<String, Value> = match serde_json::from_str(line) {
            Ok(object) => object,
            Err(error) => {
                return refused(
                    "invalid_json",
                    format!("the line is not a JSON object: {error}"),
                    line,
                );
            }
        };
        let mut record = RecordBuilder::new(self.order, received_at);
        self.walk(&object, "", &mut |path, value| {
            self.plan
                .uses(path)
                .iter()
                .for_each(|used| record.put(used, value));
        });
        self.finish(record, line, received_at)
    }

    fn finish(&self, record: RecordBuilder, raw: &str, received_at: Time) -> Parsed {
        let outcome = record.finish(&self.source, &self.join, received_at);
        Parsed {
            message_id: outcome.as_ref().ok().map(|event| event.message_id.clone()),
            raw: if outcome.is_ok() {
                String::new()
            } else {
                raw.to_owned()
            },
            outcome,
        }
    }

    /// Visits each member with its path; objects that the plan opens are visited member by member.
    fn walk(
        &self,
        object: &Object<String, Value>,
        above: &str,
        visit: &mut dyn FnMut(&str, &Value),
    ) {
        for (key, value) in object {
            let path = join(above, key);
            match value {
                Value::Object(inner) if self.plan.opens(&path) => self.walk(inner, &path, visit),
                value => visit(&path, value),
            }
        }
    }

    /// Every column and its uses, in the order of the file.
    #[must_use]
    pub fn columns(&self) -> Vec<(String, String)> {
        let described = |column: &String| {
            let uses: Vec<String> = self
                .plan
                .uses(column)
                .iter()
                .map(ToString::to_string)
                .collect();
            (column.clone(), uses.join(", "))
        };
        self.columns.iter().map(described).collect()
    }

    /// Remarks for the user: missing columns, and the assumed order of dates.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        for column in &self.plan.missing {
            remarks.push(format!(
                "none of the first records has the `{column}` that the map names"
            ));
        }
        let Tally {
            day_first,
            month_first,
            either,
        } = self.tally;
        if either > 0 {
            let (reads, switch) = match self.order {
                DateOrder::MonthDay => ("month first", "day-month"),
                DateOrder::DayMonth => ("day first", "month-day"),
            };
            let why = if self.order_given {
                "as the map says".to_owned()
            } else {
                format!(
                    "of the first dates that show it, {month_first} have the month first and {day_first} the day; [dates] order = \
                     \"{switch}\" in a map says otherwise"
                )
            };
            remarks.push(format!(
                "dates like 03/04/1980 are read with the {reads}: {why}"
            ));
        }
        remarks
    }
}

fn join<'p>(above: &str, key: &'p str) -> Cow<'p, str> {
    if above.is_empty() {
        Cow::Borrowed(key)
    } else {
        Cow::Owned(format!("{above}.{key}"))
    }
}

/// Visits the path of every member; an object comes before its members.
fn list(object: &Object<String, Value>, above: &str, depth: usize, visit: &mut dyn FnMut(&str)) {
    for (key, value) in object {
        let path = join(above, key);
        visit(&path);
        if let (Value::Object(inner), true) = (value, depth < MAX_DEPTH) {
            list(inner, &path, depth + 1, visit);
        }
    }
}

fn count(tally: &mut Tally, uses: &[Use], text: &str) {
    let dated = |used: &Use| {
        used.role == Role::UpdatedAt || used.role == Role::Trait("birthday".to_owned())
    };
    if uses.iter().any(dated) {
        tally.add(text);
    }
}

fn each_text(value: &Value, visit: &mut dyn FnMut(&str)) {
    match value {
        Value::String(text) => visit(text),
        Value::Array(items) => items.iter().for_each(|item| each_text(item, visit)),
        _ => {}
    }
}

fn refused(code: &'static str, message: impl Into<String>, raw: &str) -> Parsed {
    Parsed {
        outcome: Err(Reject::new(code, message)),
        message_id: None,
        raw: raw.to_owned(),
    }
}

#[cfg(test)]
mod tests;
