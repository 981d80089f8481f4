//! Matching over the store: everyone at once, or one customer against all; suggestions, and what is
//! made of them.
//!
//! What is decided is decided by the pure model of `matching`. A run over everyone trains it and
//! leaves an index behind, from which a new customer is matched in milliseconds. Nothing is joined
//! unless someone says so.

use super::decide::{self, Join};
use super::{Progress, begin};
use crate::clock::{Time, base32};
use crate::id::ProfileId;
use crate::identity::decision::{Act, By, Decision};
use crate::matching::{Model, Pair, Person, Pool, Score, clusters, keys};
use crate::profile::Profile;
use crate::store::access::Workspace;
use crate::store::matching::StoredModel;
use crate::store::suggestion::Suggestion;
use crate::store::{self, Db, Tx};
use crate::{Error, Result};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};

mod index;

/// Profiles that are read at a time.
const PAGE: i64 = 5_000;
/// Buckets that are written in one transaction.
const BUCKETS: usize = 2_000;
/// Joins that are followed in one transaction.
const MERGES: usize = 200;

/// Two customers who are likely one.
#[derive(Clone, Debug)]
pub struct Match {
    /// The one's profile id.
    pub one: ProfileId,
    /// The other's.
    pub other: ProfileId,
    /// How likely, and why.
    pub score: Score,
}

impl Match {
    /// The id of the suggestion that it makes: the same for the same two.
    #[must_use]
    pub fn id(&self) -> String {
        let hash = Sha256::digest(format!("{} {}", self.one, self.other));
        format!("s_{}", base32(&hash[..10]))
    }
}

/// What a run over everyone found.
#[derive(Debug, Default)]
pub struct MatchRun {
    /// Customers who were compared.
    pub people: usize,
    /// Pairs that were looked at.
    pub compared: u64,
    /// Groups of customers that are likely one each.
    pub clusters: Vec<Vec<ProfileId>>,
    /// The joins that would make them so, the likeliest first.
    pub matches: Vec<Match>,
    /// What was learnt.
    model: Option<Model>,
    /// Everyone, in the order of the index.
    everyone: Vec<ProfileId>,
    index: Vec<(u64, u32)>,
}

/// Trains a model on everyone and finds who is likely one. Nothing is written.
pub async fn find(
    db: &Db,
    workspace: &Workspace,
    threshold: f64,
    progress: Progress<'_>,
) -> Result<MatchRun> {
    let people = everyone(db, workspace, progress).await?;
    let apart: HashSet<(ProfileId, ProfileId)> = apart(db, workspace).await?;
    let pool = Pool::of(&people, &mut |done| {
        progress("finding blocks", done as usize, 1000)
    });
    let model = pool.train(&mut |done| progress("learning", done as usize, 1000));
    let mut pairs = pool.pairs(&model, threshold, &mut |done| {
        progress("comparing", done as usize, 1000)
    });
    let compared = pool.candidates();
    drop(pool);
    pairs.retain(|pair| !apart.contains(&ordered(&people[pair.a].id, &people[pair.b].id)));
    let clusters = clusters(&people, &model, &pairs, threshold);
    let matches = joins(&people, &model, &pairs, &clusters);
    let name = |at: &usize| people[*at].id.clone();
    Ok(MatchRun {
        people: people.len(),
        compared,
        clusters: clusters
            .iter()
            .map(|cluster| cluster.iter().map(name).collect())
            .collect(),
        matches,
        index: index::entries(&people),
        everyone: people.iter().map(|person| person.id.clone()).collect(),
        model: Some(model),
    })
}

/// Everyone of whom there is anything to compare.
async fn everyone(db: &Db, workspace: &Workspace, progress: Progress<'_>) -> Result<Vec<Person>> {
    let total = usize::try_from(store::profile::count(db, &workspace.id).await?).unwrap_or(0);
    let (mut people, mut after, mut done) = (Vec::new(), ProfileId::default(), 0);
    loop {
        let page = store::matching::profiles(db, &workspace.id, &after, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(people);
        };
        after.clone_from(&last.id);
        done += page.len();
        people.extend(
            page.iter()
                .map(Person::of)
                .filter(|person| !keys(person).is_empty()),
        );
        progress("reading profiles", done, total);
    }
}

/// Pairs that someone said are two.
async fn apart(db: &Db, workspace: &Workspace) -> Result<HashSet<(ProfileId, ProfileId)>> {
    let mut pairs = store::suggestion::kept_apart(db, &workspace.id).await?;
    let mut sides: HashMap<String, [HashSet<ProfileId>; 2]> = HashMap::new();
    for (profile, constraint) in store::identifier::cannot_links(db, &workspace.id).await? {
        let [off, rest] = sides.entry(constraint.decision).or_default();
        if constraint.off { off } else { rest }.insert(profile);
    }
    for [off, rest] in sides.values() {
        let across = off
            .iter()
            .flat_map(|one| rest.iter().map(move |other| (one, other)));
        pairs.extend(across.map(|(one, other)| (one.clone(), other.clone())));
    }
    Ok(pairs
        .iter()
        .map(|(one, other)| ordered(one, other))
        .collect())
}

