//! Why a customer is who they are: which links formed the profile, in what order and by what, what
//! was left out and by which rule, who was kept apart, and what stewards decided.
//!
//! It is a pure function of what identity knows around a customer and of the fold's own trace, so
//! that an explanation cannot say anything but what happened.

use super::decision::{Decision, DecisionSummary};
use super::{Customer, Link, Resolution, Rules};
use crate::clock::Time;
use crate::id::{LinkId, ProfileId};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

mod evidence;
mod svg;
mod text;

use evidence::EvidenceIndex;

/// Most links that are listed.
const MAX_LINKS: usize = 200;
/// Most other customers that are listed, and most reasons for each.
const MAX_OTHERS: usize = 20;
/// Most identifiers that are listed of a customer.
const MAX_IDENTIFIERS: usize = 200;

/// What came in through one link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkActivity {
    /// When its newest event happened.
    pub last_at: Time,
    /// How many events each source sent.
    pub sources: BTreeMap<String, i64>,
}

/// All that an explanation is made of: the links around a customer, and what is known of them.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// Any link of the profile.
    pub link: &'a LinkId,
    /// The links of its component.
    pub links: &'a [Link],
    /// The rules in force.
    pub rules: &'a Rules,
    /// The version of those, and the one that everything has been folded under.
    pub versions: (i64, i64),
    /// What [`super::trace`] makes of the links.
    pub resolution: &'a Resolution,
    /// The decisions that speak of its links and identifiers, with those that undo them, in order.
    pub decisions: &'a [Decision],
    /// What came in through each link.
    pub activity: &'a HashMap<LinkId, LinkActivity>,
}

/// Why a customer is who they are. Times are RFC 3339.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Explanation {
    /// Id of the profile.
    pub profile: ProfileId,
    /// The rules it was folded under.
    pub rules: RulesVersions,
    /// What leads to this customer, and since when; by kind and value.
    pub identifiers: Vec<Lead>,
    /// How many more of those there are.
    pub more_identifiers: usize,
    /// The links that formed it, oldest first, as they were folded.
    pub links: Vec<ExplainedLink>,
    /// How many more of those there are.
    pub more_links: usize,
    /// How many events came through all of its links.
    pub events: i64,
    /// Customers it would have been joined with, had nothing spoken against it.
    pub kept_apart: Vec<Apart>,
    /// How many more of those there are.
    pub more_kept_apart: usize,
    /// What stewards decided about it, oldest first.
    pub decisions: Vec<DecisionSummary>,
}

/// Which rules a profile was folded under.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RulesVersions {
    /// The version in force; 0 is what ships.
    pub in_force: i64,
    /// The version that everything has been folded under.
    pub applied: i64,
}

/// An identifier that leads to the customer.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Lead {
    /// As `kind:value`.
    pub identifier: String,
    /// When it was first seen.
    pub since: Time,
}

/// One link: a set of identifiers that was seen together.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ExplainedLink {
    /// The link's id.
    pub link: LinkId,
    /// When it was first seen.
    pub first_at: Time,
    /// When its newest event happened.
    pub last_at: Option<Time>,
    /// How many events carried it, by source.
    pub sources: BTreeMap<String, i64>,
    /// What it carries, as `kind:value`.
    pub identifiers: Vec<String>,
    /// How it came to this customer.
    pub how: How,
    /// The identifiers by which it was found to be theirs.
    pub by: Vec<String>,
    /// What it carries and does not connect, and why.
    pub left_out: Vec<LeftOut>,
    /// The customers that it joined, as they were called then, where there were several.
    pub joined: Vec<ProfileId>,
    /// Decisions by which its customer was joined with others.
    pub merged_by: Vec<String>,
}

/// How a link came to a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// Nobody had any of its identifiers, so it began a customer.
    Began,
    /// Its identifiers led to the customer.
    Joined,
    /// Since the rules read its events differently they stand under this link.
    Moved(LinkId),
    /// This decision parted it from everyone.
    Parted(String),
}

/// An identifier that a link carries and that connects nothing there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LeftOut {
    /// As `kind:value`.
    pub identifier: String,
    /// By what it was left out.
    pub rule: Cause,
    /// Why, in words.
    pub why: String,
}

/// By what an identifier was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The limit of a kind.
    Limit,
    /// Two customers who are each identified are joined by nothing weaker.
    IdentifiedGuard,
    /// A steward's decision.
    Decision,
    /// The value names nobody.
    Blocked,
    /// Too many people share the value.
    Shared,
    /// A row of a people file only mentions it.
    Mention,
}

/// A customer that is not this one, and what kept them apart.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Apart {
    /// Id of their profile.
    pub profile: ProfileId,
    /// Some of what leads to them, as `kind:value`.
    pub identifiers: Vec<String>,
    /// What kept them apart.
    pub because: Vec<LeftOut>,
}

impl Explanation {
    /// Explains a customer; nothing where the profile's link is not one of these.
    #[must_use]
    pub fn of(evidence: &Evidence<'_>) -> Option<Self> {
        let holds = |customer: &&Customer| customer.links.contains(evidence.link);
        let customer = evidence.resolution.customers.iter().find(holds)?;
        let index = EvidenceIndex::new(evidence, customer);
        let ids = customer.links.iter();
        let explained = ids.clone().filter_map(|id| index.links.get(id));
        let events = ids.filter_map(|id| evidence.activity.get(id));
        let mut kept_apart = index.kept_apart();
        let more_kept_apart = kept_apart.len().saturating_sub(MAX_OTHERS);
        kept_apart.truncate(MAX_OTHERS);
        let leads = customer.identifiers.iter().map(|(identifier, since)| Lead {
            identifier: identifier.to_string(),
            since: *since,
        });
        Some(Self {
            profile: customer.id().clone(),
            rules: RulesVersions {
                in_force: evidence.versions.0,
                applied: evidence.versions.1,
            },
            identifiers: leads.take(MAX_IDENTIFIERS).collect(),
            more_identifiers: customer.identifiers.len().saturating_sub(MAX_IDENTIFIERS),
            links: explained
                .take(MAX_LINKS)
                .map(|link| index.explained(link))
                .collect(),
            more_links: customer.links.len().saturating_sub(MAX_LINKS),
            events: events.flat_map(|activity| activity.sources.values()).sum(),
            kept_apart,
            more_kept_apart,
            decisions: index.decisions(),
        })
    }

    /// As a steward reads it, from top to bottom.
    #[must_use]
    pub fn text(&self) -> String {
        text::text(self)
    }

    /// As a picture: links from left to right in time, and what they carry below.
    #[must_use]
    pub fn svg(&self) -> String {
        svg::svg(self)
    }
}

/// A text for a place where a line break or an invisible character would mislead: without those,
/// and cut.
fn plain(text: &str, most: usize) -> String {
    let shown: String = text
        .chars()
        .filter(|c| !c.is_control() && !is_odd(*c))
        .collect();
    if shown.chars().count() <= most {
        return shown;
    }
    let mut cut: String = shown.chars().take(most.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

/// Characters that turn the direction of text, have no width, or are none in XML.
fn is_odd(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}
