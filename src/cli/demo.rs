//! `acquaint demo`: an invented shop with six systems, which all know its customers differently.
//! Their records go through the real routes and parsers, and the demo shows what an agent gets.
//!
//! The people depend on constants and on the day of the first run. So a second run sends the same
//! events and changes nothing, and all of them look recent.

use super::serve;
use crate::clock::{Clock, Time, random_id};
use crate::config::{Config, DEFAULT_DATABASE, ServerConfig};
use crate::profile::Profile;
use crate::store::access::{self, Source, Workspace};
use crate::store::{self, Db};
use crate::surface::local::Local;
use crate::tool::caller::{self, Verification};
use crate::{Error, Result, steward};
use clap::Args;
use futures_util::StreamExt;
use futures_util::stream;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use system::{SYSTEMS, System};

mod cast;
mod crm;
mod dice;
mod mailing;
mod person;
mod phone;
mod request;
mod shop;
mod shopify;
mod show;
mod story;
mod system;
#[cfg(test)]
mod tests;
mod website;
mod zendesk;

/// The default database of the demo.
const DATABASE: &str = "sqlite://acquaint-demo.db";
/// The prefix of the write keys of the demo's sources, which tells them from a company's own.
const WRITE_KEY: &str = "wk_demo_";
/// How many requests are in flight; events that wait together are written together.
const IN_FLIGHT: usize = 64;
/// How often a tool is called for the median of its time.
const CALLS: usize = 101;
/// The lifetime of the printed token.
const TOKEN_TTL_S: i64 = 86_400;

#[derive(Debug, Args)]
pub(super) struct DemoCommand {
    /// Stop after the output instead of serving
    #[arg(long)]
    no_serve: bool,
    #[command(flatten)]
    server: ServerConfig,
}

/// The requests and events of one system.
struct SystemResult {
    system: &'static System,
    requests: usize,
    events: usize,
    /// How many events were not in the log before.
    new: usize,
    /// How many people the system has a record of.
    knows: usize,
}

/// One tool call with its answer and its time.
struct TimedCall {
    name: &'static str,
    request: Value,
    answer: Value,
    took: Duration,
}

/// All that the demo shows.
struct Demonstration {
    came: Vec<SystemResult>,
    customers: usize,
    took: Duration,
    hero: Profile,
    story: story::Story,
    token: String,
    call: TimedCall,
    more: Vec<TimedCall>,
}

impl DemoCommand {
    pub(super) async fn run(self, config: &Config) -> Result<()> {
        let database = if config.database == DEFAULT_DATABASE {
            DATABASE
        } else {
            &config.database
        };
        let listener = if self.no_serve {
            None
        } else {
            Some(serve::listen(&self.server).await?)
        };
        let db = super::connect(database).await?;
        let (workspace, sources) = prepare(&db, &config.workspace).await?;
        let (app, committer) = serve::app(&db, Clock::default())?;
        let local = Local::new(Arc::clone(&app));
        if !config.json {
            super::say(&format!(
                "{}, a coffee shop that does not exist, in {database}.",
                shop::SHOP
            ));
        }
        let demonstration =
            demonstrate(&db, &workspace, &sources, &local, person::CUSTOMERS).await?;
        let address = match &listener {
            Some(listener) => listener.local_addr()?.to_string(),
            None => self.server.listen,
        };
        if config.json {
            super::say_json(&demonstration.json(database))?;
        } else {
            show::all(&demonstration, &format!("http://{address}"));
        }
        drop(local);
        if let Some(listener) = listener {
            super::note(&format!(
                "Serving on http://{address} until Ctrl-C. Other commands find it with `--database {database}`."
            ));
            return serve::finish(listener, app, committer, &db).await;
        }
        super::note(&format!("Serve it: acquaint serve --database {database}"));
        drop(app);
        committer
            .await
            .map_err(|_| Error::internal("the committer failed"))?;
        db.close().await;
        Ok(())
    }
}

