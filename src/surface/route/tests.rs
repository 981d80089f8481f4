//! Every route in the real router: its method and no other, its credentials, its errors.

use super::super::{App, router, routes};
use super::*;
use crate::clock::{Clock, Time};
use crate::ingest::Ingest;
use crate::steward;
use crate::store;
use crate::store::access::Source;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use data_encoding::BASE64;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tower::ServiceExt;

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// The example of a path parameter; it exists in the server of these tests.
fn example(word: &str) -> &'static str {
    let mut words = routes().flat_map(|route| route.path_parameters);
    let found = words.find(|(name, ..)| *name == word);
    found.expect("a word of some path").2
}

/// A path of a route with examples for its parameters.
fn filled(route: &Route, path: &str) -> String {
    let words = route.path_parameters.iter();
    let path = words.fold(path.to_owned(), |path, (name, _, example)| {
        path.replace(&format!("{{{name}}}"), example)
    });
    assert!(!path.contains('{'), "{path}: each word has an example");
    path
}

/// The router, and a key with all scopes.
struct Server(Router, String);

/// A response: the status, whether a page of another origin may read it, and the body.
struct Answer {
    status: StatusCode,
    open: bool,
    body: Value,
}

impl Server {
    /// A server whose workspace has a source of webhooks, a source of calls, a customer, and a key
    /// with all scopes.
    async fn start() -> Self {
        let db = store::open("sqlite::memory:").await.unwrap();
        let made = steward::access::workspace(&db, "shop", Some("admin"), Time::default()).await;
        let (workspace, key) = made.unwrap();
        let source = |name: &str, kind: &str, write_key: &str| Source {
            workspace: workspace.id.clone(),
            name: name.to_owned(),
            kind: kind.to_owned(),
            write_key: write_key.to_owned(),
            secret: Some("secret".to_owned()),
            created_at: Time::default(),
        };
        let sources = [
            source("web", "segment", example("write_key")),
            source(example("source"), "shopify", "wk_2"),
        ];
        let added = steward::access::add_sources(&db, &sources).await;
        added.unwrap();
        let (ingest, _) = Ingest::start(db.clone());
        let app = App::new(
            db,
            ingest,
            Clock::fixed(Time::from_ms(1_795_458_600_000)),
            None,
        )
        .unwrap();
        let server = Self(router(Arc::new(app)), key.unwrap().secret);
        let user = example("customer").strip_prefix("user_id:");
        let call = json!({"userId": user.expect("a user"), "writeKey": example("write_key")});
        let call = call.to_string();
        let sent = server.send("POST", "/v1/identify", &[], call.into());
        assert_eq!(sent.await.status, 200);
        server
    }

    /// The header with the credential of a route.
    fn opens(&self, route: &Route) -> (&'static str, String) {
        let opens = match route.needs {
            Credential::WriteKey => {
                format!("Basic {}", BASE64.encode(example("write_key").as_bytes()))
            }
            Credential::None | Credential::Bearer => format!("Bearer {}", self.1),
        };
        ("authorization", opens)
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body)).unwrap();
        let answered =
            tokio::time::timeout(Duration::from_secs(20), self.0.clone().oneshot(request));
        let answer = answered
            .await
            .unwrap_or_else(|_| panic!("{method} {path} hangs"));
        let (parts, body) = answer.unwrap().into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Answer {
            status: parts.status,
            open: parts.headers.contains_key("access-control-allow-origin"),
            body: serde_json::from_slice(&body).unwrap_or_default(),
        }
    }
}

impl Answer {
    /// Fails unless it is a refusal with a code and a message, in the form for the route's clients.
    #[track_caller]
    fn check_refused(&self, route: &Route, what: &str) {
        let fault = if route.sdk {
            &self.body
        } else {
            &self.body["error"]
        };
        let said = fault["code"].is_string() && fault["message"].is_string();
        assert!(
            self.status.is_client_error() && said,
            "{what}: {} {}",
            self.status,
            self.body
        );
    }
}

#[tokio::test]
async fn every_row_is_served() {
    let server = Server::start().await;
    for route in routes() {
        let (name, token) = server.opens(route);
        for path in route.served() {
            let (method, path) = (route.method.as_str().to_uppercase(), filled(route, &path));
            let headers = [(name, token.as_str())];
            let answer = server.send(&method, &path, &headers, Vec::new()).await;
            let status = answer.status;
            assert!(
                ![404, 405].contains(&status.as_u16()) && !status.is_server_error(),
                "{method} {path}: {status} {}",
                answer.body
            );
        }
    }
}

