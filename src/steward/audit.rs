//! What stewards decided, as people look at it: what came of it, and who decided what before.

use crate::id::{LinkId, ProfileId};
use crate::identity::Identifier;
use crate::identity::decision::{Act, Decision, DecisionSummary};
use crate::identity::explain::Lead;
use crate::ingest::Component;
use crate::profile::Profile;
use crate::store::access::Workspace;
use crate::store::{self, Db};
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;

/// What was decided, and the customers as they are now.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Outcome {
    /// The decisions that were made; undoing all of them takes it back.
    pub decisions: Vec<DecisionSummary>,
    /// The customers that they concern, as they are now.
    pub profiles: Vec<ProfileOutcome>,
}

/// A customer as it is now.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ProfileOutcome {
    /// Id of the profile.
    pub profile: ProfileId,
    /// What leads to it, and since when.
    pub identifiers: Vec<Lead>,
    /// How many events it has.
    pub events: u64,
}

impl ProfileOutcome {
    fn of(profile: Profile) -> Self {
        let leads = profile.identifiers.iter().map(|known| Lead {
            identifier: known.identifier.to_string(),
            since: known.since,
        });
        Self {
            identifiers: leads.collect(),
            events: profile.seen.events,
            profile: profile.id,
        }
    }
}

/// What came of decisions that were made just now.
pub async fn outcome(db: &Db, workspace: &Workspace, made: &[Decision]) -> Result<Outcome> {
    let (mut links, mut identifiers) = (BTreeSet::new(), BTreeSet::new());
    let mut open = made.to_vec();
    while !open.is_empty() {
        let mut undone = Vec::new();
        for decision in open {
            if let Act::Undo { decision } = decision.act {
                undone.push(decision);
                continue;
            }
            for subject in decision.act.subjects() {
                if subject.kind == "link" {
                    links.insert(LinkId::new(subject.value));
                } else {
                    identifiers.insert(subject);
                }
            }
        }
        open = store::decision_view::by_ids(db, &workspace.id, &undone).await?;
    }
    let links: Vec<LinkId> = links.into_iter().collect();
    let identifiers: Vec<Identifier> = identifiers.into_iter().collect();
    let profiles = store::decision_view::concerned(db, &workspace.id, &links, &identifiers).await?;
    Ok(Outcome {
        decisions: made
            .iter()
            .map(|decision| DecisionSummary::of(decision, made))
            .collect(),
        profiles: profiles.into_iter().map(ProfileOutcome::of).collect(),
    })
}

/// A page of decisions.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct DecisionPage {
    /// The decisions, newest first.
    pub data: Vec<DecisionSummary>,
    /// Pass it as `cursor` to get those before.
    pub next_cursor: Option<String>,
}

/// The decisions of a workspace, or those that speak of a profile's links and identifiers; newest
/// first, from before the one of this id on.
pub async fn decisions(
    db: &Db,
    workspace: &Workspace,
    profile: Option<&ProfileId>,
    before: Option<&str>,
    limit: usize,
) -> Result<DecisionPage> {
    if before.is_some_and(|id| !id.starts_with("d_")) {
        return Err(Error::invalid(
            "`cursor` must be the `next_cursor` of an earlier answer, unchanged",
        ));
    }
    let mut page = match profile {
        None => store::decision_view::before(db, &workspace.id, before, limit as i64 + 1).await?,
        Some(profile) => {
            let mut all = about(db, workspace, profile).await?;
            all.retain(|decision| before.is_none_or(|id| decision.id.as_str() < id));
            all.reverse();
            all
        }
    };
    let more = page.len() > limit;
    page.truncate(limit);
    let named = |decision: &Decision| Identifier::new("decision", decision.id.as_str());
    let subjects: Vec<Identifier> = page.iter().map(named).collect();
    let mut all = store::identity::about(db, &workspace.id, &subjects).await?;
    let undos: BTreeSet<String> = all.iter().map(|undo| undo.id.clone()).collect();
    all.extend(
        page.iter()
            .filter(|decision| !undos.contains(&decision.id))
            .cloned(),
    );
    all.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(DecisionPage {
        next_cursor: page.last().filter(|_| more).map(|last| last.id.clone()),
        data: page
            .iter()
            .map(|decision| DecisionSummary::of(decision, &all))
            .collect(),
    })
}

/// Every decision that speaks of a profile's links and what they carry, oldest first.
async fn about(db: &Db, workspace: &Workspace, profile: &ProfileId) -> Result<Vec<Decision>> {
    let mut tx = db.begin().await?;
    let component = Component::around(&mut tx, workspace, &[profile.oldest_link()]).await?;
    drop(tx);
    let held = store::link::of_profile(db, &workspace.id, profile).await?;
    let own: Vec<_> = held.iter().map(|held| &held.link).collect();
    let subjects = super::explain::subjects(&own, &component.all());
    store::identity::about(db, &workspace.id, &subjects).await
}
