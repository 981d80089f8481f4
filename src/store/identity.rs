//! Identity rules and decisions: the part of the log that people write.

use super::sql::row;
use super::{Db, Tx};
use crate::clock::Time;
use crate::id::{LinkId, WorkspaceId};
use crate::identity::decision::{Act, Decision};
use crate::identity::{Identifier, Rulebook};
use crate::{Error, Result};
use serde_json::{Value, json};

/// A version of a workspace's rules.
#[derive(Clone, Debug)]
pub struct RulesVersion {
    /// Its number, from 1 on.
    pub version: i64,
    /// The rules as they were given, in TOML.
    pub text: String,
    /// Who set them.
    pub actor: String,
    /// When.
    pub created_at: Time,
}

row!(RulesVersion {
    version,
    text,
    actor,
    created_at
});

/// Every version of a workspace's rules up to this one, oldest first.
pub async fn rules_versions(
    db: &Db,
    workspace: &WorkspaceId,
    upto: i64,
) -> Result<Vec<RulesVersion>> {
    db.sql(
        "select version, text, actor, created_at from identity_rules
         where workspace = $1 and version <= $2 order by version",
    )
    .bind(workspace)
    .bind(upto)
    .all()
    .await
}

/// The rules of a workspace at this version.
pub async fn rulebook(db: &Db, workspace: &WorkspaceId, version: i64) -> Result<Rulebook> {
    if version == 0 {
        return Ok(Rulebook::default());
    }
    Rulebook::of(&rules_texts(db, workspace, version).await?)
}

/// The number, text and time of every version up to this one, oldest first. A [`Rulebook`] is made
/// of them.
pub async fn rules_texts(
    db: &Db,
    workspace: &WorkspaceId,
    upto: i64,
) -> Result<Vec<(i64, String, Time)>> {
    let versions = rules_versions(db, workspace, upto).await?;
    Ok(versions
        .into_iter()
        .map(|row| (row.version, row.text, row.created_at))
        .collect())
}

/// How far a workspace has come with its rules.
#[derive(Clone, Debug, Default)]
pub struct RulesState {
    /// The version in force.
    pub rules: i64,
    /// The version that all events are folded under.
    pub applied: i64,
    /// The last link whose events were read again under the version in force.
    pub moved_to: LinkId,
}

row!(RulesState {
    rules,
    applied,
    moved_to
});

/// How far the workspace has come with its rules.
pub async fn rules_state(tx: &mut Tx, workspace: &WorkspaceId) -> Result<RulesState> {
    let state = tx
        .sql("select rules, applied, moved_to from workspace where id = $1")
        .bind(workspace)
        .optional()
        .await?;
    Ok(state.unwrap_or_default())
}

/// The version of the rules in force and its text; `None` for the built-in rules.
pub async fn in_force(tx: &mut Tx, workspace: &WorkspaceId) -> Result<(i64, Option<String>)> {
    let version = rules_state(tx, workspace).await?.rules;
    let text: Option<(String,)> = tx
        .sql("select text from identity_rules where workspace = $1 and version = $2")
        .bind(workspace)
        .bind(version)
        .optional()
        .await?;
    Ok((version, text.map(|(text,)| text)))
}

/// Puts rules into force, and gives the number of their version.
pub async fn set_rules(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    text: &str,
    actor: &str,
    now: Time,
) -> Result<i64> {
    let version = rules_state(tx, workspace).await?.rules + 1;
    tx.sql("insert into identity_rules (workspace, version, text, actor, created_at) values ($1, $2, $3, $4, $5)")
        .bind(workspace)
        .bind(version)
        .bind(text)
        .bind(actor)
        .bind(now)
        .execute()
        .await?;
    tx.sql("update workspace set rules = $2, moved_to = '' where id = $1")
        .bind(workspace)
        .bind(version)
        .execute()
        .await?;
    Ok(version)
}

/// Notes the last link whose events were read again.
pub async fn set_moved_to(tx: &mut Tx, workspace: &WorkspaceId, link: &LinkId) -> Result<()> {
    tx.sql("update workspace set moved_to = $2 where id = $1")
        .bind(workspace)
        .bind(link)
        .execute()
        .await
        .map(drop)
}

/// Notes that all events are folded under this version.
pub async fn set_applied(tx: &mut Tx, workspace: &WorkspaceId, version: i64) -> Result<()> {
    tx.sql("update workspace set applied = $2 where id = $1")
        .bind(workspace)
        .bind(version)
        .execute()
        .await
        .map(drop)
}

