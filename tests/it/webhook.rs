//! Webhooks: signatures, the replay window, and every recorded payload, each taken or refused with a reason.

use crate::app::{Answer, NOW, TestApp, json_files, shared_data};
use acquaint::clock::{parse_time, rfc3339};
use acquaint::source::signature::sign;
use serde_json::{Value, json};
use std::path::Path;

both!(
    our_own_fixtures_are_taken_once,
    a_wrong_signature_stores_nothing,
    a_recorded_delivery_cannot_be_sent_later,
    payloads_of_the_systems_themselves,
    signature_vectors_of_the_systems_themselves,
);

const SECRET: &str = "webhook secret";
const SHOPIFY: &str = "x-shopify-hmac-sha256";
const ZENDESK: &str = "x-zendesk-webhook-signature";
const ZENDESK_TIME: &str = "x-zendesk-webhook-signature-timestamp";

/// A delivery as a system would make it.
#[derive(Clone)]
struct Hook {
    source: &'static str,
    headers: Vec<(String, String)>,
    body: String,
}

impl Hook {
    /// A delivery of `source`, signed at `at`.
    fn signed(source: &'static str, headers: &Value, body: String, at: i64) -> Self {
        let own = headers.as_object().into_iter().flatten();
        let mut hook = Self {
            source,
            headers: own
                .map(|(name, value)| {
                    (
                        name.to_lowercase(),
                        value.as_str().unwrap_or_default().to_owned(),
                    )
                })
                .collect(),
            body,
        };
        if source == "zendesk" {
            let time = rfc3339(at);
            let signature = sign(SECRET, &[time.as_bytes(), hook.body.as_bytes()]);
            hook.set(ZENDESK_TIME, &time);
            hook.set(ZENDESK, &signature);
        } else {
            hook.set(SHOPIFY, &sign(SECRET, &[hook.body.as_bytes()]));
        }
        hook
    }

    /// Replaces a header; an empty value removes it.
    fn set(&mut self, name: &str, value: &str) {
        self.headers.retain(|(held, _)| held != name);
        if !value.is_empty() {
            self.headers.push((name.to_owned(), value.to_owned()));
        }
    }

    async fn send(&self, app: &TestApp) -> Answer {
        let headers: Vec<(&str, &str)> = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let path = format!("/v1/webhooks/{}", self.source);
        app.request("POST", &path, &headers, self.body.clone())
            .await
    }
}

async fn add_sources(app: &TestApp) {
    for name in ["shopify", "zendesk"] {
        app.source(&app.tenant, name, name, Some(SECRET)).await;
    }
}

/// Events, refusals, and the documents of all customers.
async fn state(app: &TestApp) -> (usize, usize, Vec<Value>) {
    let events = app.events().await;
    let mut links: Vec<&str> = events.iter().map(|logged| logged.link.as_str()).collect();
    links.sort_unstable();
    links.dedup();
    let mut profiles = Vec::new();
    for link in links {
        let path = format!("/v1/profiles/profile:{link}");
        profiles.push(app.get(&path, &app.tenant.staff_key).await.json());
    }
    let refused = app.rejects("shopify").await.len() + app.rejects("zendesk").await.len();
    (events.len(), refused, profiles)
}

fn fixtures() -> Vec<(String, Hook)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut hooks = Vec::new();
    for source in ["shopify", "zendesk"] {
        for (name, file) in json_files(&root.join(source)) {
            let body = file["body"].to_string();
            hooks.push((name, Hook::signed(source, &file["headers"], body, NOW)));
        }
    }
    assert!(hooks.len() > 20);
    hooks
}

async fn our_own_fixtures_are_taken_once(app: &TestApp) {
    add_sources(app).await;
    for (name, hook) in fixtures() {
        let before = state(app).await;
        let answer = hook.send(app).await.ok();
        let after = state(app).await;
        if name.starts_with("unsupported") {
            let code = answer["rejected"][0]["code"].as_str().unwrap_or_default();
            assert!(code.starts_with("unsupported_"), "{name}: {answer}");
            assert_eq!((after.0, after.1), (before.0, before.1 + 1), "{name}");
        } else {
            assert_eq!(answer, json!({"success": true}), "{name}");
            assert_eq!((after.0, after.1), (before.0 + 1, before.1), "{name}");
        }
        assert_eq!(hook.send(app).await.ok(), answer, "{name}, again");
        assert_eq!(state(app).await, after, "{name}, again");
    }
}

