//! A part of the profile, and what the list of the parts makes of them.

use super::provenance::Provenance;
use crate::event::Event;
use std::collections::BTreeMap;

/// One part of the profile: what it takes of an event, and how that adds up.
///
/// Neither the order of events nor the order of merges may matter. An event is applied once.
pub(super) trait ProfilePart: Sized {
    /// What the part takes of one event.
    type Facts;

    /// Reads what the part takes of an event.
    fn read(event: &Event) -> Self::Facts;

    /// Adds what the part takes of one event. The default adds nothing, for parts that are shown
    /// from records.
    fn apply(&mut self, _by: &Provenance, _facts: &Self::Facts) {}

    /// Adds the same part of another profile, which has other events.
    fn merge(&mut self, other: Self);
}

/// Keeps the first `most` keys by name. Which keys those are depends on the set of keys alone,
/// never on their order of arrival.
pub(super) fn keep_first<T>(map: &mut BTreeMap<String, T>, most: usize) {
    while map.len() > most {
        map.pop_last();
    }
}

/// Declares the profile. After `---` comes the list of its parts: one line makes a part a field
/// of the document, and has it read, applied, merged and packed.
macro_rules! parts {
    (
        $(#[$meta:meta])*
        pub struct $profile:ident {
            $($(#[$head_doc:meta])* $head:ident: $head_type:ty,)*
            ---
            $($(#[$doc:meta])* $part:ident: $type:ty,)*
        }
    ) => {
        $(#[$meta])*
        pub struct $profile {
            $($(#[$head_doc])* pub $head: $head_type,)*
            $($(#[$doc])* pub $part: $type,)*
        }

        $crate::profile::packed::packed!($profile { $($head,)* $($part,)* });

        /// What each part of the profile takes of one event.
        #[derive(Clone, Debug)]
        struct PartFacts {
            $($part: <$type as $crate::profile::part::ProfilePart>::Facts,)*
        }

        impl PartFacts {
            fn read(event: &$crate::event::Event) -> Self {
                Self { $($part: <$type as $crate::profile::part::ProfilePart>::read(event),)* }
            }
        }

        impl $profile {
            /// Adds what one event says to everything but purchases and tickets, which are shown
            /// from records ([`Profile::replace`]). The event must not have been applied before.
            pub fn apply(&mut self, facts: &$crate::profile::EventFacts) {
                let (by, facts) = (facts.provenance(), facts.parts());
                $($crate::profile::part::ProfilePart::apply(&mut self.$part, by, &facts.$part);)*
            }

            /// Merges another profile into this one. No event may be in both; an order or ticket
            /// that is in both has to be put right with [`Profile::unite`].
            pub fn merge(&mut self, other: Self) {
                $($crate::profile::part::ProfilePart::merge(&mut self.$part, other.$part);)*
            }
        }
    };
}
pub(super) use parts;
