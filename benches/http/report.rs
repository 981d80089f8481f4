//! The printed tables: figures, and the budgets that they are held against by whoever reads them.
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use crate::measure::Cost;
use crate::server::Server;

/// Least share of the floor's requests per second, under load.
const SHARE: f64 = 0.5;
/// Most CPU time of a warm tool call, in microseconds.
const CALL_US: f64 = 25.0;
/// Least events per second in batches.
const EVENTS: f64 = 20_000.0;
/// Longest start, in milliseconds.
const START_MS: u128 = 200;
/// Most memory under load, in megabytes.
const MEMORY_MB: u64 = 150;

/// A database that does not answer.
pub fn absent(engine: &str, url: &str) {
    println!("\n{engine}: no server on {url}, left out");
}

/// Which database the rows below are on.
pub fn engine(engine: &str, customers: usize, server: &Server) {
    let start = server.start.as_millis();
    println!("\n{engine}, {customers} customers; start {start} ms (budget {START_MS} ms)");
}

/// The columns of the tool rows.
pub fn tools_head() {
    println!(
        "\n{:<26} {:>3} {:>8} {:>8} {:>8} {:>10} {:>8} {:>10} {:>6}  budget",
        "tool call",
        "c",
        "p50 ms",
        "p95 ms",
        "p99 ms",
        "requests/s",
        "CPU µs",
        "of floor",
        "load %"
    );
}

/// A tool and the floor that took turns with it.
pub fn tool(name: &str, c: usize, floor: &mut Cost, ours: &mut Cost) {
    row("  floor", c, floor, "", "");
    let share = ours.load.rate() / floor.load.rate().max(1e-9);
    let (least, most) = (format!("≥ {SHARE} of floor"), format!("≤ {CALL_US} µs"));
    let budget = if c > 1 {
        format!(
            "{least}: {}; {most}: {}",
            verdict(share >= SHARE),
            verdict(per_request(ours) <= CALL_US)
        )
    } else {
        String::new()
    };
    row(name, c, ours, &format!("{share:.2}"), &budget);
}

fn row(name: &str, c: usize, cost: &mut Cost, share: &str, budget: &str) {
    let [p50, p95, p99] = [0.5, 0.95, 0.99].map(|share| cost.load.within(share));
    println!(
        "{name:<26} {c:>3} {p50:>8.3} {p95:>8.3} {p99:>8.3} {:>10.0} {:>8.1} {share:>10} {:>6.0}  {budget}",
        cost.load.rate(),
        per_request(cost),
        own_share(cost)
    );
    refused(cost);
}

/// The columns of the ingest rows.
pub fn ingest_head() {
    println!(
        "\n{:<34} {:>3} {:>8} {:>8} {:>8} {:>10} {:>8} {:>6}  budget",
        "ingest", "c", "p50 ms", "p95 ms", "p99 ms", "events/s", "CPU µs", "load %"
    );
}

/// Deliveries of this many events each.
pub fn ingest(name: &str, events: usize, cost: &mut Cost) {
    let [p50, p95, p99] = [0.5, 0.95, 0.99].map(|share| cost.load.within(share));
    let rate = cost.load.rate() * events as f64;
    let budget = if events > 1 {
        format!("≥ {EVENTS} events/s: {}", verdict(rate >= EVENTS))
    } else {
        String::new()
    };
    println!(
        "{name:<34} {:>3} {p50:>8.2} {p95:>8.2} {p99:>8.2} {rate:>10.0} {:>8.1} {:>6.0}  {budget}",
        64,
        per_request(cost) / events as f64,
        own_share(cost)
    );
    refused(cost);
}

/// The most memory that the server held.
pub fn memory(server: &Server) {
    if let Some(memory) = server.memory() {
        println!("\nmost memory {memory} MB (budget {MEMORY_MB} MB)");
    }
}

fn refused(cost: &Cost) {
    if let Some(refused) = &cost.load.refused {
        println!("  not every answer was 200: {refused}");
    }
}

fn per_request(cost: &Cost) -> f64 {
    cost.server as f64 / cost.load.took.len().max(1) as f64
}

/// This process's share of all the CPU time that was used.
fn own_share(cost: &Cost) -> f64 {
    100.0 * cost.own as f64 / (cost.own + cost.server).max(1) as f64
}

fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "NOT MET" }
}
