//! Suggestions of matching, and what people said to them.

use super::sql::row;
use super::{Db, Tx};
use crate::Result;
use crate::identity::decision::Act;
use serde::Serialize;
use serde_json::{Value, json};

/// Suggestions that are written in one statement.
const ROWS: usize = 500;

/// Two customers who may be one.
#[derive(Clone, Debug, Serialize)]
pub struct Suggestion {
    /// Its id: the same for the same two.
    pub id: String,
    /// A link of the one.
    pub one: String,
    /// A link of the other.
    pub other: String,
    /// The logarithm to base 2 of the odds, in thousandths.
    pub weight: i64,
    /// What each field adds, as JSON.
    pub doc: String,
    /// `open`, `accepted` or `rejected`.
    pub state: String,
    /// When it was found, in UTC milliseconds.
    pub found_at: i64,
}

row!(Suggestion {
    id,
    one,
    other,
    weight,
    doc,
    state,
    found_at
});

/// Adds suggestions. One that is there keeps its state.
///
/// # Errors
/// When the database refuses.
pub async fn suggest(tx: &mut Tx, workspace: &str, suggestions: &[Suggestion]) -> Result<()> {
    for suggestions in suggestions.chunks(ROWS) {
        tx.sql(
            "insert into suggestion (workspace, id, one, other, weight, doc, state, found_at)
             select $1, r.id, r.one, r.other, r.weight, r.doc, r.state, r.found_at
             from rows($2, r: id text, one text, other text, weight bigint, doc text, state text, found_at bigint)
             where true on conflict (workspace, id) do update set weight = excluded.weight, doc = excluded.doc",
        )
        .bind(workspace)
        .rows(&suggestions)
        .execute()
        .await?;
    }
    Ok(())
}

/// Suggestions of a state whose two are not one by now, the likeliest first, after `(weight, id)`.
///
/// # Errors
/// When the database refuses.
pub async fn suggestions(
    db: &Db,
    workspace: &str,
    state: &str,
    after: (i64, &str),
    limit: i64,
) -> Result<Vec<Suggestion>> {
    db.sql(
        "select s.id, s.one, s.other, s.weight, s.doc, s.state, s.found_at
         from suggestion s cross join link a cross join link b
         where s.workspace = $1 and s.state = $2 and (s.weight, s.id) < ($3, $4)
           and a.workspace = $1 and a.id = s.one and b.workspace = $1 and b.id = s.other
           and (s.state <> 'open' or a.profile <> b.profile)
         order by s.weight desc, s.id desc limit $5",
    )
    .bind(workspace)
    .bind(state)
    .bind(after.0)
    .bind(after.1)
    .bind(limit)
    .all()
    .await
}

/// The suggestion of this id.
///
/// # Errors
/// When the database refuses.
pub async fn suggestion(tx: &mut Tx, workspace: &str, id: &str) -> Result<Option<Suggestion>> {
    tx.sql(
        "select id, one, other, weight, doc, state, found_at from suggestion
         where workspace = $1 and id = $2",
    )
    .bind(workspace)
    .bind(id)
    .optional()
    .await
}

/// Notes what someone said to a suggestion.
///
/// # Errors
/// When the database refuses.
pub async fn set_state(
    tx: &mut Tx,
    workspace: &str,
    id: &str,
    state: &str,
    by: (&str, i64),
    decision: Option<&str>,
) -> Result<()> {
    tx.sql(
        "update suggestion set state = $3, actor = $4, decided_at = $5, decision = $6
         where workspace = $1 and id = $2",
    )
    .bind(workspace)
    .bind(id)
    .bind(state)
    .bind(by.0)
    .bind(by.1)
    .bind(decision)
    .execute()
    .await
    .map(drop)
}

/// Pairs of profiles that someone said are two: rejected suggestions, and joins of stewards that were undone.
///
/// # Errors
/// When the database refuses.
pub async fn kept_apart(db: &Db, workspace: &str) -> Result<Vec<(String, String)>> {
    let undone: Vec<(String,)> = db
        .sql(
            "select m.body from decision_subject u cross join decision m
             where u.workspace = $1 and u.kind = 'decision' and m.workspace = $1 and m.id = u.value and m.kind = 'merge'
               and not exists (select 1 from decision_subject z
                 where z.workspace = $1 and z.kind = 'decision' and z.value = u.decision)",
        )
        .bind(workspace)
        .all()
        .await?;
    let pair = |(body,): &(String,)| match serde_json::from_str(body) {
        Ok(Act::Merge { links }) => Some(json!({"one": links.first()?, "other": links.last()?})),
        _ => None,
    };
    let undone: Vec<Value> = undone.iter().filter_map(pair).collect();
    db.sql(
        "select a.profile, b.profile from
           (select one, other from suggestion where workspace = $1 and state = 'rejected'
            union all select r.one, r.other from rows($2, r: one text, other text)) p
         cross join link a cross join link b
         where a.workspace = $1 and a.id = p.one and a.profile is not null
           and b.workspace = $1 and b.id = p.other and b.profile is not null",
    )
    .bind(workspace)
    .rows(&undone)
    .all()
    .await
}