fn ordered(one: &ProfileId, other: &ProfileId) -> (ProfileId, ProfileId) {
    let (one, other) = if one < other {
        (one, other)
    } else {
        (other, one)
    };
    (one.clone(), other.clone())
}

/// The likeliest pairs that hold each cluster together: one less than it has members.
fn joins(people: &[Person], model: &Model, pairs: &[Pair], clusters: &[Vec<usize>]) -> Vec<Match> {
    let mut cluster_of: HashMap<usize, usize> = HashMap::new();
    for (number, cluster) in clusters.iter().enumerate() {
        cluster_of.extend(cluster.iter().map(|person| (*person, number)));
    }
    let within = |pair: &&Pair| {
        let cluster = cluster_of.get(&pair.a);
        cluster.is_some() && cluster == cluster_of.get(&pair.b)
    };
    let mut edges: Vec<&Pair> = pairs.iter().filter(within).collect();
    edges.sort_by(|x, y| {
        y.weight
            .total_cmp(&x.weight)
            .then((x.a, x.b).cmp(&(y.a, y.b)))
    });
    let mut tree: HashMap<usize, usize> = HashMap::new();
    let mut matches = Vec::new();
    for Pair { a, b, .. } in edges {
        let (root_a, root_b) = (root(&mut tree, *a), root(&mut tree, *b));
        if root_a != root_b {
            tree.insert(root_a, root_b);
            let (one, other) = ordered(&people[*a].id, &people[*b].id);
            matches.push(Match {
                one,
                other,
                score: model.score(&people[*a], &people[*b]),
            });
        }
    }
    matches
}

fn root(tree: &mut HashMap<usize, usize>, mut at: usize) -> usize {
    while let Some(up) = tree.get(&at).copied() {
        if let Some(further) = tree.get(&up).copied() {
            tree.insert(at, further);
        }
        at = up;
    }
    at
}

/// Keeps the model and the index, and puts what was found into the queue of suggestions.
pub async fn suggest(
    db: &Db,
    workspace: &Workspace,
    found: &MatchRun,
    now: Time,
    progress: Progress<'_>,
) -> Result<()> {
    let Some(model) = &found.model else {
        return Ok(());
    };
    let doc = json!(model).to_string();
    let (filled, buckets) = index::buckets(&found.index);
    let mut tx = db.begin().await?;
    let stored = StoredModel {
        doc,
        buckets,
        trained_at: now,
    };
    store::matching::set_model(&mut tx, &workspace.id, &stored).await?;
    store::matching::add_people(&mut tx, &workspace.id, &found.everyone).await?;
    store::matching::set_matched(&mut tx, &workspace.id, &found.everyone).await?;
    tx.commit().await?;
    for (page, buckets) in filled.chunks(BUCKETS).enumerate() {
        let mut tx = db.begin().await?;
        store::matching::add_buckets(&mut tx, &workspace.id, buckets).await?;
        tx.commit().await?;
        progress(
            "writing the index",
            page * BUCKETS + buckets.len(),
            filled.len(),
        );
    }
    let mut tx = db.begin().await?;
    queue(&mut tx, workspace, &found.matches, now).await?;
    tx.commit().await
}

async fn queue(tx: &mut Tx, workspace: &Workspace, matches: &[Match], now: Time) -> Result<()> {
    let suggestions: Vec<Suggestion> = matches.iter().map(|found| suggestion(found, now)).collect();
    store::suggestion::suggest(tx, &workspace.id, &suggestions).await
}

/// A match as it waits for someone's word.
fn suggestion(found: &Match, now: Time) -> Suggestion {
    let Match { one, other, score } = found;
    Suggestion {
        id: found.id(),
        one: one.oldest_link(),
        other: other.oldest_link(),
        weight: (score.weight * 1000.0) as i64,
        doc: breakdown(score).to_string(),
        state: "open".to_owned(),
        found_at: now,
    }
}

/// A score by field, in words.
#[must_use]
pub fn breakdown(score: &Score) -> Value {
    let rounded = |number: f64| (number * 100.0).round() / 100.0;
    let field = |field: &crate::matching::FieldScore| json!({"words": field.words, "weight": rounded(field.weight)});
    let fields: Vec<Value> = score.fields.iter().map(field).collect();
    json!({"probability": score.probability, "weight": rounded(score.weight), "fields": fields})
}

