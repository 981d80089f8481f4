//! The documents of a batch: each is unpacked, brought up to date and packed again in its turn, so
//! that one at a time is open. A packed one takes a tenth of the memory, and those that are done
//! are written while the next are worked out.

use super::Holders;
use super::baseline::{Baseline, Baselines};
use super::read_event::ReadEvent;
use super::record_change::{self, RecordChange, RecordChanges};
use crate::id::ProfileId;
use crate::profile::record::RecordKind;
use crate::profile::{EventFacts, Profile};
use crate::store::access::Workspace;
use crate::store::profile::NewDocument;
use crate::store::{self, Tx};
use crate::{Error, Result};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Documents that are written at a time.
const WRITTEN: usize = 256;

/// What a batch means to one profile.
#[derive(Default)]
struct ProfileChanges<'a> {
    events: Vec<&'a EventFacts>,
    /// Orders and tickets that its links know of.
    records: Vec<(RecordKind, &'a [RecordChange])>,
}

/// Writes records, and brings documents up to date with these and with the events that are new to
/// them.
pub(super) async fn write(
    tx: &mut Tx,
    workspace: &Workspace,
    events: &[&ReadEvent],
    records: &RecordChanges,
    holders: &Holders,
    baselines: Baselines,
) -> Result<()> {
    store::record::save(tx, &workspace.id, &record_change::rows(records));
    let mut changes = by_profile(events, records, holders);
    let mut recounts: HashMap<&ProfileId, BTreeSet<RecordKind>> = HashMap::new();
    for (profile, kind) in &baselines.recount {
        recounts.entry(profile).or_default().insert(*kind);
    }
    let stored = baselines.stored.get(tx).await?.into_iter();
    let stored = stored.map(|(id, doc)| (id, Baseline::Stored(doc)));
    let made = baselines.made.into_iter();
    let made = made.map(|(id, profile)| (id, Baseline::Made(profile)));
    let documents: BTreeMap<ProfileId, Baseline> = stored.chain(made).collect();
    let mut done = Vec::new();
    for (id, document) in documents {
        let changes = changes.remove(&id).unwrap_or_default();
        let mut recount = recounts.remove(&id).unwrap_or_default();
        let made = matches!(document, Baseline::Made(_));
        let mut profile = document.open()?;
        let rematch = made || changes.teach(&profile);
        recount.extend(changes.apply(&mut profile, &id, &recount));
        for kind in recount {
            let all = store::record::of_profile(tx, &workspace.id, &id, kind).await?;
            profile.recount(kind, &store::record::merge(all));
        }
        profile.id.clone_from(&id);
        let doc = profile.packed();
        done.push(NewDocument {
            received_at: profile.seen.received_at,
            names_changed: made,
            id,
            doc,
            rematch,
        });
        if done.len() == WRITTEN {
            store::profile::save(tx, &workspace.id, std::mem::take(&mut done));
        }
    }
    // Profiles that only know of the same order are left over too.
    if changes.values().any(|left| !left.events.is_empty()) {
        return Err(Error::internal(
            "a customer's document is missing; `acquaint store rebuild` makes all anew",
        ));
    }
    store::profile::save(tx, &workspace.id, done);
    Ok(())
}

impl ProfileChanges<'_> {
    /// Whether an event says anything new of who the customer is.
    fn teach(&self, profile: &Profile) -> bool {
        self.events.iter().any(|facts| profile.learns_from(facts))
    }

    /// Applies all but the kinds of records that are counted again anyway; which more have to be.
    fn apply(
        &self,
        profile: &mut Profile,
        id: &ProfileId,
        recount: &BTreeSet<RecordKind>,
    ) -> BTreeSet<RecordKind> {
        self.events.iter().for_each(|facts| profile.apply(facts));
        let mut more = BTreeSet::new();
        for (kind, changes) in &self.records {
            let counted = recount.contains(kind) || more.contains(kind);
            if !counted && record_change::show(profile, id, *kind, changes) {
                more.insert(*kind);
            }
        }
        more
    }
}

/// What a batch means to each profile.
fn by_profile<'a>(
    events: &[&'a ReadEvent],
    records: &'a RecordChanges,
    holders: &'a Holders,
) -> HashMap<&'a ProfileId, ProfileChanges<'a>> {
    let mut found: HashMap<&ProfileId, ProfileChanges<'_>> = HashMap::with_capacity(events.len());
    for event in events {
        if let Some(Some(profile)) = holders.get(event.link()) {
            let changes = found.entry(profile).or_default();
            changes.events.push(&event.facts);
        }
    }
    for ((kind, _), changes) in records {
        let profiles: BTreeSet<&ProfileId> =
            changes.iter().filter_map(RecordChange::profile).collect();
        for profile in profiles {
            let found = found.entry(profile).or_default();
            found.records.push((*kind, changes));
        }
    }
    found
}
