//! `accounts`: the companies or teams that the customer belongs to.

use super::{Piece, Section};
use crate::event::text_of;
use crate::profile::account::Account;
use crate::tool::text::{Untrusted, clean};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

pub(super) const ACCOUNTS: Section = Section {
    name: "accounts",
    description: "Companies or teams they belong to.",
    words: &[
        "account",
        "company",
        "team",
        "organisation",
        "organization",
        "member",
    ],
    for_anonymous: false,
    schema: |generator| generator.subschema_for::<Vec<Membership>>(),
    pieces: |profile, _| {
        let accounts = profile.accounts.iter().enumerate();
        let pieces = accounts.filter_map(|(at, (id, account))| {
            let membership = Membership::of(id, account)?;
            let sources = vec![membership.source.clone()];
            Some(Piece::new(70, at, sources, &membership))
        });
        pieces.collect()
    },
};

/// A company or team the customer belongs to.
#[derive(Debug, Serialize, JsonSchema)]
struct Membership {
    /// Its id.
    id: String,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Untrusted>,
    /// The system that said so.
    source: String,
}

impl Membership {
    fn of(id: &str, account: &Account) -> Option<Self> {
        let member = account
            .member
            .as_ref()
            .filter(|claim| claim.value == Value::Bool(true))?;
        let name = account
            .traits
            .get("name")
            .and_then(|claim| text_of(&claim.value));
        Some(Self {
            id: clean(id, 60),
            name: name.map(|name| Untrusted::new(&name, 80)),
            source: member.source.clone(),
        })
    }
}
