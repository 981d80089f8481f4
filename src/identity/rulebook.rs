//! The versions of a workspace's rules.
//!
//! Every version that a workspace was given is kept, because one that took other identifiers from
//! events put them under other links. Profiles were called by those links' ids, and what is stored
//! outside by such an id has to go on leading somewhere.

use super::{Identifier, Rules, extract, link_id};
use crate::Result;
use crate::clock::Time;
use crate::event::Event;
use crate::id::LinkId;
use std::sync::Arc;

/// What identity takes from one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identification {
    /// The link it stands under.
    pub link: LinkId,
    /// The identifiers of that link.
    pub identifiers: Vec<Identifier>,
    /// Ids of links that it stood under when other rules were in force.
    pub earlier: Vec<LinkId>,
}

/// The versions of a workspace's rules that matter: the one in force, and earlier ones under which
/// links came about differently.
#[derive(Clone, Debug)]
pub struct Rulebook {
    /// The number of the version in force; 0 is what ships.
    pub version: i64,
    /// The rules in force.
    pub rules: Arc<Rules>,
    /// Whether everything stored was folded under them; if not, `acquaint identity apply` is under
    /// way or due.
    pub applied: bool,
    /// Rules that took other identifiers from events, and until when they were in force.
    earlier: Vec<(Arc<Rules>, Time)>,
}

impl Default for Rulebook {
    fn default() -> Self {
        Self {
            version: 0,
            rules: Rules::shipped(),
            applied: true,
            earlier: Vec::new(),
        }
    }
}

impl Rulebook {
    /// The book after these versions, oldest first: number, text, and since when each is in force.
    ///
    /// # Errors
    /// When a version cannot be read, which never happens to one that was checked when it was set.
    pub fn of(versions: &[(i64, String, Time)]) -> Result<Self> {
        let mut book = Self::default();
        for (version, text, since) in versions {
            let next = Arc::new(Rules::parse(text)?);
            let last = std::mem::replace(&mut book.rules, next);
            if !last.reads_like(&book.rules) {
                book.earlier.push((last, *since));
            }
            book.version = *version;
        }
        Ok(book)
    }

    /// What identity takes from an event.
    #[must_use]
    pub fn read(&self, secret: &str, event: &Event) -> Identification {
        let identifiers = extract(event, &self.rules);
        let link = link_id(secret, &identifiers);
        let mut earlier: Vec<LinkId> = self
            .earlier(event.received_at)
            .map(|rules| link_id(secret, &extract(event, rules)))
            .filter(|id| *id != link)
            .collect();
        earlier.sort_unstable();
        earlier.dedup();
        Identification {
            link,
            identifiers,
            earlier,
        }
    }

    /// Rules under which an event that was received at `received_at` had another link, perhaps.
    fn earlier(&self, received_at: Time) -> impl Iterator<Item = &Rules> {
        let known = self
            .earlier
            .iter()
            .filter(move |(_, until)| received_at < *until);
        known.map(|(rules, _)| &**rules)
    }

    /// Whether links ever came about differently.
    #[must_use]
    pub fn has_earlier(&self) -> bool {
        !self.earlier.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::SHIPPED;

    #[test]
    fn a_book_remembers_rules_that_read_events_differently() {
        let limit = SHIPPED.replacen("limit = 1\n", "limit = 2\n", 1);
        let from = SHIPPED.replacen("\"context.traits.email\"", "\"properties.email\"", 1);
        let versions = [
            (1, limit, Time::from_ms(100)),
            (2, from, Time::from_ms(200)),
        ];
        let book = Rulebook::of(&versions).expect("a book");
        assert_eq!(book.version, 2);
        assert_eq!(
            book.earlier(Time::from_ms(150)).count(),
            1,
            "versions that read alike count once"
        );
        assert_eq!(
            book.earlier(Time::from_ms(200)).count(),
            0,
            "an event of the present version has one link"
        );
    }
}
