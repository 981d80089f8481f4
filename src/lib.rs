//! The map of acquaint: what each room holds, in the order in which they may use each other.
//!
//! ```text
//! surface ─► source.parse ─► Event ─► ingest { identity ─► profile } ─► store      writes
//! agent ◄─ surface ◄─ tool ◄────────────────────── Profile ◄─────────── store      reads
//! ```
//!
//! | room | what it holds |
//! |---|---|
//! | `error`, `id`, `clock`, `config` | the one error; a type for each id; the time and random bytes; flags and environment |
//! | `event` | what every system's record becomes |
//! | `source` | one file for each system: how its records come in and are parsed |
//! | `identity` | pure: rules, links, and the fold that decides which links are one customer |
//! | `profile` | pure: the document of a customer, and how facts of events add up to it |
//! | `matching` | pure: which customers are likely one without a shared identifier |
//! | `store` | the database: drivers, tables with their statements, one cache of documents |
//! | `ingest` | the write path: read, plan, write, in one transaction |
//! | `steward` | decisions of people: merges, splits, rules, suggestions, sources and keys |
//! | `tool` | what an agent can call, one file each, and how models are told of it |
//! | `surface` | HTTP |
//! | `cli` | the commands |
//!
//! Twelve words that the code uses without explaining them again:
//!
//! | word | meaning |
//! |---|---|
//! | event | one thing that one source says; only the link that it points at can change later |
//! | log | the events, rules and decisions; everything that is called derived is folded from it |
//! | fold | a pure function of a set of events or links; their order of arrival does not matter |
//! | identifier | a kind and a value that lead to a customer, such as `email:ada@example.com`, unless *shared* by many |
//! | link | a distinct set of identifiers that events carry; held by one profile or by none |
//! | constraint | a decision as the fold sees it: *must-link* is a mark on links, *cannot-link* parts identifiers |
//! | component | links that share connecting identifiers or marks, and so are folded together |
//! | profile | the document of one customer; it has the id of the link with the earliest event |
//! | record | an order or a ticket, as the events of one link or of a customer tell it |
//! | name | how a caller names a customer: `email:ada@example.com`, or `profile:` and a link's id |
//! | change | the row of a commit that says which profiles it changed, so that caches drop them |
//! | generation | the number of one cached document; an answer made of it is cached under that number |
//!
//! The import rule is law (`tests/layering.rs`): a room uses only those to its left in
//! `error id clock config | event | source, profile, identity, matching | store | ingest | steward | tool | surface | cli main`,
//! and no files import each other in a circle. `source`, `profile`, `identity` and `matching` are
//! pure functions. Transactions that write begin in `ingest` and `steward`. `sqlx` is named only in
//! `store` and where `error` takes its errors, `axum` only in `surface`, the environment only in
//! `config`, the clock and random bytes only in `clock`.

pub mod clock;
pub mod config;
pub mod error;
pub mod id;

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
