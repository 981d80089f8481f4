//! The printed tables: figures, and beside them the budgets that a reader compares them with.
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use crate::load::Load;
use crate::measure::{Cost, Delivered};
use crate::product::{PROGRAM, Product};
use crate::raw::Raw;
use std::time::Duration;

/// Least share of the floor's requests per second, and least multiple of the peer's, under load.
const SHARE: f64 = 0.5;
const TIMES: f64 = 5.0;
/// Least multiple of the peer's three calls that one of ours replaces.
const TURN_TIMES: f64 = 10.0;
/// Most CPU time of a warm and of a cold tool call, in microseconds.
const WARM_US: f64 = 25.0;
const COLD_US: f64 = 100.0;
/// Least events per second in batches, on SQLite and on PostgreSQL, and one at a time.
const EVENTS: f64 = 20_000.0;
const EVENTS_POSTGRES: f64 = 8_000.0;
const SINGLE_EVENTS: f64 = 2_000.0;
/// Share of the raw limit that we aim at.
const RAW_SHARE: f64 = 0.3;
/// Longest that 99 of 100 tool calls take while events come in, in milliseconds.
const MIXED_MS: f64 = 10.0;
/// CPU time below which a row's figure is rough, in microseconds: the system counts in ticks of 10
/// ms.
const ROUGH_US: u64 = 200_000;
/// Longest start, in milliseconds.
const START_MS: u128 = 200;
/// Most memory of an idle server and of one under load, in megabytes.
const IDLE_MB: u64 = 60;
const PEAK_MB: u64 = 150;

/// A line about everything below it.
pub fn title(text: &str) {
    println!("\n== {text}");
}

/// A line of its own.
pub fn note(text: &str) {
    println!("{text}");
}

/// A budget and whether it is kept.
pub fn budget(words: &str, met: bool) -> String {
    format!("{words}: {}", if met { "met" } else { "NOT MET" })
}

/// The size of the program.
pub fn program() {
    let bytes = std::fs::metadata(PROGRAM).map_or(0, |program| program.len());
    println!("the program `acquaint` has {:.1} MB", bytes as f64 / 1e6);
}

/// How a server started on an empty database and on a full one, and what it holds before its first
/// call.
pub fn start(first: Duration, product: &Product) {
    let (start, idle) = (product.server.start.as_millis(), product.server.resident());
    println!(
        "ready after {} ms on an empty database, {start} ms on this one ({}); idle {idle} MB ({})",
        first.as_millis(),
        budget("< 200 ms", start.max(first.as_millis()) < START_MS),
        budget("< 60 MB", idle < IDLE_MB)
    );
}

/// What a server held at most, and what it complained of.
pub fn end(product: &Product) {
    let peak = product.peak();
    println!(
        "\nmost memory {peak} MB ({})",
        budget("< 150 MB", peak < PEAK_MB)
    );
    if let Some((count, first)) = product.warnings() {
        println!("{count} warnings in the log, the first: {first}");
    }
}

/// How customers came into a database.
pub fn seeded(customers: usize, events: usize, load: &Load) {
    let rate = events as f64 / load.elapsed.as_secs_f64().max(1e-9);
    let making = load.making.as_micros() as f64 / events.max(1) as f64;
    println!(
        "{customers} customers seeded with {events} events, {rate:.0} events/s; making a request took {making:.1} µs an event"
    );
}

/// The columns of a table of loads.
pub fn head(what: &str, unit: &str) {
    println!(
        "\n{what:<38} {:>3} {:>8} {:>8} {:>8} {unit:>10} {:>8} {:>8} {:>8} {:>6}  budget",
        "c", "p50 ms", "p95 ms", "p99 ms", "CPU µs", "of floor", "× peer", "load %"
    );
}

/// A row of such a table.
pub struct Line<'a> {
    name: &'a str,
    c: usize,
    cost: &'a mut Cost,
    /// Events of a turn; 1 for calls.
    size: usize,
    /// Beside the floor and beside the peer.
    beside: [Option<f64>; 2],
    budget: String,
}

impl<'a> Line<'a> {
    /// A row without anything beside it.
    pub fn new(name: &'a str, c: usize, cost: &'a mut Cost) -> Self {
        Self {
            name,
            c,
            cost,
            size: 1,
            beside: [None, None],
            budget: String::new(),
        }
    }
}

