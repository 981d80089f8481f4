//! Setting up who may send and who may ask: workspaces, sources, keys.

use crate::clock::{Time, random_id};
use crate::id::WorkspaceId;
use crate::store::access::{self, ApiKey, Source, Workspace};
use crate::store::{Db, Tx};
use crate::{Error, Result};

/// A secret key that was just made; the secret is known only now.
#[derive(Debug)]
pub struct NewKey {
    /// The key's id, by which it is listed and revoked.
    pub id: String,
    /// What goes in `Authorization: Bearer`.
    pub secret: String,
}

/// The workspace of this name, made if there is none, and then with a first key of these scopes.
pub async fn workspace(
    db: &Db,
    name: &str,
    first_key: Option<&str>,
    now: Time,
) -> Result<(Workspace, Option<NewKey>)> {
    let mut key = None;
    if access::workspace(db, name).await?.is_none() {
        let new = Workspace::new(name);
        let mut tx = db.begin().await?;
        // Another process may have made it meanwhile.
        if access::create_workspace(&mut tx, &new, now).await?
            && let Some(scopes) = first_key
        {
            key = Some(add_key(&mut tx, &new.id, scopes, now).await?);
        }
        tx.commit().await?;
    }
    let workspace = access::workspace(db, name).await?;
    let workspace = workspace.ok_or_else(|| Error::internal("the workspace is gone again"))?;
    Ok((workspace, key))
}

/// Makes a secret key that may do what `scopes` says, words with a space between them.
pub async fn create_key(
    db: &Db,
    workspace: &WorkspaceId,
    scopes: &str,
    now: Time,
) -> Result<NewKey> {
    let mut tx = db.begin().await?;
    let key = add_key(&mut tx, workspace, scopes, now).await?;
    tx.commit().await?;
    Ok(key)
}

async fn add_key(tx: &mut Tx, workspace: &WorkspaceId, scopes: &str, now: Time) -> Result<NewKey> {
    let (id, secret) = (random_id("k_", 5), random_id("ak_", 20));
    let row = ApiKey {
        workspace: workspace.clone(),
        id: id.clone(),
        scopes: scopes.to_owned(),
        created_at: now,
        revoked_at: None,
    };
    access::add_key(tx, &row, &access::hash(&secret)).await?;
    Ok(NewKey { id, secret })
}

/// Makes a key stop working; servers that know it stop within a second.
///
/// # Errors
/// [`Error::NotFound`] when there is no such key.
pub async fn revoke_key(db: &Db, workspace: &WorkspaceId, id: &str, now: Time) -> Result<()> {
    let mut tx = db.begin().await?;
    access::revoke_key(&mut tx, workspace, id, now).await?;
    tx.commit().await
}

/// Adds sources, all or none.
///
/// # Errors
/// [`Error::Conflict`] when one of the name is there already.
pub async fn add_sources(db: &Db, sources: &[Source]) -> Result<()> {
    let mut tx = db.begin().await?;
    for source in sources {
        access::add_source(&mut tx, source).await?;
    }
    tx.commit().await
}

/// Gives a source this write key, and a new secret if one is named.
///
/// # Errors
/// [`Error::NotFound`] when there is no such source.
pub async fn rotate_source(
    db: &Db,
    workspace: &WorkspaceId,
    name: &str,
    write_key: &str,
    secret: Option<&str>,
) -> Result<()> {
    let mut tx = db.begin().await?;
    access::rotate_source(&mut tx, workspace, name, write_key, secret).await?;
    tx.commit().await
}
