//! Baselines: the documents that the events of a batch are applied to. Most are stored.
//!
//! A customer that identity changed gets a new one, joined from the stored documents that it takes
//! over as a whole. It is folded from the log if a stored profile was parted, or if a link had no
//! profile or has other events now.

use super::settlement::{DocumentSource, Origin, SettledCustomer};
use crate::Result;
use crate::clock::Time;
use crate::id::{LinkId, ProfileId};
use crate::profile::record::{Record, RecordKind};
use crate::profile::{EventFacts, Profile};
use crate::store::access::Workspace;
use crate::store::event::{LogPosition, LoggedEvent};
use crate::store::profile::Documents;
use crate::store::record::LinkRecord;
use crate::store::{self, Pending, Tx};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Links whose events are read from the log at a time.
const LINKS: usize = 500;
/// Events that are held in memory at a time while a document is folded from the log.
const EVENTS: i64 = 5_000;

/// A document as a batch finds it.
pub(super) enum Baseline {
    /// As it is stored.
    Stored(Arc<[u8]>),
    /// As it was joined or folded from the log.
    Made(Box<Profile>),
}

impl Baseline {
    /// The profile in it.
    pub fn open(self) -> Result<Profile> {
        match self {
            Self::Stored(doc) => store::profile::open(&doc),
            Self::Made(profile) => Ok(*profile),
        }
    }
}

/// The documents that a batch goes on with, without its own events.
pub(super) struct Baselines {
    /// Documents that are used as they are stored.
    pub stored: Pending<Documents>,
    /// Documents of customers that identity changed, by the profile's id.
    pub made: BTreeMap<ProfileId, Box<Profile>>,
    /// Profiles whose orders or tickets have to be counted again from all records.
    pub recount: BTreeSet<(ProfileId, RecordKind)>,
}

/// Reads the documents of `customers` that identity changed, and asks for those of the profiles
/// that are only `touched`. `upto` is the place of the last event in the log that counts; without
/// it all do. Only a rebuild has events beyond it.
pub(super) async fn read<'a>(
    tx: &mut Tx,
    workspace: &Workspace,
    customers: &[SettledCustomer],
    touched: impl Iterator<Item = &'a ProfileId>,
    upto: Option<&LogPosition>,
) -> Result<Baselines> {
    let origins = documents(tx, workspace, customers).await?;
    let (mut made, mut recount) = (BTreeMap::new(), BTreeSet::new());
    for customer in customers {
        let id = &customer.id;
        let (mut profile, again) = match &customer.document {
            DocumentSource::Join(from) => joined(tx, workspace, from, &origins).await?,
            DocumentSource::Refold(links) => {
                let profile = from_log(tx, workspace, links, upto).await?;
                (profile, RecordKind::ALL.to_vec())
            }
        };
        profile.identifiers.clone_from(&customer.identifiers);
        recount.extend(again.into_iter().map(|kind| (id.clone(), kind)));
        made.insert(id.clone(), Box::new(profile));
    }
    let touched: BTreeSet<&ProfileId> = touched.filter(|id| !made.contains_key(*id)).collect();
    Ok(Baselines {
        stored: store::profile::load_later(tx, &workspace.id, touched.into_iter()),
        made,
        recount,
    })
}

/// The stored documents that customers are joined from.
async fn documents(
    tx: &mut Tx,
    workspace: &Workspace,
    customers: &[SettledCustomer],
) -> Result<BTreeMap<ProfileId, Profile>> {
    let origins = customers
        .iter()
        .flat_map(|customer| match &customer.document {
            DocumentSource::Join(origins) => origins.as_slice(),
            DocumentSource::Refold(_) => &[],
        });
    let ids: BTreeSet<&ProfileId> = origins.map(|origin| &origin.profile).collect();
    let stored = store::profile::load_later(tx, &workspace.id, ids.into_iter());
    let opened = stored.get(tx).await?.into_iter().map(|(id, doc)| {
        let profile = store::profile::open(&doc)?;
        Ok((id, profile))
    });
    opened.collect()
}

