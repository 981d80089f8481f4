//! Deliveries: histories of new customers, orders of known ones, single events; and tool calls
//! beside them.

use crate::database::Database;
use crate::load::{Script, run};
use crate::measure::{Delivered, measure};
use crate::product::Product;
use crate::raw;
use crate::report;
use crate::shop::{self, Dice};
use crate::toolbox::TOOLS;
use crate::tools;
use std::error::Error;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

/// Events of a batch.
const BATCH: usize = 100;
/// Connections that deliver at full speed, deliver at half of it, and call tools meanwhile.
const C: usize = 64;
const PACED_C: usize = 16;
const CALLING_C: usize = 8;
/// Events that are prepared for a second of load; with more than that a row ends early, and its
/// rate stays right.
const PREPARED: usize = 60_000;
const PREPARED_SINGLE: usize = 20_000;

/// The numbers of what is sent in a run. Every row has a range of its own, so that no event is sent
/// twice.
pub struct Numbers {
    customers: usize,
    events: usize,
}

impl Numbers {
    /// Numbers for rows of this length on a database that knows this many customers.
    pub fn new(customers: usize, lasting: Duration) -> Self {
        let seconds = usize::try_from(lasting.as_secs()).unwrap_or(1);
        let events = seconds * PREPARED;
        Self { customers, events }
    }

    /// Customers of the nth row of newcomers.
    fn newcomers(&self, row: usize) -> Range<usize> {
        let most = self.events / shop::EVENTS + 1;
        let from = self.customers + row * most;
        from..from + most
    }

    /// Orders of the nth row of orders of known customers.
    fn orders(&self, row: usize) -> impl Iterator<Item = String> {
        let numbers = row * self.events..(row + 1) * self.events;
        let (mut dice, customers) = (Dice(row as u64), self.customers as u64);
        numbers.map(move |number| shop::live(dice.below(customers) as usize, number))
    }
}

async fn deliver(
    product: &Product,
    size: usize,
    lasting: Duration,
    list: Vec<Vec<u8>>,
) -> Result<Delivered, Box<dyn Error>> {
    let (events, commits) = counted(product).await?;
    let cost = measure(&product.server, C, lasting, &Script::once(list)).await?;
    let after = counted(product).await?;
    Ok(Delivered {
        cost,
        size,
        per_commit: (after.0 - events) / (after.1 - commits).max(1.0),
    })
}

/// Events and commits of the server so far.
async fn counted(product: &Product) -> Result<(f64, f64), Box<dyn Error>> {
    let events = product.counted("acquaint_events_total").await?;
    let commits = product.counted("acquaint_commit_seconds_count").await?;
    Ok((events, commits))
}

fn show(name: &str, product: &Product, done: &mut Delivered) {
    report::ingest(name, C, product.database.engine(), done);
}

/// The rows of deliveries, the raw limit beside them, and what the database takes afterwards. Ends
/// with a server started anew.
pub async fn rows(
    product: &mut Product,
    customers: usize,
    lasting: Duration,
    folder: &Path,
) -> Result<(), Box<dyn Error>> {
    let numbers = Numbers::new(customers, lasting);
    report::ingest_head("ingest");
    if let Database::Sqlite(file) = &product.database {
        let before = raw::counts(file).await?;
        let new = new_customers(product, &numbers, lasting).await?;
        let raw = raw::write(file, &before, new.per_commit, folder).await?;
        report::raw(&raw, &new);
    } else {
        new_customers(product, &numbers, lasting).await?;
    }
    known_customers(product, &numbers, lasting).await?;
    single_events(product, &numbers, lasting).await?;
    product.stop()?;
    let (bytes, events) = (
        product.database.bytes().await?,
        product.database.events().await?,
    );
    report::bytes(bytes, events);
    product.restart().await
}

/// Batches of whole histories, one customer after another.
pub async fn new_customers(
    product: &Product,
    numbers: &Numbers,
    lasting: Duration,
) -> Result<Delivered, Box<dyn Error>> {
    let calls: Vec<String> = numbers.newcomers(0).flat_map(shop::history).collect();
    let list = product.batches(&calls, BATCH);
    let mut done = deliver(product, BATCH, lasting, list).await?;
    show("batches of 100, new customers", product, &mut done);
    Ok(done)
}

/// Batches of orders of customers drawn at random.
pub async fn known_customers(
    product: &Product,
    numbers: &Numbers,
    lasting: Duration,
) -> Result<Delivered, Box<dyn Error>> {
    let calls: Vec<String> = numbers.orders(0).collect();
    let list = product.batches(&calls, BATCH);
    let mut done = deliver(product, BATCH, lasting, list).await?;
    show("batches of 100, known customers", product, &mut done);
    Ok(done)
}

/// Orders of customers drawn at random, each a request of its own.
pub async fn single_events(
    product: &Product,
    numbers: &Numbers,
    lasting: Duration,
) -> Result<(), Box<dyn Error>> {
    let most = PREPARED_SINGLE * usize::try_from(lasting.as_secs())?;
    let list = numbers.orders(1).take(most);
    let list = list.map(|call| product.single(&call)).collect();
    let mut done = deliver(product, 1, lasting, list).await?;
    show("single events, known customers", product, &mut done);
    Ok(())
}

/// Tool calls while half of what the server can take is delivered.
pub async fn mixed(
    product: &Product,
    customers: usize,
    lasting: Duration,
) -> Result<(), Box<dyn Error>> {
    let numbers = Numbers::new(customers, lasting);
    report::ingest_head("ingest, new and known mixed");
    let list = product.batches(&mixture(&numbers, 2), BATCH);
    let mut full = deliver(product, BATCH, lasting, list).await?;
    show("batches of 100, at full speed", product, &mut full);
    let script = Script::once(product.batches(&mixture(&numbers, 3), BATCH));
    let paced = script.paced(full.cost.load.rate() / 2.0);
    let names = TOOLS.map(|(tool, _)| tool);
    let calls = tools::calls(product, customers, &names)?;
    let port = product.server.port;
    let (ingested, called) = tokio::try_join!(
        run(port, PACED_C, lasting, &paced),
        run(port, CALLING_C, lasting, &calls)
    )?;
    report::mixed((PACED_C, ingested, BATCH), (CALLING_C, called));
    Ok(())
}

/// A newcomer's history and as many orders of known customers, by turns.
fn mixture(numbers: &Numbers, row: usize) -> Vec<String> {
    let newcomers = numbers.newcomers(row).step_by(2);
    let mut orders = numbers.orders(row);
    let mut calls = Vec::new();
    for newcomer in newcomers {
        calls.extend(shop::history(newcomer));
        calls.extend(orders.by_ref().take(shop::EVENTS));
    }
    calls
}
