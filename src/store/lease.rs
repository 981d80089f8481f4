//! Who may commit to a workspace, and who may answer from memory without asking. SQLite shows for next to nothing whether
//! somebody committed (`stamp`); on PostgreSQL a process that wants to know has to ask, unless it holds the *lease*.
//!
//! While a process holds a workspace's lease, nobody else's commit that changes profiles comes to its end: it first has the
//! lease given up, or sees that it is over. So whatever was acknowledged since the last look was committed here.
//!
//! No two clocks are compared. A holder counts its term from before it sent a renewal; who waits counts a longer one from after
//! it saw that renewal's number, and takes the lease only if the number still stands. Both are on their own monotonic clock,
//! so this holds as long as neither runs a quarter faster than the other. It is the lease of Gray and Cheriton, "Leases: an
//! efficient fault-tolerant mechanism for distributed file cache consistency" (1989).
//!
//! A lease is taken under the lock under which everybody commits, so no commit is under way that did not see it. It is taken
//! only by a process that is asked, once nobody else has committed for a while; each time it has to be given up, that while
//! gets longer. Replicas that write in turn therefore do without, and ask.

use super::sql::{self, Driver, Engine, Transaction};
use crate::clock::random_id;
use crate::{Error, Result};
use sqlx::postgres::{PgConnection, PgPool};
use sqlx::{AssertSqlSafe, Connection, Row};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};
use tokio::sync::watch;

mod state;

use state::{OVER, State, TERM};

/// How often a lease is renewed; about how long others wait for it at most while its holder lives.
const RENEW: Duration = Duration::from_millis(100);
/// How long after the last question a lease is still renewed.
const IDLE: Duration = Duration::from_secs(5);
/// How often who waits looks, and for how long at most.
const LOOK: Duration = Duration::from_millis(5);
const PATIENCE: Duration = Duration::from_secs(10);

/// A workspace's lease as this process sees it.
#[derive(Debug, Default)]
pub(super) struct Lease(Mutex<State>);

impl Lease {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this process holds it.
    fn held(&self) -> bool {
        self.state().held(Instant::now())
    }

    /// While this stays the same, nobody has committed; none when only asking tells.
    pub(super) fn mark(&self, now: Instant) -> Option<u64> {
        let mut state = self.state();
        state.asked = Some(now);
        (state.held(now) && state.committing == 0).then_some(state.mark)
    }
}

/// The leases of a process, by workspace.
#[derive(Debug)]
pub(super) struct Leases {
    /// Under which name this process holds them.
    holder: String,
    all: Mutex<HashMap<String, Arc<Lease>>>,
    /// Told when somebody asks and only the database can tell.
    asked: watch::Sender<()>,
}

impl Leases {
    pub(super) fn new() -> Self {
        Self {
            holder: random_id("", 10),
            all: Mutex::default(),
            asked: watch::Sender::new(()),
        }
    }

    /// The lease of a workspace.
    pub(super) fn of(&self, workspace: &str) -> Arc<Lease> {
        let mut all = self.held();
        if let Some(lease) = all.get(workspace) {
            return Arc::clone(lease);
        }
        Arc::clone(all.entry(workspace.to_owned()).or_default())
    }

    /// Whether this process may commit while this is the holder.
    pub(super) fn allow(&self, holder: &str) -> bool {
        holder.is_empty() || holder == self.holder
    }

    /// Says that somebody asks what only the database can answer.
    pub(super) fn ask(&self) {
        self.asked.send_replace(());
    }

    /// Tells of such questions.
    pub(super) fn asked(&self) -> watch::Receiver<()> {
        self.asked.subscribe()
    }

    fn held(&self) -> MutexGuard<'_, HashMap<String, Arc<Lease>>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn all(&self) -> Vec<(String, Arc<Lease>)> {
        let all = self.held();
        all.iter()
            .map(|(id, lease)| (id.clone(), Arc::clone(lease)))
            .collect()
    }
}

/// A commit that is under way. Should nobody learn what became of it, the lease is given up: who takes it next waits for the
/// lock, and so for the end of that commit.
#[derive(Debug)]
pub(super) struct Committing(Vec<(Arc<Lease>, i64)>);

impl Committing {
    /// Begins the commit of these changes.
    pub(super) fn begin(changes: Vec<(Arc<Lease>, i64)>) -> Self {
        for (lease, _) in &changes {
            lease.state().committing += 1;
        }
        Self(changes)
    }

