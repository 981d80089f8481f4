//! `acquaint identity export`: the profile of every imported record, read page by page.

use crate::config::Config;
use crate::store::link::{self, ImportedRecord};
use crate::{Error, Result};
use clap::{Args, ValueEnum};
use serde_json::json;

/// How many records are read at a time.
const PAGE: i64 = 50_000;

#[derive(Args, Debug)]
pub(in crate::cli) struct ExportCommand {
    /// How it is written
    #[arg(long, value_enum, default_value_t = ExportFormat::Csv)]
    format: ExportFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ExportFormat {
    /// Rows of `source,record_id,profile_id` under a header
    Csv,
    /// One object per line
    Jsonl,
}

impl ExportCommand {
    pub(in crate::cli) async fn run(self, config: &Config) -> Result<()> {
        let format = if config.json {
            ExportFormat::Jsonl
        } else {
            self.format
        };
        let (db, workspace) = crate::cli::find(config).await?;
        if format == ExportFormat::Csv {
            crate::cli::say("source,record_id,profile_id");
        }
        let mut after = (String::new(), String::new());
        loop {
            let page = link::records(&db, &workspace.id, (&after.0, &after.1), PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = (last.source.clone(), last.record.clone());
            let text = match format {
                ExportFormat::Csv => rows(&page)?,
                ExportFormat::Jsonl => objects(&page),
            };
            crate::cli::say(text.trim_end_matches('\n'));
        }
    }
}

fn rows(page: &[ImportedRecord]) -> Result<String> {
    let broken = || Error::internal("a record cannot be written as CSV");
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in page {
        let profile = row.profile.as_deref().unwrap_or_default();
        let cells = [&row.source, &row.record, profile];
        writer.write_record(cells).map_err(|_| broken())?;
    }
    let bytes = writer.into_inner().map_err(|_| broken())?;
    String::from_utf8(bytes).map_err(|_| broken())
}

fn objects(page: &[ImportedRecord]) -> String {
    let line = |row: &ImportedRecord| {
        format!(
            "{}\n",
            json!({"source": row.source, "record_id": row.record, "profile_id": row.profile})
        )
    };
    page.iter().map(line).collect()
}
