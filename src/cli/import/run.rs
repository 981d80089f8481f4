//! A running import: batches are read and parsed while others are written, and the position is
//! stored when they are durable.

use super::input_record::InputRecord;
use super::reader::{Reader, Reading};
use super::rejects::Rejects;
use crate::clock::Clock;
use crate::ingest::{self, Feed, Ingest, Patience, Receipt};
use crate::store::Db;
use crate::{Error, Result};
use indicatif::ProgressBar;
use serde_json::json;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::task::JoinHandle;

/// The most batches in flight.
const IN_FLIGHT: usize = 3;
/// The position is stored after this many batches.
const NOTE_EVERY: usize = 2;

pub(super) struct Run<'a> {
    db: &'a Db,
    feed: Arc<Feed>,
    reading: Arc<Reading>,
    /// The key of the stored position; `None` if the input has none.
    file: Option<String>,
    pub rejects: Rejects,
    pub bar: ProgressBar,
    pub accepted: usize,
    pub refused: usize,
}

/// One batch in flight, and the position of its end in the file.
struct Flight {
    written: JoinHandle<Result<Receipt>>,
    records: Arc<Vec<InputRecord>>,
    end: u64,
}

impl<'a> Run<'a> {
    pub fn new(db: &'a Db, feed: Arc<Feed>, reading: Reading, file: Option<String>) -> Self {
        Self {
            db,
            feed,
            reading: Arc::new(reading),
            file,
            rejects: Rejects::default(),
            bar: ProgressBar::hidden(),
            accepted: 0,
            refused: 0,
        }
    }

    /// Imports the rest of the file.
    pub async fn all(&mut self, reader: &mut Reader, ingest: Ingest) -> Result<()> {
        let mut flying: VecDeque<Flight> = VecDeque::new();
        let (mut landed, mut position) = (0, reader.at());
        loop {
            let records = reader.batch()?;
            let ended = records.is_empty();
            if !ended {
                flying.push_back(self.send(records, reader.at(), &ingest));
            }
            while flying.len() >= IN_FLIGHT || (ended && !flying.is_empty()) {
                let Some(flight) = flying.pop_front() else {
                    break;
                };
                position = self.land(flight).await?;
                landed += 1;
                if landed % NOTE_EVERY == 0 {
                    self.note(position).await?;
                }
            }
            if ended {
                self.bar.finish_and_clear();
                return self.note(position).await;
            }
        }
    }

    /// Parses and sends a batch while others are written.
    fn send(&self, records: Vec<InputRecord>, end: u64, ingest: &Ingest) -> Flight {
        let (ingest, feed) = (ingest.clone(), Arc::clone(&self.feed));
        let records = Arc::new(records);
        let (sent, reading) = (Arc::clone(&records), Arc::clone(&self.reading));
        let written = tokio::spawn(async move {
            let bytes: usize = sent.iter().map(|record| record.text.len()).sum();
            let received_at = Clock::default().now();
            let read = move |feed: &Feed| {
                let source = &feed.source.name;
                let records = sent.iter();
                let each = records.map(|record| reading.parse(record, source, received_at));
                Ok(each.collect())
            };
            ingest
                .deliver(&feed, bytes, received_at, Patience::Waits, read)
                .await
        });
        Flight {
            written,
            records,
            end,
        }
    }

    /// Waits until a batch is durable, and returns the position of its end.
    async fn land(&mut self, flight: Flight) -> Result<u64> {
        let receipt = flight
            .written
            .await
            .map_err(|_| Error::internal("a batch was not written"))??;
        self.accepted += receipt.accepted;
        self.refused += receipt.refused.len();
        for refused in receipt.refused {
            if let Some(record) = flight.records.get(refused.index) {
                let InputRecord { number, text, .. } = record;
                self.rejects.write(&json!({"line": number, "code": refused.code, "message": refused.message, "text": text}))?;
            }
        }
        self.bar.set_position(flight.end);
        Ok(flight.end)
    }

    async fn note(&self, position: u64) -> Result<()> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        let position = i64::try_from(position).unwrap_or(i64::MAX);
        let Feed { workspace, source } = &*self.feed;
        let now = Clock::default().now();
        ingest::note_import(self.db, &workspace.id, &source.name, (file, position), now).await
    }
}
