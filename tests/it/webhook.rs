//! Webhooks of every kind: signatures, how long they are valid, and every recorded payload, taken or
//! refused with a reason. A new kind is tested by adding files to `tests/fixtures/KIND`.

use crate::app::{Answer, Data, NOW, TestApp, json_files};
use acquaint::clock::parse_time;
use acquaint::source::{Delivery, SOURCES, Signature, SourceKind, Webhook};
use serde_json::{Value, json};
use std::path::Path;

both!(
    our_own_fixtures_are_taken_once,
    a_wrong_signature_stores_nothing,
    a_source_of_another_kind_takes_none,
    a_recorded_delivery_cannot_be_sent_later,
);

both_on!(
    Webhooks;
    every_payload_is_taken_or_kept_with_a_reason,
    signatures_made_elsewhere_are_judged_rightly,
);

const SECRET: &str = "webhook secret";

/// A delivery as a system would make it.
#[derive(Clone)]
struct Hook {
    kind: &'static str,
    webhook: &'static Webhook,
    /// Without those of the signature.
    headers: Vec<(String, String)>,
    signature: Signature,
    body: Vec<u8>,
}

impl Hook {
    /// A delivery with the file's headers and this body, signed at `NOW`.
    fn signed(kind: &'static SourceKind, file: &Value, body: String) -> Self {
        let webhook = kind.webhook().expect("a kind that delivers");
        let body = body.into_bytes();
        let signature = (webhook.sign)(SECRET, &body, NOW);
        let own = file["headers"].as_object().into_iter().flatten();
        let own = own.map(|(name, value)| (name.to_lowercase(), text(value)));
        Self {
            kind: kind.name,
            webhook,
            headers: own
                .filter(|(name, _)| signature.iter().all(|(signed, _)| signed != name))
                .collect(),
            signature,
            body,
        }
    }

    /// The same delivery with the signature that another secret makes.
    fn signed_with(&self, secret: &str) -> Self {
        let mut hook = self.clone();
        hook.signature = (self.webhook.sign)(secret, &self.body, NOW);
        hook
    }

    /// Whether the time of signing is part of the signature.
    fn signs_time(&self) -> bool {
        let sign = self.webhook.sign;
        sign(SECRET, &self.body, NOW) != sign(SECRET, &self.body, NOW + 86_400_000)
    }

    /// The delivery with one bit of its body, or of one of the signature's headers, turned over:
    /// every bit of both. Of a header's characters only the seven bits of ASCII, and only those
    /// that leave something that a header can hold.
    fn flipped(&self) -> Vec<Self> {
        let mut all = Vec::new();
        for at in 0..self.body.len() * 8 {
            let mut hook = self.clone();
            hook.body[at / 8] ^= 1 << (at % 8);
            all.push(hook);
        }
        for (nth, (_, value)) in self.signature.iter().enumerate() {
            for at in 0..value.len() * 7 {
                let mut bytes = value.clone().into_bytes();
                bytes[at / 7] ^= 1 << (at % 7);
                if bytes[at / 7].is_ascii_graphic() {
                    let mut hook = self.clone();
                    hook.signature[nth].1 = String::from_utf8(bytes).expect("ASCII");
                    all.push(hook);
                }
            }
        }
        all
    }

    /// What is not the delivery that was signed.
    fn forged(&self) -> Vec<Self> {
        let mut all = vec![self.signed_with("another secret"), self.signed_with("")];
        let mut unsigned = self.clone();
        unsigned.signature.clear();
        all.push(unsigned);
        for (nth, _) in self.signature.iter().enumerate() {
            let mut without = self.clone();
            without.signature.remove(nth);
            all.push(without);
            for value in ["AAAA", "not base 64", "0"] {
                let mut hook = self.clone();
                value.clone_into(&mut hook.signature[nth].1);
                all.push(hook);
            }
        }
        let flipped = self.flipped();
        let some = flipped.len().div_ceil(7);
        all.extend(flipped.into_iter().step_by(some));
        let mut longer = self.clone();
        longer.body.push(b' ');
        all.push(longer);
        all
    }

