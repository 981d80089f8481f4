//! The log of events: appended once, and read for folds, timelines and rebuilds.

use super::sql::row;
use super::{Db, Pending, Rows, Tx};
use crate::clock::Time;
use crate::event::{Event, Kind, event_id};
use crate::id::{LinkId, ProfileId, WorkspaceId};
use crate::identity::explain::LinkActivity;
use crate::{Error, Result};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

mod log_position;

pub use log_position::LogPosition;

/// An event as it is read back from the log, and the link it belongs to.
#[derive(Clone, Debug)]
pub struct LoggedEvent {
    /// The event.
    pub event: Event,
    /// Id of the set of identifiers it carries.
    pub link: LinkId,
}

/// An event that is to be appended: its row in the log.
#[derive(Clone, Debug)]
pub struct NewEvent {
    link: LinkId,
    source: String,
    message_id: String,
    kind: Kind,
    name: String,
    at: Time,
    received_at: Time,
    /// The rest of the event as JSON, shared with the statement that writes it.
    body: Arc<str>,
}

impl NewEvent {
    /// The event as it goes into the log.
    ///
    /// # Errors
    /// When the event cannot be written as JSON, which never happens to an event that was checked.
    pub fn of(event: &Event, link: LinkId) -> Result<Self> {
        let body = serde_json::to_string(event)
            .map_err(|_| Error::internal("an event cannot be written as JSON"))?;
        Ok(Self {
            link,
            source: event.source.clone(),
            message_id: event.message_id.clone(),
            kind: event.kind,
            name: event.name.clone(),
            at: event.at,
            received_at: event.received_at,
            body: body.into(),
        })
    }

    /// What makes it one event: its source and the sender's id of the message.
    #[must_use]
    pub fn key(&self) -> (&str, &str) {
        (&self.source, &self.message_id)
    }

    /// The whole event.
    ///
    /// # Errors
    /// When the body cannot be read, which never happens to an event that was checked.
    pub fn event(&self) -> Result<Event> {
        let body: Event = serde_json::from_str(&self.body)
            .map_err(|_| Error::internal("an event cannot be read again"))?;
        Ok(Event {
            id: event_id(&self.source, &self.message_id),
            source: self.source.clone(),
            message_id: self.message_id.clone(),
            kind: self.kind,
            name: self.name.clone(),
            at: self.at,
            received_at: self.received_at,
            ..body
        })
    }
}

/// An event's place as a row for a `rows($n, r: source text, message_id text)`.
#[derive(Serialize)]
struct MessageKey<'a> {
    source: &'a str,
    message_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<&'a str>,
}

struct EventRow {
    link: LinkId,
    source: String,
    message_id: String,
    r#type: String,
    name: String,
    at: Time,
    received_at: Time,
    body: String,
}

row!(EventRow {
    link,
    source,
    message_id,
    r#type,
    name,
    at,
    received_at,
    body
});

impl TryFrom<EventRow> for LoggedEvent {
    type Error = Error;

    fn try_from(row: EventRow) -> Result<Self> {
        let id = event_id(&row.source, &row.message_id);
        let broken = || Error::internal(format!("event {id} cannot be read from the log"));
        let mut event: Event = serde_json::from_str(&row.body).map_err(|_| broken())?;
        event.kind = Kind::parse(&row.r#type).ok_or_else(broken)?;
        event.id = id;
        event.source = row.source;
        event.message_id = row.message_id;
        event.name = row.name;
        event.at = row.at;
        event.received_at = row.received_at;
        Ok(Self {
            event,
            link: row.link,
        })
    }
}

fn read(rows: Vec<EventRow>) -> Result<Vec<LoggedEvent>> {
    rows.into_iter().map(LoggedEvent::try_from).collect()
}

/// Finds which of these events are in the log already, by source and message id, pipelined.
#[must_use]
pub fn known_later<'a>(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    offered: impl Iterator<Item = &'a NewEvent>,
) -> Pending<HashSet<(String, String)>> {
    // To look first is cheaper than to have the statement that writes them return what it wrote.
    let mut keys: Vec<_> = offered
        .map(|new| MessageKey {
            source: &new.source,
            message_id: &new.message_id,
            link: None,
        })
        .collect();
    keys.sort_unstable_by_key(|key| (key.source, key.message_id));
    tx.sql(
        "select e.source, e.message_id from rows($2, r: source text, message_id text) cross join event e
         where e.workspace = $1 and e.source = r.source and e.message_id = r.message_id",
    )
    .bind(workspace)
    .rows(&keys)
    .pipelined(|known: Vec<(String, String)>| Ok(known.into_iter().collect()))
}

/// Appends events that are not in the log.
pub fn append(tx: &mut Tx, workspace: &WorkspaceId, new: &[&NewEvent]) {
    let rows = Rows::default()
        .text(new.iter().map(|new| new.link.as_str()))
        .text(new.iter().map(|new| new.source.as_str()))
        .text(new.iter().map(|new| new.message_id.as_str()))
        .text(new.iter().map(|new| new.kind.as_str()))
        .text(new.iter().map(|new| new.name.as_str()))
        .bigint(new.iter().map(|new| new.at.ms()))
        .bigint(new.iter().map(|new| new.received_at.ms()))
        .shared(new.iter().map(|new| Arc::clone(&new.body)));
    tx.insert(
        "insert into event (workspace, link, source, message_id, type, name, at, received_at, body)
         values rows(text, text, text, text, text, bigint, bigint, text)",
        workspace,
        rows,
    );
}