/// The workspace and the demo's sources in it, in the order of [`SYSTEMS`]; missing ones are
/// created.
async fn prepare(db: &Db, name: &str) -> Result<(Workspace, Vec<Source>)> {
    let now = Clock::default().now();
    let (workspace, _) = steward::access::workspace(db, name, None, now).await?;
    let held = access::sources(db, &workspace.id).await?;
    if let Some(own) = held
        .iter()
        .find(|source| !source.write_key.starts_with(WRITE_KEY))
    {
        return Err(Error::invalid(format!(
            "workspace `{name}` has a source of its own, `{}`, and the demo's customers are invented; give the demo another \
             with `--workspace demo`, or another `--database`",
            own.name
        )));
    }
    let (mut sources, mut new) = (Vec::with_capacity(SYSTEMS.len()), Vec::new());
    for system in &SYSTEMS {
        if let Some(source) = held.iter().find(|source| source.name == system.name) {
            sources.push(source.clone());
            continue;
        }
        let source = Source {
            workspace: workspace.id.clone(),
            name: system.name.to_owned(),
            kind: system.kind.to_owned(),
            write_key: random_id(WRITE_KEY, 15),
            secret: crate::source::kind(system.kind)?
                .webhook()
                .map(|_| random_id("demo_", 20)),
            created_at: now,
        };
        new.push(source.clone());
        sources.push(source);
    }
    steward::access::add_sources(db, &new).await?;
    Ok((workspace, sources))
}

/// Sends all records, then calls the tools as an agent does.
async fn demonstrate(
    db: &Db,
    workspace: &Workspace,
    sources: &[Source],
    local: &Local,
    customers: u64,
) -> Result<Demonstration> {
    let began = Instant::now();
    let came = fill(db, workspace, sources, local, customers).await?;
    let took = began.elapsed();
    let customers = store::profile::count(db, &workspace.id).await?;
    let hero = one(db, workspace, cast::HERO).await?;
    let housemate = one(db, workspace, cast::HOUSEMATE).await?;
    let story = story::tell(db, workspace, &hero, &housemate).await?;
    let now = Clock::default().now();
    let verified = Verification::Verified;
    let (token, _) = caller::mint(workspace, &hero.id, TOKEN_TTL_S, verified, now)?;
    let call = |name, request| call(local, &token, name, request);
    Ok(Demonstration {
        came,
        customers: usize::try_from(customers).unwrap_or_default(),
        took,
        story,
        call: call(
            "get_customer_context",
            json!({"topic": "my order and my ticket", "max_tokens": 1100}),
        )
        .await?,
        more: vec![
            call("recent_purchases", json!({"limit": 3})).await?,
            call("open_tickets", json!({})).await?,
        ],
        hero,
        token,
    })
}

/// Sends the requests of all systems, one system after another.
async fn fill(
    db: &Db,
    workspace: &Workspace,
    sources: &[Source],
    local: &Local,
    customers: u64,
) -> Result<Vec<SystemResult>> {
    let today = today(sources);
    let people = cast::everyone(today, customers);
    let written: Vec<_> = SYSTEMS
        .iter()
        .zip(sources)
        .map(|(system, source)| (system.write)(&people, &source.write_key))
        .collect();
    let total: usize = written.iter().flatten().map(|sent| sent.events).sum();
    let bar = progress(total);
    let mut came = Vec::with_capacity(SYSTEMS.len());
    for ((system, source), requests) in SYSTEMS.iter().zip(sources).zip(written) {
        bar.set_message(system.name);
        let before = store::event::count(db, &workspace.id).await?;
        let request_count = requests.len();
        let now = Clock::default().now();
        let mut sent = stream::iter(requests)
            .map(|request| request.send(local, source, now))
            .buffer_unordered(IN_FLIGHT);
        let mut events = 0;
        while let Some(taken) = sent.next().await {
            let taken = taken?;
            events += taken;
            bar.inc(taken as u64);
        }
        let new = store::event::count(db, &workspace.id).await? - before;
        came.push(SystemResult {
            system,
            requests: request_count,
            events,
            new: usize::try_from(new).unwrap_or_default(),
            knows: people
                .iter()
                .filter(|person| (system.knows)(person))
                .count(),
        });
    }
    bar.finish_and_clear();
    Ok(came)
}

