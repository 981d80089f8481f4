//! The evidence around one customer, indexed, and what it says of each link and each decision.

use super::super::decision::{Decision, DecisionSummary};
use super::super::{
    APART, Class, Customer, Demotion, Identifier, Link, LinkTrace, MUST_LINK, Why, Window,
};
use super::{Apart, Cause, Evidence, ExplainedLink, How, LeftOut, MAX_OTHERS};
use crate::id::{LinkId, ProfileId};
use std::collections::{BTreeMap, HashMap};

/// The evidence, by the ids that it is looked up by.
pub(super) struct EvidenceIndex<'a> {
    evidence: &'a Evidence<'a>,
    customer: &'a Customer,
    pub(super) links: HashMap<&'a LinkId, &'a Link>,
    traces: HashMap<&'a LinkId, &'a LinkTrace>,
    /// The customer that holds each link.
    holder: HashMap<&'a LinkId, &'a Customer>,
    /// The customer that each identifier leads to.
    leads: HashMap<&'a Identifier, &'a Customer>,
}

impl<'a> EvidenceIndex<'a> {
    pub(super) fn new(evidence: &'a Evidence<'a>, customer: &'a Customer) -> Self {
        let (links, traces) = (evidence.links.iter(), evidence.resolution.traces.iter());
        let customers = &evidence.resolution.customers;
        let held = |of: &'a Customer| of.links.iter().map(move |link| (link, of));
        let led = |of: &'a Customer| of.identifiers.keys().map(move |id| (id, of));
        Self {
            evidence,
            customer,
            links: links.map(|link| (&link.id, link)).collect(),
            traces: traces.map(|trace| (&trace.link, trace)).collect(),
            holder: customers.iter().flat_map(held).collect(),
            leads: customers.iter().flat_map(led).collect(),
        }
    }

    pub(super) fn explained(&self, link: &Link) -> ExplainedLink {
        let trace = self.traces.get(&link.id);
        let activity = self.evidence.activity.get(&link.id);
        let joined = trace.map_or(&[][..], |trace| trace.joined.as_slice());
        ExplainedLink {
            link: link.id.clone(),
            first_at: link.first_at,
            last_at: activity.map(|activity| activity.last_at),
            sources: activity
                .map(|activity| activity.sources.clone())
                .unwrap_or_default(),
            identifiers: link.identifiers.iter().map(ToString::to_string).collect(),
            how: match (link.moved_to(), mark(link, APART), joined) {
                (Some(to), _, _) => How::Moved(LinkId::new(to)),
                (_, Some(decision), _) => How::Parted(decision.to_owned()),
                (_, _, []) => How::Began,
                _ => How::Joined,
            },
            by: trace.map_or_else(Vec::new, |trace| {
                trace.by.iter().map(ToString::to_string).collect()
            }),
            left_out: self.left_out(link),
            joined: joined
                .iter()
                .filter(|_| joined.len() > 1)
                .cloned()
                .collect(),
            merged_by: of_kind(link, MUST_LINK).map(str::to_owned).collect(),
        }
    }

    fn left_out(&self, link: &Link) -> Vec<LeftOut> {
        let never = link.identifiers.iter().filter_map(|id| {
            let (rule, why) = self.never(id)?;
            let identifier = id.to_string();
            Some(LeftOut {
                identifier,
                rule,
                why,
            })
        });
        let trace = self.traces.get(&link.id);
        let demoted = trace.into_iter().flat_map(|trace| &trace.demoted);
        never
            .chain(demoted.map(|demotion| self.demoted(link, demotion)))
            .collect()
    }

    /// Why an identifier joins nobody wherever it is seen, if it does not.
    fn never(&self, id: &Identifier) -> Option<(Cause, String)> {
        let rules = self.evidence.rules;
        if rules.rule(&id.kind).class == Class::Mention {
            let why = "a row of a people file mentions it, which joins nobody";
            return Some((Cause::Mention, why.to_owned()));
        }
        if let Some(blocked) = rules.blocked_by(&id.kind, &id.value) {
            return Some((Cause::Blocked, format!("names nobody: {blocked}")));
        }
        let shared = self.evidence.resolution.shared.contains(id);
        shared.then(|| {
            let most = rules.shared_above;
            let why = format!(
                "is shared: seen with more than {most} distinct values of one stronger kind"
            );
            (Cause::Shared, why)
        })
    }

    fn demoted(&self, link: &Link, Demotion { identifier, why }: &Demotion) -> LeftOut {
        let here = self.holder.get(&link.id).map(|customer| customer.id());
        let there = self.leads.get(identifier).map(|customer| customer.id());
        let elsewhere = there.is_some() && there != here;
        let (rule, why) = self.broken(why, identifier, elsewhere);
        LeftOut {
            identifier: identifier.to_string(),
            rule,
            why,
        }
    }

