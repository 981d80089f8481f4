//! Deciding anew: what other rules would make of everything, and bringing everything under the
//! rules in force.
//!
//! Both fold all links at once in memory. Where that differs from what is stored, the components
//! concerned are settled in small transactions through the ordinary path, so requests and events go
//! on in between. Nothing else is noted: when it is cut off, the next run finds what still differs.

use super::snapshot::{IdentitySnapshot, holders};
use super::{Progress, begin, reread};
use crate::Result;
use crate::clock::Time;
use crate::id::WorkspaceId;
use crate::identity::compare::{RulesDiff, compare};
use crate::identity::{self, Rulebook, Rules, SHIPPED};
use crate::ingest::{Component, settle};
use crate::store::access::Workspace;
use crate::store::identity::RulesState;
use crate::store::{self, Db};
use std::sync::Arc;

/// Links whose components are settled in one transaction.
const CHUNK: usize = 200;
/// How often everything is compared again, since events come in meanwhile.
const ROUNDS: u32 = 5;

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Links that were looked at.
    pub links: usize,
    /// Links whose component was decided anew.
    pub settled: usize,
}

/// Which version of the rules is in force, and which has been applied to everything.
pub async fn state(db: &Db, workspace: &WorkspaceId) -> Result<RulesState> {
    let mut tx = db.begin().await?;
    store::identity::rules_state(&mut tx, workspace).await
}

/// Puts rules into force for what comes in from now on, unless they are so already; what is in
/// force then.
///
/// # Errors
/// [`Error::Invalid`](crate::Error::Invalid) with the line and the reason when the rules cannot be
/// used.
pub async fn set(
    db: &Db,
    workspace: &WorkspaceId,
    text: &str,
    actor: &str,
    now: Time,
) -> Result<RulesState> {
    Rules::parse(text)?;
    let mut tx = db.begin().await?;
    tx.lock(workspace).await?;
    let (_, last) = store::identity::in_force(&mut tx, workspace).await?;
    if last.as_deref().unwrap_or(SHIPPED) != text {
        store::identity::set_rules(&mut tx, workspace, text, actor, now).await?;
    }
    let state = store::identity::rules_state(&mut tx, workspace).await?;
    tx.commit().await?;
    Ok(state)
}

/// What these rules would make of a workspace. Nothing is changed.
///
/// # Errors
/// [`Error::Invalid`](crate::Error::Invalid) when the rules cannot be used; when the database
/// refuses.
pub async fn dry_run(
    db: &Db,
    workspace: &Workspace,
    text: &str,
    now: Time,
    progress: Progress<'_>,
) -> Result<RulesDiff> {
    let mut versions =
        store::identity::rules_texts(db, &workspace.id, workspace.rules.version).await?;
    versions.push((workspace.rules.version + 1, text.to_owned(), now));
    let book = Rulebook::of(&versions)?;
    let snapshot = IdentitySnapshot::load(db, &workspace.id, progress).await?;
    if !book.rules.reads_like(&workspace.rules.rules) {
        let other = Workspace {
            rules: Arc::new(book),
            ..workspace.clone()
        };
        return reread::compared(
            db,
            &other,
            snapshot.stored(),
            &snapshot.constraints,
            progress,
        )
        .await;
    }
    let resolution = identity::fold(&snapshot.links, &book.rules, &snapshot.constraints);
    let holder = holders(&resolution);
    let moves = snapshot
        .links
        .iter()
        .zip(&snapshot.held)
        .map(|(link, held)| (held.as_ref(), holder.get(&link.id).copied()));
    Ok(compare(moves))
}

/// Brings everything under the rules that the workspace has.
///
/// # Errors
/// [`Error::Conflict`](crate::Error::Conflict) when the rules change meanwhile; when the database
/// refuses. What was done until then stays done.
pub async fn apply(db: &Db, workspace: &Workspace, progress: Progress<'_>) -> Result<Applied> {
    let mut applied = Applied::default();
    reread::all(db, workspace, progress).await?;
    for _ in 0..ROUNDS {
        let snapshot = IdentitySnapshot::load(db, &workspace.id, progress).await?;
        let rules = &workspace.rules.rules;
        let resolution = identity::fold(&snapshot.links, rules, &snapshot.constraints);
        applied.links = snapshot.links.len();
        let (seeds, unshared) = snapshot.differing(workspace, &resolution);
        drop((snapshot, resolution));
        if seeds.is_empty() {
            break;
        }
        let mut tx = begin(db, workspace).await?;
        store::identifier::unshare(&mut tx, &workspace.id, &unshared).await?;
        tx.commit().await?;
        for (done, chunk) in seeds.chunks(CHUNK).enumerate() {
            let mut tx = begin(db, workspace).await?;
            let component = Component::around(&mut tx, workspace, chunk).await?;
            settle(&mut tx, workspace, component).await?;
            tx.commit().await?;
            applied.settled += chunk.len();
            progress("deciding anew", done * CHUNK + chunk.len(), seeds.len());
        }
    }
    let mut tx = begin(db, workspace).await?;
    store::identity::set_applied(&mut tx, &workspace.id, workspace.rules.version).await?;
    tx.commit().await?;
    Ok(applied)
}
