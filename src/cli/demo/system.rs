//! The six systems, and how their records are delivered: as requests, exactly as the real ones send them.

use super::delivery::Delivery;
use super::person::Person;
use super::{crm, mailing, phone, shopify, website, zendesk};
use crate::source;
use crate::store::access::Source;
use crate::surface::local::Local;
use crate::{Error, Result};
use serde_json::Value;

/// What writes a system's deliveries: everyone and the write key in, requests out.
type Writer = fn(&[Person], write_key: &str) -> Vec<Delivery>;

/// One of the demo's systems.
pub(super) struct System {
    /// The name of its source.
    pub name: &'static str,
    pub kind: &'static str,
    /// How its records travel, for the table.
    pub form: &'static str,
    /// The customers it holds a record of, each under an id of its own.
    pub knows: fn(&Person) -> bool,
    pub write: Writer,
}

pub(super) const SYSTEMS: [System; 6] = [
    System {
        name: "website",
        kind: "segment",
        form: "browser SDK, one call at a time",
        knows: |person| person.browser.is_some(),
        write: website::deliveries,
    },
    System {
        name: "app",
        kind: "segment",
        form: "mobile SDK, gzipped batches",
        knows: |person| person.phone_app.is_some(),
        write: phone::deliveries,
    },
    System {
        name: "shop",
        kind: "shopify",
        form: "Shopify webhooks, signed",
        knows: |person| person.shop_account.is_some(),
        write: shopify::deliveries,
    },
    System {
        name: "support",
        kind: "zendesk",
        form: "Zendesk webhooks, signed",
        knows: |person| person.help.is_some(),
        write: zendesk::deliveries,
    },
    System {
        name: "crm",
        kind: "segment",
        form: "server SDK, batches",
        knows: |person| person.contact_at.is_some(),
        write: crm::deliveries,
    },
    System {
        name: "email",
        kind: "segment",
        form: "e-mail events, batches",
        knows: |person| !person.letters.is_empty(),
        write: mailing::deliveries,
    },
];

impl Delivery {
    /// Sends it, signed at `now` as its system signs.
    pub async fn send(self, local: &Local, source: &Source, now: i64) -> Result<usize> {
        let mut headers = self.headers;
        let secret = source.secret.as_deref().unwrap_or_default();
        if let Some(webhook) = source::kind(&source.kind)?.webhook() {
            headers.extend((webhook.sign)(secret, &self.body, now));
        }
        let reply = local.send("POST", self.path, &headers, self.body).await?;
        let answer: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        if reply.status != 200 || answer.get("rejected").is_some() {
            let (name, status) = (&source.name, reply.status);
            return Err(Error::internal(format!(
                "a record of {name} was not taken ({status}): {answer}"
            )));
        }
        Ok(self.events)
    }
}
