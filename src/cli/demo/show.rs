//! The output of the demo: plain text, at most 100 columns, no colour.

use super::story::Story;
use super::{Demonstration, SystemResult, TimedCall};
use crate::cli::say;
use crate::clock::Time;
use serde_json::Value;

/// The width of the output.
const WIDTH: usize = 100;

/// Prints the whole output.
pub(super) fn all(demo: &Demonstration, base: &str) {
    came(demo);
    story(demo);
    asked(demo);
    try_it(demo, base);
}

fn came(demo: &Demonstration) {
    say("");
    say("What came in");
    say("");
    say("  system    as                                 requests     events      customers");
    for came in &demo.came {
        let SystemResult {
            system,
            requests,
            events,
            knows,
            ..
        } = came;
        say(&format!(
            "  {:<8}  {:<33}  {:>8}   {:>8}   {:>12}",
            system.name,
            system.form,
            grouped(*requests),
            grouped(*events),
            grouped(*knows)
        ));
    }
    let sum = |of: fn(&SystemResult) -> usize| demo.came.iter().map(of).sum::<usize>();
    let (events, records) = (sum(|came| came.events), sum(|came| came.knows));
    let new = sum(|came| came.new);
    say(&format!(
        "  {:<8}  {:<33}  {:>8}   {:>8}   {:>12}",
        "",
        "",
        grouped(sum(|came| came.requests)),
        grouped(events),
        grouped(records)
    ));
    say("");
    say(&format!(
        "  {} customer records in six systems became {} customers, in {:.1} s.",
        grouped(records),
        grouped(demo.customers),
        demo.took.as_secs_f64()
    ));
    say(&format!(
        "  What shares nothing stays apart. {} events are new, {} were already known.",
        grouped(new),
        grouped(events - new)
    ));
}

fn story(demo: &Demonstration) {
    let Story {
        chapters,
        repeats,
        links,
    } = &demo.story;
    say("");
    say(&format!(
        "How {} became one customer",
        demo.hero.text("name").unwrap_or_default()
    ));
    say("");
    say("  when          system   recognised by                           and brought");
    for chapter in chapters {
        let brings = wrap(&chapter.brings(), WIDTH - 65);
        for (nth, (by, brought)) in pairs(&wrap(&chapter.recognised(), 38), &brings).enumerate() {
            let (at, system) = if nth == 0 {
                (when(chapter.at), chapter.system.as_str())
            } else {
                (String::new(), "")
            };
            say(format!("  {at:<12}  {system:<7}  {by:<38}  {brought}").trim_end());
        }
    }
    say("");
    say(&format!(
        "  Another {repeats} of her {links} sets of identifiers repeat what was known by then.",
    ));
}

fn asked(demo: &Demonstration) {
    let TimedCall {
        request, answer, ..
    } = &demo.call;
    say("");
    say("What an agent asks");
    say("");
    say("  POST /v1/tools/get_customer_context");
    say(&format!("  {request}"));
    say("");
    say(&format!(
        "What it gets, in {} (the median of {} calls through the router)",
        demo.call.time(),
        super::CALLS
    ));
    say("");
    for line in pretty(answer, 2, WIDTH) {
        say(&line);
    }
    say("");
    say("And in two more calls");
    say("");
    for call in &demo.more {
        say(&format!(
            "  {:<17} {:>8}   {}",
            call.name,
            call.time(),
            call.summary()
        ));
    }
}

fn try_it(demo: &Demonstration, base: &str) {
    let (token, request) = (&demo.token, &demo.call.request);
    say("");
    say("Try it: this token is good for a day, and for this customer only");
    say("");
    say(&format!("export TOKEN={token}"));
    say(&format!("curl -s {base}/v1/tools/get_customer_context \\"));
    say(&format!(
        "  -H \"Authorization: Bearer $TOKEN\" -d '{request}'"
    ));
    say("");
    say("With the OpenAI client (pip install httpx openai) and your key in OPENAI_API_KEY:");
    say("");
    say("import os");
    say("import httpx, openai");
    say("");
    say(&format!(
        "server, token = \"{base}\", os.environ[\"TOKEN\"]"
    ));
    say("model, question = \"gpt-4.1-mini\", \"Where is my order?\"");
    say(agent_loop());
    say("");
}

