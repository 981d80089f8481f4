//! `acquaint import`: the program reads a file of events into a new SQLite database.

use crate::database::Database;
use crate::process;
use crate::product::PROGRAM;
use crate::report;
use crate::shop;
use serde_json::Value;
use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How often a running import is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// Writes a file with the events of the first customers and imports it.
pub async fn run(customers: usize, folder: &Path) -> Result<(), Box<dyn Error>> {
    report::title(&format!("acquaint import, {customers} customers, sqlite"));
    let file = folder.join("events.jsonl");
    let mut lines = BufWriter::new(File::create(&file)?);
    for call in (0..customers).flat_map(shop::history) {
        writeln!(lines, "{call}")?;
    }
    lines.flush()?;
    drop(lines);
    let megabytes = std::fs::metadata(&file)?.len() as f64 / 1e6;
    let database = Database::sqlite(folder, "import.db");
    let added = command(&database, &["source", "add", "shop", "--kind", "segment"]).output()?;
    if !added.status.success() {
        return Err(String::from_utf8_lossy(&added.stderr).into());
    }
    let began = Instant::now();
    let mut import = command(
        &database,
        &["import", "--format", "events", "--source", "shop"],
    );
    let mut child = import.arg(&file).stdout(Stdio::piped()).spawn()?;
    let pid = child.id().to_string();
    let mut peak = 0;
    // Its CPU time can be read until it is waited for, its memory only while it runs.
    while !process::has_ended(&pid) {
        peak = peak.max(process::peak(&pid));
        tokio::time::sleep(LOOK).await;
    }
    let (took, cpu) = (began.elapsed(), process::cpu(&pid));
    let mut said = Vec::new();
    if let Some(mut out) = child.stdout.take() {
        std::io::Read::read_to_end(&mut out, &mut said)?;
    }
    let done = child.wait()?;
    let said: Value = serde_json::from_slice(&said).unwrap_or_default();
    let accepted = said["accepted"].as_u64().unwrap_or(0);
    if !done.success() || accepted == 0 {
        return Err(format!("the import ended with {done}: {said}").into());
    }
    let rate = accepted as f64 / took.as_secs_f64().max(1e-9);
    let each = cpu as f64 / accepted as f64;
    report::note(&format!(
        "{accepted} events accepted, {} refused, {megabytes:.1} MB read in {:.2} s: {rate:.0} events/s, {each:.1} µs of CPU an event, \
         most memory {peak} MB",
        said["refused"],
        took.as_secs_f64()
    ));
    report::bytes(database.bytes().await?, database.events().await?);
    database.remove().await
}

fn command(database: &Database, arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command
        .args(arguments)
        .args(["--json", "--database", &database.url()]);
    command.stdin(Stdio::null()).stderr(Stdio::piped());
    command
}
