//! `get_customer_context`: who the customer is and what matters now, within a token budget.
//!
//! The profile is cut into small pieces, each with a rank; what fits the topic rises. Pieces are taken in rank order, in short
//! where the whole does not fit, until the budget is spent, and what was left out is named.

use super::caller::Verification;
use super::purchases::Order;
use super::text::estimate_tokens;
use super::tickets::Case;
use super::{Answer, Asker, Dependency, NOTICE, Native, Reach, data, schema, typed};
use crate::Result;
use crate::clock::rfc3339;
use crate::profile::Profile;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeSet;

mod known;
mod piece;

use known::Trait;
use piece::{Consent, Membership, Piece, Ranked, Section, Spending, Visit};

pub(super) const TOOL: Native = Native {
    name: "get_customer_context",
    words: include_str!("../../tools/get_customer_context.toml"),
    arguments: schema::canonical::<Arguments>,
    result: schema::result::<CustomerContext>,
    depends_on: &[Dependency::Asker],
    run: |reach, arguments| Box::pin(std::future::ready(run(&reach, arguments))),
};

/// Tokens of an answer where none are asked for, in short and in full.
const BUDGET: (u32, u32) = (600, 2_000);
/// What stands around every answer, beside its notice.
const ENVELOPE: &str = r#"{"data":,"as_of":"2026-11-23T18:30:00.000Z","source":[],"freshness_s":100000,"truncated":true,"next_cursor":null,"notice":""}"#;

#[derive(Debug, Deserialize, JsonSchema)]
struct Arguments {
    topic: Option<String>,
    #[serde(default)]
    detail: Detail,
    #[schemars(range(min = 100, max = 4000))]
    max_tokens: Option<u32>,
}

/// How much is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Detail {
    #[default]
    Concise,
    Detailed,
}

/// What is known of the customer, as far as it fits. An empty list says that there is nothing, a missing one that nothing fit.
#[derive(Debug, Default, Serialize, JsonSchema)]
struct CustomerContext {
    /// Short id of the customer's profile.
    profile: String,
    /// How sure the company is of who this is: anonymous, claimed or verified.
    verification: String,
    /// When they were first and last seen, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    seen: Option<SeenRange>,
    /// What is known about them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<Trait>")]
    traits: Option<Pieces>,
    /// What they spent in all, by currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<Spending>")]
    spending: Option<Pieces>,
    /// Tickets not yet solved, newest first; `open_tickets` has their messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<Case>")]
    open_tickets: Option<Pieces>,
    /// Their last orders, newest first; `recent_purchases` has the rest.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<Order>")]
    purchases: Option<Pieces>,
    /// Their last visits, newest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<Visit>")]
    recent_activity: Option<Pieces>,
    /// Companies or teams they belong to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<Membership>")]
    accounts: Option<Pieces>,
    /// What they agreed to or refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<Consent>")]
    consents: Option<Pieces>,
    /// Sections that did not fit entirely.
    omitted: Vec<String>,
}

/// Pieces of a section as they are sent: what they cost is told from it, so it is written before it is known whether they fit.
type Pieces = Vec<Box<RawValue>>;

/// A span of time.
#[derive(Debug, Serialize, JsonSchema)]
struct SeenRange {
    /// RFC 3339.
    first: String,
    /// RFC 3339.
    last: String,
}

fn run(reach: &Reach<'_>, arguments: Value) -> Result<Answer> {
    let arguments: Arguments = typed(arguments)?;
    let usual = if arguments.detail == Detail::Detailed {
        BUDGET.1
    } else {
        BUDGET.0
    };
    let budget = arguments.max_tokens.unwrap_or(usual) as usize;
    let asker = reach.asker()?;
    let signed_in = asker != Asker::Session(Verification::Anonymous);
    let detailed = arguments.detail == Detail::Detailed;
    let mut pieces = piece::pieces(reach.profile(), detailed, signed_in);
    let topic = arguments.topic.unwrap_or_default().to_lowercase();
    pieces.sort_by_cached_key(|ranked| rank_for(&topic, ranked.rank, &ranked.piece));
    let mut result = CustomerContext {
        profile: reach.profile().id.chars().take(8).collect(),
        verification: asker.as_str().to_owned(),
        ..CustomerContext::default()
    };
    let sources = result.fill(pieces, seen(reach.profile()), budget);
    Ok(Answer {
        truncated: !result.omitted.is_empty(),
        data: data(&result)?,
        sources: sources.into_iter().collect(),
        next_cursor: None,
    })
}

