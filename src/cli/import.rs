//! `acquaint import`: a file of records through the same write path as requests, at full speed.
//!
//! How far it got is noted beside the data, so that an import that was cut off goes on where it stopped. Lines that it reads
//! twice count once, because a line's message id does.

use crate::clock::{Clock, base32};
use crate::config::Config;
use crate::event::Reject;
use crate::ingest::{Batch, Ingest, Receipt};
use crate::source::{Parsed, segment};
use crate::store::Db;
use crate::store::access::{self, Source, Workspace};
use crate::{Error, Result};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::task::JoinHandle;

/// Lines of one batch.
const BATCH_LINES: usize = 2_000;
/// Most bytes of one batch's lines.
const BATCH_BYTES: usize = 2 * 1024 * 1024;
/// Batches that are on their way at a time.
const IN_FLIGHT: usize = 3;
/// Batches after which the position is noted.
const NOTE_EVERY: usize = 10;
/// Bytes at the start of a file that tell it from another.
const FINGERPRINT: u64 = 64 * 1024;
/// Longest line that is read; an event has at most 32 KB.
const MAX_LINE: u64 = 1024 * 1024;

#[derive(Args, Debug)]
pub(super) struct Import {
    /// The file, or - for standard input
    file: PathBuf,
    /// events: one Segment call per line, as JSON
    #[arg(long, value_enum)]
    format: ImportFormat,
    /// The source that the records come from
    #[arg(long)]
    source: String,
    /// Begin at the start of the file even if an earlier import of it got further
    #[arg(long)]
    restart: bool,
    /// Where refused lines go [default: FILE.rejects.jsonl]
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ImportFormat {
    Events,
}

/// What an import did.
#[derive(Default)]
struct Done {
    accepted: usize,
    refused: usize,
}

/// A line of the file.
struct Line {
    number: u64,
    text: String,
    /// Whether its bytes were UTF-8; if not, `text` shows where.
    utf8: bool,
}

impl Line {
    fn parse(&self, source: &str, received_at: i64) -> Parsed {
        if self.utf8 {
            return segment::parse_line(source, &self.text, received_at);
        }
        let outcome = Err(Reject::new(
            "invalid_utf8",
            "the line is not UTF-8; save the file in that encoding",
        ));
        Parsed {
            outcome,
            message_id: None,
            raw: self.text.clone(),
        }
    }
}

/// One batch on its way, and where in the file it ends.
struct Flight {
    written: JoinHandle<Result<Receipt>>,
    lines: Arc<Vec<Line>>,
    end: u64,
}

impl Import {
    pub(super) async fn run(self, config: &Config) -> Result<()> {
        let ImportFormat::Events = self.format;
        let (db, workspace) = super::find(config).await?;
        let source = self.source(&db, &workspace).await?;
        let (input, length, file) = self.open()?;
        let mut reader = Reader {
            input,
            at: 0,
            line: 0,
        };
        let resumed = match &file {
            Some(file) if !self.restart => {
                let position =
                    access::import_position(&db, &workspace.id, &source.name, file).await?;
                reader.skip_to(u64::try_from(position).unwrap_or(0))?
            }
            _ => 0,
        };
        if resumed > 0 {
            super::note(&format!(
                "going on at byte {resumed}; --restart begins again"
            ));
        }
        let rejects = self.rejects_file(resumed > 0)?;
        let bar = bar(length, "bytes");
        let (ingest, committer) = Ingest::start(db.clone());
        let mut run = Run {
            db: &db,
            workspace: &workspace,
            source: &source,
            file,
            rejects,
            bar,
            done: Done::default(),
        };
        run.all(&mut reader, ingest).await?;
        committer
            .await
            .map_err(|_| Error::internal("the committer failed"))?;
        let done = run.done;
        drop(run.rejects);
        db.close().await;
        self.report(config, &done)
    }

    fn report(&self, config: &Config, done: &Done) -> Result<()> {
        let Done { accepted, refused } = done;
        if config.json {
            return super::say_json(&json!({"accepted": accepted, "refused": refused}));
        }
        super::say(&format!("{accepted} events accepted, {refused} refused"));
        if *refused > 0 {
            let path = self.rejects_path();
            super::note(&format!(
                "hint: the refused lines and reasons are in {}",
                path.display()
            ));
        }
        Ok(())
    }

    async fn source(&self, db: &Db, workspace: &Workspace) -> Result<Source> {
        let sources = access::sources(db, &workspace.id).await?;
        let name = &self.source;
        let found = sources.into_iter().find(|source| source.name == *name);
        found.ok_or_else(|| {
            Error::NotFound(format!(
                "no source `{name}`; add it with `acquaint source add {name} --kind segment`"
            ))
        })
    }

    /// The input, its length if known, and what it is known by.
    fn open(&self) -> Result<(Box<dyn BufRead + Send>, u64, Option<String>)> {
        if self.file == Path::new("-") {
            return Ok((Box::new(BufReader::new(std::io::stdin())), 0, None));
        }
        let path = self.file.display();
        let opened = File::open(&self.file)
            .map_err(|error| Error::invalid(format!("cannot read {path}: {error}")));
        let mut file = opened?;
        let length = file.metadata()?.len();
        let mut head = Vec::new();
        Read::by_ref(&mut file)
            .take(FINGERPRINT)
            .read_to_end(&mut head)?;
        file.seek(SeekFrom::Start(0))?;
        let known_by = base32(&Sha256::digest(&head)[..16]);
        Ok((
            Box::new(BufReader::with_capacity(1 << 18, file)),
            length,
            Some(known_by),
        ))
    }

