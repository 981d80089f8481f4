//! The story of one customer: by which identifiers each record was recognised, and which ones it
//! brought. It is the fold of identity as text.

use super::system::SYSTEMS;
use crate::Result;
use crate::clock::Time;
use crate::id::LinkId;
use crate::identity::{Constraints, Identifier, Link, LinkTrace, Rules, trace};
use crate::profile::Profile;
use crate::store::access::Workspace;
use crate::store::event::LogPosition;
use crate::store::{self, Db};
use crate::tool::cursor::START;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// A limit above the number of events of any customer of the demo.
const ALL: i64 = 10_000;

/// The records of a customer, oldest first.
pub(super) struct Story {
    pub chapters: Vec<Chapter>,
    /// How many records brought nothing new.
    pub repeats: usize,
    /// The number of links.
    pub links: usize,
}

/// A record that created a customer, was recognised, or was kept apart.
pub(super) struct Chapter {
    pub at: Time,
    pub system: String,
    /// Its identifiers that were known already.
    pub by: Vec<Identifier>,
    /// Its new identifiers.
    pub brought: Vec<Identifier>,
    /// How many customers it joined.
    pub joined: usize,
    /// The identifier that was demoted in it, because it would have merged two people.
    pub left_out: Option<Identifier>,
}

/// Reads the story of `hero`, and of another customer who shares an identifier with her.
pub(super) async fn tell(
    db: &Db,
    workspace: &Workspace,
    hero: &Profile,
    other: &Profile,
) -> Result<Story> {
    let mut links: Vec<Link> = Vec::new();
    let mut systems: HashMap<LinkId, String> = HashMap::new();
    for profile in [hero, other] {
        let held = store::link::of_profile(db, &workspace.id, &profile.id).await?;
        links.extend(held.into_iter().map(|held| held.link));
        // Events are newest first, so the system of a link's first event is the one that stays.
        let newest = (START.0, LogPosition::default());
        for logged in store::event::timeline(db, &workspace.id, &profile.id, &newest, ALL).await? {
            systems.insert(logged.link, logged.event.source.clone());
        }
    }
    let hers: HashSet<LinkId> = store::link::of_profile(db, &workspace.id, &hero.id)
        .await?
        .into_iter()
        .map(|held| held.link.id)
        .collect();
    let links: BTreeMap<LinkId, Link> = links
        .into_iter()
        .map(|link| (link.id.clone(), link))
        .collect();
    let all: Vec<Link> = links.values().cloned().collect();
    let traces = trace(&all, &Rules::shipped(), &Constraints::default()).traces;
    Ok(chapters(&traces, &links, &systems, &hers))
}

fn chapters(
    traces: &[LinkTrace],
    links: &BTreeMap<LinkId, Link>,
    systems: &HashMap<LinkId, String>,
    hers: &HashSet<LinkId>,
) -> Story {
    let mut story = Story {
        chapters: Vec::new(),
        repeats: 0,
        links: hers.len(),
    };
    let rules = Rules::shipped();
    let mut seen: BTreeSet<&Identifier> = BTreeSet::new();
    for trace in traces {
        let Some(link) = links.get(&trace.link) else {
            continue;
        };
        let left_out = trace
            .demoted
            .first()
            .map(|demotion| demotion.identifier.clone());
        if !hers.contains(&link.id) && left_out.is_none() {
            continue;
        }
        let new = link.identifiers.iter().filter(|id| !seen.contains(id));
        let mut brought: Vec<Identifier> = new.cloned().collect();
        brought.sort_by_key(|id| rules.rule(&id.kind).priority);
        let chapter = Chapter {
            at: link.first_at,
            system: systems.get(&link.id).cloned().unwrap_or_default(),
            by: trace.by.clone(),
            brought,
            joined: trace.joined.len(),
            left_out,
        };
        seen.extend(&link.identifiers);
        if chapter.brought.is_empty() && chapter.joined < 2 && chapter.left_out.is_none() {
            story.repeats += 1;
        } else if chapter.left_out.is_some() && told_apart(&story.chapters, &chapter) {
            // Later records of the other customer on that browser are kept apart for the same
            // reason.
        } else {
            story.chapters.push(chapter);
        }
    }
    story
}

fn told_apart(told: &[Chapter], chapter: &Chapter) -> bool {
    told.iter()
        .any(|earlier| earlier.left_out == chapter.left_out)
}

impl Chapter {
    /// The identifiers by which the record was recognised, as text.
    pub fn recognised(&self) -> String {
        if let Some(shared) = &self.left_out {
            return format!("not by {}", word(shared, &self.system));
        }
        match self.joined {
            0 => "someone new".to_owned(),
            // The strongest one is enough, unless the record joined two customers.
            1 => self.words(&self.by[..1.min(self.by.len())]),
            _ => self.words(&self.by),
        }
    }

    fn words(&self, ids: &[Identifier]) -> String {
        let words: Vec<_> = ids.iter().map(|id| word(id, &self.system)).collect();
        words.join(", ")
    }

    /// The new identifiers, as text.
    pub fn brings(&self) -> String {
        let brought = self.words(&self.brought);
        match (&self.left_out, self.joined) {
            (Some(_), _) => format!("{brought}: another person, kept apart"),
            (None, 2..) if brought.is_empty() => "two customers become one".to_owned(),
            (None, 2..) => format!("{brought}; two customers become one"),
            (None, _) => brought,
        }
    }

    pub fn json(&self) -> Value {
        let words = |ids: &[Identifier]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
        json!({
            "at": self.at, "source": self.system, "joined_by": words(&self.by), "brought": words(&self.brought),
            "customers_joined": self.joined, "left_out": self.left_out.as_ref().map(ToString::to_string),
        })
    }
}

/// An identifier in the words of a shop owner.
fn word(id: &Identifier, system: &str) -> String {
    let short: String = id.value.chars().take(8).collect();
    match id.kind.as_str() {
        "email" | "phone" => id.value.clone(),
        "user_id" => format!("account {}", id.value),
        "anonymous_id" if system == SYSTEMS[1].name => format!("install {short}"),
        "anonymous_id" => format!("browser {short}"),
        "ios.id" => format!("iPhone {short}"),
        "android.id" => format!("Android {short}"),
        "shopify_customer_id" => format!("customer {}", id.value),
        "reference.shopify_order_id" => format!("order {}", id.value),
        "zendesk_user_id" => format!("requester {}", id.value),
        "reference.zendesk_ticket_id" => format!("ticket {}", id.value),
        "crm_contact_id" => format!("contact {}", id.value),
        "subscriber_id" => format!("subscriber {}", id.value),
        kind => format!("{kind} {}", id.value),
    }
}
