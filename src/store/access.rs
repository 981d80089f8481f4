//! Workspaces, their sources and their keys, and how far imports got.

use super::sql::row;
use super::{Db, Tx};
use crate::clock::{Time, random_id};
use crate::id::WorkspaceId;
use crate::identity::Rulebook;
use crate::profile::packed;
use crate::{Error, Result};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// A tenant.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// Its id, which every key of the database begins with.
    pub id: WorkspaceId,
    /// Its name.
    pub name: String,
    /// The key of the hashes that become ids, and of the signatures of session tokens.
    pub secret: String,
    /// The rules of identity.
    pub rules: Arc<Rulebook>,
}

struct WorkspaceRow {
    id: WorkspaceId,
    name: String,
    secret: String,
    rules: i64,
    applied: i64,
}

row!(WorkspaceRow {
    id,
    name,
    secret,
    rules,
    applied
});

impl WorkspaceRow {
    async fn read(self, db: &Db) -> Result<Workspace> {
        let mut rules = super::identity::rulebook(db, &self.id, self.rules).await?;
        rules.applied = self.applied == self.rules;
        Ok(Workspace {
            id: self.id,
            name: self.name,
            secret: self.secret,
            rules: Arc::new(rules),
        })
    }
}

impl Workspace {
    /// A workspace of this name with a new id and a new secret. It is not stored yet.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            id: WorkspaceId::new(random_id("w_", 5)),
            name: name.to_owned(),
            secret: random_id("", 32),
            rules: Arc::default(),
        }
    }
}

/// A source of events.
#[derive(Clone, Debug)]
pub struct Source {
    /// The workspace it feeds.
    pub workspace: WorkspaceId,
    /// Its name, unique within the workspace.
    pub name: String,
    /// The kind of system, a name in `source::SOURCES`.
    pub kind: String,
    /// The key that its SDK sends with each call.
    pub write_key: String,
    /// The other system's signing secret, for webhooks.
    pub secret: Option<String>,
    /// When it was added.
    pub created_at: Time,
}

row!(Source {
    workspace,
    name,
    kind,
    write_key,
    secret,
    created_at
});

/// A secret key of the API, without the secret itself.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// The workspace it opens.
    pub workspace: WorkspaceId,
    /// Its id, safe to show.
    pub id: String,
    /// Its scopes, separated by spaces.
    pub scopes: String,
    /// When it was made.
    pub created_at: Time,
    /// When it was revoked.
    pub revoked_at: Option<Time>,
}

row!(ApiKey {
    workspace,
    id,
    scopes,
    created_at,
    revoked_at
});

/// The hash under which a secret key is stored.
#[must_use]
pub fn hash(key: &str) -> String {
    crate::clock::base32(&Sha256::digest(key.as_bytes()))
}

/// Ids of workspaces whose derived rows have an older form than this program writes.
///
/// # Errors
/// [`Error::Conflict`] when a workspace has a newer form.
pub async fn outdated(db: &Db) -> Result<Vec<WorkspaceId>> {
    let ours = i64::from(packed::FORM);
    let rows: Vec<(WorkspaceId, i64)> = db
        .sql("select id, folded from workspace where folded <> $1 order by id")
        .bind(ours)
        .all()
        .await?;
    if rows.iter().any(|(_, folded)| *folded > ours) {
        return Err(Error::Conflict(
            "a newer version of acquaint wrote this database; use that one, or a copy from before"
                .to_owned(),
        ));
    }
    Ok(rows.into_iter().map(|(id, _)| id).collect())
}

/// Notes that all derived rows of a workspace have the present form. It gives whether they had an
/// older one.
pub async fn set_folded(tx: &mut Tx, workspace: &WorkspaceId) -> Result<bool> {
    let changed = tx
        .sql("update workspace set folded = $2 where id = $1 and folded < $2")
        .bind(workspace)
        .bind(i64::from(packed::FORM))
        .execute()
        .await?;
    Ok(changed > 0)
}

/// The workspace of this name.
pub async fn workspace(db: &Db, name: &str) -> Result<Option<Workspace>> {
    let row: Option<WorkspaceRow> = db
        .sql("select id, name, secret, rules, applied from workspace where name = $1")
        .bind(name)
        .optional()
        .await?;
    match row {
        Some(row) => row.read(db).await.map(Some),
        None => Ok(None),
    }
}

/// The workspace of this id.
pub async fn workspace_by_id(db: &Db, id: &WorkspaceId) -> Result<Option<Workspace>> {
    let row: Option<WorkspaceRow> = db
        .sql("select id, name, secret, rules, applied from workspace where id = $1")
        .bind(id)
        .optional()
        .await?;
    match row {
        Some(row) => row.read(db).await.map(Some),
        None => Ok(None),
    }
}

/// Creates the workspace unless it exists. It gives whether it was created.
pub async fn create_workspace(tx: &mut Tx, workspace: &Workspace, now: Time) -> Result<bool> {
    let created = tx
        .sql("insert into workspace (id, name, secret, created_at, folded) values ($1, $2, $3, $4, $5) on conflict do nothing")
        .bind(&workspace.id)
        .bind(&workspace.name)
        .bind(&workspace.secret)
        .bind(now)
        .bind(i64::from(packed::FORM))
        .execute()
        .await?;
    Ok(created == 1)
}

