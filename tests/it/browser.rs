//! What only browsers and e-mails ask for: the preflight, the settings of an SDK, the pixel.

use crate::app::TestApp;
use crate::collect::basic;
use axum::body::Body;
use data_encoding::BASE64URL_NOPAD;
use serde_json::json;

both!(
    browsers_may_ask_before_they_send,
    settings_and_source_config_name_the_host,
    a_pixel_is_a_call,
);

async fn browsers_may_ask_before_they_send(app: &TestApp) {
    for path in [
        "/v1/p",
        "/v1/batch/",
        "/beacon/v1/batch",
        "/sourceConfig/",
        "/v1/projects/wk/settings",
    ] {
        let headers = [
            ("origin", "https://shop.example.com"),
            ("access-control-request-method", "POST"),
            (
                "access-control-request-headers",
                "authorization,content-type,x-retry-count",
            ),
        ];
        let answer = app.request("OPTIONS", path, &headers, Body::empty()).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.headers["access-control-allow-origin"], "*");
        let allowed = answer.headers["access-control-allow-headers"]
            .to_str()
            .expect("text")
            .to_lowercase();
        for header in ["authorization", "content-type", "x-retry-count"] {
            assert!(allowed.contains(header), "{path}: {allowed}");
        }
        let methods = answer.headers["access-control-allow-methods"].to_str();
        assert!(methods.expect("text").contains("POST"), "{path}");
    }
    // A browser shows a script neither an answer nor an error that lacks this.
    let origin = [("origin", "https://shop.example.com")];
    for body in [
        json!({"userId": "u1", "writeKey": app.tenant.write_key}),
        json!({}),
    ] {
        let answer = app
            .request("POST", "/v1/page", &origin, body.to_string())
            .await;
        assert_eq!(
            answer.headers["access-control-allow-origin"], "*",
            "{}",
            answer.status
        );
    }
}

async fn settings_and_source_config_name_the_host(app: &TestApp) {
    let key = &app.tenant.write_key;
    let host = [
        ("host", "events.shop.example"),
        ("x-forwarded-proto", "https"),
    ];
    for path in [
        format!("/v1/projects/{key}/settings"),
        format!("/v1/projects/{key}/settings/"),
        format!("/projects/{key}/settings"),
        format!("/projects/{key}/settings/"),
    ] {
        let settings = app.request("GET", &path, &host, Body::empty()).await.ok();
        let segment = &settings["integrations"]["Segment.io"];
        assert_eq!(segment["apiHost"], "events.shop.example/v1", "{path}");
        assert_eq!(segment["apiKey"], key.as_str());
        assert_eq!(segment["protocol"], "https");
    }
    let authorization = basic(&format!("{key}:"));
    let queried = format!("/sourceConfig/?p=web&writeKey={key}");
    for (path, headers) in [
        ("/sourceConfig", &[("authorization", &*authorization)][..]),
        (&queried, &[]),
    ] {
        let config = app.request("GET", path, headers, Body::empty()).await.ok();
        assert_eq!(config["source"]["enabled"], true, "{path}");
        assert_eq!(config["source"]["writeKey"], key.as_str());
    }
    for path in [
        "/v1/projects/wk_unknown/settings",
        "/sourceConfig?writeKey=wk_unknown",
        "/sourceConfig",
    ] {
        let answer = app.request("GET", path, &[], Body::empty()).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.json()["code"], "not_found");
    }
}

async fn a_pixel_is_a_call(app: &TestApp) {
    let key = &app.tenant.write_key;
    let call = json!({"userId": "u1", "event": "Email Opened", "properties": {"email_id": "e1"}, "writeKey": key});
    let data = BASE64URL_NOPAD.encode(call.to_string().as_bytes());
    let flat = format!(
        "userId=u1&event=Email%20Opened&properties.email_id=e1&writeKey={key}&messageId=flat"
    );
    for path in [
        format!("/v1/pixel/track?data={data}"),
        format!("/v1/pixel/track/?data={data}"),
        format!("/v1/pixel/t?{flat}"),
        "/v1/pixel/track?data=!&userId=u1".to_owned(),
        "/v1/pixel/track?writeKey=wk_unknown&userId=u1".to_owned(),
        "/v1/pixel/nothing".to_owned(),
    ] {
        let answer = app.request("GET", &path, &[], Body::empty()).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.headers["content-type"], "image/gif", "{path}");
        assert!(answer.body.starts_with(b"GIF89a"), "{path}");
    }
    let events = app.events().await;
    assert_eq!(events.len(), 3, "one for each that could be read");
    for logged in events {
        assert_eq!(logged.event.name, "Email Opened");
        assert_eq!(logged.event.properties["email_id"], "e1");
    }
}
