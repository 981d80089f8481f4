//! The six systems, and the requests in which their records are sent.

use super::person::DemoPerson;
use super::request::DemoRequest;
use super::{crm, mailing, phone, shopify, website, zendesk};
use crate::clock::Time;
use crate::source;
use crate::store::access::Source;
use crate::surface::local::Local;
use crate::{Error, Result};
use serde_json::Value;

/// Makes the requests of a system from all people and the write key.
type Writer = fn(&[DemoPerson], write_key: &str) -> Vec<DemoRequest>;

/// One of the demo's systems.
pub(super) struct System {
    /// The name of its source.
    pub name: &'static str,
    pub kind: &'static str,
    /// The form of its requests, for the table.
    pub form: &'static str,
    /// Whether the system has a record of a person.
    pub knows: fn(&DemoPerson) -> bool,
    pub write: Writer,
}

pub(super) const SYSTEMS: [System; 6] = [
    System {
        name: "website",
        kind: "segment",
        form: "browser SDK, one call at a time",
        knows: |person| person.browser.is_some(),
        write: website::requests,
    },
    System {
        name: "app",
        kind: "segment",
        form: "mobile SDK, gzipped batches",
        knows: |person| person.phone_app.is_some(),
        write: phone::requests,
    },
    System {
        name: "shop",
        kind: "shopify",
        form: "Shopify webhooks, signed",
        knows: |person| person.shop_account.is_some(),
        write: shopify::requests,
    },
    System {
        name: "support",
        kind: "zendesk",
        form: "Zendesk webhooks, signed",
        knows: |person| person.help.is_some(),
        write: zendesk::requests,
    },
    System {
        name: "crm",
        kind: "segment",
        form: "server SDK, batches",
        knows: |person| person.contact_at.is_some(),
        write: crm::requests,
    },
    System {
        name: "email",
        kind: "segment",
        form: "e-mail events, batches",
        knows: |person| !person.letters.is_empty(),
        write: mailing::requests,
    },
];

impl DemoRequest {
    /// Sends the request, signed at `now` as its system does.
    pub async fn send(self, local: &Local, source: &Source, now: Time) -> Result<usize> {
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