/// Adds decisions to the log.
pub async fn append_decisions(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    decisions: &[Decision],
) -> Result<()> {
    if decisions.is_empty() {
        return Ok(());
    }
    let row = |decision: &Decision| {
        let Decision {
            id,
            act,
            actor,
            reason,
            at,
        } = decision;
        let body = json!(act).to_string();
        json!({"id": id, "kind": act.word(), "body": body, "actor": actor, "reason": reason, "at": at.ms()})
    };
    let rows: Vec<Value> = decisions.iter().map(row).collect();
    tx.sql(
        "insert into decision (workspace, id, kind, body, actor, reason, at)
         select $1, r.id, r.kind, r.body, r.actor, r.reason, r.at
         from rows($2, r: id text, kind text, body text, actor text, reason text, at bigint)",
    )
    .bind(workspace)
    .rows(&rows)
    .execute()
    .await?;
    let subject = |decision: &Decision| {
        let id = decision.id.clone();
        let subjects = decision.act.subjects().into_iter();
        subjects.map(
            move |Identifier { kind, value }| json!({"kind": kind, "value": value, "decision": id}),
        )
    };
    let rows: Vec<Value> = decisions.iter().flat_map(subject).collect();
    tx.sql(
        "insert into decision_subject (workspace, kind, value, decision) select $1, r.kind, r.value, r.decision
         from rows($2, r: kind text, value text, decision text) where true on conflict do nothing",
    )
    .bind(workspace)
    .rows(&rows)
    .execute()
    .await
    .map(drop)
}

pub(super) struct DecisionRow {
    id: String,
    body: String,
    actor: String,
    reason: String,
    at: Time,
}

row!(DecisionRow {
    id,
    body,
    actor,
    reason,
    at
});

impl TryFrom<DecisionRow> for Decision {
    type Error = Error;

    fn try_from(row: DecisionRow) -> Result<Self> {
        let act: Act = serde_json::from_str(&row.body)
            .map_err(|_| Error::internal(format!("decision {} cannot be read", row.id)))?;
        Ok(Self {
            id: row.id,
            act,
            actor: row.actor,
            reason: row.reason,
            at: row.at,
        })
    }
}

fn read(rows: Vec<DecisionRow>) -> Result<Vec<Decision>> {
    rows.into_iter().map(Decision::try_from).collect()
}

/// When the newest decision was made, if there is one.
pub async fn last_decided(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Option<Time>> {
    let last: Option<(Time,)> = tx
        .sql("select at from decision where workspace = $1 order by id collate binary desc limit 1")
        .bind(workspace)
        .optional()
        .await?;
    Ok(last.map(|(at,)| at))
}

/// Every decision, in order, for a rebuild.
pub async fn all(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Vec<Decision>> {
    let rows = tx
        .sql(
            "select id, body, actor, reason, at from decision
             where workspace = $1 order by id collate binary",
        )
        .bind(workspace)
        .all()
        .await?;
    read(rows)
}

/// The decision of this id, the one that undoes it, the one that undoes that, and so on, in their
/// order.
pub async fn with_undos(tx: &mut Tx, workspace: &WorkspaceId, id: &str) -> Result<Vec<Decision>> {
    let rows = tx
        .sql(
            "with recursive chain (id) as (
               select d.id from decision d where d.workspace = $1 and d.id = $2
               union select s.decision from chain c cross join decision_subject s
               where s.workspace = $1 and s.kind = 'decision' and s.value = c.id)
             select d.id, d.body, d.actor, d.reason, d.at from chain c cross join decision d
             where d.workspace = $1 and d.id = c.id order by d.id collate binary",
        )
        .bind(workspace)
        .bind(id)
        .all()
        .await?;
    read(rows)
}

/// The decisions that concern any of these links (kind `link`) or identifiers, and those that undo
/// them, in their order.
pub async fn about(
    db: &Db,
    workspace: &WorkspaceId,
    subjects: &[Identifier],
) -> Result<Vec<Decision>> {
    let rows = db
        .sql(
            "with recursive chain (id) as (
               select s.decision from rows($2, r: kind text, value text) cross join decision_subject s
               where s.workspace = $1 and s.kind = r.kind and s.value = r.value
               union select s.decision from chain c cross join decision_subject s
               where s.workspace = $1 and s.kind = 'decision' and s.value = c.id)
             select d.id, d.body, d.actor, d.reason, d.at from chain c cross join decision d
             where d.workspace = $1 and d.id = c.id order by d.id collate binary",
        )
        .bind(workspace)
        .rows(&subjects)
        .all()
        .await?;
    read(rows)
}
