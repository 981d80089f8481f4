//! An explanation as a picture: links are circles from left to right in time, what they carry are
//! boxes below. It brings its own background, so that it is legible wherever it is shown, and holds
//! no script and nothing from elsewhere.

use super::{ExplainedLink, Explanation, plain};
use std::collections::HashMap;
use std::fmt::Write;

/// Most circles, and most boxes.
const MAX_LINKS: usize = 24;
const MAX_BOXES: usize = 36;
/// Most decisions.
const MAX_DECISIONS: usize = 12;
const WIDTH: usize = 960;
const BOXES_IN_A_ROW: usize = 4;
const BOX_WIDTH: usize = 216;
const BOX_HEIGHT: usize = 26;
const ROW: usize = 54;
const LINKS_Y: usize = 84;
const BOXES_Y: usize = 190;
/// Most characters of a label.
const LABEL: usize = 30;

const STYLE: &str = "text{font:12px sans-serif;fill:#1b1f24}.small{font-size:11px;fill:#57606a}.link{fill:#0969da}\
.parted{fill:#8250df}.box{fill:#f6f8fa;stroke:#57606a}.leads{stroke:#57606a}\
.out{stroke:#cf222e;stroke-dasharray:5 4}.decision{stroke:#8250df;fill:none;stroke-width:2}";

pub(super) fn svg(explanation: &Explanation) -> String {
    let links = &explanation.links[..explanation.links.len().min(MAX_LINKS)];
    let boxes = Boxes::of(links);
    let mut body = String::new();
    let more = explanation.links.len() + explanation.more_links - links.len() + boxes.more;
    for (at, link) in links.iter().enumerate() {
        edges(&mut body, at, links.len(), link, &boxes);
    }
    merges(&mut body, links);
    for (at, link) in links.iter().enumerate() {
        circle(&mut body, at, links.len(), link);
    }
    for (at, name) in boxes.names.iter().enumerate() {
        let (x, y) = box_at(at);
        let _ = write!(
            body,
            r#"<g><rect class="box" x="{x}" y="{y}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="4"/><text x="{}" y="{}">{}</text><title>{}</title></g>"#,
            x + 8,
            y + 17,
            escape(name, LABEL),
            escape(name, 300)
        );
    }
    let mut y = BOXES_Y + boxes.names.len().div_ceil(BOXES_IN_A_ROW) * ROW + 10;
    if more > 0 {
        line(&mut body, y, "small", &format!("and {more} more"));
        y += 20;
    }
    for decision in explanation.decisions.iter().take(MAX_DECISIONS) {
        let state = if decision.in_force { "" } else { " (undone)" };
        let words = format!(
            "{} {} by {}{state}: {}",
            decision.at, decision.kind, decision.by, decision.reason
        );
        let _ = write!(body, r#"<path class="decision" d="M24 {}h24"/>"#, y - 4);
        let _ = write!(
            body,
            r#"<g><text x="56" y="{y}">{}</text><title>{}</title></g>"#,
            escape(&words, 120),
            escape(&decision.what, 600)
        );
        y += 20;
    }
    let more = explanation.decisions.len().saturating_sub(MAX_DECISIONS);
    if more > 0 {
        line(&mut body, y, "small", &format!("and {more} more decisions"));
        y += 20;
    }
    frame(&body, y, explanation)
}

fn frame(body: &str, height: usize, explanation: &Explanation) -> String {
    let name = escape(&explanation.profile, 60);
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" role="img"><title>How profile {name} was formed</title><style>{STYLE}</style><rect width="{WIDTH}" height="{height}" rx="8" fill="#ffffff"/><text x="24" y="28">profile {name}</text><text class="small" x="24" y="46">links from left to right as they were first seen; a dashed red line was left out</text>{body}</svg>"##
    )
}

/// The identifiers that are shown, in the order in which links bring them.
struct Boxes<'a> {
    names: Vec<&'a str>,
    number: HashMap<&'a str, usize>,
    more: usize,
}

