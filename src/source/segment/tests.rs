//! Whole bodies: batches, single calls, their limits and their errors.

use serde_json::json;

use super::*;

const RECEIVED: Time = Time::from_ms(1_795_458_600_000);

fn parse_body(body: &[u8], only: Option<Kind>) -> Result<Vec<Parsed>> {
    let delivery = Delivery {
        source: "web",
        headers: &[],
        body,
        received_at: RECEIVED,
    };
    parse(&delivery, only)
}

fn batch_of(calls: &str) -> Vec<Parsed> {
    parse_body(format!(r#"{{"batch":[{calls}]}}"#).as_bytes(), None).expect("a batch")
}

fn error_of(body: &str, only: Option<Kind>) -> Error {
    parse_body(body.as_bytes(), only).expect_err("refused")
}

fn code(parsed: &Parsed) -> &'static str {
    parsed
        .outcome
        .as_ref()
        .map_or_else(|reject| reject.code, |_| "accepted")
}

const PAGE: &str = r#"{"type":"page","userId":"u1","messageId":"m1"}"#;

#[test]
fn a_batch_in_an_object_or_bare_and_a_single_call() {
    for body in [
        format!(r#"{{"batch":[{PAGE}],"sentAt":null,"integrations":{{}},"timestamp":"x"}}"#),
        format!(" \n[{PAGE}] "),
        format!(" {PAGE}\n"),
    ] {
        let parsed = parse_body(body.as_bytes(), None).expect("parsed");
        assert_eq!(parsed.len(), 1, "{body}");
        assert_eq!(code(&parsed[0]), "accepted", "{body}");
    }
}

#[test]
fn the_route_s_kind_wins_and_its_body_is_one_call() {
    let parsed = parse_body(PAGE.as_bytes(), Some(Kind::Screen)).expect("parsed");
    assert_eq!(
        parsed[0].outcome.as_ref().expect("accepted").kind,
        Kind::Screen
    );
    for body in ["[]", "1", "null", "", "{", "{} {}"] {
        assert_eq!(error_of(body, Some(Kind::Page)).status(), 400, "{body}");
    }
    let deep = format!(
        r#"{{"properties":{}{}}}"#,
        r#"{"a":"#.repeat(500),
        "}".repeat(500)
    );
    assert!(
        error_of(&deep, Some(Kind::Page))
            .to_string()
            .contains("cannot be read"),
        "not JSON"
    );
}

#[test]
fn a_body_without_calls_says_what_to_send() {
    for (body, hint) in [
        ("", "cannot be read"),
        ("nonsense", "cannot be read"),
        (r#""text""#, "whose `batch` is an array"),
        ("{}", "neither `batch` nor `type`"),
        (r#"{"batch":null}"#, "neither `batch` nor `type`"),
        (r#"{"batch":{}}"#, "whose `batch` is an array"),
        (r#"{"batch":"x"}"#, "whose `batch` is an array"),
        (r#"{"batch":[]}"#, "the batch is empty"),
        ("[]", "the batch is empty"),
        (r#"{"batch":[{}],"context":[]}"#, "`context` of the batch"),
        (r#"{"batch":[{"a":}]}"#, "cannot be read"),
    ] {
        let error = error_of(body, None);
        assert_eq!(error.status(), 400, "{body}");
        assert!(error.to_string().contains(hint), "{body}: {error}");
    }
    let error = parse_body(b"{\"batch\":[\"\xff\"]}", None).expect_err("refused");
    assert!(error.to_string().contains("UTF-8"));
}

#[test]
fn one_bad_call_costs_no_other() {
    let parsed = batch_of(&format!(
        r#"{PAGE},7,{{"type":"page","userId":true}},{PAGE},{{}}"#
    ));
    let codes: Vec<_> = parsed.iter().map(code).collect();
    assert_eq!(
        codes,
        [
            "accepted",
            "invalid_event",
            "invalid_id",
            "accepted",
            "no_type"
        ]
    );
    assert_eq!(parsed[1].raw, "7");
    assert_eq!(parsed[0].raw, "");
}

#[test]
fn a_call_ten_thousand_levels_deep_is_refused_alone() {
    let deep = |open: &str, close: &str| {
        let nested = format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
        format!(r#"{{"type":"page","userId":"u1","messageId":"deep","context":{{"a":{nested}}}}}"#)
    };
    for call in [deep("[", "]"), deep(r#"{"":"#, "}")] {
        // A skipped field may be nested at any depth, a stored one may not.
        let skipped = call.replace("context", "integrations");
        let parsed = batch_of(&format!("{call},{PAGE},{skipped}"));
        let (codes, large) = (
            parsed.iter().map(code).collect::<Vec<_>>(),
            call.len() > MAX_EVENT_BYTES,
        );
        let (kept, skipped) = if large {
            ("event_too_large", "event_too_large")
        } else {
            ("invalid_event", "accepted")
        };
        assert_eq!(codes, [kept, "accepted", skipped]);
        assert_eq!(parsed[0].message_id.as_deref(), Some("deep"));
        assert_eq!(
            write_key(format!(r#"{{"batch":[{call}],"writeKey":"wk"}}"#).as_bytes()).as_deref(),
            Some("wk")
        );
    }
    let deep = format!(
        r#"{{"batch":[{PAGE}],"context":{{"a":{}{}}}}}"#,
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    assert_eq!(error_of(&deep, None).status(), 400);
}

#[test]
fn limits_of_calls_and_bytes() {
    let calls = vec![r#"{"type":"page","userId":"u1"}"#; MAX_BATCH_EVENTS + 2].join(",");
    let parsed = batch_of(&calls);
    assert_eq!(
        parsed
            .iter()
            .filter(|parsed| code(parsed) == "accepted")
            .count(),
        MAX_BATCH_EVENTS
    );
    let beyond = &parsed[MAX_BATCH_EVENTS..];
    assert_eq!(
        beyond.iter().map(code).collect::<Vec<_>>(),
        ["batch_too_long"],
        "one refusal for all that is beyond the limit"
    );
    assert_eq!(
        beyond[0].raw,
        r#"[{"type":"page","userId":"u1"},{"type":"page","userId":"u1"}]"#
    );

    let large = format!(
        r#"{{"type":"page","userId":"u1","messageId":"m","x":"{}"}}"#,
        "x".repeat(MAX_EVENT_BYTES)
    );
    let parsed = parse_body(large.as_bytes(), Some(Kind::Page)).expect("parsed");
    assert_eq!((parsed.len(), code(&parsed[0])), (1, "event_too_large"));
    assert_eq!(parsed[0].raw, large);
    assert_eq!(
        error_of(&" ".repeat(MAX_BATCH_BYTES + 1), None).status(),
        413
    );

    let context = json!({"x": "x".repeat(MAX_EVENT_BYTES)});
    let calls = vec!["{}"; MAX_BATCH_EVENTS].join(",");
    let error = error_of(
        &format!(r#"{{"batch":[{calls}],"context":{context}}}"#),
        None,
    );
    assert_eq!(error.status(), 413);
}

#[test]
fn a_batch_gives_its_context_and_time_of_sending_to_each_call() {
    let body = json!({
        "batch": [{"type": "page", "userId": "u1", "messageId": "m1", "timestamp": "2020-01-01T00:00:00Z"}],
        "context": {"library": {"name": "shop-sdk"}}, "sentAt": "2020-01-01T00:00:09Z",
    });
    let parsed = parse_body(body.to_string().as_bytes(), None).expect("parsed");
    let event = parsed[0].outcome.as_ref().expect("accepted");
    assert_eq!(event.at, RECEIVED - 9_000);
    assert_eq!(event.context["library"], json!({"name": "shop-sdk"}));
}

#[test]
fn the_write_key_of_a_body() {
    let key = |body: &str| write_key(body.as_bytes());
    assert_eq!(
        key(r#"{"batch":[{"writeKey":"b"}],"writeKey":"a"}"#).as_deref(),
        Some("a")
    );
    assert_eq!(
        key(r#"{"batch":[{"writeKey":"b"}],"writeKey":null}"#).as_deref(),
        Some("b")
    );
    assert_eq!(
        key(r#" [{"writeKey":"b"},{"writeKey":"c"}]"#).as_deref(),
        Some("b")
    );
    assert_eq!(
        key(r#"{"type":"page","writeKey":"a"}"#).as_deref(),
        Some("a")
    );
    for none in [
        r#"{"writeKey":1}"#,
        r#"{"batch":[]}"#,
        r#"{"batch":[1]}"#,
        "{}",
        "[]",
        "",
        "x",
        "1",
    ] {
        assert_eq!(key(none), None, "{none}");
    }
    assert_eq!(write_key(b"\xff"), None);
}

#[test]
fn a_line_of_an_import_keeps_its_own_time() {
    let line = r#"{"type":"page","userId":"u1","timestamp":"2020-01-01T00:00:00Z","sentAt":"2020-01-01T00:00:01Z"}"#;
    let parsed = parse_line("old", &format!("{line}\r\n"), RECEIVED);
    let event = parsed.outcome.expect("accepted");
    assert_eq!(
        (event.at, event.source.as_str()),
        (Time::from_ms(1_577_836_800_000), "old")
    );
    let again = parse_line("old", line, RECEIVED + 5)
        .outcome
        .expect("accepted");
    assert_eq!(event.id, again.id, "importing a file twice adds nothing");
    let parsed = parse_line("old", "{", RECEIVED);
    assert_eq!((code(&parsed), parsed.raw.as_str()), ("invalid_json", "{"));
}
