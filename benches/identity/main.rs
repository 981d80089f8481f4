//! How well, how fast and in how much memory the same people are recognised without a shared key.
//!
//! `cargo bench --bench identity -- [matching] [merge] [rules] [--people N] [--data DIR]`;
//! README.md beside this folder says what is compared.

use clap::Parser;
use std::path::PathBuf;

mod matching;
mod measure;
mod people;
mod sets;
mod store;

/// Measures identity resolution.
#[derive(Parser)]
struct Options {
    /// Sections to run; all when none is named.
    #[arg(value_parser = ["matching", "merge", "rules"])]
    sections: Vec<String>,
    /// Records of the largest generated set.
    #[arg(long, default_value_t = 100_000)]
    people: usize,
    /// Where public sets of people lie.
    #[arg(long, default_value = "../shared/data/people")]
    data: PathBuf,
    /// Events of each of the two customers who are joined.
    #[arg(long, default_value_t = 100_000)]
    events: usize,
    /// Links over which the rules change.
    #[arg(long, default_value_t = 1_000_000)]
    links: usize,
    /// The database for `merge` and `rules`; a new SQLite file where none is named.
    #[arg(long)]
    database: Option<String>,
    /// Prints what was decided wrongly in this set.
    #[arg(long)]
    explain: Option<String>,
    /// What `cargo bench` adds.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::parse();
    let wanted = |section: &str| {
        options.sections.is_empty() || options.sections.iter().any(|name| name == section)
    };
    if wanted("matching") {
        matching::run(&options.data, options.people, options.explain.as_deref())?;
    }
    if wanted("merge") || wanted("rules") {
        let runtime = tokio::runtime::Runtime::new()?;
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let file = format!("sqlite://{}", folder.path().join("bench.db").display());
        let url = options.database.as_deref().unwrap_or(&file);
        if wanted("merge") {
            runtime.block_on(store::merge(url, options.events))?;
        }
        if wanted("rules") {
            runtime.block_on(store::rules(url, options.links))?;
        }
    }
    Ok(())
}
