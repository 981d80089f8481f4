//! Tool calls: warm beside the floor and the peer, a whole turn of an agent, and cold.

use crate::load::{Script, run};
use crate::measure::{Cost, in_turns, measure};
use crate::product::Product;
use crate::report::{self, Line};
use crate::server::Server;
use crate::shop::Dice;
use crate::toolbox::{self, TOOLS};
use std::error::Error;
use std::time::Duration;

/// Customers that have a session; warm calls go through them in turn.
const SESSIONS: usize = 256;
/// Cold calls that are prepared for a second; with more than that a row ends early, and its rate
/// stays right.
const PREPARED: usize = 20_000;
/// Most calls that warm a restarted server's connections up, for customers who are not measured.
const FIRST_CALLS: usize = 1_000;
/// The tool whose cold calls are measured.
const CONTEXT: &str = "get_customer_context";

/// Customers whose calls are warm, spread over all.
fn regulars(customers: usize) -> impl Iterator<Item = usize> + Clone {
    let sessions = SESSIONS.min(customers);
    (0..sessions).map(move |number| number * customers / sessions)
}

/// Calls of some tools by every session, in turn.
pub fn calls(
    product: &Product,
    customers: usize,
    tools: &[&str],
) -> Result<Script, Box<dyn Error>> {
    let all =
        regulars(customers).flat_map(|customer| tools.iter().map(move |tool| (tool, customer)));
    let list = all.map(|(tool, customer)| product.call(tool, customer));
    Ok(Script::again(list.collect::<Result<_, _>>()?))
}

/// Every tool, alone and under load, taking turns with the floor and the peer.
pub async fn warm(
    product: &Product,
    floor: &Server,
    peer: Option<&Server>,
    customers: usize,
    lasting: Duration,
) -> Result<(), Box<dyn Error>> {
    report::head("warm tool call", "requests/s");
    for (tool, theirs) in TOOLS {
        let script = calls(product, customers, &[tool])?;
        let asked = regulars(customers).map(|customer| toolbox::call(theirs, customer));
        let asked = Script::again(asked.collect());
        for c in [1, 64] {
            let mut sides = vec![(floor, script.clone())];
            sides.extend(peer.map(|peer| (peer, asked.clone())));
            sides.push((&product.server, script.clone()));
            let mut costs = in_turns(&sides, c, lasting).await?;
            let (Some(mut ours), mut beside) = (costs.pop(), costs.into_iter()) else {
                continue;
            };
            let (least, peer) = (beside.next().unwrap_or_default(), beside.next());
            report::tool((tool, theirs), c, least, peer, &mut ours);
        }
    }
    Ok(())
}

/// The first answer of a chat: our one call beside the three that the peer's tools take, one after
/// another.
pub async fn turn(
    product: &Product,
    peer: &Server,
    customers: usize,
    lasting: Duration,
) -> Result<(), Box<dyn Error>> {
    let asked = regulars(customers).flat_map(|customer| {
        TOOLS
            .iter()
            .map(move |(_, theirs)| toolbox::call(theirs, customer))
    });
    let asked = Script::turns(asked.collect(), TOOLS.len());
    let script = calls(product, customers, &[CONTEXT])?;
    report::head("what an agent has to know first", "turns/s");
    for c in [1, 64] {
        let sides = [(peer, asked.clone()), (&product.server, script.clone())];
        let mut costs = in_turns(&sides, c, lasting).await?;
        if let (Some(mut ours), Some(mut theirs)) = (costs.pop(), costs.pop()) {
            report::turn(c, &mut theirs, &mut ours);
        }
    }
    Ok(())
}

/// Calls for customers that the server has not read since it started, each once, in random order.
/// Some other calls come first, so that what is measured is reading customers and not opening
/// connections.
pub async fn cold(
    product: &mut Product,
    customers: usize,
    c: usize,
    lasting: Duration,
) -> Result<Cost, Box<dyn Error>> {
    let prepared = FIRST_CALLS + PREPARED * usize::try_from(lasting.as_secs())?;
    let drawn = Dice(c as u64)
        .shuffled(customers)
        .into_iter()
        .take(prepared);
    let first: Result<Vec<_>, _> = drawn.map(|number| product.call(CONTEXT, number)).collect();
    let mut first = first?;
    let measured = first.split_off((first.len() / 10).min(FIRST_CALLS));
    product.restart().await?;
    run(product.server.port, c, lasting, &Script::once(first)).await?;
    Ok(measure(&product.server, c, lasting, &Script::once(measured)).await?)
}

/// The rows of cold calls.
pub async fn cold_rows(
    product: &mut Product,
    customers: usize,
    lasting: Duration,
) -> Result<(), Box<dyn Error>> {
    report::head("cold tool call", "requests/s");
    for c in [1, 16] {
        let mut cost = cold(product, customers, c, lasting).await?;
        report::cold(CONTEXT, c, &mut cost);
    }
    Ok(())
}

/// Warm calls without anything beside them.
pub async fn warm_alone(
    product: &Product,
    customers: usize,
    lasting: Duration,
) -> Result<Cost, Box<dyn Error>> {
    let script = calls(product, customers, &[CONTEXT])?;
    let mut costs = in_turns(&[(&product.server, script)], 64, lasting).await?;
    let mut cost = costs.pop().unwrap_or_default();
    report::line(Line::new(CONTEXT, 64, &mut cost));
    Ok(cost)
}