#[tokio::test]
async fn what_has_no_row_is_not_served() {
    let server = Server::start().await;
    let mut methods: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for route in routes() {
        for path in route.served() {
            let method = route.method.as_str().to_uppercase();
            methods
                .entry(filled(route, &path))
                .or_default()
                .insert(method);
        }
    }
    for (path, known) in &methods {
        for method in METHODS
            .into_iter()
            .filter(|method| !known.contains(*method))
        {
            let answer = server.send(method, path, &[], Vec::new()).await;
            assert_eq!(answer.status, 405, "{method} {path}");
        }
        let below = format!("{path}/and/more");
        let answer = server.send("GET", &below, &[], Vec::new()).await;
        assert_eq!(answer.status, 404, "{below}");
    }
}

#[tokio::test]
async fn only_what_sdks_ask_is_open_to_pages_and_may_end_in_a_slash() {
    let server = Server::start().await;
    for route in routes() {
        let (method, path) = (
            route.method.as_str().to_uppercase(),
            filled(route, route.path),
        );
        let preflight = [
            ("origin", "https://shop.example"),
            ("access-control-request-method", method.as_str()),
        ];
        let asked = server.send("OPTIONS", &path, &preflight, Vec::new()).await;
        assert_eq!(
            (asked.open, asked.status.is_success()),
            (route.sdk, route.sdk),
            "{path}"
        );
        let answer = server
            .send(&method, &path, &preflight[..1], Vec::new())
            .await;
        assert_eq!(answer.open, route.sdk, "{path}");
        let (name, token) = server.opens(route);
        let slash = format!("{path}/");
        let slash = server
            .send(&method, &slash, &[(name, token.as_str())], Vec::new())
            .await;
        assert_eq!(slash.status == 404, !route.sdk, "{path}/");
    }
}

#[tokio::test]
async fn who_shows_nothing_is_refused_as_the_row_says() {
    let server = Server::start().await;
    for route in routes() {
        let (method, path) = (
            route.method.as_str().to_uppercase(),
            filled(route, route.path),
        );
        for headers in [
            &[][..],
            &[("authorization", "Bearer ak_unknown")],
            &[("authorization", "Bearer a.b.c")],
        ] {
            let answer = server.send(&method, &path, headers, b"{}".to_vec()).await;
            let what = format!("{method} {path} {headers:?}");
            match route.needs {
                Credential::None => {
                    let code = [&answer.body["code"], &answer.body["error"]["code"]];
                    let asks = code.iter().any(|code| **code == "unauthorized");
                    assert!(!asks && !answer.status.is_server_error(), "{what}");
                }
                // Without a write key there is no source.
                Credential::WriteKey if route.method == Method::Get => {
                    assert_eq!(answer.status, 404, "{what}");
                    answer.check_refused(route, &what);
                }
                Credential::WriteKey | Credential::Bearer => {
                    assert_eq!(answer.status, 401, "{what}");
                    answer.check_refused(route, &what);
                }
            }
        }
    }
}

#[tokio::test]
async fn garbage_is_refused_in_the_askers_form() {
    let server = Server::start().await;
    let garbage: [&[u8]; 6] = [
        b"{",
        b"nonsense",
        b"\0",
        b"\xff\xfe{}",
        b"\x1f\x8b\x08 no gzip",
        &vec![b'x'; 5 * 1024 * 1024],
    ];
    for route in routes().filter(|route| route.method != Method::Get) {
        let (method, path) = (
            route.method.as_str().to_uppercase(),
            filled(route, route.path),
        );
        let (name, token) = server.opens(route);
        for body in garbage {
            let headers = [(name, token.as_str())];
            let answer = server.send(&method, &path, &headers, body.to_vec()).await;
            let start = String::from_utf8_lossy(&body[..body.len().min(12)]);
            // The body of this route is not read.
            if route.sdk && route.needs == Credential::None {
                assert_eq!(answer.status, 200, "{path}");
            } else {
                answer.check_refused(route, &format!("{method} {path} {start:?}"));
            }
        }
    }
}
