//! The one road into the log: what a source sent, through an SDK, a webhook or a file, goes in here
//! and comes out as a receipt.

use super::batch::{Batch, Receipt};
use super::queue::{Ingest, Patience};
use crate::clock::Time;
use crate::source::Parsed;
use crate::store::access::{Source, Workspace};
use crate::{Error, Result};
use std::sync::Arc;

/// Bytes from which on a delivery takes long enough to read that other requests would feel it.
const LARGE: usize = 8 * 1024;

/// A source and the workspace that it feeds.
#[derive(Clone, Debug)]
pub struct Feed {
    /// Where its events go.
    pub workspace: Arc<Workspace>,
    /// The source.
    pub source: Source,
}

impl Ingest {
    /// Reads a delivery of about this many bytes and writes it; returns once what was accepted is
    /// durable and visible.
    ///
    /// # Errors
    /// Those of `read`; [`crate::Error::Busy`] when too much waits already and the sender does not;
    /// a database error when it could not be written.
    pub async fn deliver(
        &self,
        feed: &Arc<Feed>,
        bytes: usize,
        received_at: Time,
        patience: Patience,
        read: impl FnOnce(&Feed) -> Result<Vec<Parsed>> + Send + 'static,
    ) -> Result<Receipt> {
        let of = Arc::clone(feed);
        let prepare = move || {
            let parsed = read(&of)?;
            Batch::new(&of.workspace, &of.source.name, parsed, bytes, received_at)
        };
        let batch = self.read(bytes, prepare).await?;
        self.submit(&feed.workspace, batch, patience).await
    }

    /// Reads a delivery of this many bytes: a small one at once, a large one on a thread for it, no
    /// more of them at a time than there are processors.
    async fn read<T: Send + 'static>(
        &self,
        bytes: usize,
        read: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        if bytes < LARGE {
            return read();
        }
        let stopped = |_| Error::internal("a delivery could not be read");
        let _one = self.readers.acquire().await.map_err(stopped)?;
        let read = tokio::task::spawn_blocking(read).await;
        read.map_err(|_| Error::internal("a delivery could not be read"))?
    }
}
