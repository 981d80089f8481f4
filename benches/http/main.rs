//! What the product does over HTTP, end to end: tool calls and deliveries, beside the least that
//! the same server library does and beside a peer, in the same run.
//!
//! `cargo bench --bench http`; README.md beside this folder says what the columns mean. The servers
//! are processes of their own, so that their CPU time is theirs; the load comes from this process
//! and shares the machine's cores with them.

use clap::Parser;
use database::Database;
use product::Product;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

mod client;
mod database;
mod growth;
mod hot;
mod import;
mod ingest;
mod load;
mod measure;
mod process;
mod product;
mod raw;
mod report;
mod server;
mod shop;
mod toolbox;
mod tools;

/// The allocator of acquaint, so that the floor has no other.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures the product over HTTP
#[derive(Parser)]
#[command(max_term_width = 100)]
struct Options {
    /// What to measure; `all` is tools, ingest, mixed and import
    #[arg(long, default_value = "all", value_parser = ["all", "tools", "ingest", "mixed", "growth", "hot", "import"])]
    only: String,
    /// Customers in the database before anything is measured, with 13 events each
    #[arg(long, default_value_t = 2_000)]
    customers: usize,
    /// Seconds of load for each row
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// The databases to measure on [default: both; sqlite for growth and hot]
    #[arg(long, value_delimiter = ',', value_parser = ["sqlite", "postgres"])]
    engines: Vec<String>,
    /// A PostgreSQL database, through its socket; in it the schemas `acquaint_bench` and
    /// `toolbox_bench` are DROPPED and made again
    #[arg(
        long,
        value_name = "URL",
        default_value = "postgres://postgres@localhost/acquaint_bench?host=/var/run/postgresql"
    )]
    postgres: String,
    /// The program of the MCP Toolbox for Databases, to measure it beside us
    #[arg(long, value_name = "PATH")]
    toolbox: Option<PathBuf>,
    /// For growth: how many customers each database has
    #[arg(long, value_delimiter = ',', default_value = "10000,100000,1000000")]
    sizes: Vec<usize>,
    /// For growth: a folder in which seeded SQLite databases are kept, for this run and others
    #[arg(long, value_name = "DIR")]
    seeded: Option<PathBuf>,
    /// For hot: events of the one customer
    #[arg(long, default_value_t = 100_000)]
    events: usize,
    /// For hot: orders, each with its own reference, of the one customer
    #[arg(long, default_value_t = 20_000)]
    orders: usize,
    /// For hot: visitors with the one address
    #[arg(long, default_value_t = 100_000)]
    links: usize,
    /// Serves the floor on this port instead, for the measuring process
    #[arg(long, hide = true)]
    floor: Option<u16>,
    /// What `cargo bench` adds
    #[arg(long, hide = true)]
    bench: bool,
}

impl Options {
    fn wants(&self, what: &str) -> bool {
        let part_of_all = ["tools", "ingest", "mixed", "import"].contains(&what);
        self.only == what || (self.only == "all" && part_of_all)
    }

    fn lasting(&self) -> Duration {
        Duration::from_secs(self.seconds.max(1))
    }

    fn customers(&self) -> usize {
        self.customers.max(1)
    }

    fn engines(&self) -> Vec<&str> {
        let all: &[&str] = match self.only.as_str() {
            "growth" | "hot" => &["sqlite"],
            _ => &["sqlite", "postgres"],
        };
        if self.engines.is_empty() {
            return all.to_vec();
        }
        self.engines.iter().map(String::as_str).collect()
    }

    /// A new database; None, and a line about it, where no server answers.
    async fn database(&self, engine: &str, name: &'static str, folder: &Path) -> Option<Database> {
        if engine == "sqlite" {
            return Some(Database::sqlite(folder, &format!("{name}.db")));
        }
        let made = Database::postgres(&self.postgres, name).await;
        if made.is_none() {
            report::note("postgres: no database where `--postgres` says, left out");
        }
        made
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    if let Some(port) = options.floor {
        return server::floor(port).await;
    }
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let folder = folder.path();
    report::program();
    for engine in options.engines() {
        match options.only.as_str() {
            "growth" => {
                let make = || options.database(engine, "acquaint_bench", folder);
                let seeded = options.seeded.as_deref();
                growth::run(make, &options.sizes, options.lasting(), folder, seeded).await?;
            }
            "hot" => hot(&options, engine, folder).await?,
            "import" => {}
            _ => usual(&options, engine, folder).await?,
        }
    }
    if options.wants("import") {
        import::run(options.customers(), folder).await?;
    }
    Ok(())
}

/// Tools, ingest and both at once on one database.
async fn usual(options: &Options, engine: &str, folder: &Path) -> Result<(), Box<dyn Error>> {
    let (customers, lasting) = (options.customers(), options.lasting());
    report::title(&format!("{engine}, {customers} customers"));
    let Some(database) = options.database(engine, "acquaint_bench", folder).await else {
        return Ok(());
    };
    let mut product = Product::create(database, folder).await?;
    let first = product.server.start;
    let load = product.seed(customers).await?;
    report::seeded(customers, customers * shop::EVENTS, &load);
    product.restart().await?;
    report::start(first, &product);
    if options.wants("tools") {
        tool_rows(options, engine, &mut product, folder).await?;
    }
    if options.wants("ingest") {
        ingest::rows(&mut product, customers, lasting, folder).await?;
    }
    if options.wants("mixed") {
        ingest::mixed(&product, customers, lasting).await?;
    }
    report::end(&product);
    product.remove().await
}

async fn tool_rows(
    options: &Options,
    engine: &str,
    product: &mut Product,
    folder: &Path,
) -> Result<(), Box<dyn Error>> {
    let (customers, lasting) = (options.customers(), options.lasting());
    let floor = server::start_floor(&folder.join("floor.log")).await?;
    let mut peer = None;
    match &options.toolbox {
        None => report::note("no rows of the MCP Toolbox: `--toolbox` names none"),
        Some(program) => {
            if let Some(tables) = options.database(engine, "toolbox_bench", folder).await {
                let server = toolbox::start(program, &tables, customers, folder).await?;
                peer = Some((server, tables));
            }
        }
    }
    let server = peer.as_ref().map(|(server, _)| server);
    tools::warm(product, &floor, server, customers, lasting).await?;
    if let Some(server) = server {
        tools::turn(product, server, customers, lasting).await?;
    }
    if let Some((server, tables)) = peer {
        drop(server);
        tables.remove().await?;
    }
    tools::cold_rows(product, customers, lasting).await
}

/// Each hot spot on a database of its own.
async fn hot(options: &Options, engine: &str, folder: &Path) -> Result<(), Box<dyn Error>> {
    for spot in ["customer", "orders", "address"] {
        let Some(database) = options.database(engine, "acquaint_bench", folder).await else {
            return Ok(());
        };
        let product = Product::create(database, folder).await?;
        match spot {
            "customer" => hot::customer(&product, options.events.max(1), options.lasting()).await?,
            "orders" => hot::orders(&product, options.orders.max(1)).await?,
            _ => hot::address(&product, options.links.max(1)).await?,
        }
        report::end(&product);
        product.remove().await?;
    }
    Ok(())
}
