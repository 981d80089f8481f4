//! What identity says of a batch: which profile each of its links belongs to, and the documents to go on with.

use crate::Result;
use crate::profile::Profile;
use crate::profile::record::RecordKind;
use crate::store::access::Workspace;
use crate::store::profile::Documents;
use crate::store::{self, Answer, Tx};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// A profile's document as the batch found it.
#[derive(Debug)]
pub(super) enum Document {
    /// As it is stored.
    Packed(Arc<[u8]>),
    /// As identity made it.
    Made(Box<Profile>),
}

impl Document {
    /// The profile in it.
    pub fn open(self) -> Result<Profile> {
        match self {
            Self::Packed(bytes) => store::profile::open(&bytes),
            Self::Made(profile) => Ok(*profile),
        }
    }
}

/// What identity says of a batch, and the documents to go on with.
#[derive(Debug, Default)]
pub(super) struct Resolved {
    /// The profile that holds each link.
    pub links: HashMap<String, Option<String>>,
    /// The documents of every profile that the batch touches, by id.
    pub profiles: BTreeMap<String, Document>,
    /// Those that were folded from the log and so hold the batch's events already.
    pub refolded: HashSet<String>,
    /// Those whose orders or tickets have to be counted again from all records.
    pub recount: BTreeSet<(String, RecordKind)>,
}

impl Resolved {
    /// Asks for the documents that are missing.
    pub fn ask(&self, tx: &mut Tx, workspace: &Workspace) -> Answer<Documents> {
        let touched: BTreeSet<&str> = self.links.values().flatten().map(String::as_str).collect();
        let missing = touched
            .into_iter()
            .filter(|id| !self.profiles.contains_key(*id));
        store::profile::ask(tx, &workspace.id, missing)
    }

    /// Takes in stored documents.
    pub fn take(&mut self, stored: Documents) {
        let stored = stored.into_iter();
        let stored = stored.map(|(id, doc)| (id, Document::Packed(doc)));
        self.profiles.extend(stored);
    }

    /// The profile that a link of the batch belongs to.
    pub fn profile_of(&self, link: &str) -> Option<&str> {
        self.links.get(link)?.as_deref()
    }
}
