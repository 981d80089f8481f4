//! Authentication: from a header to a caller or a source. Results are cached for a second. So a
//! busy key costs one read a second, a busy session one signature, and a revoked key stops within a
//! second.

use super::App;
use crate::clock::Time;
use crate::id::WorkspaceId;
use crate::ingest::Feed;
use crate::store::Db;
use crate::store::access::{self, Source, Workspace};
use crate::tool::caller::{self, Caller, Scope, Verification};
use crate::{Error, Result};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use quick_cache::sync::Cache;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a key, source or workspace is cached.
const TTL: Duration = Duration::from_secs(1);
/// The most keys, sources or workspaces in a cache.
const MAX_CACHED: usize = 4_000;

/// A cache of values that expire after [`TTL`].
struct TtlCache<T>(Cache<String, (Instant, T)>);

impl<T: Clone> TtlCache<T> {
    fn new() -> Self {
        Self(Cache::new(MAX_CACHED))
    }

    fn get(&self, key: &str) -> Option<T> {
        let (at, value) = self.0.get(key)?;
        (at.elapsed() < TTL).then_some(value)
    }

    fn insert(&self, key: String, value: T) {
        self.0.insert(key, (Instant::now(), value));
    }
}

/// Looks up keys, tokens and sources.
pub(super) struct Access {
    db: Db,
    /// By session token, or by the hash of a key.
    callers: TtlCache<Arc<Caller>>,
    feeds: TtlCache<Arc<Feed>>,
    named: TtlCache<Arc<Vec<Feed>>>,
    workspaces: TtlCache<Arc<Workspace>>,
}

impl Access {
    pub fn new(db: Db) -> Self {
        Self {
            db,
            callers: TtlCache::new(),
            feeds: TtlCache::new(),
            named: TtlCache::new(),
            workspaces: TtlCache::new(),
        }
    }

    /// The caller of a bearer token. A session token has two dots, a key has none.
    pub async fn caller(&self, token: &str, now: Time) -> Result<Arc<Caller>> {
        if token.contains('.') {
            if let Some(known) = self.callers.get(token)
                && known.expires_at.is_some_and(|end| now < end)
            {
                return Ok(known);
            }
            let workspace = match caller::claimed_workspace(token) {
                Some(id) => self.workspace(&id).await?,
                None => None,
            }
            .ok_or_else(|| {
                Error::Unauthorized("the session token is not one of ours".to_owned())
            })?;
            let caller = Arc::new(caller::open(&workspace, token, now)?);
            self.callers.insert(token.to_owned(), Arc::clone(&caller));
            return Ok(caller);
        }
        let hash = access::hash(token);
        if let Some(known) = self.callers.get(&hash) {
            return Ok(known);
        }
        let unknown = || Error::Unauthorized("the key is unknown or was revoked".to_owned());
        let key = access::key_by_hash(&self.db, &hash)
            .await?
            .ok_or_else(unknown)?;
        let workspace = self.workspace(&key.workspace).await?.ok_or_else(unknown)?;
        let scopes = key
            .scopes
            .split(' ')
            .map(Scope::parse)
            .collect::<Result<_>>()?;
        let caller = Arc::new(Caller {
            workspace,
            scopes,
            customer: None,
            verification: Verification::Verified,
            id: key.id,
            expires_at: None,
        });
        self.callers.insert(hash, Arc::clone(&caller));
        Ok(caller)
    }

    /// The source with this write key.
    pub async fn feed(&self, write_key: &str) -> Result<Option<Arc<Feed>>> {
        if let Some(known) = self.feeds.get(write_key) {
            return Ok(Some(known));
        }
        let Some(source) = access::source_by_write_key(&self.db, write_key).await? else {
            return Ok(None);
        };
        let feed = self.with_workspace(source).await?.map(Arc::new);
        if let Some(feed) = &feed {
            self.feeds.insert(write_key.to_owned(), Arc::clone(feed));
        }
        Ok(feed)
    }

    /// The sources that a webhook path may mean: the one with this write key, or all with this
    /// name.
    pub async fn feeds_for(&self, name: &str) -> Result<Vec<Feed>> {
        if let Some(known) = self.named.get(name) {
            return Ok((*known).clone());
        }
        let mut feeds = Vec::new();
        match self.feed(name).await? {
            Some(feed) => feeds.push((*feed).clone()),
            None => {
                for source in access::sources_named(&self.db, name).await? {
                    feeds.extend(self.with_workspace(source).await?);
                }
            }
        }
        if !feeds.is_empty() {
            self.named.insert(name.to_owned(), Arc::new(feeds.clone()));
        }
        Ok(feeds)
    }

    async fn with_workspace(&self, source: Source) -> Result<Option<Feed>> {
        Ok(self
            .workspace(&source.workspace)
            .await?
            .map(|workspace| Feed { workspace, source }))
    }

    async fn workspace(&self, id: &WorkspaceId) -> Result<Option<Arc<Workspace>>> {
        if let Some(known) = self.workspaces.get(id) {
            return Ok(Some(known));
        }
        let Some(workspace) = access::workspace_by_id(&self.db, id).await?.map(Arc::new) else {
            return Ok(None);
        };
        self.workspaces
            .insert(id.to_string(), Arc::clone(&workspace));
        Ok(Some(workspace))
    }
}

/// The bearer token of a request.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim())
        .filter(|token| !token.is_empty())
}

/// The authenticated caller, as an extractor.
pub(super) struct Bearer(pub Arc<Caller>);

impl FromRequestParts<Arc<App>> for Bearer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self> {
        let token =
            bearer(&parts.headers).ok_or_else(|| Error::Unauthorized("no key".to_owned()))?;
        app.access.caller(token, app.clock.now()).await.map(Self)
    }
}
