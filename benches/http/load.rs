//! A load generator that costs little: turns of requests over keep-alive connections, prepared
//! beforehand or made on the way.

use crate::client::Client;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// What a stretch of load came to.
#[derive(Default)]
pub struct Load {
    /// How long each turn took, in nanoseconds.
    pub took: Vec<u64>,
    /// How long the whole stretch took.
    pub elapsed: Duration,
    /// How long requests were made in it that were not prepared, over all connections.
    pub making: Duration,
    /// An answer that was no 200, if there was one.
    pub refused: Option<String>,
}

impl Load {
    /// Adds another stretch of the same load.
    pub fn extend(&mut self, other: Self) {
        self.took.extend(other.took);
        self.elapsed += other.elapsed;
        self.making += other.making;
        self.refused = self.refused.take().or(other.refused);
    }

    /// Turns per second.
    pub fn rate(&self) -> f64 {
        self.took.len() as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }

    /// The time within which this share of the turns was answered, in milliseconds; sorts what was
    /// measured.
    pub fn within(&mut self, share: f64) -> f64 {
        self.took.sort_unstable();
        let last = self.took.len().saturating_sub(1);
        let at = (last as f64 * share).round() as usize;
        self.took.get(at).map_or(0.0, |took| *took as f64 / 1e6)
    }
}

/// Makes the request of a number; None after the last.
type Make = dyn Fn(usize) -> Option<Vec<u8>> + Send + Sync;

#[derive(Clone)]
enum Requests {
    /// All of them; each turn sends so many one after another.
    Prepared {
        list: Arc<Vec<Vec<u8>>>,
        steps: usize,
        again: bool,
    },
    /// Made when their turn comes, because there are too many to hold.
    Made(Arc<Make>),
}

/// What is sent. Connections share the place where the next turn is taken from, and so do clones.
#[derive(Clone)]
pub struct Script {
    requests: Requests,
    next: Arc<AtomicUsize>,
    /// Turns per second; as many as can be where it is left out.
    pace: Option<f64>,
}

/// The requests of one turn.
enum Turn<'a> {
    Prepared(&'a [Vec<u8>]),
    Made(Vec<u8>),
}

impl Script {
    /// Requests that are sent once, as events are.
    pub fn once(list: Vec<Vec<u8>>) -> Self {
        Self::prepared(list, 1, false)
    }

    /// Requests that begin again after the last.
    pub fn again(list: Vec<Vec<u8>>) -> Self {
        Self::prepared(list, 1, true)
    }

    /// The same in turns of so many requests, one after another on one connection.
    pub fn turns(list: Vec<Vec<u8>>, steps: usize) -> Self {
        Self::prepared(list, steps, true)
    }

    /// Requests that are made when their turn comes.
    pub fn made(make: impl Fn(usize) -> Option<Vec<u8>> + Send + Sync + 'static) -> Self {
        Self::new(Requests::Made(Arc::new(make)))
    }

    /// The same at this many turns a second. A turn's time counts from when it was due, so waiting
    /// for a connection shows.
    pub fn paced(self, pace: f64) -> Self {
        Self {
            pace: Some(pace.max(1e-3)),
            ..self
        }
    }

    fn prepared(list: Vec<Vec<u8>>, steps: usize, again: bool) -> Self {
        let list = Arc::new(list);
        Self::new(Requests::Prepared { list, steps, again })
    }

    fn new(requests: Requests) -> Self {
        Self {
            requests,
            next: Arc::default(),
            pace: None,
        }
    }

    fn take(&self) -> Option<(usize, Turn<'_>)> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let turn = match &self.requests {
            Requests::Prepared { list, steps, again } => {
                let turns = list.len() / steps;
                let at = if *again {
                    number.checked_rem(turns)?
                } else {
                    number
                };
                Turn::Prepared(list.get(at * steps..(at + 1) * steps)?)
            }
            Requests::Made(make) => Turn::Made(make(number)?),
        };
        Some((number, turn))
    }

    /// When the turn of this number is due.
    fn due(&self, began: Instant, number: usize) -> Option<Instant> {
        let seconds = number as f64 / self.pace?;
        Some(began + Duration::from_secs_f64(seconds))
    }
}

/// Runs a script over this many connections, each one turn after another, until the time is up or
/// the script ends.
pub async fn run(
    port: u16,
    connections: usize,
    lasting: Duration,
    script: &Script,
) -> io::Result<Load> {
    let mut clients = Vec::with_capacity(connections);
    for _ in 0..connections {
        clients.push(Client::connect(port).await?);
    }
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for client in clients {
        tasks.spawn(one(client, script.clone(), began, lasting));
    }
    let mut load = Load::default();
    while let Some(done) = tasks.join_next().await {
        load.extend(done.map_err(io::Error::other)??);
    }
    load.elapsed = began.elapsed();
    Ok(load)
}

async fn one(
    mut client: Client,
    script: Script,
    began: Instant,
    lasting: Duration,
) -> io::Result<Load> {
    let mut load = Load::default();
    let until = began + lasting;
    while Instant::now() < until {
        let making = Instant::now();
        let Some((number, turn)) = script.take() else {
            break;
        };
        if matches!(turn, Turn::Made(_)) {
            load.making += making.elapsed();
        }
        let mut sent = Instant::now();
        if let Some(due) = script.due(began, number) {
            if due >= until {
                break;
            }
            tokio::time::sleep_until(due.into()).await;
            sent = due;
        }
        let requests = match &turn {
            Turn::Prepared(requests) => *requests,
            Turn::Made(request) => std::slice::from_ref(request),
        };
        for request in requests {
            let (status, body) = client.send(request).await?;
            if status != 200 && load.refused.is_none() {
                let body = String::from_utf8_lossy(body);
                load.refused = Some(format!("{status} {body}"));
            }
        }
        load.took.push(sent.elapsed().as_nanos() as u64);
    }
    Ok(load)
}
