//! The map of acquaint: what each room holds, in the order in which they may use each other.
//!
//! ```text
//! collect ─► source.parse ─► Event ─► ingest { identity ─► profile } ─► store      writes go down the left
//! agent ◄─ surface ◄─ tool ◄────────────────────── Profile ◄──────────── store      reads come up the right
//! ```
//!
//! The import rule is law (`tests/layering.rs`): a room uses only those to its left in
//! `error clock config | event | source, profile, identity, matching | store | ingest | steward | tool | surface | cli main`,
//! and no files import each other in a circle. `source`, `profile`, `identity` and `matching` are pure functions. Transactions
//! that write begin in `ingest` and `steward`. `sqlx` is named only in `store`, `axum` only in `surface`, the environment only
//! in `config`, the clock and random bytes only in `clock`.

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