    fn verify(&self) -> acquaint::Result<()> {
        let named = |(name, value): &(&str, String)| ((*name).to_owned(), value.clone());
        let mut headers = self.headers.clone();
        headers.extend(self.signature.iter().map(named));
        let delivery = Delivery {
            source: self.kind,
            headers: &headers,
            body: &self.body,
            received_at: NOW,
        };
        (self.webhook.verify)(&delivery, SECRET)
    }

    async fn send_to(&self, app: &TestApp, source: &str) -> Answer {
        let own = self.headers.iter();
        let own = own.map(|(name, value)| (name.as_str(), value.as_str()));
        let signed = self.signature.iter();
        let signed = signed.map(|(name, value)| (*name, value.as_str()));
        let headers: Vec<(&str, &str)> = own.chain(signed).collect();
        let path = format!("/v1/webhooks/{source}");
        app.request("POST", &path, &headers, self.body.clone())
            .await
    }

    async fn send(&self, app: &TestApp) -> Answer {
        self.send_to(app, self.kind).await
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The kinds that deliver.
fn kinds() -> impl Iterator<Item = &'static SourceKind> {
    SOURCES.iter().filter(|kind| kind.webhook().is_some())
}

/// A source of every kind that delivers, named after it.
async fn add_sources(app: &TestApp) {
    for kind in kinds() {
        app.source(&app.tenant, kind.name, kind.name, Some(SECRET))
            .await;
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
    let mut refused = 0;
    for kind in kinds() {
        refused += app.rejects(kind.name).await.len();
    }
    (events.len(), refused, profiles)
}

/// The recorded deliveries of a kind.
fn fixtures_of(kind: &'static SourceKind) -> Vec<(String, Hook)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let folder = root.join(kind.name);
    assert!(folder.is_dir(), "record some deliveries in {folder:?}");
    let files = json_files(&folder).into_iter();
    let hooks = files.map(|(name, file)| {
        let body = file["body"].to_string();
        (name, Hook::signed(kind, &file, body))
    });
    let hooks: Vec<(String, Hook)> = hooks.collect();
    let (refused, taken): (Vec<_>, Vec<_>) = hooks
        .iter()
        .partition(|(name, _)| name.starts_with("unsupported"));
    assert!(
        !refused.is_empty() && !taken.is_empty(),
        "{folder:?} has deliveries that are taken and one that is not, `unsupported…`"
    );
    hooks
}

fn fixtures() -> Vec<(String, Hook)> {
    kinds().flat_map(fixtures_of).collect()
}

#[test]
fn no_bit_of_what_is_signed_may_change() {
    for kind in kinds() {
        let mut hooks = fixtures_of(kind);
        for (name, hook) in &hooks {
            assert!(hook.verify().is_ok(), "{name}");
        }
        hooks.sort_by_key(|(_, hook)| hook.body.len());
        let (name, shortest) = &hooks[0];
        let flipped = shortest.flipped();
        assert!(flipped.len() > 8 * shortest.body.len());
        for hook in flipped {
            let refused = hook.verify().expect_err(name);
            assert_eq!(refused.code(), "bad_signature", "{name}");
        }
    }
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
    for (name, hook) in fixtures() {
        for hook in hook.forged() {
            let answer = hook.send(app).await;
            assert_eq!(answer.status, 401, "{name}: {}", answer.text());
            let error = &answer.json()["error"];
            assert_eq!(error["code"], "bad_signature");
            assert!(error["message"].is_string());
        }
    }
    assert_eq!(state(app).await, (0, 0, Vec::new()));
}

async fn a_source_of_another_kind_takes_none(app: &TestApp) {
    let write_key = &app.tenant.write_key;
    let mut sources = vec![write_key.as_str(), "web", "nothing", "%2e%2e"];
    for kind in SOURCES.iter().filter(|kind| kind.webhook().is_none()) {
        // A secret that nothing is signed with may stand beside them.
        app.source(&app.tenant, kind.name, kind.name, Some(SECRET))
            .await;
        sources.push(kind.name);
    }
    for (name, hook) in fixtures() {
        for source in &sources {
            let answer = hook.send_to(app, source).await;
            assert_eq!(answer.status, 404, "{name} to {source}");
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
        let expected = if hook.signs_time() { 401 } else { 200 };
        assert_eq!(late.status, expected, "{name}: {}", late.text());
        assert_eq!(early.status, expected, "{name}: {}", early.text());
    }
    let (events, refused, _) = state(app).await;
    assert_eq!(
        events + refused,
        fixtures().len(),
        "where no time is signed a repetition is the same message"
    );
    let timed = |kind: &str| {
        fixtures()
            .iter()
            .any(|(_, hook)| hook.kind == kind && hook.signs_time())
    };
    assert!(timed("zendesk") && !timed("shopify"));
}

/// Files that were recorded elsewhere, of kinds that there are files of.
fn recorded(root: &Path, kind: &SourceKind, start: &str) -> Vec<(String, Value)> {
    let folder = root.join(kind.name);
    if !folder.is_dir() {
        return Vec::new();
    }
    let mut files = json_files(&folder);
    files.retain(|(name, _)| name.starts_with(start));
    files
}

async fn every_payload_is_taken_or_kept_with_a_reason(app: &TestApp, data: &Data) {
    add_sources(app).await;
    let mut total = 0;
    for kind in kinds() {
        for (name, file) in recorded(&data.folder, kind, "payload_") {
            let body = match &file["body"] {
                Value::String(text) => text.clone(),
                body => body.to_string(),
            };
            let mut hook = Hook::signed(kind, &file, body);
            if let Some(secret) = file["secret"].as_str() {
                for (header, value) in hook.signed_with(secret).signature {
                    assert_eq!(stated(&file, header), Some(value), "{name}");
                }
            }
            if kind.name == "shopify" {
                hook.headers
                    .push(("x-shopify-webhook-id".to_owned(), name.clone()));
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
    assert!(total >= data.pick(10, 13), "{total} payloads");
    let read = state(app).await.0;
    assert!(read >= data.pick(7, 4), "orders, refunds, tickets: {read}");
}

/// A header of a recorded delivery.
fn stated(file: &Value, header: &str) -> Option<String> {
    let mut headers = file["headers"].as_object()?.iter();
    let found = headers.find(|(name, _)| name.eq_ignore_ascii_case(header));
    found.map(|(_, value)| text(value))
}

async fn signatures_made_elsewhere_are_judged_rightly(app: &TestApp, data: &Data) {
    let mut total = 0;
    for kind in kinds() {
        for (name, file) in recorded(&data.folder, kind, "vector_") {
            let tenant = app.tenant(&name).await;
            let secret = file["secret"].as_str().expect("a secret");
            app.source(&tenant, &name, kind.name, Some(secret)).await;
            let mut hook = Hook::signed(kind, &file, text(&file["body"]));
            let mut signed_at = None;
            for (header, value) in &mut hook.signature {
                *value = stated(&file, header).expect("its own signature");
                signed_at = signed_at.or_else(|| parse_time(value));
            }
            app.clock.set(signed_at.unwrap_or(NOW));
            let answer = hook.send_to(app, &name).await;
            if file["valid"] == true {
                assert_eq!(answer.ok()["rejected"][0]["index"], 0, "{name}");
            } else {
                assert_eq!(answer.status, 401, "{name}: {}", answer.text());
            }
            let mut changed = hook.clone();
            changed.body.push(b' ');
            let changed = changed.send_to(app, &name).await;
            assert_eq!(changed.status, 401, "{name}");
            assert_eq!(signed_at.is_some(), hook.signs_time(), "{name}");
            if signed_at.is_some() {
                app.clock.set(NOW);
                let later = hook.send_to(app, &name).await;
                assert_eq!(later.status, 401, "{name}, years later");
            }
            assert_eq!(app.events_of(&tenant).await.len(), 0);
            total += 1;
        }
    }
    assert!(total >= 4, "{total} vectors");
}
