//! A batch: the events of one delivery, prepared by the request before they wait to be written.

use super::read_event::ReadEvent;
use crate::Result;
use crate::clock::Time;
use crate::event::Event;
use crate::source::Parsed;
use crate::store::access::Workspace;
use crate::store::event::NewEvent;
use crate::store::reject::Rejected;

/// An event with all that can be known of it without the database: how identity and profile read
/// it, and its row in the log.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub(super) read: ReadEvent,
    pub(super) new: NewEvent,
    /// The version of the rules that it was read under.
    pub(super) rules: i64,
}

/// Prepares an event. Requests do this side by side, so that the one committer need not.
///
/// # Errors
/// When the event cannot be written as JSON, which never happens to an event that was checked.
pub fn prepare(workspace: &Workspace, event: &Event) -> Result<Prepared> {
    let read = ReadEvent::of(workspace, event);
    Ok(Prepared {
        new: NewEvent::of(event, read.link().clone())?,
        read,
        rules: workspace.rules.version,
    })
}

impl Prepared {
    /// The same event read under the rules that the workspace has now.
    ///
    /// # Errors
    /// As [`prepare`].
    pub fn again(&self, workspace: &Workspace) -> Result<Self> {
        prepare(workspace, &self.new.event()?)
    }
}

/// The events of one delivery, sorted into accepted and refused.
#[derive(Debug)]
pub(super) struct Batch {
    source: String,
    pub events: Vec<Prepared>,
    refused: Vec<RefusedEvent>,
    pub rejected: Vec<Rejected>,
    /// About how large the delivery was.
    pub bytes: usize,
}

/// A refused event as its sender is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedEvent {
    /// Its position in the delivery.
    pub index: usize,
    /// The sender's id of the message, if it had one.
    pub message_id: Option<String>,
    /// The stable reason.
    pub code: &'static str,
    /// What is wrong and what to send instead.
    pub message: String,
}

impl Batch {
    /// Sorts and prepares what a source parsed; `bytes` is about how large the delivery was.
    pub fn new(
        workspace: &Workspace,
        source: &str,
        parsed: Vec<Parsed>,
        bytes: usize,
        received_at: Time,
    ) -> Result<Self> {
        let mut batch = Self {
            source: source.to_owned(),
            events: Vec::new(),
            refused: Vec::new(),
            rejected: Vec::new(),
            bytes,
        };
        for (
            index,
            Parsed {
                outcome,
                message_id,
                raw,
            },
        ) in parsed.into_iter().enumerate()
        {
            match outcome {
                Ok(event) => batch.events.push(prepare(workspace, &event)?),
                Err(reject) => {
                    batch.rejected.push(Rejected {
                        id: crate::event::event_id(source, &format!("{}\0{raw}", reject.code)),
                        source: source.to_owned(),
                        code: reject.code.to_owned(),
                        // Whatever was sent, PostgreSQL has to be able to keep it.
                        message: reject.message.replace('\0', ""),
                        message_id: message_id.as_ref().map(|id| id.replace('\0', "")),
                        received_at,
                        body: raw.replace('\0', ""),
                    });
                    batch.refused.push(RefusedEvent {
                        index,
                        message_id,
                        code: reject.code,
                        message: reject.message,
                    });
                }
            }
        }
        Ok(batch)
    }

    /// What the sender is told once the batch is written.
    pub fn receipt(self) -> Receipt {
        if !self.refused.is_empty() {
            tracing::info!(
                source = self.source,
                refused = self.refused.len(),
                "events refused; `acquaint source rejects` shows them"
            );
        }
        Receipt {
            accepted: self.events.len(),
            refused: self.refused,
        }
    }
}

/// What became of a delivery; its events are durable and visible.
#[derive(Debug, Default)]
pub struct Receipt {
    /// Events that were accepted, new or known.
    pub accepted: usize,
    /// Events that were refused, and why.
    pub refused: Vec<RefusedEvent>,
}
