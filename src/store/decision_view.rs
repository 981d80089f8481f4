//! Decisions and the customers that they concern, as people look at them.

use super::Db;
use super::identity::DecisionRow;
use crate::Result;
use crate::id::{LinkId, WorkspaceId};
use crate::identity::Identifier;
use crate::identity::decision::Decision;
use crate::profile::Profile;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The decisions before the one of this id, newest first. Without an id it begins with the newest.
pub async fn before(
    db: &Db,
    workspace: &WorkspaceId,
    id: Option<&str>,
    limit: i64,
) -> Result<Vec<Decision>> {
    // Ids of decisions begin with `d_`, so all of them are less than `e`.
    let id = id.unwrap_or("e");
    let rows: Vec<DecisionRow> = db
        .sql(
            "select id, body, actor, reason, at from decision
             where workspace = $1 and id collate binary < $2 order by id collate binary desc limit $3",
        )
        .bind(workspace)
        .bind(id)
        .bind(limit)
        .all()
        .await?;
    rows.into_iter().map(Decision::try_from).collect()
}

/// The decisions of these ids.
pub async fn by_ids(db: &Db, workspace: &WorkspaceId, ids: &[String]) -> Result<Vec<Decision>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<Value> = ids.iter().map(|id| json!({"id": id})).collect();
    let rows: Vec<DecisionRow> = db
        .sql(
            "select d.id, d.body, d.actor, d.reason, d.at from rows($2, r: id text) cross join decision d
             where d.workspace = $1 and d.id = r.id",
        )
        .bind(workspace)
        .rows(&keys)
        .all()
        .await?;
    rows.into_iter().map(Decision::try_from).collect()
}

/// The profiles that these links and identifiers lead to, in the order of their ids.
pub async fn concerned(
    db: &Db,
    workspace: &WorkspaceId,
    links: &[LinkId],
    identifiers: &[Identifier],
) -> Result<Vec<Profile>> {
    let mut found: Vec<(String, Vec<u8>)> = db
        .sql(
            "select p.id, p.doc from rows($2, r: link text) cross join link l cross join profile p
             where l.workspace = $1 and l.id = r.link and p.workspace = $1 and p.id = l.profile",
        )
        .bind(workspace)
        .rows(&super::link::id_rows(links))
        .all()
        .await?;
    let by_identifier: Vec<(String, Vec<u8>)> = db
        .sql(
            "select p.id, p.doc from rows($2, r: kind text, value text) cross join identifier i cross join profile p
             where i.workspace = $1 and i.kind = r.kind and i.value = r.value and p.workspace = $1 and p.id = i.profile",
        )
        .bind(workspace)
        .rows(&identifiers)
        .all()
        .await?;
    found.extend(by_identifier);
    let by_id: BTreeMap<String, Vec<u8>> = found.into_iter().collect();
    by_id
        .values()
        .map(|doc| super::profile::open(doc))
        .collect()
}
