//! The rows: which load is put on which server, and what it came to.

use crate::load::{Client, Load, Requests, post, run};
use crate::report;
use crate::server::{Server, own_cpu};
use crate::shop::{self, Dice};
use serde_json::{Value, json};
use std::error::Error;
use std::io;
use std::time::Duration;

/// Calls or events of one delivery.
const BATCH: usize = 100;
/// Customers that have a session; the calls go through them in turn.
const SESSIONS: usize = 256;
/// Load before the first measured call.
const WARM_UP: Duration = Duration::from_millis(300);
/// How often floor and tool take turns within a row.
const ROUNDS: u32 = 2;
/// Events that are prepared for a second of load; with more than that a row ends early, and its rate stays right.
const PREPARED: (usize, usize) = (60_000, 20_000);

/// A server under measurement.
pub struct Plan<'a> {
    /// The server.
    pub server: &'a Server,
    /// How many customers it knows.
    pub customers: usize,
    /// How long each row lasts.
    pub lasting: Duration,
}

/// A load and what it cost.
#[derive(Default)]
pub struct Cost {
    /// The answers.
    pub load: Load,
    /// CPU time of the server, in microseconds.
    pub server: u64,
    /// CPU time of this process, in microseconds.
    pub own: u64,
}

impl Cost {
    async fn add(
        &mut self,
        server: &Server,
        c: usize,
        lasting: Duration,
        requests: &Requests,
    ) -> io::Result<()> {
        let (before, own) = (server.cpu(), own_cpu());
        self.load
            .extend(run(server.port, c, lasting, requests).await?);
        self.server += server.cpu() - before;
        self.own += own_cpu() - own;
        Ok(())
    }
}

impl Plan<'_> {
    fn basic(&self) -> String {
        use base64::Engine;
        let user = format!("{}:", self.server.write_key);
        format!(
            "Basic {}",
            base64::engine::general_purpose::STANDARD.encode(user)
        )
    }

    fn batches(&self, calls: &[String]) -> Vec<Vec<u8>> {
        let basic = self.basic();
        let batch = |calls: &[String]| post("/v1/batch", &basic, &shop::batch(calls));
        calls.chunks(BATCH).map(batch).collect()
    }

    /// Sends the history of every customer.
    pub async fn seed(&self) -> Result<(), Box<dyn Error>> {
        let calls: Vec<String> = (0..self.customers).flat_map(shop::history).collect();
        let requests = Requests::new(self.batches(&calls), false);
        let load = run(self.server.port, 8, Duration::from_secs(3_600), &requests).await?;
        load.refused.map_or(Ok(()), |refused| Err(refused.into()))
    }

    /// A session token for each of some customers, as a chat's back end asks for them.
    async fn sessions(&self) -> Result<Vec<String>, Box<dyn Error>> {
        let mut client = Client::connect(self.server.port).await?;
        let bearer = format!("Bearer {}", self.server.key);
        let mut tokens = Vec::new();
        for number in 0..SESSIONS.min(self.customers) {
            let customer = format!(
                "user_id:{}",
                shop::user_id(number * self.customers / SESSIONS)
            );
            let body = json!({"customer": customer, "verification": "verified", "ttl_s": 3600});
            let request = post("/v1/sessions", &bearer, &body.to_string());
            let (status, answer) = client.send(&request).await?;
            let answer: Value = serde_json::from_slice(answer)?;
            let token = answer["token"].as_str();
            tokens.push(
                token
                    .ok_or_else(|| format!("{status} {answer}"))?
                    .to_owned(),
            );
        }
        Ok(tokens)
    }

    /// Every tool, alone and under load, taking turns with the floor.
    pub async fn tools(&self) -> Result<(), Box<dyn Error>> {
        let floor = Server::start(&["--floor"])?.ok_or("the floor did not start")?;
        let tokens = self.sessions().await?;
        report::tools_head();
        for tool in ["get_customer_context", "recent_purchases", "open_tickets"] {
            let path = format!("/v1/tools/{tool}");
            let calls = tokens
                .iter()
                .map(|token| post(&path, &format!("Bearer {token}"), "{}"));
            let requests = Requests::new(calls.collect(), true);
            for c in [1, 64] {
                run(floor.port, c, WARM_UP, &requests).await?;
                run(self.server.port, c, WARM_UP, &requests).await?;
                let (mut least, mut ours) = (Cost::default(), Cost::default());
                for _ in 0..ROUNDS {
                    least
                        .add(&floor, c, self.lasting / ROUNDS, &requests)
                        .await?;
                    ours.add(self.server, c, self.lasting / ROUNDS, &requests)
                        .await?;
                }
                report::tool(tool, c, &mut least, &mut ours);
            }
        }
        Ok(())
    }

    /// Deliveries of every sort.
    pub async fn ingest(&self) -> Result<(), Box<dyn Error>> {
        let seconds = usize::try_from(self.lasting.as_secs())?;
        let (batched, single) = (seconds * PREPARED.0, seconds * PREPARED.1);
        report::ingest_head();
        let newcomers = self.customers..self.customers + batched / shop::EVENTS;
        let calls: Vec<String> = newcomers.flat_map(shop::history).collect();
        self.deliver("batches of 100, new customers", BATCH, self.batches(&calls))
            .await?;
        let calls = self.live(0..batched);
        self.deliver(
            "batches of 100, known customers",
            BATCH,
            self.batches(&calls),
        )
        .await?;
        let basic = self.basic();
        let calls = self.live(batched..batched + single);
        let singles = calls.iter().map(|call| post("/v1/track", &basic, call));
        self.deliver("single events, known customers", 1, singles.collect())
            .await
    }

    /// New orders of customers drawn at random.
    fn live(&self, numbers: std::ops::Range<usize>) -> Vec<String> {
        let mut dice = Dice(numbers.start as u64);
        let calls =
            numbers.map(|number| shop::live(dice.below(self.customers as u64) as usize, number));
        calls.collect()
    }

    async fn deliver(
        &self,
        what: &str,
        events: usize,
        list: Vec<Vec<u8>>,
    ) -> Result<(), Box<dyn Error>> {
        let mut cost = Cost::default();
        cost.add(self.server, 64, self.lasting, &Requests::new(list, false))
            .await?;
        report::ingest(what, events, &mut cost);
        Ok(())
    }
}