/// The loop of `examples/agent.py`, which needs `server`, `token`, `model` and `question`.
pub(super) fn agent_loop() -> &'static str {
    let program = include_str!("../../../examples/agent.py");
    let start = program.find("acquaint = httpx.Client").unwrap_or(0);
    program[start..].trim_end()
}

/// `5312` as `5,312`.
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .filter_map(|group| std::str::from_utf8(group).ok())
        .collect();
    groups.join(",")
}

fn when(at: Time) -> String {
    jiff::Timestamp::from_millisecond(at.ms()).map_or_else(
        |_| String::new(),
        |at| at.strftime("%b %d %H:%M").to_string(),
    )
}

/// Wraps text between words; a word that is too long has a line of its own.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is always a line");
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

/// Pairs of lines for two columns.
fn pairs<'a>(left: &'a [String], right: &'a [String]) -> impl Iterator<Item = (&'a str, &'a str)> {
    let cell = |cells: &'a [String], at: usize| cells.get(at).map_or("", String::as_str);
    (0..left.len().max(right.len())).map(move |at| (cell(left, at), cell(right, at)))
}

/// JSON that uses the width: a value that fits is on one line.
pub(super) fn pretty(value: &Value, indent: usize, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    write("", value, "", indent, width, &mut lines);
    lines
}

/// Writes a value after `key` and before `comma`.
fn write(
    key: &str,
    value: &Value,
    comma: &str,
    indent: usize,
    width: usize,
    lines: &mut Vec<String>,
) {
    let pad = " ".repeat(indent);
    let flat = format!("{pad}{key}{}{comma}", spaced(value));
    let (open, close) = match value {
        Value::Object(_) => ('{', '}'),
        Value::Array(_) => ('[', ']'),
        _ => return lines.push(flat),
    };
    if flat.chars().count() <= width {
        return lines.push(flat);
    }
    let inner = children(value);
    lines.push(format!("{pad}{key}{open}"));
    // Short neighbours share a line, but objects in a list do not.
    let shares = value.is_object() || inner.iter().all(|(_, child)| !child.is_object());
    let mut line = String::new();
    for (at, (key, child)) in inner.iter().enumerate() {
        let comma = if at + 1 < inner.len() { "," } else { "" };
        let flat = format!("{key}{}{comma}", spaced(child));
        let length = flat.chars().count();
        if shares && !line.is_empty() && line.chars().count() + 1 + length <= width {
            line = format!("{line} {flat}");
            continue;
        }
        flush(&mut line, lines);
        if indent + 2 + length <= width {
            line = format!("{pad}  {flat}");
        } else {
            write(key, child, comma, indent + 2, width, lines);
        }
    }
    flush(&mut line, lines);
    lines.push(format!("{pad}{close}{comma}"));
}

fn flush(line: &mut String, lines: &mut Vec<String>) {
    if !line.is_empty() {
        lines.push(std::mem::take(line));
    }
}

/// The children of a list or object, each with its key as text.
fn children(value: &Value) -> Vec<(String, &Value)> {
    match value {
        Value::Object(map) => map
            .iter()
            .map(|(name, inner)| (format!("{}: ", Value::from(name.as_str())), inner))
            .collect(),
        Value::Array(items) => items.iter().map(|item| (String::new(), item)).collect(),
        _ => Vec::new(),
    }
}

/// JSON in one line, with a space after each colon and comma.
fn spaced(value: &Value) -> String {
    let parts = children(value)
        .into_iter()
        .map(|(key, inner)| format!("{key}{}", spaced(inner)));
    let inner = parts.collect::<Vec<_>>().join(", ");
    match value {
        Value::Object(_) => format!("{{{inner}}}"),
        Value::Array(_) => format!("[{inner}]"),
        leaf => leaf.to_string(),
    }
}
