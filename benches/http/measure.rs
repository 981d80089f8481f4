//! A load and what it cost, on one server or on several that take turns.

use crate::load::{Load, Script, run};
use crate::process;
use crate::server::Server;
use std::io;
use std::time::Duration;

/// Load before the first measured turn.
const WARM_UP: Duration = Duration::from_millis(300);
/// How often servers take turns within a row.
const ROUNDS: u32 = 3;

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
        script: &Script,
    ) -> io::Result<()> {
        let (before, own) = (server.cpu(), process::cpu("self"));
        self.load
            .extend(run(server.port, c, lasting, script).await?);
        // Time of a database's process that ended in between is lost, so the sum may even fall.
        self.server += server.cpu().saturating_sub(before);
        self.own += process::cpu("self").saturating_sub(own);
        Ok(())
    }

    /// CPU time of the server for one turn, in microseconds.
    pub fn per_turn(&self) -> f64 {
        self.server as f64 / self.load.took.len().max(1) as f64
    }

    /// This process's share of all the CPU time that was used.
    pub fn own_share(&self) -> f64 {
        self.own as f64 / (self.own + self.server).max(1) as f64
    }
}

/// Puts a load on a server.
pub async fn measure(
    server: &Server,
    c: usize,
    lasting: Duration,
    script: &Script,
) -> io::Result<Cost> {
    let mut cost = Cost::default();
    cost.add(server, c, lasting, script).await?;
    Ok(cost)
}

/// Warms servers up and puts a load on each, in turns, so that what else the machine does meets all
/// of them.
pub async fn in_turns(
    sides: &[(&Server, Script)],
    c: usize,
    lasting: Duration,
) -> io::Result<Vec<Cost>> {
    for (server, script) in sides {
        run(server.port, c, WARM_UP, script).await?;
    }
    let mut costs: Vec<Cost> = sides.iter().map(|_| Cost::default()).collect();
    for _ in 0..ROUNDS {
        for ((server, script), cost) in sides.iter().zip(&mut costs) {
            cost.add(server, c, lasting / ROUNDS, script).await?;
        }
    }
    Ok(costs)
}

/// Deliveries and what they came to.
pub struct Delivered {
    /// The load and its cost; a turn is a delivery.
    pub cost: Cost,
    /// Events of a delivery.
    pub size: usize,
    /// Events of a commit.
    pub per_commit: f64,
}

impl Delivered {
    /// Events per second.
    pub fn rate(&self) -> f64 {
        self.cost.load.rate() * self.size as f64
    }
}