    /// It is committed.
    pub(super) fn done(mut self) {
        for (lease, number) in self.0.drain(..) {
            let mut state = lease.state();
            state.committing -= 1;
            state.mark += 1;
            state.note(number, true, Instant::now());
        }
    }
}

impl Drop for Committing {
    fn drop(&mut self) {
        for (lease, _) in self.0.drain(..) {
            let mut state = lease.state();
            state.committing -= 1;
            state.give_up();
        }
    }
}

const LOCK: &str = "select pg_advisory_xact_lock(hashtextextended('acquaint:' || $1, 0))";
const TRY_LOCK: &str = "select pg_try_advisory_xact_lock(hashtextextended('acquaint:' || $1, 0))";

/// Waits until no other transaction may commit to the workspace before this one ends.
pub(super) async fn lock(tx: &mut Transaction, workspace: &str) -> Result<()> {
    if tx.is_postgres() {
        tx.sql(LOCK).bind(workspace).execute().await?;
    }
    Ok(())
}

impl Leases {
    /// Waits until another's lease of the workspace is given up or over. The lock must be held, so that nobody takes it anew.
    pub(super) async fn outwait(
        &self,
        driver: &Driver,
        tx: &mut Transaction,
        workspace: &str,
    ) -> Result<()> {
        // What this process holds nobody else does, and under the lock that stays so.
        if !tx.is_postgres() || self.of(workspace).held() {
            return Ok(());
        }
        let began = Instant::now();
        let mut seen = State::default();
        while began.elapsed() < PATIENCE {
            let held: Option<(String, i64, bool)> = tx
                .sql("select holder, number, wanted from lease where workspace = $1")
                .bind(workspace)
                .optional()
                .await?;
            let Some((holder, number, wanted)) = held else {
                return Ok(());
            };
            if self.allow(&holder) {
                return Ok(());
            }
            if seen.over(&holder, number, Instant::now()) {
                let taken = tx
                    .sql("update lease set holder = '', number = number + 1 where workspace = $1 and holder = $2 and number = $3")
                    .bind(workspace)
                    .bind(&holder)
                    .bind(number)
                    .execute()
                    .await?;
                if taken == 1 {
                    return Ok(());
                }
            } else if !wanted {
                want(driver, workspace, &holder).await?;
            }
            tokio::time::sleep(LOOK).await;
        }
        Err(Error::internal(
            "another process does not give up its lease of the workspace",
        ))
    }
}

/// Tells the holder of a lease that others wait for it. Not in their transaction: its holder has to see it, and to be able to
/// write the row. And not on a connection that has to become free first: all of the pool may wait for the lock that whoever
/// asks holds.
async fn want(driver: &Driver, workspace: &str, holder: &str) -> Result<()> {
    let Engine::Postgres(pool) = &driver.engine else {
        return Ok(());
    };
    let text = "update lease set wanted = true where workspace = $1 and holder = $2";
    let wanted = sqlx::query(text).bind(workspace).bind(holder);
    if let Some(mut free) = pool.try_acquire() {
        wanted.execute(&mut *free).await?;
        return Ok(());
    }
    let mut own = PgConnection::connect_with(&pool.connect_options()).await?;
    wanted.execute(&mut own).await?;
    own.close().await?;
    Ok(())
}

/// Takes, renews and gives up the leases of a process, as long as it has its database open and is asked.
pub(super) async fn keep(pool: PgPool, own: Weak<Leases>, mut asked: watch::Receiver<()>) {
    while asked.changed().await.is_ok() {
        loop {
            tokio::time::sleep(RENEW).await;
            let Some(own) = own.upgrade() else {
                return;
            };
            let leases = own.all();
            let kept = async {
                renew(&pool, &own.holder, &leases).await?;
                for (workspace, lease) in &leases {
                    let now = Instant::now();
                    if lease.state().due(now) {
                        lease.state().attempted = Some(now);
                        attempt(&pool, &own.holder, workspace, lease).await?;
                    }
                }
                Ok::<(), sqlx::Error>(())
            };
            match tokio::time::timeout(OVER, kept).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::debug!(target: "acquaint::db", %error, "no lease"),
                Err(_) => tracing::debug!(target: "acquaint::db", "no lease in time"),
            }
            let now = Instant::now();
            let busy = |state: &State| state.held(now) || state.asked_within(now, IDLE);
            if !leases.iter().any(|(_, lease)| busy(&lease.state())) {
                break;
            }
        }
    }
}

