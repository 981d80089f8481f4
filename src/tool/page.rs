//! Pages of a customer's orders or tickets. The profile holds the newest; the others are read from
//! the database.

use super::{Answer, Reach, cursor, data};
use crate::Result;
use crate::clock::Time;
use crate::profile::purchase::Purchase;
use crate::profile::record::{Record, RecordKind};
use crate::profile::ticket::Ticket;
use serde::Serialize;
use std::collections::BTreeSet;

/// Records that are read at a time from the database.
const READ: i64 = 100;
/// The most reads of one call; after them the answer is what was found, and a cursor.
const MAX_READS: usize = 10;

/// An entry of a list.
pub(super) trait PageEntry: Sized {
    /// The kind of its records.
    const KIND: RecordKind;

    /// The entry that a record describes.
    fn of(record: &Record) -> Self;

    /// Its position in the list: time of begin, and id.
    fn position(&self) -> (Time, &str);

    /// The sources that stated it.
    fn sources(&self) -> &[String];
}

impl PageEntry for Purchase {
    const KIND: RecordKind = RecordKind::Purchase;

    fn of(record: &Record) -> Self {
        Self::of(record)
    }

    fn position(&self) -> (Time, &str) {
        (self.placed_at, &self.order_id)
    }

    fn sources(&self) -> &[String] {
        &self.sources
    }
}

impl PageEntry for Ticket {
    const KIND: RecordKind = RecordKind::Ticket;

    fn of(record: &Record) -> Self {
        Self::of(record)
    }

    fn position(&self) -> (Time, &str) {
        (self.opened_at, &self.ticket_id)
    }

    fn sources(&self) -> &[String] {
        &self.sources
    }
}

/// Entries of one page, newest first, and the position where the search stopped, if it stopped
/// before the end.
pub(super) struct FoundEntries<T> {
    pub entries: Vec<T>,
    pub stopped: Option<(Time, String)>,
}

/// Reads from the database, after a position, until `most` wanted entries are found or one began
/// before `since`.
pub(super) async fn read_on<T: PageEntry>(
    reach: &Reach<'_>,
    mut after: (Time, String),
    since: Time,
    most: usize,
    mut entries: Vec<T>,
    wanted: impl Fn(&T) -> bool,
) -> Result<FoundEntries<T>> {
    for _ in 0..MAX_READS {
        let before = (after.0, after.1.as_str());
        let read = reach.history(T::KIND, before, READ).await?;
        let last = read.last().map(|last| (last.began_at, last.id.clone()));
        let ended = (read.len() as i64) < READ || last.as_ref().is_some_and(|(at, _)| *at < since);
        entries.extend(read.iter().map(T::of).filter(&wanted));
        if ended || entries.len() >= most {
            entries.truncate(most);
            return Ok(FoundEntries {
                entries,
                stopped: None,
            });
        }
        after = last.unwrap_or(after);
    }
    Ok(FoundEntries {
        entries,
        stopped: Some(after),
    })
}

/// The answer with the first `limit` of the found entries; `shown` makes the tool's result of them.
pub(super) fn answer<T: PageEntry, R: Serialize>(
    found: FoundEntries<T>,
    limit: usize,
    shown: impl FnOnce(&[T]) -> R,
) -> Result<Answer> {
    let FoundEntries {
        mut entries,
        mut stopped,
    } = found;
    if entries.len() > limit {
        entries.truncate(limit);
        stopped = entries
            .last()
            .map(|last| (last.position().0, last.position().1.to_owned()));
    }
    let sources: BTreeSet<String> = entries
        .iter()
        .flat_map(|entry| entry.sources().iter().cloned())
        .collect();
    let next_cursor = stopped.map(|(at, id)| cursor::encode(at.ms(), &id));
    Ok(Answer {
        data: data(&shown(&entries))?,
        sources: sources.into_iter().collect(),
        truncated: next_cursor.is_some(),
        next_cursor,
    })
}
