//! A server in this process on a database of its own, and the requests that tests make to it.
//!
//! Every test runs on both databases: `both!(name, …)` makes `name::sqlite` and `name::postgres` of
//! an async function that takes a `&TestApp`. SQLite is a new file in a temporary folder.
//! PostgreSQL is a new schema; where no server answers, the test passes without doing anything and
//! standard error says so once, but with `TEST_DATABASE_URL` or `CI=true` it fails, because there a
//! missing server would hide a failing half of the suite.

use acquaint::clock::{Clock, Time, random_id};
use acquaint::event::Event;
use acquaint::id::WorkspaceId;
use acquaint::ingest::Ingest;
use acquaint::source::SOURCES;
use acquaint::store::access::{self, ApiKey, Source, Workspace};
use acquaint::store::event::{LogPosition, LoggedEvent};
use acquaint::store::reject::Rejected;
use acquaint::store::{self, Db};
use acquaint::surface;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;
use tower::ServiceExt;

mod data;
mod document;
mod outside;
mod postgres;

pub use data::{Data, Topic};
pub use outside::json_files;

/// When every test begins: 2026-11-23T18:30:00Z.
pub const NOW: Time = Time::from_ms(1_795_458_600_000);

/// Makes a module of two tests, one for each database, of every async function that is named.
macro_rules! both {
    ($($test:ident),+ $(,)?) => {$(
        mod $test {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                if let Some(app) = crate::app::TestApp::new(crate::app::Backend::Sqlite).await {
                    super::$test(&app).await;
                    app.close().await;
                }
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if let Some(app) = crate::app::TestApp::new(crate::app::Backend::Postgres).await {
                    super::$test(&app).await;
                    app.close().await;
                }
            }
        }
    )+};
}

/// The same for functions that also take `&Data`: `name::ours::sqlite` runs on our own data of a
/// topic, `name::shared::sqlite` on the large data beside the repository, where it is.
macro_rules! both_on {
    ($topic:ident; $($test:ident),+ $(,)?) => {$(
        mod $test {
            use crate::app::{Data, TestApp, Topic};

            async fn ours(app: &TestApp) {
                super::$test(app, &Data::ours(Topic::$topic)).await;
            }

            async fn shared(app: &TestApp) {
                if let Some(data) = Data::shared(Topic::$topic) {
                    super::$test(app, &data).await;
                }
            }

            both!(ours, shared);
        }
    )+};
}

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// A new file.
    Sqlite,
    /// A new schema of a server.
    Postgres,
}

/// A workspace with a source `web`, and the keys that open it.
#[derive(Clone, Debug)]
pub struct Tenant {
    pub workspace: Workspace,
    /// Of the source `web`.
    pub write_key: String,
    /// A secret key with the scopes `profile:read customers:any`.
    pub staff_key: String,
}

/// A server and its database. The first tenant is there from the start.
pub struct TestApp {
    pub tenant: Tenant,
    pub clock: Clock,
    pub db: Db,
    /// Where the database is, for a second server on it.
    pub url: String,
    router: Router,
    schema: Option<postgres::Schema>,
    _dir: Option<tempfile::TempDir>,
}

/// What a request was answered with.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON; null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body, which must be that of a 200.
    #[track_caller]
    pub fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text());
        self.json()
    }

    /// Headers and body in one text, to look for what must not be there.
    pub fn everything(&self) -> String {
        format!("{:?}\n{}", self.headers, self.text())
    }
}

impl TestApp {
    /// A new server on a new database; none where there is no PostgreSQL.
    pub async fn new(backend: Backend) -> Option<Self> {
        let clock = Clock::fixed(NOW);
        let (url, schema, dir) = match backend {
            Backend::Sqlite => {
                let dir = tempfile::tempdir().expect("a temporary folder");
                let url = format!("sqlite://{}", dir.path().join("test.db").display());
                (url, None, Some(dir))
            }
            Backend::Postgres => {
                let schema = postgres::schema().await?;
                (schema.url.clone(), Some(schema), None)
            }
        };
        let db = store::open(&url).await.expect("a new database");
        let (ingest, _) = Ingest::start(db.clone());
        let app = surface::App::new(db.clone(), ingest, clock.clone(), None).expect("the tools");
        let router = surface::router(Arc::new(app));
        let tenant = tenant(&db, "shop").await;
        Some(Self {
            tenant,
            clock,
            db,
            url,
            router,
            schema,
            _dir: dir,
        })
    }

    /// Ends it and removes its database. A test that fails does not come here: its PostgreSQL
    /// schema stays for an hour.
    pub async fn close(self) {
        drop(self.router);
        self.db.close().await;
        if let Some(schema) = self.schema {
            schema.remove().await;
        }
    }

    /// Another workspace.
    pub async fn tenant(&self, name: &str) -> Tenant {
        tenant(&self.db, name).await
    }

    /// Adds a source; its write key.
    pub async fn source(
        &self,
        tenant: &Tenant,
        name: &str,
        kind: &str,
        secret: Option<&str>,
    ) -> String {
        assert!(SOURCES.iter().any(|known| known.name == kind));
        add_source(&self.db, &tenant.workspace.id, name, kind, secret).await
    }

    /// Adds a source as it is given.
    pub async fn add(&self, source: Source) {
        add(&self.db, &source).await;
    }

    /// Adds a secret key with these scopes.
    pub async fn key(&self, tenant: &Tenant, scopes: &str) -> String {
        add_key(&self.db, &tenant.workspace.id, scopes).await
    }