    /// What an identifier would have broken, in words.
    fn broken(&self, why: &Why, identifier: &Identifier, elsewhere: bool) -> (Cause, String) {
        match why {
            Why::Limit(kind) => {
                let rule = self.evidence.rules.rule(kind);
                let (most, within) = (rule.limit, within(rule.window));
                let words = if !elsewhere && *kind == identifier.kind {
                    format!("would be the {} {kind}{within}", ordinal(most + 1))
                } else {
                    format!("leads to another customer, and one has at most {most} {kind}{within}")
                };
                (Cause::Limit, words)
            }
            Why::Guard => {
                let words = "leads to another customer, and both are identified: only an identifier of a person joins two such";
                (Cause::IdentifiedGuard, words.to_owned())
            }
            Why::CannotLink(decision) => (
                Cause::Decision,
                format!("decision {decision} keeps it apart"),
            ),
        }
    }

    /// The other customers that some link would have joined with this one.
    pub(super) fn kept_apart(&self) -> Vec<Apart> {
        let mut found: BTreeMap<&ProfileId, (&Customer, Vec<LeftOut>)> = BTreeMap::new();
        let mut add =
            |a: Option<&&'a Customer>, b: Option<&&'a Customer>, because: &dyn Fn() -> LeftOut| {
                let (Some(a), Some(b)) = (a, b) else { return };
                let (me, other) = if a.id() == self.customer.id() {
                    (a, b)
                } else {
                    (b, a)
                };
                if me.id() == self.customer.id() && other.id() != me.id() {
                    let (_, reasons) = found.entry(other.id()).or_insert((other, Vec::new()));
                    let because = because();
                    if reasons.len() < MAX_OTHERS && !reasons.contains(&because) {
                        reasons.push(because);
                    }
                }
            };
        for trace in &self.evidence.resolution.traces {
            let (Some(link), holder) = (self.links.get(&trace.link), self.holder.get(&trace.link))
            else {
                continue;
            };
            for demotion in &trace.demoted {
                add(holder, self.leads.get(&demotion.identifier), &|| {
                    self.demoted(link, demotion)
                });
            }
            let Some(decision) = mark(link, APART) else {
                continue;
            };
            for id in &link.identifiers {
                let (identifier, why) = (
                    id.to_string(),
                    format!("decision {decision} keeps it apart"),
                );
                add(holder, self.leads.get(id), &|| LeftOut {
                    identifier: identifier.clone(),
                    rule: Cause::Decision,
                    why: why.clone(),
                });
            }
        }
        let other = |(id, (customer, because)): (&ProfileId, (&Customer, Vec<LeftOut>))| {
            let some = customer.identifiers.keys().take(3);
            Apart {
                profile: id.clone(),
                identifiers: some.map(ToString::to_string).collect(),
                because,
            }
        };
        found.into_iter().map(other).collect()
    }

    pub(super) fn decisions(&self) -> Vec<DecisionSummary> {
        let all = self.evidence.decisions;
        let summary = |decision: &Decision| {
            let summary = DecisionSummary::of(decision, all);
            let refused = self.refused(&decision.id).filter(|_| summary.in_force);
            DecisionSummary { refused, ..summary }
        };
        all.iter().map(summary).collect()
    }

    /// Why a decision to join was not followed.
    fn refused(&self, decision: &str) -> Option<String> {
        let mut must_links = self.evidence.resolution.must_links.iter();
        match &must_links
            .find(|must_links| must_links.decision == decision)?
            .refused
        {
            Some(Why::CannotLink(other)) => Some(format!("decision {other} keeps them apart")),
            Some(Why::Limit(_) | Why::Guard) | None => None,
        }
    }
}

/// What the marks of one kind refer to.
fn of_kind<'a>(link: &'a Link, kind: &str) -> impl Iterator<Item = &'a str> {
    let marks = link.marks.iter().filter(move |mark| mark.kind == kind);
    marks.map(|mark| mark.value.as_str())
}

fn mark<'a>(link: &'a Link, kind: &str) -> Option<&'a str> {
    of_kind(link, kind).next()
}

fn within(window: Window) -> &'static str {
    match window {
        Window::Ever => "",
        Window::Day => " within a day",
        Window::Week => " within a week",
        Window::Month => " within a month",
        Window::Year => " within a year",
    }
}

fn ordinal(number: usize) -> String {
    let ending = match (number % 10, number % 100) {
        (1, of) if of != 11 => "st",
        (2, of) if of != 12 => "nd",
        (3, of) if of != 13 => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}
