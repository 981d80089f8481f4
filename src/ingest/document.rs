//! The documents of a batch: each is unpacked, brought up to date and packed again in its turn, so that one at a time is open. A
//! packed one takes a tenth of the memory, and while the next are worked out those that are done are written.

use super::read_event::ReadEvent;
use super::resolved::{Document, Resolved};
use super::telling::{self, Part, Things};
use crate::profile::EventFacts;
use crate::profile::record::RecordKind;
use crate::store::access::Workspace;
use crate::store::profile::NewDocument;
use crate::store::{self, Tx};
use crate::{Error, Result};
use std::collections::{BTreeSet, HashMap};

/// Documents that are written at a time.
const WRITTEN: usize = 256;

/// What a batch means to one profile.
#[derive(Default)]
struct Turn<'a> {
    events: Vec<&'a EventFacts>,
    /// Orders and tickets that its links tell of.
    told: Vec<(RecordKind, &'a [Part])>,
}

/// Brings records up to date with what is told of `things`, and documents with that and with the events that are new to them.
pub(super) async fn finish(
    tx: &mut Tx,
    workspace: &Workspace,
    events: &[&ReadEvent],
    things: Things,
    mut resolved: Resolved,
) -> Result<()> {
    let documents = std::mem::take(&mut resolved.profiles);
    telling::save(tx, workspace, &things);
    let mut turns = turns(events, &things, &resolved);
    let mut recounts: HashMap<&str, BTreeSet<RecordKind>> = HashMap::new();
    for (profile, kind) in &resolved.recount {
        recounts.entry(profile).or_default().insert(*kind);
    }
    let mut done = Vec::new();
    for (id, document) in documents {
        let mut recount = recounts.remove(id.as_str()).unwrap_or_default();
        let made = matches!(document, Document::Made(_));
        let mut profile = document.open()?;
        let turn = turns.remove(id.as_str()).unwrap_or_default();
        let mut learns = turn.events.iter().map(|facts| profile.learns_from(facts));
        let learned = made || learns.any(|learns| learns);
        turn.events.iter().for_each(|facts| profile.apply(facts));
        for (kind, parts) in turn.told {
            if !recount.contains(&kind) && telling::show(&mut profile, &id, kind, parts) {
                recount.insert(kind);
            }
        }
        for kind in recount {
            let all = store::record::of_profile(tx, &workspace.id, &id, kind).await?;
            profile.recount(kind, &store::record::merge(all));
        }
        profile.id.clone_from(&id);
        let doc = profile.packed();
        done.push(NewDocument {
            received_at: profile.seen.received_at,
            renamed: made,
            id,
            doc,
            learned,
        });
        if done.len() == WRITTEN {
            store::profile::save(tx, &workspace.id, std::mem::take(&mut done));
        }
    }
    // What others say of the same order is left over too.
    if turns.values().any(|turn| !turn.events.is_empty()) {
        return Err(Error::internal(
            "a customer's document is missing; `acquaint store rebuild` makes all anew",
        ));
    }
    store::profile::save(tx, &workspace.id, done);
    Ok(())
}

/// What a batch means to each profile.
fn turns<'a>(
    events: &[&'a ReadEvent],
    things: &'a Things,
    resolved: &'a Resolved,
) -> HashMap<&'a str, Turn<'a>> {
    let mut turns: HashMap<&str, Turn<'_>> = HashMap::with_capacity(events.len());
    for event in events {
        if let Some(profile) = resolved.profile_of(event.link())
            && !resolved.refolded.contains(profile)
        {
            let turn = turns.entry(profile).or_default();
            turn.events.push(&event.facts);
        }
    }
    for ((kind, _), parts) in things {
        let profiles: BTreeSet<&str> = parts.iter().filter_map(Part::profile).collect();
        for profile in profiles {
            let turn = turns.entry(profile).or_default();
            turn.told.push((*kind, parts));
        }
    }
    turns
}
