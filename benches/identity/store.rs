//! The sections `merge` and `rules`: what joining, parting and deciding anew cost on a database.
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use acquaint::clock::{Clock, Time, random_id};
use acquaint::event::{Event, Kind};
use acquaint::identity::SHIPPED;
use acquaint::identity::decision::By;
use acquaint::ingest;
use acquaint::steward::{decide, rules as ruled};
use acquaint::store::access::{self, Workspace};
use acquaint::store::{self, Db};
use std::error::Error;
use std::time::Instant;

/// Events of one transaction while data is made.
const BATCH: usize = 2_000;
/// Joins that are measured.
const TIMES: usize = 5;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Opens the database and makes a workspace of its own.
async fn open(url: &str) -> Outcome<(Db, Workspace)> {
    let db = store::open(url).await?;
    let workspace = Workspace::new(&random_id("bench_", 10));
    let mut tx = db.begin().await?;
    access::create_workspace(&mut tx, &workspace, Clock::default().now()).await?;
    tx.commit().await?;
    Ok((db, workspace))
}

async fn take(db: &Db, workspace: &Workspace, events: impl Iterator<Item = Event>) -> Outcome {
    let mut events = events.peekable();
    while events.peek().is_some() {
        let batch: Vec<_> = events
            .by_ref()
            .take(BATCH)
            .map(|event| ingest::prepare(workspace, &event))
            .collect::<Result<_, _>>()?;
        let mut tx = db.begin().await?;
        ingest::take(&mut tx, workspace, batch.iter(), &[]).await?;
        tx.commit().await?;
    }
    Ok(())
}

fn by(reason: &str) -> By {
    By {
        actor: "bench".to_owned(),
        reason: reason.to_owned(),
        at: Clock::default().now(),
    }
}

fn milliseconds(begun: Instant) -> f64 {
    begun.elapsed().as_secs_f64() * 1000.0
}

/// A customer's event: every tenth an order, the others page views, from one of three browsers.
fn visit(customer: &str, number: usize) -> Event {
    let at = Time::from_ms(1_600_000_000_000 + number as i64 * 1_000);
    let kind = if number.is_multiple_of(10) {
        Kind::Track
    } else {
        Kind::Page
    };
    let mut event = Event::new("web", &format!("{customer}-{number}"), kind, at, at);
    event.user_id = Some(customer.to_owned());
    event.anonymous_id = Some(format!("{customer}-{}", number % 3));
    if kind == Kind::Track {
        "Order Completed".clone_into(&mut event.name);
        let order = serde_json::json!({"order_id": format!("{customer}-{number}"), "total": 12.5, "currency": "EUR"});
        event.properties = order.as_object().cloned().unwrap_or_default();
    }
    event
}

/// Joins two customers with so many events each, and takes it back.
pub async fn merge(url: &str, events: usize) -> Outcome {
    let (db, workspace) = open(url).await?;
    let begun = Instant::now();
    for customer in ["ada", "ben"] {
        take(
            &db,
            &workspace,
            (0..events).map(|number| visit(customer, number)),
        )
        .await?;
    }
    println!(
        "two customers with {events} events each, one in ten an order, made in {:.1} s",
        begun.elapsed().as_secs_f64()
    );
    let mut ids = Vec::new();
    for customer in ["user_id:ada", "user_id:ben"] {
        let profile = store::profile::by_name(&db, &workspace, customer).await?;
        ids.push(profile.ok_or("the customer is not there")?.id);
    }
    let (mut joins, mut undos) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        let begun = Instant::now();
        let pair = (&ids[0], &ids[1]);
        let made = decide::merge(&db, &workspace, pair, &by("one customer")).await?;
        joins.push(milliseconds(begun));
        let begun = Instant::now();
        let decision = &made.last().ok_or("no decision")?.id;
        decide::undo(
            &db,
            &workspace,
            &[decision.to_owned()],
            &by("two after all"),
        )
        .await?;
        undos.push(milliseconds(begun));
    }
    print_times("merge", &mut joins);
    print_times("undo, which folds both from the log", &mut undos);
    db.close().await;
    Ok(())
}

fn print_times(what: &str, times: &mut [f64]) {
    times.sort_by(f64::total_cmp);
    let (least, most) = (times[0], times[times.len() - 1]);
    println!(
        "{what}: median {:.1} ms of {TIMES} ({least:.1} to {most:.1})",
        times[times.len() / 2]
    );
}

/// A link of its own: two in five customers have a second browser, one in a thousand shares an
/// address.
fn sign_in(number: usize) -> Event {
    let at = Time::from_ms(1_600_000_000_000 + number as i64);
    let customer = number * 7 / 10;
    let mut event = Event::new("web", &format!("m{number}"), Kind::Identify, at, at);
    event.user_id = Some(format!("u{customer}"));
    event.anonymous_id = Some(format!("a{number}"));
    let mailbox = if customer.is_multiple_of(1_000) {
        customer / 3_000
    } else {
        customer
    };
    event
        .traits
        .insert("email".to_owned(), format!("p{mailbox}@example.com").into());
    event
}

/// Changes the rules over so many links: what a dry run costs, and an apply.
pub async fn rules(url: &str, links: usize) -> Outcome {
    let (db, workspace) = open(url).await?;
    let begun = Instant::now();
    take(&db, &workspace, (0..links).map(sign_in)).await?;
    println!(
        "{links} links made in {:.1} s",
        begun.elapsed().as_secs_f64()
    );
    let text = SHIPPED.replacen("limit = 1\n", "limit = 2\n", 1).replacen(
        "identified_guard = true",
        "identified_guard = false",
        1,
    );
    let now = Clock::default().now();
    let begun = Instant::now();
    let said = ruled::dry_run(&db, &workspace, &text, now, &mut |_, _, _| {}).await?;
    println!(
        "dry run: {:.1} s, {} profiles kept, {} joined, {} parted",
        begun.elapsed().as_secs_f64(),
        said.kept,
        said.merged,
        said.split
    );
    for (word, text) in [("apply", text.as_str()), ("apply, back", SHIPPED)] {
        let mut tx = db.begin().await?;
        store::identity::set_rules(&mut tx, &workspace.id, text, "bench", now).await?;
        tx.commit().await?;
        let current = access::workspace_by_id(&db, &workspace.id)
            .await?
            .ok_or("no workspace")?;
        let begun = Instant::now();
        let applied = ruled::apply(&db, &current, &mut |_, _, _| {}).await?;
        println!(
            "{word}: {:.1} s, {} of {} links decided anew; most memory {} MB",
            begun.elapsed().as_secs_f64(),
            applied.settled,
            applied.links,
            crate::measure::peak_memory()
        );
    }
    db.close().await;
    Ok(())
}
