//! The documents of a batch: each is unpacked, brought up to date and packed again in its turn, so that one at a time is open. A
//! packed one takes a tenth of the memory, and while the next are worked out those that are done are written.

use super::Things;
use super::resolve::Resolved;
use super::telling::{self, Part};
use crate::Result;
use crate::event::Event;
use crate::profile::Profile;
use crate::profile::record::RecordKind;
use crate::store::access::Workspace;
use crate::store::event::Logged;
use crate::store::{self, Tx};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Documents that are written at a time.
const WRITTEN: usize = 256;

/// A profile's document as the batch found it.
#[derive(Debug)]
pub(super) enum Document {
    /// As it is stored.
    Packed(Arc<[u8]>),
    /// As identity made it.
    Made(Box<Profile>),
}

impl Document {
    fn open(self) -> Result<Profile> {
        match self {
            Self::Packed(bytes) => store::profile::open(&bytes),
            Self::Made(profile) => Ok(*profile),
        }
    }
}

/// What a batch means to one profile.
#[derive(Default)]
struct Turn<'a> {
    events: Vec<&'a Event>,
    /// Orders and tickets that its links tell of.
    told: Vec<(RecordKind, &'a [Part])>,
}

/// Brings records up to date with what is told of `things`, and documents with that and with the events that are new to them.
pub(super) async fn finish(
    tx: &mut Tx,
    workspace: &Workspace,
    events: &[Logged],
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
    let (mut done, mut open) = (Vec::new(), Vec::new());
    for (id, document) in documents {
        let mut recount = recounts.remove(id.as_str()).unwrap_or_default();
        let mut profile = document.open()?;
        let turn = turns.remove(id.as_str()).unwrap_or_default();
        turn.events.iter().for_each(|event| profile.apply(event));
        for (kind, parts) in turn.told {
            if !recount.contains(&kind) && telling::show(&mut profile, &id, kind, parts) {
                recount.insert(kind);
            }
        }
        profile.id = id;
        if !recount.is_empty() {
            open.push((profile, recount));
            continue;
        }
        done.push((profile.packed(), profile.id));
        if done.len() == WRITTEN {
            store::profile::save(tx, &workspace.id, std::mem::take(&mut done));
        }
    }
    for (mut profile, kinds) in open {
        for kind in kinds {
            let all = store::record::of_profile(tx, &workspace.id, &profile.id, kind).await?;
            profile.recount(kind, &store::record::merge(all));
        }
        done.push((profile.packed(), profile.id));
    }
    store::profile::save(tx, &workspace.id, done);
    Ok(())
}

/// What a batch means to each profile.
fn turns<'a>(
    events: &'a [Logged],
    things: &'a Things,
    resolved: &'a Resolved,
) -> HashMap<&'a str, Turn<'a>> {
    let mut turns: HashMap<&str, Turn<'_>> = HashMap::with_capacity(events.len());
    for Logged { event, link } in events {
        if let Some(profile) = resolved.profile_of(link)
            && !resolved.refolded.contains(profile)
        {
            turns.entry(profile).or_default().events.push(event);
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