fn seen(profile: &Profile) -> Option<SeenRange> {
    let seen = &profile.seen;
    (seen.events > 0).then(|| SeenRange {
        first: rfc3339(seen.first_at),
        last: rfc3339(seen.last_at),
    })
}

impl CustomerContext {
    /// Takes pieces until the budget is spent, and names the sections of which something was left out; the sources of what
    /// was taken.
    fn fill(
        &mut self,
        pieces: Vec<Ranked>,
        seen: Option<SeenRange>,
        budget: usize,
    ) -> BTreeSet<String> {
        let sections = pieces.iter().map(|ranked| ranked.piece.section());
        let present: BTreeSet<&str> = sections.map(Section::as_str).collect();
        self.start_empty(&present);
        // Every section there is may have to be named as left out.
        let mut spent =
            tokens(&self) + tokens(&present) + estimate_tokens(ENVELOPE) + estimate_tokens(NOTICE);
        let seen_cost = tokens(&seen) + 3;
        if spent + seen_cost <= budget {
            spent += seen_cost;
            self.seen = seen;
        }
        let (mut omitted, mut begun, mut sources) =
            (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for Ranked {
            piece,
            sources: rests_on,
            ..
        } in pieces
        {
            let section = piece.section();
            let cost = |json: &RawValue, rests_on: &[String]| {
                let heading = if begun.contains(&section) {
                    0
                } else {
                    estimate_tokens(section.as_str()) + 3
                };
                let new = rests_on.iter().filter(|name| !sources.contains(*name));
                let named: usize = new.map(|name| estimate_tokens(name) + 2).sum();
                estimate_tokens(json.get()) + 1 + heading + named
            };
            let left = budget.saturating_sub(spent);
            let Some((json, rests_on, cost)) = fit(piece, rests_on, left, cost) else {
                omitted.insert(section.as_str());
                continue;
            };
            spent += cost;
            begun.insert(section);
            sources.extend(rests_on);
            self.list(section).get_or_insert_default().push(json);
        }
        self.omitted = omitted.into_iter().map(str::to_owned).collect();
        sources
    }

    /// Lists of which the customer has nothing are there and empty.
    fn start_empty(&mut self, present: &BTreeSet<&str>) {
        for section in Section::ALL {
            *self.list(section) = (!present.contains(section.as_str())).then(Pieces::new);
        }
    }

    fn list(&mut self, section: Section) -> &mut Option<Pieces> {
        match section {
            Section::Traits => &mut self.traits,
            Section::Spending => &mut self.spending,
            Section::OpenTickets => &mut self.open_tickets,
            Section::Purchases => &mut self.purchases,
            Section::RecentActivity => &mut self.recent_activity,
            Section::Accounts => &mut self.accounts,
            Section::Consents => &mut self.consents,
        }
    }
}

/// The piece, or else the piece in short, with its sources and its cost, if that is no more than what is left.
fn fit(
    piece: Piece,
    sources: Vec<String>,
    left: usize,
    cost: impl Fn(&RawValue, &[String]) -> usize,
) -> Option<(Box<RawValue>, Vec<String>, usize)> {
    let json = piece.json();
    let whole = cost(&json, &sources);
    if whole <= left {
        return Some((json, sources, whole));
    }
    let (piece, sources) = piece.in_short()?;
    let json = piece.json();
    let short = cost(&json, &sources);
    (short <= left).then_some((json, sources, short))
}

/// About how many tokens a value is as JSON.
fn tokens(value: &impl Serialize) -> usize {
    estimate_tokens(&serde_json::to_string(value).unwrap_or_default())
}

/// A piece's place: its own rank, earlier where the topic speaks of its sort or of words in it.
fn rank_for(topic: &str, rank: u32, piece: &Piece) -> i64 {
    let mut rank = i64::from(rank);
    if topic.is_empty() {
        return rank;
    }
    if piece.words().iter().any(|word| topic.contains(word)) {
        rank -= 60;
    }
    let text = piece.json().get().to_lowercase();
    let hits = topic
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.len() > 3 && text.contains(word))
        .count();
    rank - 30 * i64::try_from(hits).unwrap_or(0)
}