async fn a_wrong_signature_stores_nothing(app: &TestApp) {
    add_sources(app).await;
    let write_key = &app.tenant.write_key;
    for (name, hook) in fixtures() {
        let header = if hook.source == "shopify" {
            SHOPIFY
        } else {
            ZENDESK
        };
        let mut forged = Vec::new();
        for signature in [
            "",
            "AAAA",
            "not base 64",
            &sign("another secret", &[hook.body.as_bytes()]),
            &sign("", &[hook.body.as_bytes()]),
        ] {
            let mut hook = hook.clone();
            hook.set(header, signature);
            forged.push(hook);
        }
        let mut changed = hook.clone();
        changed.body = changed.body.replacen(':', ": ", 1);
        forged.push(changed);
        for hook in forged {
            let answer = hook.send(app).await;
            assert_eq!(answer.status, 401, "{name}: {}", answer.text());
            let error = &answer.json()["error"];
            assert_eq!(error["code"], "bad_signature");
            assert!(error["message"].is_string());
        }
        let headers = [("authorization", "Bearer x")];
        for source in [write_key.as_str(), "web", "nothing", "%2e%2e"] {
            let path = format!("/v1/webhooks/{source}");
            let answer = app
                .request("POST", &path, &headers, hook.body.clone())
                .await;
            assert_eq!(
                answer.status, 404,
                "{path}: a source without signatures takes none"
            );
        }
    }
    assert_eq!(state(app).await, (0, 0, Vec::new()));
}

async fn a_recorded_delivery_cannot_be_sent_later(app: &TestApp) {
    add_sources(app).await;
    let minute = 60_000;
    for (name, hook) in fixtures() {
        app.clock.set(NOW + 6 * minute);
        let late = hook.send(app).await;
        app.clock.set(NOW - 6 * minute);
        let early = hook.send(app).await;
        app.clock.set(NOW + 4 * minute);
        let answer = hook.send(app).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.text());
        let expected = if hook.source == "zendesk" { 401 } else { 200 };
        assert_eq!(late.status, expected, "{name}: {}", late.text());
        assert_eq!(early.status, expected, "{name}: {}", early.text());
    }
    let (events, refused, _) = state(app).await;
    assert_eq!(
        events + refused,
        fixtures().len(),
        "Shopify signs no time; there a repetition is the same message"
    );
}

async fn payloads_of_the_systems_themselves(app: &TestApp) {
    let Some(root) = shared_data("webhooks") else {
        return;
    };
    add_sources(app).await;
    let mut total = 0;
    for source in ["shopify", "zendesk"] {
        for (name, file) in json_files(&root.join(source)) {
            if !name.starts_with("payload_") {
                continue;
            }
            let body = match &file["body"] {
                Value::String(text) => text.clone(),
                body => body.to_string(),
            };
            let mut hook = Hook::signed(source, &file["headers"], body, NOW);
            if source == "shopify" {
                assert_eq!(
                    file["headers"]["X-Shopify-Hmac-Sha256"],
                    sign(
                        file["secret"].as_str().expect("a secret"),
                        &[hook.body.as_bytes()]
                    ),
                    "{name}"
                );
                hook.set("x-shopify-webhook-id", &name);
            }
            let before = state(app).await;
            let answer = hook.send(app).await.ok();
            let after = state(app).await;
            assert_eq!(answer["success"], true, "{name}");
            assert_eq!(
                after.0 + after.1,
                before.0 + before.1 + 1,
                "{name} is in the log or kept with a reason"
            );
            if let Some(rejected) = answer["rejected"].as_array() {
                assert_eq!(rejected.len(), 1);
                let reason = rejected[0]["reason"].as_str().unwrap_or_default();
                assert!(reason.len() > 20, "{name}: {reason}");
            }
            assert_eq!(hook.send(app).await.ok(), answer, "{name}, again");
            assert_eq!(state(app).await, after, "{name}, again");
            total += 1;
        }
    }
    assert!(total >= 13, "{total} payloads");
    assert!(state(app).await.0 >= 4, "orders, refunds, tickets are read");
}

async fn signature_vectors_of_the_systems_themselves(app: &TestApp) {
    let Some(root) = shared_data("webhooks") else {
        return;
    };
    for source in ["shopify", "zendesk"] {
        for (name, file) in json_files(&root.join(source)) {
            if !name.starts_with("vector_") {
                continue;
            }
            let tenant = app.tenant(&name).await;
            let secret = file["secret"].as_str().expect("a secret");
            app.source(&tenant, &name, source, Some(secret)).await;
            let mut headers = Hook::signed(source, &file["headers"], String::new(), NOW);
            for (name, value) in file["headers"].as_object().expect("headers") {
                headers.set(&name.to_lowercase(), value.as_str().expect("text"));
            }
            let signed_at = file["headers"]["X-Zendesk-Webhook-Signature-Timestamp"].as_str();
            app.clock.set(signed_at.and_then(parse_time).unwrap_or(NOW));
            let path = format!("/v1/webhooks/{name}");
            let pairs: Vec<(&str, &str)> = headers
                .headers
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            let body = file["body"].as_str().expect("a body").to_owned();
            let answer = app.request("POST", &path, &pairs, body.clone()).await;
            if file["valid"] == true {
                assert_eq!(answer.ok()["rejected"][0]["index"], 0, "{name}");
            } else {
                assert_eq!(answer.status, 401, "{name}: {}", answer.text());
            }
            let changed = app.request("POST", &path, &pairs, format!("{body} "));
            assert_eq!(changed.await.status, 401, "{name}");
            if signed_at.is_some() {
                app.clock.set(NOW);
                let later = app.request("POST", &path, &pairs, body).await;
                assert_eq!(later.status, 401, "{name}, years later");
            }
            assert_eq!(app.events_of(&tenant).await.len(), 0);
        }
    }
}