    /// Any request.
    pub async fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.into()).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("served");
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.expect("whole");
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: body.to_vec(),
        }
    }

    /// A JSON request with a bearer token.
    pub async fn post(&self, path: &str, token: &str, body: &Value) -> Answer {
        let bearer = format!("Bearer {token}");
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
        ];
        self.request("POST", path, &headers, body.to_string()).await
    }

    /// A GET with a bearer token.
    pub async fn get(&self, path: &str, token: &str) -> Answer {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str())];
        self.request("GET", path, &headers, Body::empty()).await
    }

    /// Sends calls as one batch of the tenant's source `web`; every one must be accepted.
    pub async fn send_as(&self, tenant: &Tenant, calls: Vec<Value>) {
        let body = json!({"batch": calls, "writeKey": tenant.write_key});
        let answer = self.request("POST", "/v1/batch", &[], body.to_string());
        assert_eq!(answer.await.ok(), json!({"success": true}));
    }

    /// The same for the first tenant.
    pub async fn send(&self, calls: Vec<Value>) {
        self.send_as(&self.tenant, calls).await;
    }

    /// Tells who a user of the first tenant is.
    pub async fn identify(&self, user: &str, traits: Value) {
        let call = json!({"type": "identify", "userId": user, "traits": traits});
        self.send(vec![call]).await;
    }

    /// Tells what a user of the first tenant did.
    pub async fn track(&self, user: &str, event: &str, properties: Value) {
        let call =
            json!({"type": "track", "userId": user, "event": event, "properties": properties});
        self.send(vec![call]).await;
    }

    /// A token for a customer of the tenant who has signed in.
    pub async fn session_as(&self, tenant: &Tenant, customer: &str) -> String {
        let body = json!({"customer": customer, "verification": "verified"});
        let answer = self.post("/v1/sessions", &tenant.staff_key, &body).await;
        let token = answer.ok()["token"].as_str().map(str::to_owned);
        token.expect("a token")
    }

    /// The same for the first tenant.
    pub async fn session(&self, customer: &str) -> String {
        self.session_as(&self.tenant, customer).await
    }

    /// Calls a tool.
    pub async fn tool(&self, token: &str, name: &str, arguments: &Value) -> Answer {
        let path = format!("/v1/tools/{name}");
        self.post(&path, token, arguments).await
    }

    /// Every event of a tenant's log, by source and message id.
    pub async fn events_of(&self, tenant: &Tenant) -> Vec<LoggedEvent> {
        let mut tx = self.db.begin().await.expect("a transaction");
        store::event::page_in(
            &mut tx,
            &tenant.workspace.id,
            &LogPosition::default(),
            1_000_000,
        )
        .await
        .expect("the log")
    }

    /// Every event of the first tenant's log, by source and message id.
    pub async fn events(&self) -> Vec<LoggedEvent> {
        self.events_of(&self.tenant).await
    }

    /// The event of the first tenant's log that was sent with this message id.
    pub async fn event(&self, message_id: &str) -> Event {
        let mut events = self.events().await.into_iter();
        let found = events.find(|logged| logged.event.message_id == message_id);
        found.expect(message_id).event
    }

    /// Everything that was refused of a source of the first tenant, newest first.
    pub async fn rejects(&self, source: &str) -> Vec<Rejected> {
        let workspace = &self.tenant.workspace.id;
        store::reject::of_source(&self.db, workspace, source, (Time::MAX, ""), 1_000_000)
            .await
            .expect("the refusals")
    }
}

/// Creates a workspace. Its id is random: PostgreSQL's lock of a workspace is one for the whole
/// database, schemas or not.
async fn tenant(db: &Db, name: &str) -> Tenant {
    let workspace = Workspace {
        id: WorkspaceId::new(random_id("w_", 10)),
        name: name.to_owned(),
        secret: format!("secret of {name}"),
        rules: Arc::default(),
    };
    let mut tx = db.begin().await.expect("a transaction");
    let created = access::create_workspace(&mut tx, &workspace, NOW).await;
    assert!(created.expect("a workspace"), "`{name}` is taken");
    tx.commit().await.expect("a workspace");
    Tenant {
        write_key: add_source(db, &workspace.id, "web", "segment", None).await,
        staff_key: add_key(db, &workspace.id, "profile:read customers:any").await,
        workspace,
    }
}

async fn add_source(
    db: &Db,
    workspace: &WorkspaceId,
    name: &str,
    kind: &str,
    secret: Option<&str>,
) -> String {
    let source = Source {
        workspace: workspace.clone(),
        name: name.to_owned(),
        kind: kind.to_owned(),
        write_key: random_id("wk_", 10),
        secret: secret.map(str::to_owned),
        created_at: NOW,
    };
    add(db, &source).await;
    source.write_key
}

async fn add(db: &Db, source: &Source) {
    let mut tx = db.begin().await.expect("a transaction");
    access::add_source(&mut tx, source).await.expect("a source");
    tx.commit().await.expect("a source");
}

async fn add_key(db: &Db, workspace: &WorkspaceId, scopes: &str) -> String {
    let secret = random_id("ak_", 20);
    let key = ApiKey {
        workspace: workspace.clone(),
        id: random_id("key_", 5),
        scopes: scopes.to_owned(),
        created_at: NOW,
        revoked_at: None,
    };
    let mut tx = db.begin().await.expect("a transaction");
    access::add_key(&mut tx, &key, &access::hash(&secret))
        .await
        .expect("a key");
    tx.commit().await.expect("a key");
    secret
}