/// Joins what was found, as decisions that can be undone; how many joins there were.
///
/// # Errors
/// When the database refuses; what was joined until then stays joined.
pub async fn apply(
    db: &Db,
    workspace: &Workspace,
    matches: &[Match],
    by: &By,
    progress: Progress<'_>,
) -> Result<usize> {
    let mut joined = 0;
    for (page, matches) in matches.chunks(MERGES).enumerate() {
        let joins: Vec<Join> = matches.iter().map(join).collect();
        joined += decide::merge_all(db, workspace, &joins, by).await?.len();
        progress("joining", page * MERGES + joins.len(), matches.len());
    }
    Ok(joined)
}

fn join(found: &Match) -> Join {
    Join {
        one: found.one.oldest_link(),
        other: found.other.oldest_link(),
        reason: format!("matching: {:.4} likely", found.score.probability),
    }
}

/// Matches one customer against everyone, from the index, and adds the customer to it.
///
/// # Errors
/// [`Error::Conflict`] when nothing was learnt yet.
pub async fn one(
    db: &Db,
    workspace: &Workspace,
    profile: &Profile,
    threshold: f64,
    now: Time,
) -> Result<Vec<Match>> {
    let stored = store::matching::model(db, &workspace.id)
        .await?
        .ok_or_else(|| {
            Error::Conflict(
                "nothing was learnt yet; run `acquaint identity match` over everyone first"
                    .to_owned(),
            )
        })?;
    let model: Model = serde_json::from_str(&stored.doc).map_err(|_| {
        Error::internal("the model of matching cannot be read; run `acquaint identity match`")
    })?;
    let person = Person::of(profile);
    let keys = keys(&person);
    let others = index::others(db, workspace, &keys, stored.buckets, &profile.id).await?;
    let apart = apart(db, workspace).await?;
    let mut matches: Vec<Match> = store::matching::profiles_of(db, &workspace.id, &others)
        .await?
        .iter()
        .map(Person::of)
        .filter(|other| !apart.contains(&ordered(&person.id, &other.id)))
        .map(|other| {
            let score = model.score(&person, &other);
            let (one, other) = ordered(&person.id, &other.id);
            Match { one, other, score }
        })
        .filter(|found| found.score.probability >= threshold)
        .collect();
    matches.sort_by(|x, y| y.score.weight.total_cmp(&x.score.weight));
    let mut tx = db.begin().await?;
    store::matching::add_keys(&mut tx, &workspace.id, &profile.id, &keys).await?;
    store::matching::set_matched(&mut tx, &workspace.id, std::slice::from_ref(&profile.id)).await?;
    queue(&mut tx, workspace, &matches, now).await?;
    tx.commit().await?;
    Ok(matches)
}

/// Accepts a suggestion: the two are joined. The decision that joined them.
///
/// # Errors
/// [`Error::NotFound`] when there is none of this id, [`Error::Invalid`] when it was answered
/// already.
pub async fn accept(db: &Db, workspace: &Workspace, id: &str, by: &By) -> Result<String> {
    let mut tx = begin(db, workspace).await?;
    let suggestion = open(&mut tx, workspace, id).await?;
    let pair = (&suggestion.one, &suggestion.other);
    let decisions = decide::join(&mut tx, workspace, pair, by).await?;
    // Where a cannot-link constraint stood between them, another decision undoes it.
    let joins = |decision: &&Decision| matches!(decision.act, Act::Merge { .. });
    let joined = decisions.iter().find(joins);
    let joined = joined.ok_or_else(|| Error::internal("a join without a decision"))?;
    let (decision, who) = (joined.id.clone(), (by.actor.as_str(), by.at));
    let own = &workspace.id;
    store::suggestion::set_state(&mut tx, own, id, "accepted", who, Some(&decision)).await?;
    tx.commit().await?;
    Ok(decision)
}

/// Rejects a suggestion: the two are not suggested again.
///
/// # Errors
/// As [`accept`].
pub async fn reject(db: &Db, workspace: &Workspace, id: &str, by: &By) -> Result<()> {
    let mut tx = db.begin().await?;
    open(&mut tx, workspace, id).await?;
    let who = (by.actor.as_str(), by.at);
    store::suggestion::set_state(&mut tx, &workspace.id, id, "rejected", who, None).await?;
    tx.commit().await
}

async fn open(tx: &mut Tx, workspace: &Workspace, id: &str) -> Result<Suggestion> {
    let found = store::suggestion::suggestion(tx, &workspace.id, id).await?;
    let found = found.ok_or_else(|| Error::NotFound(format!("no suggestion `{id}`")))?;
    if found.state == "open" {
        return Ok(found);
    }
    Err(Error::invalid(format!(
        "suggestion `{id}` was {} already",
        found.state
    )))
}
