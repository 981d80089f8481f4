//! Deciding anew: what other rules would make of everything, and bringing everything under the rules in force.
//!
//! Both fold all links at once in memory. Where that differs from what is stored, the components concerned are settled in
//! small transactions through the ordinary path, so requests and events go on in between. Nothing else is noted: when it is
//! cut off, the next run finds what still differs.

use super::component::Component;
use super::reread;
use super::resolved::Resolved;
use crate::identity::compare::{Comparison, compare};
use crate::identity::{self, Identifier, Known, Link, Resolution, Rulebook, Rules, SHIPPED, step};
use crate::store::access::Workspace;
use crate::store::identifier::Leading;
use crate::store::{self, Db, Tx};
use crate::{Error, Result};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Rows that are read at a time.
const PAGE: i64 = 20_000;
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

/// How far it is: a word for the step, how much is done of it, and how much there is.
pub type Progress<'a> = &'a mut (dyn FnMut(&'static str, usize, usize) + Send);

/// All that identity knows of a workspace.
struct Everything {
    links: Vec<Link>,
    /// The profile that holds each link, as stored.
    held: Vec<Option<String>>,
    /// Whether each link is whole and which core it is found by, as stored.
    found: Vec<(bool, Option<String>)>,
    leading: Vec<Leading>,
    known: Known,
}

impl Everything {
    async fn load(db: &Db, workspace: &str, progress: Progress<'_>) -> Result<Self> {
        let total = usize::try_from(store::link::count(db, workspace).await?).unwrap_or(0);
        let (mut links, mut held) = (Vec::with_capacity(total), Vec::with_capacity(total));
        let mut found = Vec::with_capacity(total);
        let mut after = String::new();
        loop {
            let page = store::link::page(db, workspace, &after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after.clone_from(&last.link.id);
            for row in page {
                links.push(row.link);
                held.push(row.profile);
                found.push((row.whole, row.core));
            }
            progress("reading links", links.len(), total);
        }
        let mut leading = Vec::with_capacity(links.len() * 2);
        let mut known = Known::default();
        let mut after = Identifier::new("", "");
        loop {
            let page = store::identifier::leading(db, workspace, &after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after.clone_from(&last.identifier);
            for row in page {
                if !row.walls.is_empty() {
                    known
                        .walls
                        .insert(row.identifier.clone(), row.walls.clone());
                }
                leading.push(row);
            }
        }
        Ok(Self {
            links,
            held,
            found,
            leading,
            known,
        })
    }

    /// Ids of links whose component differs from what is stored, and values that are not shared any more.
    fn differing(
        &self,
        workspace: &Workspace,
        resolution: &Resolution,
    ) -> (Vec<String>, Vec<Identifier>) {
        let holder = holders(resolution);
        let mut owner: HashMap<&Identifier, &str> = HashMap::new();
        for customer in &resolution.customers {
            owner.extend(customer.identifiers.keys().map(|id| (id, customer.id())));
        }
        let mut differing: HashSet<&Identifier> = HashSet::new();
        let mut unshared = Vec::new();
        for row in &self.leading {
            let shared = resolution.shared.contains(&row.identifier);
            if row.shared && !shared {
                unshared.push(row.identifier.clone());
            }
            let leads = owner.get(&row.identifier).copied();
            if row.shared != shared || row.profile.as_deref() != leads {
                differing.insert(&row.identifier);
            }
        }
        let (rules, secret) = (&workspace.rules.rules, &workspace.secret);
        let mut cores = step::cores(&self.links, rules, secret, resolution);
        let mut seeds: Vec<(&str, &str)> = Vec::new();
        for ((link, held), found) in self.links.iter().zip(&self.held).zip(&self.found) {
            let now = holder.get(link.id.as_str()).copied();
            let moved = held.as_deref() != now
                || *found != (resolution.is_whole(link), cores.remove(&link.id))
                || link.identifiers.iter().any(|id| differing.contains(id));
            if moved {
                seeds.push((now.unwrap_or_default(), &link.id));
            }
        }
        // Links of one customer are settled together.
        seeds.sort_unstable();
        (
            seeds.into_iter().map(|(_, link)| link.to_owned()).collect(),
            unshared,
        )
    }
}

pub(super) fn holders(resolution: &Resolution) -> HashMap<&str, &str> {
    let mut holder = HashMap::new();
    for customer in &resolution.customers {
        holder.extend(
            customer
                .links
                .iter()
                .map(|link| (link.as_str(), customer.id())),
        );
    }
    holder
}

/// Puts rules into force for what comes in from now on; the number of the version. Rules that are in force already are no new
/// version.
///
/// # Errors
/// [`Error::Invalid`] with the line and the reason when the rules cannot be used; when the database refuses.
pub async fn set_rules(
    tx: &mut Tx,
    workspace: &str,
    text: &str,
    actor: &str,
    now: i64,
) -> Result<i64> {
    Rules::parse(text)?;
    tx.lock(workspace).await?;
    let (version, last) = store::identity::in_force(tx, workspace).await?;
    if last.as_deref().unwrap_or(SHIPPED) == text {
        return Ok(version);
    }
    store::identity::set_rules(tx, workspace, text, actor, now).await
}

/// What these rules would make of a workspace. Nothing is changed.
///
/// # Errors
/// [`Error::Invalid`] when the rules cannot be used; when the database refuses.
pub async fn dry_run(
    db: &Db,
    workspace: &Workspace,
    text: &str,
    now: i64,
    progress: Progress<'_>,
) -> Result<Comparison> {
    let mut versions = store::identity::texts(db, &workspace.id, workspace.rules.version).await?;
    versions.push((workspace.rules.version + 1, text.to_owned(), now));
    let book = Rulebook::of(&versions)?;
    let everything = Everything::load(db, &workspace.id, progress).await?;
    if !book.rules.reads_like(&workspace.rules.rules) {
        let other = Workspace {
            rules: Arc::new(book),
            ..workspace.clone()
        };
        return reread::compared(db, &other, everything.stored(), &everything.known, progress)
            .await;
    }
    let resolution = identity::fold(&everything.links, &book.rules, &everything.known);
    let holder = holders(&resolution);
    let moves = everything
        .links
        .iter()
        .zip(&everything.held)
        .map(|(link, held)| (held.as_deref(), holder.get(link.id.as_str()).copied()));
    Ok(compare(moves))
}

impl Everything {
    fn stored(&self) -> HashMap<&str, (&Link, Option<&str>)> {
        let both = self.links.iter().zip(&self.held);
        both.map(|(link, held)| (link.id.as_str(), (link, held.as_deref())))
            .collect()
    }
}

/// Brings everything under the rules that the workspace has.
///
/// # Errors
/// [`Error::Conflict`] when the rules change meanwhile; when the database refuses. What was done until then stays done.
pub async fn apply(db: &Db, workspace: &Workspace, progress: Progress<'_>) -> Result<Applied> {
    let mut applied = Applied::default();
    reread::all(db, workspace, progress).await?;
    for _ in 0..ROUNDS {
        let everything = Everything::load(db, &workspace.id, progress).await?;
        let rules = &workspace.rules.rules;
        let resolution = identity::fold(&everything.links, rules, &everything.known);
        applied.links = everything.links.len();
        let (seeds, unshared) = everything.differing(workspace, &resolution);
        drop((everything, resolution));
        if seeds.is_empty() {
            break;
        }
        let mut tx = begin(db, workspace).await?;
        store::identifier::unshare(&mut tx, &workspace.id, &unshared).await?;
        tx.commit().await?;
        for (done, chunk) in seeds.chunks(CHUNK).enumerate() {
            let mut tx = begin(db, workspace).await?;
            settle(&mut tx, workspace, chunk).await?;
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

/// A transaction under the rules of this workspace.
pub(super) async fn begin(db: &Db, workspace: &Workspace) -> Result<Tx> {
    let mut tx = db.begin().await?;
    tx.lock(&workspace.id).await?;
    let rules = store::identity::state(&mut tx, &workspace.id).await?.rules;
    if rules == workspace.rules.version {
        return Ok(tx);
    }
    Err(Error::Conflict(
        "the rules changed meanwhile; run it again".to_owned(),
    ))
}

async fn settle(tx: &mut Tx, workspace: &Workspace, links: &[String]) -> Result<()> {
    let component = Component::around(tx, workspace, links).await?;
    let mut resolved = Resolved::default();
    component.settle(tx, workspace, None, &mut resolved).await?;
    super::finish(tx, workspace, &[], super::Things::new(), resolved).await
}
