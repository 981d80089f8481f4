//! Links and components made by hand, for the tests of plans.

use super::component::Component;
use super::settlement::Settlement;
use crate::clock::Time;
use crate::identity::{Identifier, Link, Rules, link_id};

/// The secret of every test.
pub(super) const SECRET: &str = "secret";

/// A link of these identifiers, each `kind:value`, first seen at `first_at`.
pub(super) fn link(first_at: i64, identifiers: &[&str]) -> Link {
    let mut identifiers: Vec<Identifier> = identifiers
        .iter()
        .filter_map(|text| text.split_once(':'))
        .map(|(kind, value)| Identifier::new(kind, value))
        .collect();
    identifiers.sort_unstable();
    Link {
        id: link_id(SECRET, &identifiers),
        first_at: Time::from_ms(first_at),
        identifiers,
        marks: Vec::new(),
    }
}

/// The settlement of a component under the rules that ship.
pub(super) fn settle(component: &Component) -> Settlement {
    Settlement::of(component, &Rules::shipped(), SECRET)
}

/// A component of links that are stored as the fold leaves them.
pub(super) fn stored(links: &[Link]) -> Component {
    let mut component = Component::default();
    component.add_new(links);
    let settlement = settle(&component);
    component.write(&settlement);
    component
}

impl Component {
    /// Adds links that are not stored, or are to be other than stored.
    pub(super) fn add_new(&mut self, links: &[Link]) {
        let new = links.iter().map(|link| (link.id.clone(), link.clone()));
        self.links.extend(new);
    }

    /// Stores what a settlement changes.
    pub(super) fn write(&mut self, settlement: &Settlement) {
        for row in &settlement.links {
            self.stored.insert(row.link.id.clone(), row.clone());
        }
        for new in &settlement.owners {
            self.owners
                .insert(new.identifier.clone(), new.profile.clone());
            if new.shared {
                self.constraints.shared.insert(new.identifier.clone());
            }
        }
        for id in &settlement.forgotten {
            self.owners.remove(id);
        }
        self.stored_cannot_links = self.constraints.cannot_links.clone();
    }
}
