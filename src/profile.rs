//! The profile: one document per customer, a fold of their events.
//!
//! Every part is built so that order and repetition cannot matter: traits keep what each source
//! holds, consents the newest claim, lists the newest entries by (time, event id), counts count
//! distinct events, and where a map is full it keeps the first keys by name. Which claim on a trait
//! wins is decided by the rules, when the profile is read.
//!
//! The parts are one list, `parts!`: a new part is a file that implements `ProfilePart` and a line
//! in the list. [`EventFacts`] is what the parts take of one event, [`Profile::apply`] adds it,
//! [`Profile::merge`] joins two profiles. Purchases and tickets come from [`record::Record`]s,
//! because several events, and several links, speak of the same order.

use crate::clock::Time;
use crate::event::text_of;
use crate::id::ProfileId;
use crate::identity::Identifier;
use crate::identity::survivorship::{Survivorship, SurvivorshipRule};
use serde::Serialize;
use std::sync::Arc;

pub mod account;
pub mod activity;
mod agree;
pub mod claim;
mod consent;
mod facts;
pub mod money;
pub mod packed;
mod part;
mod provenance;
pub mod purchase;
pub mod record;
pub mod seen;
mod survivorship;
pub mod ticket;
mod traits;

pub use facts::EventFacts;
pub use provenance::Provenance;

use account::Accounts;
use activity::Recent;
use claim::Claim;
use consent::Consents;
use packed::packed;
use part::parts;
use purchase::Purchases;
use record::{Record, RecordKind, RecordList};
use seen::{Seen, Sources};
use ticket::Tickets;
use traits::Traits;

/// Most traits, and most consents, that a profile keeps.
pub const MAX_TRAITS: usize = 300;

/// Different texts that most documents have at most.
const TEXTS: usize = 200;

parts! {
    /// Everything that an agent is likely to ask about one customer. Money is integer minor
    /// units.
    #[derive(Clone, Debug, Default, PartialEq, Serialize)]
    pub struct Profile {
        /// The id of its oldest link.
        id: ProfileId,
        /// What leads to this customer, and since when.
        identifiers: Vec<KnownIdentifier>,
        ---
        /// What each source says of each trait.
        traits: Traits,
        /// Orders and what they add up to.
        purchases: Purchases,
        /// Support tickets.
        tickets: Tickets,
        /// The newest events, newest first.
        recent: Recent,
        /// Accounts (companies, teams) they belong to, by group id.
        accounts: Accounts,
        /// What they agreed to or refused, by category or channel.
        consents: Consents,
        /// What came from each source.
        sources: Sources,
        /// What came in all.
        seen: Seen,
    }
}

/// An identifier of the customer and the earliest time it was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KnownIdentifier {
    /// The kind and value.
    #[serde(flatten)]
    pub identifier: Identifier,
    /// When it was first seen.
    pub since: Time,
}

packed!(KnownIdentifier { identifier, since });
packed!(Identifier { kind, value });

impl Profile {
    /// The document as it is stored.
    #[must_use]
    pub fn packed(&self) -> Arc<[u8]> {
        packed::pack_with_room(self, TEXTS).into()
    }

    /// Whether an event may change who the customer is, and not only what they did: it states
    /// traits, or comes from a source that the profile has not seen.
    #[must_use]
    pub fn learns_from(&self, facts: &EventFacts) -> bool {
        let source = &facts.provenance().source;
        !facts.parts().traits.is_empty() || !self.sources.contains_key(source)
    }

    /// Makes one order or ticket of what several joined profiles each knew of it. True when a list
    /// may lack an entry that it dropped earlier; then [`Profile::recount`] has to see all records.
    #[must_use]
    pub fn unite(&mut self, kind: RecordKind, parts: &[Record]) -> bool {
        let list = self.records(kind);
        let mut lacks = false;
        for part in parts {
            lacks |= list.remove(part);
        }
        let whole = Record::merged(parts);
        whole.is_some_and(|whole| list.replace(None, &whole)) || lacks
    }

    /// Replaces what is known of one order or ticket. True when a list that keeps only the newest
    /// entries may now lack one that it dropped earlier; then [`Profile::recount`] has to see all
    /// records.
    #[must_use]
    pub fn replace(&mut self, kind: RecordKind, before: Option<&Record>, after: &Record) -> bool {
        self.records(kind).replace(before, after)
    }

    /// Sets purchases or tickets from all records of the customer.
    pub fn recount<'a>(&mut self, kind: RecordKind, records: impl IntoIterator<Item = &'a Record>) {
        let list = self.records(kind);
        list.clear();
        for record in records {
            list.replace(None, record);
        }
    }

    /// The part that shows records of this kind.
    fn records(&mut self, kind: RecordKind) -> &mut dyn RecordList {
        match kind {
            RecordKind::Purchase => &mut self.purchases,
            RecordKind::Ticket => &mut self.tickets,
        }
    }

    /// Puts the winner of every trait first, by these rules. A profile is stored as
    /// [`SurvivorshipRule::Newest`] has it, so the default costs nothing. For reading only: a
    /// profile that was ranked must not be stored.
    pub fn rank(&mut self, survivorship: &Survivorship) {
        if survivorship.default == SurvivorshipRule::Newest {
            for name in survivorship.traits.keys() {
                if let Some(claims) = self.traits.get_mut(name) {
                    let (rule, sources) = survivorship.of(name);
                    claims.rank(rule, sources);
                }
            }
            return;
        }
        for (name, claims) in &mut self.traits {
            let (rule, sources) = survivorship.of(name);
            claims.rank(rule, sources);
        }
    }

    /// The winning claim on a trait, unless it is a removal.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&Claim> {
        self.traits.get(name)?.winner()
    }

    /// The value of a trait as text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        text_of(&self.value(name)?.value)
    }
}

#[cfg(test)]
mod tests;