/// A document made of stored ones, and which of its records have to be counted again.
async fn joined(
    tx: &mut Tx,
    workspace: &Workspace,
    origins: &[Origin],
    stored: &BTreeMap<ProfileId, Profile>,
) -> Result<(Profile, Vec<RecordKind>)> {
    let parts: Vec<&Profile> = origins
        .iter()
        .filter_map(|origin| stored.get(&origin.profile))
        .collect();
    let mut profile = Profile::default();
    for part in &parts {
        profile.merge((*part).clone());
    }
    let ordered = parts.iter().filter(|part| part.purchases.count > 0).count() > 1;
    let asked = parts.iter().filter(|part| part.tickets.count > 0).count() > 1;
    if !ordered && !asked {
        return Ok((profile, Vec::new()));
    }
    let shared = shared_records(tx, workspace, origins, &parts).await?;
    let again = shared
        .into_iter()
        .filter_map(|(kind, records)| profile.unite(kind, &records).then_some(kind));
    let again = again.collect();
    Ok((profile, again))
}

/// The orders and tickets that more than one of the joined profiles knows of, as each knows it.
async fn shared_records(
    tx: &mut Tx,
    workspace: &Workspace,
    origins: &[Origin],
    parts: &[&Profile],
) -> Result<Vec<(RecordKind, Vec<Record>)>> {
    // The profile that knows the most is not walked; what the others know is looked for in it.
    let known = |part: &&&Profile| part.purchases.count + part.tickets.count;
    let largest = parts.iter().max_by_key(known).map(|part| &part.id);
    let links = |origins: &mut dyn Iterator<Item = &Origin>| -> Vec<LinkId> {
        origins.flat_map(|origin| origin.links.clone()).collect()
    };
    let all = links(&mut origins.iter());
    let is_small = |origin: &&Origin| Some(&origin.profile) != largest;
    let fewer = links(&mut origins.iter().filter(is_small));
    let keys = store::record::known_to_both(tx, &workspace.id, &fewer, &all).await?;
    let keys: Vec<(RecordKind, &str)> =
        keys.iter().map(|(kind, id)| (*kind, id.as_str())).collect();
    let held = origins.iter().flat_map(|origin| {
        let links = origin.links.iter();
        links.map(|link| (link, &origin.profile))
    });
    let origin_of: HashMap<&LinkId, &ProfileId> = held.collect();
    let mut known: BTreeMap<(RecordKind, String), BTreeMap<&ProfileId, Record>> = BTreeMap::new();
    for LinkRecord {
        kind, link, record, ..
    } in store::record::load(tx, &workspace.id, &keys).await?
    {
        let Some(origin) = origin_of.get(&link) else {
            continue;
        };
        let by_origin = known.entry((kind, record.id.clone())).or_default();
        match by_origin.get_mut(origin) {
            Some(held) => held.merge(&record),
            None => drop(by_origin.insert(origin, Arc::unwrap_or_clone(record))),
        }
    }
    let several = known
        .into_iter()
        .filter(|(_, by_origin)| by_origin.len() > 1);
    Ok(several
        .map(|((kind, _), by_origin)| (kind, by_origin.into_values().collect()))
        .collect())
}

/// A document folded from the events of these links, from the log alone.
async fn from_log(
    tx: &mut Tx,
    workspace: &Workspace,
    links: &[LinkId],
    upto: Option<&LogPosition>,
) -> Result<Profile> {
    let mut profile = Profile::default();
    for links in links.chunks(LINKS) {
        let page = store::event::of_links(tx, &workspace.id, links, upto, EVENTS).await?;
        if (page.len() as i64) < EVENTS {
            apply(&mut profile, &page);
            continue;
        }
        for link in links {
            let mut after = (Time::MIN, LogPosition::default());
            loop {
                let page =
                    store::event::of_link(tx, &workspace.id, link, upto, &after, EVENTS).await?;
                apply(&mut profile, &page);
                match page.last() {
                    Some(LoggedEvent { event, .. }) => after = (event.at, LogPosition::of(event)),
                    None => break,
                }
            }
        }
    }
    Ok(profile)
}

fn apply(profile: &mut Profile, page: &[LoggedEvent]) {
    let facts = page.iter().map(|logged| EventFacts::of(&logged.event));
    facts.for_each(|facts| profile.apply(&facts));
}
