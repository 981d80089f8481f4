//! The facts around one customer, by what they are looked up by, and what they say of each link and each decision.

use super::super::decision::{Decision, Told};
use super::super::{APART, Class, Customer, Demotion, Identifier, Link, MERGED, Step, Why, Window};
use super::{Apart, Cause, Facts, How, LeftOut, MAX_OTHERS, Part};
use crate::clock::rfc3339;
use std::collections::{BTreeMap, HashMap};

/// The facts, by what they are looked up by.
pub(super) struct View<'a> {
    facts: &'a Facts<'a>,
    customer: &'a Customer,
    pub(super) links: HashMap<&'a str, &'a Link>,
    steps: HashMap<&'a str, &'a Step>,
    /// The customer that holds each link.
    holder: HashMap<&'a str, &'a Customer>,
    /// The customer that each identifier leads to.
    leads: HashMap<&'a Identifier, &'a Customer>,
}

impl<'a> View<'a> {
    pub(super) fn new(facts: &'a Facts<'a>, customer: &'a Customer) -> Self {
        let (links, steps) = (facts.links.iter(), facts.resolution.steps.iter());
        let customers = &facts.resolution.customers;
        let held = |of: &'a Customer| of.links.iter().map(move |link| (link.as_str(), of));
        let led = |of: &'a Customer| of.identifiers.keys().map(move |id| (id, of));
        Self {
            facts,
            customer,
            links: links.map(|link| (link.id.as_str(), link)).collect(),
            steps: steps.map(|step| (step.link.as_str(), step)).collect(),
            holder: customers.iter().flat_map(held).collect(),
            leads: customers.iter().flat_map(led).collect(),
        }
    }

    pub(super) fn part(&self, link: &Link) -> Part {
        let step = self.steps.get(link.id.as_str());
        let activity = self.facts.activity.get(&link.id);
        let joined = step.map_or(&[][..], |step| step.joined.as_slice());
        Part {
            link: link.id.clone(),
            first_at: rfc3339(link.first_at),
            last_at: activity.map(|activity| rfc3339(activity.last_at)),
            sources: activity
                .map(|activity| activity.sources.clone())
                .unwrap_or_default(),
            identifiers: link.identifiers.iter().map(ToString::to_string).collect(),
            how: match (link.moved_to(), mark(link, APART), joined) {
                (Some(to), _, _) => How::Moved(to.to_owned()),
                (_, Some(decision), _) => How::Parted(decision.to_owned()),
                (_, _, []) => How::Began,
                _ => How::Joined,
            },
            by: step.map_or_else(Vec::new, |step| {
                step.by.iter().map(ToString::to_string).collect()
            }),
            left_out: self.left_out(link),
            joined: joined
                .iter()
                .filter(|_| joined.len() > 1)
                .cloned()
                .collect(),
            merged_by: of_kind(link, MERGED).map(str::to_owned).collect(),
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
        let step = self.steps.get(link.id.as_str());
        let demoted = step.into_iter().flat_map(|step| &step.demoted);
        never
            .chain(demoted.map(|demotion| self.demoted(link, demotion)))
            .collect()
    }

    /// Why an identifier joins nobody wherever it is seen, if it does not.
    fn never(&self, id: &Identifier) -> Option<(Cause, String)> {
        let rules = self.facts.rules;
        if rules.rule(&id.kind).class == Class::Mention {
            let why = "a row of a people file mentions it, which joins nobody";
            return Some((Cause::Mention, why.to_owned()));
        }
        if let Some(blocked) = rules.blocked_by(&id.kind, &id.value) {
            return Some((Cause::Blocked, format!("names nobody: {blocked}")));
        }
        let shared = self.facts.resolution.shared.contains(id);
        shared.then(|| {
            let most = rules.shared_above;
            let why = format!(
                "is shared: seen with more than {most} distinct values of one stronger kind"
            );
            (Cause::Shared, why)
        })
    }

    fn demoted(&self, link: &Link, Demotion { identifier, why }: &Demotion) -> LeftOut {
        let here = self
            .holder
            .get(link.id.as_str())
            .map(|customer| customer.id());
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
                let rule = self.facts.rules.rule(kind);
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
            Why::Wall(decision) => (
                Cause::Decision,
                format!("decision {decision} keeps it apart"),
            ),
        }
    }

    /// The other customers that some link would have joined with this one.
    pub(super) fn kept_apart(&self) -> Vec<Apart> {
        let mut found: BTreeMap<&str, (&Customer, Vec<LeftOut>)> = BTreeMap::new();
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
        for step in &self.facts.resolution.steps {
            let (Some(link), holder) = (
                self.links.get(step.link.as_str()),
                self.holder.get(step.link.as_str()),
            ) else {
                continue;
            };
            for demotion in &step.demoted {
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
        let other = |(id, (customer, because)): (&str, (&Customer, Vec<LeftOut>))| {
            let some = customer.identifiers.keys().take(3);
            Apart {
                profile: id.to_owned(),
                identifiers: some.map(ToString::to_string).collect(),
                because,
            }
        };
        found.into_iter().map(other).collect()
    }

    pub(super) fn decisions(&self) -> Vec<Told> {
        let all = self.facts.decisions;
        let told = |decision: &Decision| {
            let told = Told::of(decision, all);
            let refused = self.refused(&decision.id).filter(|_| told.in_force);
            Told { refused, ..told }
        };
        all.iter().map(told).collect()
    }

    /// Why a decision to join was not followed.
    fn refused(&self, decision: &str) -> Option<String> {
        let mut tied = self.facts.resolution.tied.iter();
        match &tied.find(|tied| tied.decision == decision)?.refused {
            Some(Why::Wall(wall)) => Some(format!("decision {wall} keeps them apart")),
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