impl<'a> Boxes<'a> {
    fn of(links: &'a [ExplainedLink]) -> Self {
        let (mut names, mut number, mut more) = (Vec::new(), HashMap::new(), 0);
        for name in links.iter().flat_map(|link| &link.identifiers) {
            if number.contains_key(name.as_str()) {
                continue;
            }
            if names.len() == MAX_BOXES {
                more += 1;
            } else {
                names.push(name.as_str());
            }
            number.insert(name.as_str(), number.len());
        }
        Self {
            names,
            number,
            more,
        }
    }
}

fn link_x(at: usize, of: usize) -> usize {
    WIDTH * (2 * at + 1) / (2 * of)
}

fn box_at(at: usize) -> (usize, usize) {
    let x = 24 + at % BOXES_IN_A_ROW * (BOX_WIDTH + 16);
    (x, BOXES_Y + at / BOXES_IN_A_ROW * ROW)
}

fn edges(body: &mut String, at: usize, of: usize, link: &ExplainedLink, boxes: &Boxes<'_>) {
    let x = link_x(at, of);
    for name in &link.identifiers {
        let Some(number) = boxes
            .number
            .get(name.as_str())
            .filter(|at| **at < MAX_BOXES)
        else {
            continue;
        };
        let (left, top) = box_at(*number);
        let left_out = link.left_out.iter().find(|left| left.identifier == *name);
        let (class, why) = match left_out {
            Some(left) => ("out", left.why.as_str()),
            None => ("leads", "leads here"),
        };
        let _ = write!(
            body,
            r#"<line class="{class}" x1="{x}" y1="{LINKS_Y}" x2="{}" y2="{top}"><title>{}</title></line>"#,
            left + BOX_WIDTH / 2,
            escape(&format!("{name}: {why}"), 400)
        );
    }
}

fn circle(body: &mut String, at: usize, of: usize, link: &ExplainedLink) {
    let x = link_x(at, of);
    let events: i64 = link.sources.values().sum();
    let sources: Vec<&str> = link.sources.keys().map(String::as_str).collect();
    let class = if matches!(link.how, super::How::Parted(_)) {
        "parted"
    } else {
        "link"
    };
    let title = format!(
        "{} {} {events} events, link {}",
        link.first_at,
        sources.join(", "),
        link.link
    );
    let _ = write!(
        body,
        r#"<g><circle class="{class}" cx="{x}" cy="{LINKS_Y}" r="9"/><title>{}</title></g>"#,
        escape(&title, 400)
    );
    // Days would run into each other where there are many.
    if of <= 12 {
        let day: String = link.first_at.to_string().chars().take(10).collect();
        let _ = write!(
            body,
            r#"<text class="small" text-anchor="middle" x="{x}" y="{}">{}</text>"#,
            LINKS_Y - 16,
            escape(&day, 10)
        );
    }
}

/// An arc between the links that a decision joined.
fn merges(body: &mut String, links: &[ExplainedLink]) {
    let mut joined: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut order: Vec<&str> = Vec::new();
    for (at, link) in links.iter().enumerate() {
        for decision in &link.merged_by {
            let ends = joined.entry(decision).or_default();
            if ends.is_empty() {
                order.push(decision);
            }
            ends.push(at);
        }
    }
    for decision in order {
        for pair in joined[decision].windows(2) {
            let (from, to) = (link_x(pair[0], links.len()), link_x(pair[1], links.len()));
            let _ = write!(
                body,
                r#"<path class="decision" d="M{from} {LINKS_Y}Q{} {} {to} {LINKS_Y}"><title>joined by {}</title></path>"#,
                usize::midpoint(from, to),
                LINKS_Y + 60,
                escape(decision, 60)
            );
        }
    }
}

fn line(body: &mut String, y: usize, class: &str, text: &str) {
    let _ = write!(
        body,
        r#"<text class="{class}" x="24" y="{y}">{}</text>"#,
        escape(text, 120)
    );
}

/// A text between tags or in quotes.
fn escape(text: &str, most: usize) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in plain(text, most).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}
