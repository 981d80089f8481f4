//! What people decide about customers and workspaces, and what can be told of it: joining and
//! parting customers, rules and their dry run, explanations, suggestions of matching, sources and
//! keys.
//!
//! Every decision is a row of the log that `ingest` follows through the same fold as everything
//! else. The transactions of stewards begin here, so a command and a route that do the same call
//! the same function.

use crate::id::LinkId;
use crate::identity::decision::By;
use crate::profile::Profile;
use crate::store::access::Workspace;
use crate::store::{self, Db, Tx};
use crate::{Error, Result};

pub mod access;
pub mod audit;
pub mod decide;
mod explain;
mod reread;
pub mod rules;
mod snapshot;
pub mod suggest;

use audit::{Outcome, outcome};
use decide::SplitTarget;
pub use explain::explain;

/// How far it is: a word for the step, how much is done of it, and how much there is.
pub type Progress<'a> = &'a mut (dyn FnMut(&'static str, usize, usize) + Send);

/// The profile of a customer named `type:value`.
///
/// # Errors
/// [`Error::NotFound`] when there is none, [`Error::Invalid`] when the text names nothing that
/// could be a customer.
pub async fn customer(db: &Db, workspace: &Workspace, name: &str) -> Result<Profile> {
    let found = store::profile::by_name(db, workspace, name).await?;
    found.ok_or_else(|| {
        let workspace = &workspace.name;
        Error::NotFound(format!("no customer `{name}` in workspace `{workspace}`"))
    })
}

/// Joins two customers, each named `type:value`.
///
/// # Errors
/// As [`customer`] and [`decide::merge`].
pub async fn merge(
    db: &Db,
    workspace: &Workspace,
    (one, other): (&str, &str),
    by: &By,
) -> Result<Outcome> {
    let one = customer(db, workspace, one).await?.id;
    let other = customer(db, workspace, other).await?.id;
    let made = decide::merge(db, workspace, (&one, &other), by).await?;
    outcome(db, workspace, &made).await
}

/// Parts a customer named `type:value`: `identifiers`, as type:value, or a `link` are not theirs.
///
/// # Errors
/// As [`customer`], [`SplitTarget::read`] and [`decide::split`].
pub async fn split(
    db: &Db,
    workspace: &Workspace,
    name: &str,
    (identifiers, link): (&[String], Option<LinkId>),
    by: &By,
) -> Result<Outcome> {
    let off = SplitTarget::read(workspace, identifiers, link)?;
    let customer = customer(db, workspace, name).await?.id;
    let made = decide::split(db, workspace, &customer, &off, by).await?;
    outcome(db, workspace, &made).await
}

/// Takes decisions back, the last one first, all or none.
///
/// # Errors
/// As [`decide::undo`].
pub async fn undo(db: &Db, workspace: &Workspace, ids: &[String], by: &By) -> Result<Outcome> {
    let made = decide::undo(db, workspace, ids, by).await?;
    outcome(db, workspace, &made).await
}

/// A transaction in which nobody else writes to the workspace, under the rules that this workspace
/// has.
async fn begin(db: &Db, workspace: &Workspace) -> Result<Tx> {
    let mut tx = db.begin().await?;
    tx.lock(&workspace.id).await?;
    let rules = store::identity::rules_state(&mut tx, &workspace.id)
        .await?
        .rules;
    if rules == workspace.rules.version {
        return Ok(tx);
    }
    Err(Error::Conflict(
        "the rules changed meanwhile; try again".to_owned(),
    ))
}
