//! The command line: one file per subcommand. Results go to stdout, everything else to stderr.

use crate::clock::Clock;
use crate::config::Config;
use crate::steward::access::NewKey;
use crate::store::access::{self, Workspace};
use crate::store::{self, Db};
use crate::tool::caller::Scope;
use crate::{Error, Result, ingest, steward};
use clap::{Parser, Subcommand};
use std::cell::RefCell;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

mod demo;
mod identity;
mod import;
mod key;
mod profile;
mod serve;
mod session;
mod source;
mod store_command;
mod tool;

/// Gives an AI agent the customer in front of it.
///
/// acquaint collects customer data from every system a company uses, resolves it into one profile
/// per customer, and serves that profile to language models as tool calls. Try `acquaint demo`
/// first.
#[derive(Debug, Parser)]
#[command(name = "acquaint", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Options that every command takes.
    #[command(flatten)]
    config: Config,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Fill an invented shop's records through the real sources, show what an agent sees, then
    /// serve it; in acquaint-demo.db unless another database is named
    Demo(demo::DemoCommand),
    /// Run the server
    Serve(crate::config::ServerConfig),
    /// Read a file of records; goes on where it stopped when run again
    Import(import::ImportCommand),
    /// The places that events come from
    #[command(subcommand)]
    Source(source::SourceCommand),
    /// Secret keys for back ends and staff
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// Tokens that are bound to one customer, for chats
    #[command(subcommand)]
    Session(session::SessionCommand),
    /// The tools that agents call
    #[command(subcommand)]
    Tool(tool::ToolCommand),
    /// One customer, as staff see them
    #[command(subcommand)]
    Profile(profile::ProfileCommand),
    /// Who is who, and why
    #[command(subcommand)]
    Identity(identity::IdentityCommand),
    /// The store itself
    #[command(subcommand)]
    Store(store_command::StoreCommand),
}

/// The program: reads the command line, starts the log, runs the subcommand.
///
/// The runtime is started here and not in the binary, because futures are compiled where they are
/// started: all commands would be compiled in the binary instead of this library.
///
/// # Panics
/// When the system cannot start threads.
#[must_use]
pub fn main() -> ExitCode {
    let command = Cli::parse();
    log(&command.config);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("the runtime starts");
    match runtime.block_on(run(command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

async fn run(cli: Cli) -> Result<()> {
    let opened = RefCell::default();
    OPENED
        .scope(opened, async { close(dispatch(cli).await).await })
        .await
}

tokio::task_local! {
    /// The databases that this command opened.
    static OPENED: RefCell<Vec<Db>>;
}

/// Opens a database, which is closed when the command ends, with or without an error. Data that an
/// older version of the program derived is folded again first.
async fn connect(url: &str) -> Result<Db> {
    let db = store::open(url).await?;
    OPENED.with(|opened| opened.borrow_mut().push(db.clone()));
    renew(&db).await?;
    Ok(db)
}

/// Closes the databases of the command. Otherwise an SQLite file would keep its write-ahead log.
async fn close<T>(done: T) -> T {
    for db in OPENED.with(RefCell::take) {
        db.close().await;
    }
    done
}

async fn dispatch(cli: Cli) -> Result<()> {
    let config = &cli.config;
    match cli.command {
        Command::Demo(command) => command.run(config).await,
        Command::Serve(server) => serve::run(config, &server).await,
        Command::Import(command) => command.run(config).await,
        Command::Source(command) => command.run(config).await,
        Command::Key(command) => command.run(config).await,
        Command::Session(command) => command.run(config).await,
        Command::Tool(command) => command.run(config).await,
        Command::Profile(command) => command.run(config).await,
        Command::Identity(command) => command.run(config).await,
        Command::Store(command) => command.run(config).await,
    }
}

/// Sends the log to stderr: lines for a terminal, else JSON.
fn log(config: &Config) {
    let filter =
        tracing_subscriber::EnvFilter::try_new(&config.log).unwrap_or_else(|_| "info".into());
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() {
        builder.with_target(false).init();
    } else {
        builder.json().flatten_event(true).init();
    }
}

/// Prints an error with its hint. The exit code is 2 for wrong usage, else 1.
fn fail(error: &Error) -> ExitCode {
    note(&format!("error: {error}"));
    let hint = match error {
        Error::Unauthorized(_) | Error::Forbidden(_) => None,
        other => other.hint(),
    };
    if let Some(hint) = hint {
        note(&format!("\nhint: {hint}"));
    }
    if matches!(error, Error::Invalid(_)) {
        ExitCode::from(2)
    } else {
        ExitCode::FAILURE
    }
}

/// Prints a line of a result. A closed pipe ends the program quietly, as `head` expects.
fn say(line: &str) {
    if writeln!(std::io::stdout(), "{line}").is_err() {
        std::process::exit(0);
    }
}

/// Prints a line that is no result.
fn note(line: &str) {
    // Nothing can be done about a closed stderr.
    drop(writeln!(std::io::stderr(), "{line}"));
}

/// Prints a result as JSON.
fn say_json(value: &impl serde::Serialize) -> Result<()> {
    say(&serde_json::to_string(value)
        .map_err(|_| Error::internal("a result cannot be written as JSON"))?);
    Ok(())
}

async fn renew(db: &Db) -> Result<()> {
    let mut bar = None;
    let renewed = ingest::renew(db, |total, done| {
        let bar = bar.get_or_insert_with(|| {
            note(&format!(
                "an older version made this database; its {total} events are folded anew, once"
            ));
            import::bar(total, "events")
        });
        bar.set_length(total);
        bar.set_position(done);
    });
    renewed.await?;
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    Ok(())
}

/// Opens the database and the workspace, for commands that set something up. A missing workspace is
/// created, with an admin key that is shown once.
async fn open(config: &Config) -> Result<(Db, Workspace)> {
    let db = connect(&config.database).await?;
    let name = &config.workspace;
    let (first_key, now) = (Some(Scope::Admin.as_str()), Clock::default().now());
    let (workspace, key) = steward::access::workspace(&db, name, first_key, now).await?;
    if let Some(NewKey { id, secret }) = key {
        note(&format!(
            "created workspace `{name}` with admin key {id}, shown only now:\n\n  {secret}\n"
        ));
    }
    Ok((db, workspace))
}

/// Opens the database and an existing workspace, for commands that only read: a misspelt name must
/// not create a workspace.
async fn find(config: &Config) -> Result<(Db, Workspace)> {
    let db = connect(&config.database).await?;
    let found = access::workspace(&db, &config.workspace).await?;
    let workspace = found.ok_or_else(|| {
        let name = &config.workspace;
        Error::NotFound(format!(
            "no workspace `{name}` in this database; `acquaint source add` and `acquaint serve` make one"
        ))
    })?;
    Ok((db, workspace))
}

/// Prints a table with aligned columns.
fn table(header: &[&str], rows: &[Vec<String>]) {
    let header: Vec<String> = header.iter().map(|name| (*name).to_owned()).collect();
    let width = |column: usize| {
        rows.iter()
            .chain([&header])
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    for row in std::iter::once(&header).chain(rows) {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"));
        say(cells.collect::<Vec<_>>().join("  ").trim_end());
    }
}
