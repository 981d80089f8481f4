//! Suggestions: pairs of customers that matching found similar, and how people answered.

use super::sql::row;
use super::{Db, Tx};
use crate::Result;
use crate::clock::Time;
use crate::id::{LinkId, ProfileId, WorkspaceId};
use crate::identity::decision::Act;
use serde::Serialize;
use serde_json::{Value, json};

/// Most suggestions that one statement writes.
const ROWS: usize = 500;

/// A pair of customers that may be one person.
#[derive(Clone, Debug, Serialize)]
pub struct Suggestion {
    /// Its id, which follows from the pair.
    pub id: String,
    /// A link's id, which leads to the one customer.
    pub one: LinkId,
    /// A link's id, which leads to the other.
    pub other: LinkId,
    /// The logarithm to base 2 of the odds, in thousandths.
    pub weight: i64,
    /// What each field adds to the weight, as JSON.
    pub doc: String,
    /// `open`, `accepted` or `rejected`.
    pub state: String,
    /// When it was found.
    #[serde(serialize_with = "super::sql::number")]
    pub found_at: Time,
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

/// Adds suggestions. One that exists keeps its state and gets the new weight.
pub async fn suggest(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    suggestions: &[Suggestion],
) -> Result<()> {
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

/// Suggestions of a state after `(weight, id)`, the likeliest first. An open one is left out if its
/// pair was joined meanwhile.
pub async fn suggestions(
    db: &Db,
    workspace: &WorkspaceId,
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
pub async fn suggestion(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    id: &str,
) -> Result<Option<Suggestion>> {
    tx.sql(
        "select id, one, other, weight, doc, state, found_at from suggestion
         where workspace = $1 and id = $2",
    )
    .bind(workspace)
    .bind(id)
    .optional()
    .await
}

/// Sets a suggestion's state, `by` an actor at a time, with the decision that followed from it.
pub async fn set_state(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    id: &str,
    state: &str,
    by: (&str, Time),
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

/// Pairs of profiles that people decided are two: of rejected suggestions and of undone joins.
pub async fn kept_apart(db: &Db, workspace: &WorkspaceId) -> Result<Vec<(ProfileId, ProfileId)>> {
    // Joins (`m`) that a decision (`u`) undoes, which no other decision (`z`) undoes in turn.
    let joins: Vec<(String,)> = db
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
    let undone: Vec<Value> = joins.iter().filter_map(pair).collect();
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
