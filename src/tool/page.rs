//! Pages of a customer's orders or tickets: the newest are in the profile, the rest behind it.

use super::{Answer, Reach, cursor, data};
use crate::Result;
use crate::profile::purchase::Purchase;
use crate::profile::record::{Record, RecordKind};
use crate::profile::ticket::Ticket;
use serde::Serialize;
use std::collections::BTreeSet;

/// Records read at a time from behind the profile.
const READ: i64 = 100;
/// Most reads of one call; beyond that it answers with what it has and a cursor.
const MAX_READS: usize = 10;

/// Something that a list is made of.
pub(super) trait Entry: Sized {
    /// The sort of record it is made from.
    const KIND: RecordKind;

    /// The entry that a record describes.
    fn of(record: &Record) -> Self;

    /// Its place in the list: when it began, and its id.
    fn position(&self) -> (i64, &str);

    /// The sources that spoke of it.
    fn sources(&self) -> &[String];
}

impl Entry for Purchase {
    const KIND: RecordKind = RecordKind::Purchase;

    fn of(record: &Record) -> Self {
        Self::of(record)
    }

    fn position(&self) -> (i64, &str) {
        (self.placed_at, &self.order_id)
    }

    fn sources(&self) -> &[String] {
        &self.sources
    }
}

impl Entry for Ticket {
    const KIND: RecordKind = RecordKind::Ticket;

    fn of(record: &Record) -> Self {
        Self::of(record)
    }

    fn position(&self) -> (i64, &str) {
        (self.opened_at, &self.ticket_id)
    }

    fn sources(&self) -> &[String] {
        &self.sources
    }
}

/// Entries of one page, newest first, and where the search for more stopped, if it gave up before the end.
pub(super) struct Found<T> {
    pub entries: Vec<T>,
    pub stopped: Option<(i64, String)>,
}

/// Reads on behind the profile, after a position, until `most` wanted entries are found or one began before `since`.
pub(super) async fn read_on<T: Entry>(
    reach: &Reach<'_>,
    mut after: (i64, String),
    since: i64,
    most: usize,
    mut entries: Vec<T>,
    wanted: impl Fn(&T) -> bool,
) -> Result<Found<T>> {
    for _ in 0..MAX_READS {
        let before = (after.0, after.1.as_str());
        let read = reach.history(T::KIND, before, READ).await?;
        let last = read.last().map(|last| (last.began_at, last.id.clone()));
        let ended = (read.len() as i64) < READ || last.as_ref().is_some_and(|(at, _)| *at < since);
        entries.extend(read.iter().map(T::of).filter(&wanted));
        if ended || entries.len() >= most {
            entries.truncate(most);
            return Ok(Found {
                entries,
                stopped: None,
            });
        }
        after = last.unwrap_or(after);
    }
    Ok(Found {
        entries,
        stopped: Some(after),
    })
}

/// The answer with the first `limit` entries of what was found; `shown` makes the tool's result of them.
pub(super) fn answer<T: Entry, R: Serialize>(
    found: Found<T>,
    limit: usize,
    shown: impl FnOnce(&[T]) -> R,
) -> Result<Answer> {
    let Found {
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
    let next_cursor = stopped.map(|(at, id)| cursor::encode(at, &id));
    Ok(Answer {
        data: data(&shown(&entries))?,
        sources: sources.into_iter().collect(),
        truncated: next_cursor.is_some(),
        next_cursor,
    })
}
