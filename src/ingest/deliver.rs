//! The one road into the log: what a source sent, through an SDK, a webhook or a file, goes in here
//! and comes out as a receipt.

use super::queue::{Batch, Ingest, Patience, Receipt};
use crate::Result;
use crate::clock::Time;
use crate::source::Parsed;
use crate::store::access::{Source, Workspace};
use std::sync::Arc;

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
}
