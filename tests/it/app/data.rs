//! Data that tests read from files: small sets of our own, which are always there, and the large
//! ones of others that may lie beside the repository.
//!
//! `both_on!(Topic; name, …)` runs a test on each of them, so none can be forgotten. A set that is
//! absent is skipped aloud; where `TEST_SHARED_DATA` names the folder of the large ones, an absent
//! set fails.

use super::outside::{env, say};
use std::path::{Path, PathBuf};

/// Where the large sets lie beside a checkout.
const BESIDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data");

/// What data is about.
#[derive(Clone, Copy, Debug)]
pub enum Topic {
    /// Records of people, with who is one of them.
    People,
    /// A shop's customers and their orders.
    Shop,
    /// Deliveries of other systems and their signatures.
    Webhooks,
    /// Requests that SDKs make.
    Wire,
}

impl Topic {
    /// Its folder among ours, and among the large ones.
    fn folders(self) -> (&'static str, &'static str) {
        match self {
            Self::People => ("people", "people"),
            Self::Shop => ("shop", "tau2-retail"),
            Self::Webhooks => ("webhooks", "webhooks"),
            Self::Wire => ("wire", "wire"),
        }
    }
}

/// A folder with the data of a topic.
#[derive(Debug)]
pub struct Data {
    pub folder: PathBuf,
    ours: bool,
}

impl Data {
    /// Our own data of a topic.
    pub fn ours(topic: Topic) -> Self {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
        Self {
            folder: fixtures.join(topic.folders().0),
            ours: true,
        }
    }

    /// The large data of a topic; none where it is absent and nobody promised it.
    pub fn shared(topic: Topic) -> Option<Self> {
        let promised = env("TEST_SHARED_DATA");
        let root = promised.as_deref().unwrap_or(BESIDE);
        let folder = Path::new(root).join(topic.folders().1);
        if folder.is_dir() {
            return Some(Self {
                folder,
                ours: false,
            });
        }
        let absent = format!("no shared data at {}", folder.display());
        assert!(promised.is_none(), "{absent}, where TEST_SHARED_DATA is");
        say(&format!("skipped: {absent}"));
        None
    }

    /// What differs between the sets, such as how much is in them.
    pub fn pick<T>(&self, ours: T, shared: T) -> T {
        if self.ours { ours } else { shared }
    }
}