/// Up to `limit` events of these links, in no order. With `upto` only those at or before it.
pub async fn of_links(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    links: &[LinkId],
    upto: Option<&LogPosition>,
    limit: i64,
) -> Result<Vec<LoggedEvent>> {
    // An expression cannot use the primary key, which SQLite would rather walk than the index of links.
    let rows = tx
        .sql(
            "select e.link, e.source, e.message_id, e.type, e.name, e.at, e.received_at, e.body
             from rows($2, r: link text) cross join event e
             where e.workspace = $1 and e.link = r.link
               and ($3 is null or (e.source || '', e.message_id) <= ($3, $4)) limit $5",
        )
        .bind(workspace)
        .rows(&super::link::id_rows(links))
        .bind(upto.map(|place| &place.source))
        .bind(upto.map(|place| &place.message_id))
        .bind(limit)
        .all()
        .await?;
    read(rows)
}

/// The next `limit` events of one link after this time and place, oldest first. With `upto` only
/// those at or before it.
pub async fn of_link(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    link: &LinkId,
    upto: Option<&LogPosition>,
    after: &(Time, LogPosition),
    limit: i64,
) -> Result<Vec<LoggedEvent>> {
    let rows = tx
        .sql(
            "select link, source, message_id, type, name, at, received_at, body from event
             where workspace = $1 and link = $2 and (at, source, message_id) > ($3, $4, $5)
               and ($6 is null or (source || '', message_id) <= ($6, $7))
             order by at, source, message_id limit $8",
        )
        .bind(workspace)
        .bind(link)
        .bind(after.0)
        .bind(&after.1.source)
        .bind(&after.1.message_id)
        .bind(upto.map(|place| &place.source))
        .bind(upto.map(|place| &place.message_id))
        .bind(limit)
        .all()
        .await?;
    read(rows)
}

const PAGE: &str = "select link, source, message_id, type, name, at, received_at, body from event
    where workspace = $1 and (source, message_id) > ($2, $3) order by source, message_id limit $4";

/// The next `limit` events after a place. A rebuild walks the log by it.
pub async fn page_in(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    after: &LogPosition,
    limit: i64,
) -> Result<Vec<LoggedEvent>> {
    let rows = tx
        .sql(PAGE)
        .bind(workspace)
        .bind(&after.source)
        .bind(&after.message_id)
        .bind(limit)
        .all()
        .await?;
    read(rows)
}

/// The same, outside of a transaction.
pub async fn page(
    db: &Db,
    workspace: &WorkspaceId,
    after: &LogPosition,
    limit: i64,
) -> Result<Vec<LoggedEvent>> {
    let rows = db
        .sql(PAGE)
        .bind(workspace)
        .bind(&after.source)
        .bind(&after.message_id)
        .bind(limit)
        .all()
        .await?;
    read(rows)
}

/// A customer's events before this time and place, newest first.
pub async fn timeline(
    db: &Db,
    workspace: &WorkspaceId,
    profile: &ProfileId,
    before: &(Time, LogPosition),
    limit: i64,
) -> Result<Vec<LoggedEvent>> {
    let rows = db
        .sql(
            "select e.link, e.source, e.message_id, e.type, e.name, e.at, e.received_at, e.body
             from link l cross join event e
             where l.workspace = $1 and l.profile = $2 and e.workspace = l.workspace and e.link = l.id
               and (e.at, e.source, e.message_id) < ($3, $4, $5)
             order by e.at desc, e.source desc, e.message_id desc limit $6",
        )
        .bind(workspace)
        .bind(profile)
        .bind(before.0)
        .bind(&before.1.source)
        .bind(&before.1.message_id)
        .bind(limit)
        .all()
        .await?;
    read(rows)
}

/// Writes the links of events, after the present rules gave them other ones.
pub async fn relink(tx: &mut Tx, workspace: &WorkspaceId, moved: &[LoggedEvent]) -> Result<()> {
    if moved.is_empty() {
        return Ok(());
    }
    let rows = moved.iter().map(|logged| MessageKey {
        source: &logged.event.source,
        message_id: &logged.event.message_id,
        link: Some(&logged.link),
    });
    let rows: Vec<MessageKey<'_>> = rows.collect();
    tx.sql(
        "insert into event (workspace, link, source, message_id, type, name, at, received_at, body)
         select $1, r.link, e.source, e.message_id, e.type, e.name, e.at, e.received_at, e.body
         from rows($2, r: source text, message_id text, link text) cross join event e
         where e.workspace = $1 and e.source = r.source and e.message_id = r.message_id
         on conflict (workspace, source, message_id) do update set link = excluded.link",
    )
    .bind(workspace)
    .rows(&rows)
    .execute()
    .await
    .map(drop)
}

/// How many events there are.
pub async fn count(db: &Db, workspace: &WorkspaceId) -> Result<i64> {
    super::table::count(db, "event", workspace).await
}

/// How many events came in through each of these links, from which sources, and when the last did.
pub async fn activity(
    db: &Db,
    workspace: &WorkspaceId,
    links: &[LinkId],
) -> Result<HashMap<LinkId, LinkActivity>> {
    let rows: Vec<(LinkId, String, i64, Time)> = db
        .sql(
            "select e.link, e.source, count(*), max(e.at) from rows($2, r: link text) cross join event e
             where e.workspace = $1 and e.link = r.link group by e.link, e.source",
        )
        .bind(workspace)
        .rows(&super::link::id_rows(links))
        .all()
        .await?;
    let mut found: HashMap<LinkId, LinkActivity> = HashMap::new();
    for (link, source, events, last_at) in rows {
        let activity = found.entry(link).or_insert_with(|| LinkActivity {
            last_at,
            sources: BTreeMap::new(),
        });
        activity.last_at = activity.last_at.max(last_at);
        activity.sources.insert(source, events);
    }
    Ok(found)
}
