//! The integration tests: requests as a user would make them, on both databases.
//!
//! One binary, so that it links once. `app` starts a server in this process; every other file is a
//! topic.

#[macro_use]
mod app;

mod browser;
mod calls;
mod catalogue;
mod collect;
mod command;
mod decide;
mod fast_path;
mod fold;
mod hangup;
mod identity;
mod isolation;
mod kept;
mod kill;
mod limits;
mod matching;
mod people;
mod poison;
mod power;
mod provider_rules;
mod refusals;
mod replicas;
mod retail;
mod rules;
mod setback;
mod steward;
mod survivorship;
mod table;
mod together;
mod upgrade;
mod webhook;
mod wire;
