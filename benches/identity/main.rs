//! How well, how fast and in how much memory the same people are recognised without a shared key.
//!
//! `cargo bench --bench identity -- [matching] [--people N] [--data DIR]`; README.md beside this folder says what is compared.

use clap::Parser;
use std::path::PathBuf;

mod matching;
mod measure;
mod people;
mod sets;

/// Measures identity resolution.
#[derive(Parser)]
struct Options {
    /// Sections to run; all when none is named.
    #[arg(value_parser = ["matching"])]
    sections: Vec<String>,
    /// Records of the largest generated set.
    #[arg(long, default_value_t = 100_000)]
    people: usize,
    /// Where public sets of people lie.
    #[arg(long, default_value = "../shared/data/people")]
    data: PathBuf,
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
    Ok(())
}