/// Adds a source.
///
/// # Errors
/// [`Error::Conflict`] when the workspace has one of that name.
pub async fn add_source(tx: &mut Tx, source: &Source) -> Result<()> {
    let added = tx
        .sql(
            "insert into source (workspace, name, kind, write_key, secret, created_at)
             values ($1, $2, $3, $4, $5, $6) on conflict do nothing",
        )
        .bind(&source.workspace)
        .bind(&source.name)
        .bind(&source.kind)
        .bind(&source.write_key)
        .bind(&source.secret)
        .bind(source.created_at)
        .execute()
        .await?;
    if added == 0 {
        return Err(Error::Conflict(format!(
            "there is a source `{}` already; choose another name, or rotate it",
            source.name
        )));
    }
    Ok(())
}

/// Replaces a source's write key, and its secret if another is given.
///
/// # Errors
/// [`Error::NotFound`] when there is no such source.
pub async fn rotate_source(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    name: &str,
    write_key: &str,
    secret: Option<&str>,
) -> Result<()> {
    let changed = tx
        .sql("update source set write_key = $3, secret = coalesce($4, secret) where workspace = $1 and name = $2")
        .bind(workspace)
        .bind(name)
        .bind(write_key)
        .bind(secret)
        .execute()
        .await?;
    if changed == 0 {
        return Err(Error::NotFound(format!(
            "no source `{name}`; `acquaint source list` shows the ones there are"
        )));
    }
    Ok(())
}

/// Every source of a workspace, by name.
pub async fn sources(db: &Db, workspace: &WorkspaceId) -> Result<Vec<Source>> {
    db.sql("select workspace, name, kind, write_key, secret, created_at from source where workspace = $1 order by name")
        .bind(workspace)
        .all()
        .await
}

/// The source that a write key belongs to.
pub async fn source_by_write_key(db: &Db, write_key: &str) -> Result<Option<Source>> {
    db.sql("select workspace, name, kind, write_key, secret, created_at from source where write_key = $1")
        .bind(write_key)
        .optional()
        .await
}

/// Every source of this name, in any workspace. A webhook's path names only the source; its
/// signature or write key then tells the workspace.
pub async fn sources_named(db: &Db, name: &str) -> Result<Vec<Source>> {
    db.sql("select workspace, name, kind, write_key, secret, created_at from source where name = $1 order by workspace")
        .bind(name)
        .all()
        .await
}

/// Adds a key, of which only the hash is stored.
pub async fn add_key(tx: &mut Tx, key: &ApiKey, hash: &str) -> Result<()> {
    tx.sql(
        "insert into api_key (workspace, id, hash, scopes, created_at) values ($1, $2, $3, $4, $5)",
    )
    .bind(&key.workspace)
    .bind(&key.id)
    .bind(hash)
    .bind(&key.scopes)
    .bind(key.created_at)
    .execute()
    .await
    .map(drop)
}

/// The key with this hash, unless it was revoked.
pub async fn key_by_hash(db: &Db, hash: &str) -> Result<Option<ApiKey>> {
    db.sql("select workspace, id, scopes, created_at, revoked_at from api_key where hash = $1 and revoked_at is null")
        .bind(hash)
        .optional()
        .await
}

/// Every key of a workspace, oldest first.
pub async fn keys(db: &Db, workspace: &WorkspaceId) -> Result<Vec<ApiKey>> {
    db.sql("select workspace, id, scopes, created_at, revoked_at from api_key where workspace = $1 order by created_at, id")
        .bind(workspace)
        .all()
        .await
}

/// Revokes a key. One that is revoked already keeps its time.
///
/// # Errors
/// [`Error::NotFound`] when there is no such key.
pub async fn revoke_key(tx: &mut Tx, workspace: &WorkspaceId, id: &str, now: Time) -> Result<()> {
    let revoked = tx
        .sql("update api_key set revoked_at = coalesce(revoked_at, $3) where workspace = $1 and id = $2")
        .bind(workspace)
        .bind(id)
        .bind(now)
        .execute()
        .await?;
    if revoked == 0 {
        return Err(Error::NotFound(format!(
            "no key `{id}`; `acquaint key list` shows the ones there are"
        )));
    }
    Ok(())
}

/// How far an import of a file got, in bytes; 0 if it was never started.
pub async fn import_position(
    db: &Db,
    workspace: &WorkspaceId,
    source: &str,
    file: &str,
) -> Result<i64> {
    let row: Option<(i64,)> = db
        .sql("select position from import_progress where workspace = $1 and source = $2 and file = $3")
        .bind(workspace)
        .bind(source)
        .bind(file)
        .optional()
        .await?;
    Ok(row.map_or(0, |(position,)| position))
}

/// Notes how far an import got.
pub async fn set_import_position(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    source: &str,
    file: &str,
    position: i64,
    now: Time,
) -> Result<()> {
    tx.sql(
        "insert into import_progress (workspace, source, file, position, updated_at) values ($1, $2, $3, $4, $5)
         on conflict (workspace, source, file) do update set position = excluded.position, updated_at = excluded.updated_at",
    )
    .bind(workspace)
    .bind(source)
    .bind(file)
    .bind(position)
    .bind(now)
    .execute()
    .await
    .map(drop)
}
