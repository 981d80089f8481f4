//! `get_customer_context`: who the customer is and what matters now, within a budget of tokens.
//!
//! The profile is cut into small pieces, each with a rank; pieces about the topic rank higher. They
//! are taken in order of rank, in their short form where the full one does not fit, until the
//! budget is spent. The answer names the sections with pieces left out.

use super::caller::Verification;
use super::text::estimate_tokens;
use super::{Answer, CallerKind, Dependency, NOTICE, Reach, ToolDefinition, data, schema, typed};
use crate::Result;
use crate::clock::Time;
use crate::profile::Profile;
use lists::Lists;
use schemars::JsonSchema;
use section::{Piece, RenderedPiece, SECTIONS, Section, ViewOptions};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;

mod lists;
mod section;

pub(super) const TOOL: ToolDefinition = ToolDefinition {
    name: "get_customer_context",
    file: include_str!("../../tools/get_customer_context.toml"),
    arguments: schema::canonical::<Arguments>,
    result: schema::result::<CustomerContext>,
    depends_on: &[Dependency::CallerKind],
    run: |reach, arguments| Box::pin(std::future::ready(run(&reach, arguments))),
};

/// The default budget in tokens, for a concise and a detailed answer.
const BUDGET: (u32, u32) = (600, 2_000);
/// The envelope of an answer without the notice, to count its tokens.
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

/// What is known of the customer, as far as it fits. An empty list says that there is nothing, a
/// missing one that nothing fit.
#[derive(Debug, Default, Serialize, JsonSchema)]
struct CustomerContext {
    /// Short id of the customer's profile.
    profile: String,
    /// How sure the company is of who this is: anonymous, claimed or verified.
    verification: String,
    /// When they were first and last seen, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    seen: Option<SeenRange>,
    #[serde(flatten)]
    lists: Lists,
    /// Sections that did not fit entirely.
    omitted: Vec<String>,
}

/// A span of time.
#[derive(Debug, Serialize, JsonSchema)]
struct SeenRange {
    /// RFC 3339.
    first: Time,
    /// RFC 3339.
    last: Time,
}

fn run(reach: &Reach<'_>, arguments: Value) -> Result<Answer> {
    let arguments: Arguments = typed(arguments)?;
    let detailed = arguments.detail == Detail::Detailed;
    let usual = if detailed { BUDGET.1 } else { BUDGET.0 };
    let budget = arguments.max_tokens.unwrap_or(usual) as usize;
    let caller_kind = reach.caller_kind()?;
    let view = ViewOptions {
        detailed,
        signed_in: caller_kind != CallerKind::Session(Verification::Anonymous),
    };
    let topic = arguments.topic.unwrap_or_default().to_lowercase();
    let profile = reach.profile();
    let mut result = CustomerContext {
        profile: profile.id.chars().take(8).collect(),
        verification: caller_kind.as_str().to_owned(),
        ..CustomerContext::default()
    };
    let sources = result.fill(pieces(profile, view, &topic), seen(profile), budget);
    Ok(Answer {
        truncated: !result.omitted.is_empty(),
        data: data(&result)?,
        sources: sources.into_iter().collect(),
        next_cursor: None,
    })
}

/// All pieces, each with the index of its section, in the order in which they are taken.
fn pieces(profile: &Profile, view: ViewOptions, topic: &str) -> Vec<(usize, Piece)> {
    let sections = SECTIONS.iter().enumerate();
    let mut pieces: Vec<_> = sections
        .flat_map(|(at, section)| {
            let pieces = section.shown(profile, view).into_iter();
            pieces.map(move |piece| (at, piece))
        })
        .collect();
    pieces.sort_by_cached_key(|(at, piece)| rank_for(topic, SECTIONS[*at], piece));
    pieces
}

fn seen(profile: &Profile) -> Option<SeenRange> {
    let seen = &profile.seen;
    (seen.events > 0).then_some(SeenRange {
        first: seen.first_at,
        last: seen.last_at,
    })
}

impl CustomerContext {
    /// Takes pieces until the budget is spent, and names the sections with pieces left out. Returns
    /// the sources of the taken pieces.
    fn fill(
        &mut self,
        pieces: Vec<(usize, Piece)>,
        seen: Option<SeenRange>,
        budget: usize,
    ) -> BTreeSet<String> {
        let present: BTreeSet<usize> = pieces.iter().map(|(section, _)| *section).collect();
        self.lists.start_empty(&present);
        let names: BTreeSet<&str> = present.iter().map(|at| SECTIONS[*at].name).collect();
        // Every present section may have to be named in `omitted`.
        let mut spent =
            tokens(&self) + tokens(&names) + estimate_tokens(ENVELOPE) + estimate_tokens(NOTICE);
        let seen_cost = tokens(&seen) + 3;
        if spent + seen_cost <= budget {
            spent += seen_cost;
            self.seen = seen;
        }
        let (mut omitted, mut sources) = (BTreeSet::new(), BTreeSet::new());
        for (at, piece) in pieces {
            let name = SECTIONS[at].name;
            let heading = if self.lists.has_begun(at) {
                0
            } else {
                estimate_tokens(name) + 3
            };
            let cost = |form: &RenderedPiece| heading + cost(form, &sources);
            let Some((form, cost)) = fit(piece, budget.saturating_sub(spent), cost) else {
                omitted.insert(name);
                continue;
            };
            spent += cost;
            sources.extend(form.sources);
            self.lists.push(at, form.json);
        }
        self.omitted = omitted.into_iter().map(str::to_owned).collect();
        sources
    }
}

/// The full form, or else the short form, and its cost, if it fits into what is left.
fn fit(
    piece: Piece,
    left: usize,
    cost: impl Fn(&RenderedPiece) -> usize,
) -> Option<(RenderedPiece, usize)> {
    let forms = [Some(piece.full), piece.short].into_iter().flatten();
    let mut priced = forms.map(|form| {
        let cost = cost(&form);
        (form, cost)
    });
    priced.find(|(_, cost)| *cost <= left)
}

/// An estimate of the tokens of a piece, with its sources that are not named yet.
fn cost(form: &RenderedPiece, sources: &BTreeSet<String>) -> usize {
    let new = form.sources.iter().filter(|name| !sources.contains(*name));
    let named: usize = new.map(|name| estimate_tokens(name) + 2).sum();
    estimate_tokens(form.json.get()) + 1 + named
}

/// An estimate of the tokens of a value as JSON.
fn tokens(value: &impl Serialize) -> usize {
    estimate_tokens(&serde_json::to_string(value).unwrap_or_default())
}

/// The rank of a piece: its own, lower where the topic names its section or words in it.
fn rank_for(topic: &str, section: &Section, piece: &Piece) -> i64 {
    let mut rank = i64::from(piece.rank);
    if topic.is_empty() {
        return rank;
    }
    if section.words.iter().any(|word| topic.contains(word)) {
        rank -= 60;
    }
    let text = piece.full.json.get().to_lowercase();
    let hits = topic
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.len() > 3 && text.contains(word))
        .count();
    rank - 30 * i64::try_from(hits).unwrap_or(0)
}
