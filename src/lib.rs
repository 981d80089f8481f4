//! The map of acquaint: what each room holds, in the order in which they may use each other.
//!
//! ```text
//! collect ─► source.parse ─► Event ─► ingest { identity ─► profile } ─► store      writes go down the left
//! agent ◄─ surface ◄─ tool ◄────────────────────── Profile ◄──────────── store      reads come up the right
//! ```
//!
//! | room | what it holds |
//! |---|---|
//! | `error`, `clock`, `config` | the one error, the time and random ids, flags and environment |
//! | `event` | what every system's record becomes |
//! | `source` | one file for each system: how its records come in and are read |
//! | `identity` | links, rules, the fold that decides who is one customer, decisions as data |
//! | `profile` | the one document of a customer, and how events and records add up to it |
//! | `matching` | who is likely one without a shared key: the model |
//! | `store` | the database: tables, statements, what is kept in memory |
//! | `ingest` | the way of an event into the log and all that is folded from it |
//! | `steward` | what people decide: joins, rules, suggestions, explanations, sources and keys |
//! | `tool` | what an agent can call, one file each, and how models are told of it |
//! | `surface` | HTTP |
//! | `cli` | the commands |
//!
//! The import rule is law (`tests/layering.rs`): a room uses only those to its left in
//! `error clock config | event | source, profile, identity, matching | store | ingest | steward | tool | surface | cli main`,
//! and no files import each other in a circle. `source`, `profile`, `identity` and `matching` are pure functions. Transactions
//! that write begin in `ingest` and `steward`. `sqlx` is named only in `store` and where `error` takes its errors, `axum` only
//! in `surface`, the environment only in `config`, the clock and random bytes only in `clock`.

pub mod clock;
pub mod config;
pub mod error;

pub mod event;

pub mod identity;
pub mod matching;
pub mod profile;
pub mod source;

pub mod store;

pub mod ingest;

pub mod steward;

pub mod tool;

pub mod surface;

pub mod cli;

pub use error::{Error, Result};
