//! An explanation as a steward reads it, from top to bottom, one line per thing.

use super::super::decision::Told;
use super::{Apart, Explanation, How, LeftOut, Part, plain};

/// Most characters of one line.
const WIDTH: usize = 400;

pub(super) fn text(explanation: &Explanation) -> String {
    let Explanation {
        profile,
        rules,
        events,
        ..
    } = explanation;
    let mut page = Page::default();
    let seen = counted(*events, "event");
    page.line(0, &format!("profile {profile}, {seen}"));
    page.line(0, &version(rules.in_force, rules.applied));
    page.line(0, "identifiers that lead here");
    for lead in &explanation.identifiers {
        page.line(1, &format!("{}  since {}", lead.identifier, lead.since));
    }
    page.more(explanation.more_identifiers, "identifiers");
    let count = explanation.links.len() + explanation.more_links;
    page.line(0, &format!("links, oldest first: {count}"));
    for part in &explanation.links {
        page.part(part);
    }
    page.more(explanation.more_links, "links");
    if !explanation.kept_apart.is_empty() {
        page.line(0, "other customers, kept apart");
    }
    for other in &explanation.kept_apart {
        page.apart(other);
    }
    page.more(explanation.more_kept_apart, "customers");
    if !explanation.decisions.is_empty() {
        page.line(0, "decisions, oldest first");
    }
    for told in &explanation.decisions {
        page.told(told);
    }
    page.0
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
struct Page(String);

impl Page {
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

    fn part(&mut self, part: &Part) {
        let events: i64 = part.sources.values().sum();
        let sources: Vec<&str> = part.sources.keys().map(String::as_str).collect();
        let (sources, events) = (sources.join(", "), counted(events, "event"));
        let seen = format!("{}  {sources}  {events}", part.first_at);
        let how = match &part.how {
            How::Began => "began a customer".to_owned(),
            How::Joined if part.joined.len() > 1 => {
                format!(
                    "by {} joined {} customers: {}",
                    part.by.join(", "),
                    part.joined.len(),
                    part.joined.join(", ")
                )
            }
            How::Joined => format!("by {} joined", part.by.join(", ")),
            How::Moved(to) => {
                format!("read differently since the rules changed; its events stand under {to}")
            }
            How::Parted(decision) => format!("parted from everyone by {decision}"),
        };
        self.line(1, &format!("{seen}  {how}  (link {})", part.link));
        let out = |id: &&String| part.left_out.iter().any(|left| left.identifier == **id);
        let with: Vec<&str> = part
            .identifiers
            .iter()
            .filter(|id| !out(id))
            .map(String::as_str)
            .collect();
        if !with.is_empty() {
            self.line(2, &format!("carries {}", with.join(", ")));
        }
        for left in &part.left_out {
            self.left_out(2, left);
        }
        for decision in &part.merged_by {
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

    fn told(&mut self, told: &Told) {
        let state = match (&told.undone_by, &told.refused) {
            (Some(undo), _) => format!("undone by {undo}"),
            (None, Some(why)) => format!("in force, but not followed: {why}"),
            (None, None) if told.in_force => "in force".to_owned(),
            (None, None) => "undone".to_owned(),
        };
        self.line(
            1,
            &format!(
                "{}  {}  {} by {}, {state}",
                told.at, told.id, told.kind, told.by
            ),
        );
        self.line(2, &told.what);
        self.line(2, &format!("because: {}", told.reason));
    }
}
