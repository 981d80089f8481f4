//! `recent_activity`: the customer's last visits.

use super::{Piece, Section, ViewOptions};
use crate::clock::Time;
use crate::event::Kind;
use crate::profile::Profile;
use crate::profile::activity::{self, Activity, Session};
use crate::tool::text::Untrusted;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

pub(super) const RECENT_ACTIVITY: Section = Section {
    name: "recent_activity",
    description: "Their last visits, newest first.",
    words: &[
        "visit", "page", "site", "app", "browse", "click", "activity", "cart", "search",
    ],
    for_anonymous: true,
    schema: |generator| generator.subschema_for::<Vec<Visit>>(),
    pieces: visits,
};

/// One visit: a run of events without a pause of half an hour.
#[derive(Debug, Serialize, JsonSchema)]
struct Visit {
    /// When it began, RFC 3339.
    at: Time,
    /// How long it lasted, in minutes.
    minutes: i64,
    /// How many events it had.
    events: usize,
    /// What happened, newest first.
    what: Vec<Untrusted>,
    /// The systems that told of it.
    source: Vec<String>,
}

/// The visits. An anonymous visitor sees page views only.
fn visits(profile: &Profile, view: ViewOptions) -> Vec<Piece> {
    let looked = |event: &&Activity| matches!(event.kind, Kind::Page | Kind::Screen);
    let pages: Vec<Activity>;
    let events = if view.signed_in {
        &profile.recent
    } else {
        pages = profile.recent.iter().filter(looked).cloned().collect();
        &pages
    };
    let most = if view.detailed { 10 } else { 3 };
    let sessions = activity::sessions(events);
    let pieces = sessions.iter().take(most).enumerate().map(|(at, session)| {
        let visit = Visit::of(session, view.signed_in);
        Piece::new(95, at, visit.source.clone(), &visit)
    });
    pieces.collect()
}

impl Visit {
    /// `in_full` adds the subject of each event: an order, a ticket, a search.
    fn of(session: &Session<'_>, in_full: bool) -> Self {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let mut order = Vec::new();
        for event in session.events {
            let name = if event.name.is_empty() {
                event.kind.as_str()
            } else {
                &event.name
            };
            let what = event
                .about
                .as_deref()
                .filter(|_| in_full)
                .map_or_else(|| name.to_owned(), |about| format!("{name}: {about}"));
            let count = counts.entry(what.clone()).or_default();
            *count += 1;
            if *count == 1 {
                order.push(what);
            }
        }
        let what = order.iter().take(6).map(|what| match counts.get(what) {
            Some(count) if *count > 1 => Untrusted::new(&format!("{what} (x{count})"), 120),
            _ => Untrusted::new(what, 120),
        });
        let sources: BTreeSet<String> = session
            .events
            .iter()
            .map(|event| event.source.clone())
            .collect();
        Self {
            at: session.from,
            minutes: (session.until - session.from) / 60_000,
            events: session.events.len(),
            what: what.collect(),
            source: sources.into_iter().collect(),
        }
    }
}
