//! What a tool call and a delivery cost over HTTP, beside the least that the same server library does in the same run.
//!
//! `cargo bench --bench http`; README.md beside this folder says what the columns mean. The servers are processes of their
//! own, so that their CPU time is theirs; the load comes from this process and shares the machine's cores with them.

use clap::Parser;
use std::error::Error;
use std::time::Duration;

mod load;
mod measure;
mod report;
mod server;
mod shop;

/// Measures tool calls and ingest over HTTP.
#[derive(Parser)]
struct Options {
    /// Customers in the database before anything is measured, with 13 events each.
    #[arg(long, default_value_t = 2_000)]
    customers: usize,
    /// Seconds of load for each row.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// An empty PostgreSQL database; its rows are left out when it does not answer.
    #[arg(long, default_value = "postgres://postgres@localhost/acquaint_bench")]
    postgres: String,
    /// Only `tools` or `ingest`, or `all`.
    #[arg(long, default_value = "all", value_parser = ["all", "tools", "ingest"])]
    only: String,
    /// Serves this database instead, for the measuring process.
    #[arg(long, hide = true)]
    server: Option<String>,
    /// Serves the floor instead, for the measuring process.
    #[arg(long, hide = true)]
    floor: bool,
    /// What `cargo bench` adds.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    if options.floor {
        return server::floor().await;
    }
    if let Some(url) = &options.server {
        return server::serve(url).await;
    }
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let file = format!("sqlite://{}", folder.path().join("bench.db").display());
    for url in [file.as_str(), &options.postgres] {
        let engine = url.split(':').next().unwrap_or_default();
        let Some(server) = server::Server::start(&["--server", url])? else {
            report::absent(engine, url);
            continue;
        };
        let plan = measure::Plan {
            server: &server,
            customers: options.customers.max(1),
            lasting: Duration::from_secs(options.seconds.max(1)),
        };
        plan.seed().await?;
        report::engine(engine, options.customers, &server);
        if options.only != "ingest" {
            plan.tools().await?;
        }
        if options.only != "tools" {
            plan.ingest().await?;
        }
        report::memory(&server);
    }
    Ok(())
}
