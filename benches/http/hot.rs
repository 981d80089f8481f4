//! Hot spots: one customer to whom very much happens, one who places very many orders, and one
//! address that very many visitors give.

use crate::load::{Script, run};
use crate::measure::measure;
use crate::product::Product;
use crate::report::{self, Line};
use crate::shop;
use std::error::Error;
use std::time::Duration;

/// The customer of all these events.
const CUSTOMER: usize = 0;
/// Events of a delivery, and connections that deliver.
const BATCH: usize = 100;
const C: usize = 8;
/// Parts of a run whose rates are compared.
const PARTS: usize = 10;
/// One event in so many is an order; the others are looks at products.
const ORDERS: usize = 10;

/// One customer with this many events: how fast they are taken from first to last, and how fast the
/// customer is read then.
pub async fn customer(
    product: &Product,
    events: usize,
    lasting: Duration,
) -> Result<(), Box<dyn Error>> {
    report::title(&format!("one customer with {events} events"));
    parts(
        product,
        events,
        events.div_ceil(PARTS),
        |number| match number {
            0 => shop::sign_up(CUSTOMER),
            _ if number % ORDERS == 0 => shop::live(CUSTOMER, number),
            _ => shop::view(CUSTOMER, number),
        },
    )
    .await?;
    documents(product).await?;
    report::head("reading them", "requests/s");
    for tool in ["get_customer_context", "recent_purchases"] {
        let script = Script::again(vec![product.call(tool, CUSTOMER)?]);
        let mut cost = measure(&product.server, 1, lasting, &script).await?;
        report::line(Line::new(tool, 1, &mut cost));
    }
    Ok(())
}

/// One customer with this many orders, each of which brings a link of its own: its number in the
/// shop.
pub async fn orders(product: &Product, orders: usize) -> Result<(), Box<dyn Error>> {
    report::title(&format!(
        "one customer with {orders} orders, each with its reference"
    ));
    parts(
        product,
        orders,
        orders.div_ceil(PARTS),
        |number| match number {
            0 => shop::sign_up(CUSTOMER),
            _ => shop::placed(CUSTOMER, number),
        },
    )
    .await?;
    documents(product).await
}

/// One e-mail address that this many visitors give.
pub async fn address(product: &Product, links: usize) -> Result<(), Box<dyn Error>> {
    report::title(&format!("one e-mail address that {links} visitors give"));
    parts(
        product,
        links,
        10_000.min(links.div_ceil(PARTS)),
        shop::visitor,
    )
    .await?;
    documents(product).await
}

/// Sends calls in parts and prints the rate of each.
async fn parts(
    product: &Product,
    calls: usize,
    part: usize,
    call: impl Fn(usize) -> String,
) -> Result<(), Box<dyn Error>> {
    let mut rates = Vec::new();
    report::note(&format!(
        "{:>12} {:>10} {:>8}",
        "until", "events/s", "CPU µs"
    ));
    for from in (0..calls).step_by(part) {
        let until = calls.min(from + part);
        let list: Vec<String> = (from..until).map(&call).collect();
        let script = Script::once(product.batches(&list, BATCH));
        let cpu = product.server.cpu();
        let load = run(product.server.port, C, Duration::from_secs(86_400), &script).await?;
        if let Some(refused) = load.refused {
            return Err(refused.into());
        }
        let cpu = product.server.cpu().saturating_sub(cpu) as f64 / list.len() as f64;
        let rate = list.len() as f64 / load.elapsed.as_secs_f64().max(1e-9);
        report::note(&format!("{until:>12} {rate:>10.0} {cpu:>8.1}"));
        rates.push(rate);
    }
    if let (Some(first), Some(last)) = (rates.first(), rates.last()) {
        report::note(&format!("the last at {:.2} × the first", last / first));
    }
    Ok(())
}

/// How many documents there are and how large the largest is.
async fn documents(product: &Product) -> Result<(), Box<dyn Error>> {
    let database = &product.database;
    let count = database.number("select count(*) from profile").await?;
    let largest = database
        .number("select cast(coalesce(max(length(doc)), 0) as bigint) from profile")
        .await?;
    report::note(&format!(
        "{count} profiles, the largest document {largest} characters"
    ));
    Ok(())
}