/// The start of the day of the first run. All events are before it.
fn today(sources: &[Source]) -> Time {
    let first = sources.iter().map(|source| source.created_at).min();
    let ms = first.unwrap_or_default().ms();
    Time::from_ms(ms / dice::DAY * dice::DAY)
}

fn progress(total: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("  {msg:8} {bar:40} {pos}/{len} events")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(total as u64).with_style(style)
}

async fn one(db: &Db, workspace: &Workspace, number: u64) -> Result<Profile> {
    let name = format!("user_id:{}", 1000 + number);
    let found = store::profile::by_name(db, workspace, &name).await?;
    found.ok_or_else(|| Error::internal(format!("the demo has no customer `{name}`")))
}

/// Calls a tool over HTTP, often enough for the median of its time.
async fn call(local: &Local, token: &str, name: &'static str, request: Value) -> Result<TimedCall> {
    let headers = [("authorization", format!("Bearer {token}"))];
    let (path, body) = (
        format!("/v1/tools/{name}"),
        request.to_string().into_bytes(),
    );
    let mut times = Vec::with_capacity(CALLS);
    let mut answer = Value::Null;
    for _ in 0..CALLS {
        let began = Instant::now();
        let reply = local.send("POST", &path, &headers, body.clone()).await?;
        times.push(began.elapsed());
        answer = serde_json::from_slice(&reply.body).unwrap_or_default();
        if reply.status != 200 {
            let status = reply.status;
            return Err(Error::internal(format!(
                "{name} answered {status}: {answer}"
            )));
        }
    }
    times.sort_unstable();
    let took = times[CALLS / 2];
    Ok(TimedCall {
        name,
        request,
        answer,
        took,
    })
}

impl TimedCall {
    fn time(&self) -> String {
        format!("{:.2} ms", self.took.as_secs_f64() * 1000.0)
    }

    /// The answer as one line.
    fn summary(&self) -> String {
        let data = &self.answer["data"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        if self.name == "recent_purchases" {
            let newest = &data["purchases"][0];
            let number = newest["order_number"]
                .as_str()
                .or(newest["order_id"].as_str());
            return format!(
                "{} orders; newest {}, {}, {}, parcel {}",
                data["order_count"],
                number.unwrap_or_default(),
                text(&newest["total"]["display"]),
                text(&newest["status"]),
                text(&newest["tracking_number"])
            );
        }
        let newest = &data["tickets"][0];
        format!(
            "{} open of {}; newest \"{}\", {}",
            data["open_count"],
            data["ticket_count"],
            text(&newest["subject"]["untrusted"]),
            text(&newest["priority"])
        )
    }

    fn json(&self) -> Value {
        json!({
            "method": "POST", "path": format!("/v1/tools/{}", self.name), "arguments": self.request,
            "answer": self.answer, "median_us": self.took.as_micros() as u64,
        })
    }
}

impl Demonstration {
    fn json(&self, database: &str) -> Value {
        let came = self.came.iter().map(|came| {
            json!({
                "source": came.system.name, "kind": came.system.kind, "requests": came.requests, "events": came.events,
                "new": came.new, "known": came.events - came.new, "people": came.knows,
            })
        });
        let story = self.story.chapters.iter().map(story::Chapter::json);
        json!({
            "database": database, "sources": came.collect::<Vec<_>>(), "customers": self.customers,
            "took_ms": self.took.as_millis() as u64, "profile": self.hero.id, "story": story.collect::<Vec<_>>(),
            "calls": std::iter::once(&self.call).chain(&self.more).map(TimedCall::json).collect::<Vec<_>>(), "token": self.token,
        })
    }
}