    fn rejects_path(&self) -> PathBuf {
        self.rejects.clone().unwrap_or_else(|| {
            let stem = if self.file == Path::new("-") {
                "stdin".into()
            } else {
                self.file.clone().into_os_string()
            };
            let mut name = stem;
            name.push(".rejects.jsonl");
            name.into()
        })
    }

    fn rejects_file(&self, resumed: bool) -> Result<Rejects> {
        Ok(Rejects {
            path: self.rejects_path(),
            append: resumed,
            file: None,
        })
    }
}

/// A progress bar on stderr, where someone is looking.
pub(super) fn bar(length: u64, unit: &str) -> ProgressBar {
    let template = match (length, unit) {
        (0, _) => "{spinner} {pos} {elapsed}",
        (_, "bytes") => "{bar:40} {bytes}/{total_bytes} {bytes_per_sec} {eta}",
        _ => "{bar:40} {pos}/{len} {per_sec} {eta}",
    };
    let style =
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length).with_style(style)
}

/// Lines and their positions.
struct Reader {
    input: Box<dyn BufRead + Send>,
    at: u64,
    line: u64,
}

impl Reader {
    fn skip_to(&mut self, position: u64) -> Result<u64> {
        self.at = std::io::copy(
            &mut self.input.by_ref().take(position),
            &mut std::io::sink(),
        )?;
        Ok(self.at)
    }

    /// The next lines with their numbers; none at the end.
    fn batch(&mut self) -> Result<Vec<Line>> {
        let (mut lines, mut bytes) = (Vec::new(), 0);
        while lines.len() < BATCH_LINES && bytes < BATCH_BYTES {
            let mut line = Vec::new();
            let read = self
                .input
                .by_ref()
                .take(MAX_LINE)
                .read_until(b'\n', &mut line)?;
            if read == 0 {
                break;
            }
            self.at += read as u64;
            self.line += 1;
            bytes += read;
            let utf8 = std::str::from_utf8(&line).is_ok();
            let text = String::from_utf8_lossy(&line).trim().to_owned();
            if !text.is_empty() {
                lines.push(Line {
                    number: self.line,
                    text,
                    utf8,
                });
            }
        }
        Ok(lines)
    }
}

/// The file of refused lines, made when the first is refused.
struct Rejects {
    path: PathBuf,
    append: bool,
    file: Option<File>,
}

impl Rejects {
    fn write(&mut self, entry: &serde_json::Value) -> Result<()> {
        if self.file.is_none() {
            let mut options = File::options();
            options
                .create(true)
                .write(true)
                .append(self.append)
                .truncate(!self.append);
            self.file = Some(options.open(&self.path)?);
        }
        if let Some(file) = &mut self.file {
            writeln!(file, "{entry}")?;
        }
        Ok(())
    }
}

/// An import under way.
struct Run<'a> {
    db: &'a Db,
    workspace: &'a Workspace,
    source: &'a Source,
    file: Option<String>,
    rejects: Rejects,
    bar: ProgressBar,
    done: Done,
}

impl Run<'_> {
    async fn all(&mut self, reader: &mut Reader, ingest: Ingest) -> Result<()> {
        let mut flying: VecDeque<Flight> = VecDeque::new();
        let (mut landed, mut position) = (0, reader.at);
        loop {
            let lines = reader.batch()?;
            let ended = lines.is_empty();
            if !ended {
                flying.push_back(self.send(lines, reader.at, &ingest));
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

    /// Reads and prepares a batch beside the one that is being written.
    fn send(&self, lines: Vec<Line>, end: u64, ingest: &Ingest) -> Flight {
        let (ingest, workspace) = (ingest.clone(), self.workspace.clone());
        let (source, lines) = (self.source.name.clone(), Arc::new(lines));
        let read = Arc::clone(&lines);
        let written = tokio::spawn(async move {
            let received_at = Clock::default().now();
            let parsed = read
                .iter()
                .map(|line| line.parse(&source, received_at))
                .collect();
            let bytes: usize = read.iter().map(|line| line.text.len()).sum();
            let batch = Batch::new(&workspace, &source, parsed, bytes, received_at)?;
            ingest.submit_patiently(&workspace, batch).await
        });
        Flight {
            written,
            lines,
            end,
        }
    }

    /// Waits for a batch to be durable; where in the file it ends.
    async fn land(&mut self, flight: Flight) -> Result<u64> {
        let receipt = flight
            .written
            .await
            .map_err(|_| Error::internal("a batch was not written"))??;
        self.done.accepted += receipt.accepted;
        self.done.refused += receipt.refused.len();
        for refused in receipt.refused {
            if let Some(line) = flight.lines.get(refused.index) {
                let Line { number, text, .. } = line;
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
        let mut tx = self.db.begin().await?;
        let now = Clock::default().now();
        access::set_import_position(
            &mut tx,
            &self.workspace.id,
            &self.source.name,
            file,
            position,
            now,
        )
        .await?;
        tx.commit().await
    }
}
