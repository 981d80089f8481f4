//! `consents`: what the customer agreed to or refused.

use super::{Piece, Section};
use crate::clock::Time;
use crate::event::text_of;
use crate::profile::claim::Claim;
use crate::tool::text::clean;
use schemars::JsonSchema;
use serde::Serialize;

pub(super) const CONSENTS: Section = Section {
    name: "consents",
    description: "What they agreed to or refused.",
    words: &[
        "consent",
        "newsletter",
        "subscri",
        "marketing",
        "privacy",
        "opt",
    ],
    for_anonymous: true,
    schema: |generator| generator.subschema_for::<Vec<Consent>>(),
    pieces: |profile, _| {
        let consents = profile.consents.iter().enumerate();
        let pieces = consents.map(|(at, (name, claim))| {
            let consent = Consent::of(name, claim);
            // Just before the traits and accounts of rank 110.
            Piece::new(109, at, vec![consent.source.clone()], &consent)
        });
        pieces.collect()
    },
};

/// One consent.
#[derive(Debug, Serialize, JsonSchema)]
struct Consent {
    /// The category or channel.
    name: String,
    /// What was said: true, false, subscribed, unsubscribed, …
    status: String,
    /// The system that said so.
    source: String,
    /// When, RFC 3339.
    at: Time,
}

impl Consent {
    fn of(name: &str, claim: &Claim) -> Self {
        let status = text_of(&claim.value).unwrap_or_default();
        Self {
            name: clean(name, 40),
            status: clean(&status, 40),
            source: claim.source.clone(),
            at: claim.at,
        }
    }
}