/// Prints a row.
pub fn line(line: Line<'_>) {
    let Line {
        name,
        c,
        cost,
        size,
        beside,
        budget,
    } = line;
    let [p50, p95, p99] = [0.5, 0.95, 0.99].map(|share| cost.load.within(share));
    let rate = cost.load.rate() * size as f64;
    // If several loads share a server, its time cannot be told apart by load.
    let measured = cost.server > 0;
    let cpu = measured.then(|| cost.per_turn() / size as f64);
    let own = measured.then(|| 100.0 * cost.own_share());
    let rough = if measured && cost.server < ROUGH_US {
        "~"
    } else {
        ""
    };
    let [floor, peer] = beside;
    println!(
        "{name:<38} {c:>3} {p50:>8.3} {p95:>8.3} {p99:>8.3} {rate:>10.0} {:>8} {:>8} {:>8} {:>6}  {budget}",
        format!("{rough}{}", cell(cpu, 1)),
        cell(floor, 2),
        cell(peer, 2),
        cell(own, 0)
    );
    if let Some(refused) = &cost.load.refused {
        println!("  not every answer was 200: {refused}");
    }
}

fn cell(value: Option<f64>, digits: usize) -> String {
    value.map_or(String::new(), |value| format!("{value:.digits$}"))
}

/// A warm tool, and the floor and the peer that took turns with it.
pub fn tool(
    (name, theirs): (&str, &str),
    c: usize,
    mut floor: Cost,
    peer: Option<Cost>,
    ours: &mut Cost,
) {
    let rate = ours.load.rate();
    let share = rate / floor.load.rate().max(1e-9);
    line(Line::new("  floor", c, &mut floor));
    let times = peer.map(|mut peer| {
        line(Line::new(&format!("  peer, {theirs}"), c, &mut peer));
        rate / peer.load.rate().max(1e-9)
    });
    let mut budgets = Vec::new();
    if c > 1 {
        budgets.push(budget("≥ 0.5 of floor", share >= SHARE));
        budgets.extend(times.map(|times| budget("≥ 5 × peer", times >= TIMES)));
        budgets.push(budget("≤ 25 µs", ours.per_turn() <= WARM_US));
    }
    line(Line {
        beside: [Some(share), times],
        budget: budgets.join("; "),
        ..Line::new(name, c, ours)
    });
}

/// Our one call beside the three of the peer.
pub fn turn(c: usize, peer: &mut Cost, ours: &mut Cost) {
    let times = ours.load.rate() / peer.load.rate().max(1e-9);
    line(Line::new("  peer, its three tools", c, peer));
    line(Line {
        beside: [None, Some(times)],
        budget: budget("≥ 10 × three calls", times >= TURN_TIMES),
        ..Line::new("get_customer_context", c, ours)
    });
}

/// A cold tool.
pub fn cold(name: &str, c: usize, cost: &mut Cost) {
    let met = cost.per_turn() <= COLD_US;
    line(Line {
        budget: budget("≤ 100 µs", met),
        ..Line::new(name, c, cost)
    });
}

/// The columns of deliveries.
pub fn ingest_head(what: &str) {
    head(what, "events/s");
}

/// Deliveries.
pub fn ingest(name: &str, c: usize, engine: &str, done: &mut Delivered) {
    let (rate, size) = (done.rate(), done.size);
    let least = match (size, engine) {
        (1, _) => SINGLE_EVENTS,
        (_, "postgres") => EVENTS_POSTGRES,
        _ => EVENTS,
    };
    let words = format!("≥ {least} events/s");
    let per_commit = done.per_commit;
    line(Line {
        size,
        budget: format!(
            "{}; {per_commit:.0} events a commit",
            budget(&words, rate >= least)
        ),
        ..Line::new(name, c, &mut done.cost)
    });
}

/// What SQLite alone takes of the same rows.
pub fn raw(raw: &Raw, ours: &Delivered) {
    let rate = raw.events as f64 / raw.took.as_secs_f64().max(1e-9);
    let share = ours.rate() / rate.max(1e-9);
    println!(
        "raw limit: {rate:.0} events/s in {:.0} events a commit ({} events, {} rows); new customers at {:.0} % of it ({})",
        ours.per_commit,
        raw.events,
        raw.rows,
        100.0 * share,
        budget("aim ≥ 30 %", share >= RAW_SHARE)
    );
}

/// Bytes of a database for each event in it.
pub fn bytes(bytes: u64, events: i64) {
    let each = bytes as f64 / events.max(1) as f64;
    println!(
        "{:.1} MB of database for {events} events, {each:.0} bytes an event",
        bytes as f64 / 1e6
    );
}

/// Tool calls beside deliveries at half speed.
pub fn mixed(ingested: (usize, Load, usize), called: (usize, Load)) {
    let (c, load, size) = ingested;
    let mut cost = Cost {
        load,
        ..Cost::default()
    };
    line(Line {
        size,
        ..Line::new("batches of 100, at half of it", c, &mut cost)
    });
    let (c, load) = called;
    let mut cost = Cost {
        load,
        ..Cost::default()
    };
    head("tool calls meanwhile", "requests/s");
    let met = cost.load.within(0.99) < MIXED_MS;
    line(Line {
        budget: budget("p99 < 10 ms", met),
        ..Line::new("all three tools, in turn", c, &mut cost)
    });
}
