//! An explanation as a steward reads it, from top to bottom, one line per thing.

use super::super::decision::DecisionSummary;
use super::{Apart, ExplainedLink, Explanation, How, LeftOut, plain};

/// Most characters of one line.
const WIDTH: usize = 400;

pub(super) fn text(explanation: &Explanation) -> String {
    let Explanation {
        profile,
        rules,
        events,
        ..
    } = explanation;
    let mut outline = Outline::default();
    let seen = counted(*events, "event");
    outline.line(0, &format!("profile {profile}, {seen}"));
    outline.line(0, &version(rules.in_force, rules.applied));
    outline.line(0, "identifiers that lead here");
    for lead in &explanation.identifiers {
        outline.line(1, &format!("{}  since {}", lead.identifier, lead.since));
    }
    outline.more(explanation.more_identifiers, "identifiers");
    let count = explanation.links.len() + explanation.more_links;
    outline.line(0, &format!("links, oldest first: {count}"));
    for link in &explanation.links {
        outline.link(link);
    }
    outline.more(explanation.more_links, "links");
    if !explanation.kept_apart.is_empty() {
        outline.line(0, "other customers, kept apart");
    }
    for other in &explanation.kept_apart {
        outline.apart(other);
    }
    outline.more(explanation.more_kept_apart, "customers");
    if !explanation.decisions.is_empty() {
        outline.line(0, "decisions, oldest first");
    }
    for decision in &explanation.decisions {
        outline.decision(decision);
    }
    outline.0
}

fn version(in_force: i64, applied: i64) -> String {
    let name = |version: i64| match version {
        0 => "the rules that ship".to_owned(),
        number => format!("version {number} of the rules"),
    };
    if in_force == applied {
        return format!("folded under {}", name(in_force));
    }
    format!(
        "folded under {}; what has not changed since was last decided under {}, until `acquaint identity apply`",
        name(in_force),
        name(applied)
    )
}

fn counted(number: i64, of: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {of}{ending}")
}

#[derive(Default)]
struct Outline(String);

impl Outline {
    fn line(&mut self, depth: usize, text: &str) {
        self.0.push_str(&"  ".repeat(depth));
        self.0.push_str(&plain(text, WIDTH));
        self.0.push('\n');
    }

    fn more(&mut self, count: usize, of: &str) {
        if count > 0 {
            self.line(1, &format!("and {count} more {of}"));
        }
    }

    fn link(&mut self, link: &ExplainedLink) {
        let events: i64 = link.sources.values().sum();
        let sources: Vec<&str> = link.sources.keys().map(String::as_str).collect();
        let (sources, events) = (sources.join(", "), counted(events, "event"));
        let seen = format!("{}  {sources}  {events}", link.first_at);
        let how = match &link.how {
            How::Began => "began a customer".to_owned(),
            How::Joined if link.joined.len() > 1 => {
                format!(
                    "by {} joined {} customers: {}",
                    link.by.join(", "),
                    link.joined.len(),
                    link.joined.join(", ")
                )
            }
            How::Joined => format!("by {} joined", link.by.join(", ")),
            How::Moved(to) => {
                format!("read differently since the rules changed; its events stand under {to}")
            }
            How::Parted(decision) => format!("parted from everyone by {decision}"),
        };
        self.line(1, &format!("{seen}  {how}  (link {})", link.link));
        let out = |id: &&String| link.left_out.iter().any(|left| left.identifier == **id);
        let with: Vec<&str> = link
            .identifiers
            .iter()
            .filter(|id| !out(id))
            .map(String::as_str)
            .collect();
        if !with.is_empty() {
            self.line(2, &format!("carries {}", with.join(", ")));
        }
        for left in &link.left_out {
            self.left_out(2, left);
        }
        for decision in &link.merged_by {
            self.line(2, &format!("joined with another by {decision}"));
        }
    }

    fn left_out(&mut self, depth: usize, left: &LeftOut) {
        self.line(
            depth,
            &format!("left out {} ({})", left.identifier, left.why),
        );
    }

    fn apart(&mut self, other: &Apart) {
        self.line(
            1,
            &format!(
                "profile {}: {}",
                other.profile,
                other.identifiers.join(", ")
            ),
        );
        for left in &other.because {
            self.left_out(2, left);
        }
    }

    fn decision(&mut self, decision: &DecisionSummary) {
        let state = match (&decision.undone_by, &decision.refused) {
            (Some(undo), _) => format!("undone by {undo}"),
            (None, Some(why)) => format!("in force, but not followed: {why}"),
            (None, None) if decision.in_force => "in force".to_owned(),
            (None, None) => "undone".to_owned(),
        };
        self.line(
            1,
            &format!(
                "{}  {}  {} by {}, {state}",
                decision.at, decision.id, decision.kind, decision.by
            ),
        );
        self.line(2, &decision.what);
        self.line(2, &format!("because: {}", decision.reason));
    }
}
