//! The only reader of flags and the environment. Every option is a flag, a variable `ACQUAINT_…`
//! and a field here, with one description.

use clap::Args;

/// The default database.
pub const DEFAULT_DATABASE: &str = "sqlite://acquaint.db";

/// Options that every command takes.
#[derive(Args, Clone, Debug)]
pub struct Config {
    /// The database: `sqlite://FILE` or `postgres://USER@HOST/DATABASE`.
    #[arg(
        long,
        global = true,
        env = "ACQUAINT_DATABASE",
        value_name = "URL",
        default_value = DEFAULT_DATABASE,
        hide_env_values = true
    )]
    pub database: String,
    /// The workspace to work in.
    #[arg(
        long,
        global = true,
        env = "ACQUAINT_WORKSPACE",
        value_name = "NAME",
        default_value = "default"
    )]
    pub workspace: String,
    /// Print results as JSON.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to log, as in `info` or `acquaint=debug,sqlx=warn`.
    #[arg(
        long,
        global = true,
        env = "ACQUAINT_LOG",
        value_name = "FILTER",
        default_value = "info,sqlx=warn"
    )]
    pub log: String,
}

/// Who makes a decision.
#[derive(Args, Clone, Debug)]
pub struct AuthorConfig {
    /// Who decides; it is kept with the decision.
    #[arg(
        long,
        env = "USER",
        value_name = "NAME",
        default_value = "cli",
        hide_env_values = true
    )]
    pub by: String,
}

/// Options of a server.
#[derive(Args, Clone, Debug)]
pub struct ServerConfig {
    /// Address and port to listen on.
    #[arg(
        long,
        env = "ACQUAINT_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8080"
    )]
    pub listen: String,
}
