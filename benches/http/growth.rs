//! Growth: the same rows on databases of different sizes, and how they compare.

use crate::database::Database;
use crate::ingest::{self, Numbers};
use crate::measure::Cost;
use crate::product::Product;
use crate::report;
use crate::shop;
use crate::tools;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Most that the p95 of a cold read may grow, and least that ingest may keep, against the first
/// size.
const COLD: Kept = Some(("≤ 1.5 ×", |ratio| ratio <= 1.5));
const INGEST: Kept = Some(("≥ 0.7 ×", |ratio| ratio >= 0.7));

/// What is compared: its name and unit, the figure, and the budget of its ratio to the first, in
/// words and as a rule.
type Figure = (&'static str, fn(&Size) -> f64, Kept);
type Kept = Option<(&'static str, fn(f64) -> bool)>;

const FIGURES: [Figure; 11] = [
    ("ready, ms", |size| size.start_ms, None),
    ("idle, MB", |size| size.idle_mb, None),
    ("cold read, c=1, p50 ms", |size| size.cold[0][0], None),
    ("cold read, c=1, p95 ms", |size| size.cold[0][1], COLD),
    ("cold read, c=16, p50 ms", |size| size.cold[1][0], None),
    ("cold read, c=16, p95 ms", |size| size.cold[1][1], COLD),
    ("warm calls/s, c=64", |size| size.warm, None),
    ("new customers, events/s", |size| size.new, INGEST),
    ("known customers, events/s", |size| size.known, INGEST),
    ("bytes an event", |size| size.bytes, None),
    ("most memory, MB", |size| size.peak_mb, None),
];

/// What one size came to.
struct Size {
    customers: usize,
    start_ms: f64,
    idle_mb: f64,
    cold: [[f64; 2]; 2],
    warm: f64,
    new: f64,
    known: f64,
    bytes: f64,
    peak_mb: f64,
}

/// Measures every size, each on a database of its own that `make` makes; None where there is none
/// to be had. The folder `seeded` keeps those that were seeded for other runs.
pub async fn run<F: Future<Output = Option<Database>>>(
    make: impl Fn() -> F,
    sizes: &[usize],
    lasting: Duration,
    folder: &Path,
    seeded: Option<&Path>,
) -> Result<(), Box<dyn Error>> {
    let mut done = Vec::new();
    for customers in sizes {
        if let Some(database) = make().await {
            let file = |dir: &Path| dir.join(format!("{customers}.db"));
            let seeded = seeded.filter(|_| database.engine() == "sqlite").map(file);
            done.push(size(database, (*customers).max(1), lasting, folder, seeded).await?);
        }
    }
    compare(&done);
    Ok(())
}

async fn size(
    database: Database,
    customers: usize,
    lasting: Duration,
    folder: &Path,
    seeded: Option<PathBuf>,
) -> Result<Size, Box<dyn Error>> {
    report::title(&format!("{}, {customers} customers", database.engine()));
    let mut product = Product::create(database, folder).await?;
    let first = product.server.start;
    match seeded {
        Some(file) if file.exists() => {
            report::note(&format!("seeded by an earlier run: {}", file.display()));
            product.take_over(&file).await?;
            product.stop()?;
        }
        keep => {
            let load = product.seed(customers).await?;
            report::seeded(customers, customers * shop::EVENTS, &load);
            product.stop()?;
            if let Some(file) = keep {
                product.leave(&file)?;
            }
        }
    }
    let (bytes, events) = (
        product.database.bytes().await?,
        product.database.events().await?,
    );
    report::bytes(bytes, events);
    product.restart().await?;
    report::start(first, &product);
    let (start, idle) = (product.server.start, product.server.resident());
    report::head("tool call", "requests/s");
    let mut one = tools::cold(&mut product, customers, 1, lasting).await?;
    report::cold("get_customer_context, cold", 1, &mut one);
    let mut many = tools::cold(&mut product, customers, 16, lasting).await?;
    report::cold("get_customer_context, cold", 16, &mut many);
    let warm = tools::warm_alone(&product, customers, lasting).await?;
    report::ingest_head("ingest");
    let numbers = Numbers::new(customers, lasting);
    let new = ingest::new_customers(&product, &numbers, lasting).await?;
    let known = ingest::known_customers(&product, &numbers, lasting).await?;
    report::end(&product);
    let done = Size {
        customers,
        start_ms: start.as_secs_f64() * 1e3,
        idle_mb: idle as f64,
        cold: [within(&mut one), within(&mut many)],
        warm: warm.load.rate(),
        new: new.rate(),
        known: known.rate(),
        bytes: bytes as f64 / events.max(1) as f64,
        peak_mb: product.peak() as f64,
    };
    product.remove().await?;
    Ok(done)
}

/// The p50 and the p95.
fn within(cost: &mut Cost) -> [f64; 2] {
    [0.5, 0.95].map(|share| cost.load.within(share))
}

/// Every size beside the first.
fn compare(sizes: &[Size]) {
    let Some(first) = sizes.first() else {
        return;
    };
    let numbers = sizes.iter().map(|size| format!("{:>18}", size.customers));
    report::title("growth, and times the first size");
    report::note(&format!(
        "{:<28}{}  budget",
        "customers",
        numbers.collect::<String>()
    ));
    for (name, figure, kept) in FIGURES {
        let ratio = |size: &Size| figure(size) / figure(first).max(1e-9);
        let cells = sizes
            .iter()
            .map(|size| format!("{:>10.2} {:>5.2} ×", figure(size), ratio(size)));
        let kept = kept.map(|(words, kept)| {
            let met = sizes.iter().all(|size| kept(ratio(size)));
            report::budget(words, met)
        });
        report::note(&format!(
            "{name:<28}{}  {}",
            cells.collect::<String>(),
            kept.unwrap_or_default()
        ));
    }
}
