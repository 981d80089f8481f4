//! A request of one of the demo's systems, exactly as the real system sends it.

use data_encoding::BASE64;
use serde_json::{Value, json};

/// How many calls are in one request of a server SDK.
const BATCH: usize = 100;

/// A request of a system.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DemoRequest {
    pub path: &'static str,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// How many events are in it.
    pub events: usize,
}

/// Puts calls into requests of a server SDK.
pub(super) fn batches(calls: &[Value], write_key: &str) -> Vec<DemoRequest> {
    let basic = format!(
        "Basic {}",
        BASE64.encode(format!("{write_key}:").as_bytes())
    );
    let batch = |calls: &[Value]| DemoRequest {
        path: "/v1/batch",
        headers: vec![
            ("content-type", "application/json".to_owned()),
            ("authorization", basic.clone()),
        ],
        body: json!({"batch": calls}).to_string().into_bytes(),
        events: calls.len(),
    };
    calls.chunks(BATCH).map(batch).collect()
}
