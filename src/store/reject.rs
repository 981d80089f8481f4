//! Events that were refused, kept with the reason until their sender is fixed.

use super::sql::row;
use super::{Db, Tx};
use crate::Result;
use crate::clock::Time;
use crate::id::WorkspaceId;
use serde::Serialize;

/// An event that was refused.
#[derive(Clone, Debug, Serialize)]
pub struct Rejected {
    /// A hash of source, reason and content, so that the same refusal is kept once.
    pub id: String,
    /// The source it came through.
    pub source: String,
    /// The stable reason.
    pub code: String,
    /// What is wrong and what to send instead.
    pub message: String,
    /// The sender's id of the message, where it had one.
    pub message_id: Option<String>,
    /// When it arrived.
    #[serde(serialize_with = "super::sql::number")]
    pub received_at: Time,
    /// The event as it was sent.
    pub body: String,
}

row!(Rejected {
    id,
    source,
    code,
    message,
    message_id,
    received_at,
    body
});

/// Appends refused events. One that is kept already stays as it is.
pub async fn append(tx: &mut Tx, workspace: &WorkspaceId, rejected: &[Rejected]) -> Result<()> {
    if rejected.is_empty() {
        return Ok(());
    }
    tx.sql(
        "insert into reject (workspace, id, source, code, message, message_id, received_at, body)
         select $1, r.id, r.source, r.code, r.message, r.message_id, r.received_at, r.body
         from rows($2, r: id text, source text, code text, message text, message_id text, received_at bigint, body text)
         where true on conflict (workspace, id) do nothing",
    )
    .bind(workspace)
    .rows(&rejected)
    .execute()
    .await
    .map(drop)
}

/// A source's refused events before `(received_at, id)`, newest first.
pub async fn of_source(
    db: &Db,
    workspace: &WorkspaceId,
    source: &str,
    before: (Time, &str),
    limit: i64,
) -> Result<Vec<Rejected>> {
    db.sql(
        "select id, source, code, message, message_id, received_at, body from reject
         where workspace = $1 and source = $2 and (received_at, id) < ($3, $4)
         order by received_at desc, id desc limit $5",
    )
    .bind(workspace)
    .bind(source)
    .bind(before.0)
    .bind(before.1)
    .bind(limit)
    .all()
    .await
}