/// Renews all that are held, but for those that nobody needs here or that others want.
async fn renew(pool: &PgPool, holder: &str, leases: &[(String, Arc<Lease>)]) -> sqlx::Result<()> {
    let sent = Instant::now();
    if !leases.iter().any(|(_, lease)| lease.state().held(sent)) {
        return Ok(());
    }
    // A renewal that a crash of the database undoes is one that never was, so it need not be durable. Each workspace has a
    // statement of its own: their rows may lie on different nodes.
    let mut text = "set local synchronous_commit = off;".to_owned();
    let taken = |(_, lease): &&(String, Arc<Lease>)| lease.state().taken.is_some();
    let taken: Vec<_> = leases.iter().filter(taken).collect();
    for (workspace, _) in &taken {
        let workspace = workspace.replace('\'', "''");
        text += &format!(
            "update lease set number = number + 1 where workspace = '{workspace}' and holder = '{holder}'
             returning workspace, wanted;"
        );
    }
    let rows = sqlx::raw_sql(AssertSqlSafe(text)).fetch_all(pool).await?;
    let rows = rows
        .iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
    let mut renewed: HashMap<String, bool> = rows.collect::<sqlx::Result<_>>()?;
    for (workspace, lease) in taken {
        let Some(wanted) = renewed.remove(workspace) else {
            lease.state().lose();
            continue;
        };
        let kept = {
            let (mut state, now) = (lease.state(), Instant::now());
            if wanted {
                state.make_way(now);
            } else if !state.held(now) || !state.asked_within(now, IDLE) {
                state.give_up();
            } else {
                state.until = Some(sent + TERM);
            }
            state.held(now)
        };
        if !kept {
            free(pool, holder, workspace).await?;
            lease.state().taken = None;
        }
    }
    Ok(())
}

/// Notes that nobody holds a lease any more that this process held.
async fn free(pool: &PgPool, holder: &str, workspace: &str) -> sqlx::Result<()> {
    let text = "update lease set holder = '' where workspace = $1 and holder = $2";
    let given = sqlx::query(text).bind(workspace).bind(holder);
    given.execute(pool).await.map(drop)
}

/// Takes a workspace's lease if nobody has it, everybody else is quiet and nobody commits just now.
async fn attempt(pool: &PgPool, holder: &str, workspace: &str, lease: &Lease) -> sqlx::Result<()> {
    let mut tx = sql::begin(pool).await?;
    let locked = sqlx::query_as(TRY_LOCK).bind(workspace);
    let (locked,): (bool,) = locked.fetch_one(&mut *tx).await?;
    if !locked {
        return Ok(());
    }
    let text = "select (select coalesce(max(number), 0) from change where workspace = $1),
                       (select holder from lease where workspace = $1), (select number from lease where workspace = $1)";
    let found = sqlx::query_as(text).bind(workspace);
    let (last, other, number): (i64, Option<String>, Option<i64>) =
        found.fetch_one(&mut *tx).await?;
    let (other, number) = (other.unwrap_or_default(), number.unwrap_or_default());
    {
        let (mut state, now) = (lease.state(), Instant::now());
        state.note(last, false, now);
        let free = other.is_empty() || other == holder || state.over(&other, number, now);
        if !free || !state.alone(now) {
            return Ok(());
        }
    }
    let sent = Instant::now();
    let text = "insert into lease (workspace, holder, number, wanted) values ($1, $2, 1, false)
                on conflict (workspace) do update set holder = $2, number = lease.number + 1, wanted = false
                where lease.holder = $3 and lease.number = $4";
    let taken = sqlx::query(text)
        .bind(workspace)
        .bind(holder)
        .bind(&other)
        .bind(number);
    let taken = taken.execute(&mut *tx).await?.rows_affected() == 1;
    if taken {
        // Now already, should nobody learn what becomes of the commit.
        lease.state().taken = Some(sent);
    }
    tx.commit().await?;
    if taken {
        lease.state().take(sent);
    }
    Ok(())
}

/// Gives up all leases of a process that closes its database.
pub(super) async fn give_up(own: &Leases, pool: &PgPool) {
    for (workspace, lease) in own.all() {
        lease.state().give_up();
        if lease.state().taken.take().is_none() {
            continue;
        }
        if let Err(error) = free(pool, &own.holder, &workspace).await {
            tracing::debug!(target: "acquaint::db", %error, "leases run out by themselves");
        }
    }
}
