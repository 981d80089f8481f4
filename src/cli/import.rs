//! `acquaint import`: writes a file of records by the same path as requests, at full speed.
//!
//! The position in the file is stored with the data, so an interrupted import goes on where it
//! stopped. Records that are read twice count once, because they have the same message id.

use crate::clock::Clock;
use crate::config::Config;
use crate::ingest::{Feed, Ingest};
use crate::source::people::SOURCE as PEOPLE;
use crate::store::Db;
use crate::store::access::{self, Source, Workspace};
use crate::{Error, Result, steward};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;

mod cells;
mod input;
mod input_record;
mod lines;
mod people;
mod reader;
mod rejects;
mod run;

use input::Input;
use people::MapFile;
use reader::{Reader, Reading};
use rejects::Rejects;
use run::Run;

#[derive(Args, Debug)]
pub(super) struct ImportCommand {
    /// The file, or - for standard input
    file: PathBuf,
    /// What is in it
    #[arg(long, value_enum)]
    format: ImportFormat,
    /// The source that the records come from; for csv and jsonl it is added if there is none of
    /// this name
    #[arg(long)]
    source: String,
    /// For csv and jsonl: which column holds what [default: common names are recognised]
    #[arg(long, value_name = "MAP.toml")]
    map: Option<PathBuf>,
    /// Begin at the start of the file even if an earlier import of it got further
    #[arg(long)]
    restart: bool,
    /// Where refused records go [default: FILE.rejects.jsonl]
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ImportFormat {
    /// One Segment call per line, as JSON
    Events,
    /// People, one per row, under a header
    Csv,
    /// People, one JSON object per line
    Jsonl,
}

impl ImportCommand {
    pub(super) async fn run(self, config: &Config) -> Result<()> {
        let people = self.format != ImportFormat::Events;
        if self.map.is_some() && !people {
            return Err(Error::invalid(
                "`--map` is for `--format csv` and `--format jsonl`",
            ));
        }
        if people {
            super::source::check_name(&self.source)?;
        }
        let map_file = MapFile::read(self.map.as_deref())?;
        let mut input = Input::open(&self.file)?;
        let file = input.position_key(self.format, &map_file.text);
        let (reading, mut reader) = self.reading(&mut input, &map_file)?;
        let (db, workspace) = if people {
            super::open(config).await?
        } else {
            super::find(config).await?
        };
        let source = self.source(&db, &workspace).await?;
        let resumed = self.resumed(&db, &source, file.as_deref()).await?;
        if resumed > 0 {
            reader = reader.skip_to(resumed)?;
        }
        if resumed > 0 && resumed >= input.length {
            super::note("the file was read to its end before; --restart reads it again");
        } else if resumed > 0 {
            super::note(&format!(
                "going on at byte {resumed}; --restart begins again"
            ));
        }
        let (ingest, committer) = Ingest::start(db.clone());
        let workspace = Arc::new(workspace);
        let feed = Arc::new(Feed { workspace, source });
        let mut run = Run::new(&db, feed, reading, file);
        run.rejects = Rejects::new(self.rejects_path(), resumed > 0);
        run.bar = bar(input.length, "bytes");
        run.all(&mut reader, ingest).await?;
        committer
            .await
            .map_err(|_| Error::internal("the committer failed"))?;
        let (accepted, refused) = (run.accepted, run.refused);
        drop(run);
        db.close().await;
        self.report(config, accepted, refused)
    }

    /// The parser of the records, and the reader of the file.
    fn reading(&self, input: &mut Input, map_file: &MapFile) -> Result<(Reading, Reader)> {
        Ok(match self.format {
            ImportFormat::Events => (Reading::Events, Reader::lines(input)),
            ImportFormat::Csv => {
                let (people, csv_format) = people::of_rows(&self.source, map_file, input)?;
                (Reading::Rows(people), Reader::cells(input, csv_format)?)
            }
            ImportFormat::Jsonl => {
                let people = people::of_objects(&self.source, map_file, input)?;
                (Reading::Objects(people), Reader::lines(input))
            }
        })
    }

    /// The position where an earlier import of the file stopped; 0 if there was none.
    async fn resumed(&self, db: &Db, source: &Source, file: Option<&str>) -> Result<u64> {
        let Some(file) = file.filter(|_| !self.restart) else {
            return Ok(0);
        };
        let position = access::import_position(db, &source.workspace, &source.name, file).await?;
        Ok(u64::try_from(position).unwrap_or(0))
    }

    fn report(&self, config: &Config, accepted: usize, refused: usize) -> Result<()> {
        if config.json {
            return super::say_json(&json!({"accepted": accepted, "refused": refused}));
        }
        let records = if self.format == ImportFormat::Events {
            "events"
        } else {
            "records"
        };
        super::say(&format!("{accepted} {records} accepted, {refused} refused"));
        if refused > 0 {
            let path = self.rejects_path();
            super::note(&format!(
                "hint: the refused {records} and reasons are in {}",
                path.display()
            ));
        }
        Ok(())
    }

    async fn source(&self, db: &Db, workspace: &Workspace) -> Result<Source> {
        let sources = access::sources(db, &workspace.id).await?;
        let name = &self.source;
        if let Some(found) = sources.into_iter().find(|source| source.name == *name) {
            return Ok(found);
        }
        if self.format == ImportFormat::Events {
            return Err(Error::NotFound(format!(
                "no source `{name}`; add it with `acquaint source add {name} --kind segment`"
            )));
        }
        let new = Source {
            workspace: workspace.id.clone(),
            name: name.clone(),
            kind: PEOPLE.name.to_owned(),
            write_key: super::source::new_write_key(),
            secret: None,
            created_at: Clock::default().now(),
        };
        steward::access::add_sources(db, std::slice::from_ref(&new)).await?;
        super::note(&format!("added the source `{name}` of kind {}", new.kind));
        Ok(new)
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
}

/// A progress bar, if stderr is a terminal.
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
