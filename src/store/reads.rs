//! Customers who are asked for at the same time are read by one statement, where they cannot be read at once.
//!
//! What a statement costs beside its rows, the way to the connection's thread or process and back, is most of what reading one
//! customer costs. So who comes while statements are under way waits for the next, which reads for all who wait. It begins after
//! everyone whom it reads for has asked, so it sees whatever was acknowledged before. Should it fail, each reads alone: what is
//! wrong with one name is nobody else's trouble.

use super::sql::{Driver, Reader};
use crate::Error;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Most customers that one statement reads.
const MOST: usize = 64;
/// Most statements of a sort at once: more than one, so that not everybody waits for a slow one.
const LANES: usize = 2;

const LINKS: &str =
    "select r.n, p.doc from rows($2, r: n bigint, value text) cross join link l cross join profile p
     where l.workspace = $1 and l.id = r.value and p.workspace = l.workspace and p.id = l.profile";
const IDENTIFIERS: &str =
    "select r.n, p.doc from rows($2, r: n bigint, kind text, value text) cross join identifier i cross join profile p
     where i.workspace = $1 and i.kind = r.kind and i.value = r.value and p.workspace = i.workspace and p.id = i.profile";

/// The reads of one workspace's customers.
#[derive(Debug)]
pub(super) struct Reads {
    links: Arc<Queue>,
    identifiers: Arc<Queue>,
}

/// Those by links or those by identifiers.
#[derive(Debug)]
struct Queue {
    text: &'static str,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Who waits for a statement that has not begun.
    waiting: Vec<Waiting>,
    lanes: usize,
}

#[derive(Debug)]
struct Waiting {
    key: Key,
    answer: Answer,
}

/// Where a document goes, none if there is no such customer.
type Answer = oneshot::Sender<Option<Vec<u8>>>;

/// What leads to a customer; a link has no kind.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    kind: String,
    value: String,
}

/// A key as a row of the statement.
#[derive(serde::Serialize)]
struct Numbered<'a> {
    n: usize,
    kind: &'a str,
    value: &'a str,
}

impl Default for Reads {
    fn default() -> Self {
        let queue = |text| {
            let state = Mutex::default();
            Arc::new(Queue { text, state })
        };
        Self {
            links: queue(LINKS),
            identifiers: queue(IDENTIFIERS),
        }
    }
}

impl Reads {
    /// The document that the next statement finds under a link's id, or under the kind and value of an identifier; none if
    /// that statement fails.
    pub(super) async fn ask(
        &self,
        driver: &Driver,
        workspace: &str,
        kind: Option<&str>,
        value: &str,
    ) -> Option<Option<Vec<u8>>> {
        let queue = if kind.is_some() {
            &self.identifiers
        } else {
            &self.links
        };
        let key = Key {
            kind: kind.unwrap_or_default().to_owned(),
            value: value.to_owned(),
        };
        queue.ask(driver, workspace, key).await
    }
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the next statement finds under a key; none if it fails.
    async fn ask(
        self: &Arc<Self>,
        driver: &Driver,
        workspace: &str,
        key: Key,
    ) -> Option<Option<Vec<u8>>> {
        let (answer, answered) = oneshot::channel();
        let opens = {
            let mut state = self.state();
            state.waiting.push(Waiting { key, answer });
            let opens = state.lanes < LANES;
            state.lanes += usize::from(opens);
            opens
        };
        if opens {
            // A task of its own, so that nobody's read ends with the request that began it.
            let lane = Lane {
                queue: Arc::clone(self),
                open: true,
            };
            tokio::spawn(lane.run(driver.clone(), workspace.to_owned()));
        }
        answered.await.ok()
    }
}

/// Statements one after another, as long as somebody waits.
struct Lane {
    queue: Arc<Queue>,
    open: bool,
}

impl Lane {
    async fn run(mut self, driver: Driver, workspace: String) {
        let mut reader = driver.reader().await;
        loop {
            // Requests that have arrived already come along.
            tokio::task::yield_now().await;
            let waiting = self.next();
            if waiting.is_empty() {
                return;
            }
            match &mut reader {
                Ok(reader) => read(reader, &workspace, self.queue.text, waiting).await,
                Err(error) => each_alone(error, waiting.len()),
            }
        }
    }

    /// Who waits now. Nobody ends the lane.
    fn next(&mut self) -> Vec<Waiting> {
        let mut state = self.queue.state();
        state.waiting.retain(|waiting| !waiting.answer.is_closed());
        let most = state.waiting.len().min(MOST);
        let waiting: Vec<Waiting> = state.waiting.drain(..most).collect();
        if waiting.is_empty() {
            state.lanes -= 1;
            self.open = false;
        }
        waiting
    }
}

impl Drop for Lane {
    /// A lane that was cut off lets nobody wait for it.
    fn drop(&mut self) {
        if self.open {
            let mut state = self.queue.state();
            state.lanes -= 1;
            if state.lanes == 0 {
                state.waiting.clear();
            }
        }
    }
}

/// Reads for all who wait.
async fn read(reader: &mut Reader, workspace: &str, text: &'static str, waiting: Vec<Waiting>) {
    let mut askers: HashMap<Key, Vec<Answer>> = HashMap::with_capacity(waiting.len());
    for Waiting { key, answer } in waiting {
        askers.entry(key).or_default().push(answer);
    }
    let (keys, mut askers): (Vec<Key>, Vec<Vec<Answer>>) = askers.into_iter().unzip();
    let numbered = keys.iter().enumerate().map(|(n, key)| Numbered {
        n,
        kind: &key.kind,
        value: &key.value,
    });
    let rows: Vec<_> = numbered.collect();
    let found = reader.sql(text).bind(workspace).rows(&rows).all().await;
    let found: Vec<(i64, Vec<u8>)> = match found {
        Ok(found) => found,
        Err(error) => return each_alone(&error, rows.len()),
    };
    let mut docs: Vec<Option<Vec<u8>>> = vec![None; keys.len()];
    for (n, doc) in found {
        if let Some(place) = usize::try_from(n).ok().and_then(|n| docs.get_mut(n)) {
            *place = Some(doc);
        }
    }
    for (doc, answers) in docs.into_iter().zip(&mut askers) {
        let last = answers.pop();
        // Whoever no longer waits is told nothing.
        for answer in answers.drain(..) {
            drop(answer.send(doc.clone()));
        }
        drop(last.map(|answer| answer.send(doc)));
    }
}

fn each_alone(error: &Error, customers: usize) {
    tracing::debug!(target: "acquaint::db", %error, customers, "each is read alone");
}
