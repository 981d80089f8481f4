//! `acquaint key`: secret keys for back ends and staff.

use crate::clock::Clock;
use crate::config::Config;
use crate::steward::access::NewKey;
use crate::store::access::{self, ApiKey};
use crate::tool::caller::Scope;
use crate::{Result, steward};
use clap::Subcommand;
use serde_json::json;

#[derive(Debug, Subcommand)]
pub(super) enum KeyCommand {
    /// Make a key and print it, once
    Create {
        /// What it may do: collect, profile:read, profile:write, customers:any or admin; may be
        /// given several times
        #[arg(long = "scope", required = true, value_delimiter = ',')]
        scopes: Vec<String>,
    },
    /// List the keys, without the secrets
    List,
    /// Make a key stop working
    Revoke {
        /// The key's id, as `key list` shows it
        id: String,
    },
}

impl KeyCommand {
    pub(super) async fn run(self, config: &Config) -> Result<()> {
        match self {
            Self::Create { scopes } => create(config, &scopes).await,
            Self::List => list(config).await,
            Self::Revoke { id } => revoke(config, &id).await,
        }
    }
}

async fn create(config: &Config, scopes: &[String]) -> Result<()> {
    let scopes = scopes
        .iter()
        .map(|word| Scope::parse(word))
        .collect::<Result<Vec<_>>>()?;
    let (db, workspace) = super::open(config).await?;
    let names: Vec<_> = scopes.iter().map(|scope| scope.as_str()).collect();
    let now = Clock::default().now();
    let NewKey { id, secret } =
        steward::access::create_key(&db, &workspace.id, &names.join(" "), now).await?;
    if config.json {
        return super::say_json(&json!({"id": id, "key": secret, "scopes": names}));
    }
    super::say(&secret);
    super::note(&format!(
        "key {id} may {}; it is shown only now",
        names.join(", ")
    ));
    Ok(())
}

async fn list(config: &Config) -> Result<()> {
    let (db, workspace) = super::find(config).await?;
    let keys = access::keys(&db, &workspace.id).await?;
    if config.json {
        let rows = keys.iter().map(|key| {
            let scopes: Vec<_> = key.scopes.split(' ').collect();
            json!({"id": key.id, "scopes": scopes, "created_at": key.created_at, "revoked_at": key.revoked_at})
        });
        return super::say_json(&rows.collect::<Vec<_>>());
    }
    let row = |key: &ApiKey| {
        let revoked = key.revoked_at.map(|at| format!("revoked {at}"));
        let state = revoked.unwrap_or_else(|| "works".to_owned());
        vec![
            key.id.clone(),
            key.scopes.clone(),
            key.created_at.to_string(),
            state,
        ]
    };
    let rows: Vec<_> = keys.iter().map(row).collect();
    super::table(&["ID", "SCOPES", "CREATED", "STATE"], &rows);
    Ok(())
}

async fn revoke(config: &Config, id: &str) -> Result<()> {
    let (db, workspace) = super::find(config).await?;
    steward::access::revoke_key(&db, &workspace.id, id, Clock::default().now()).await?;
    super::note(&format!(
        "key {id} is revoked; servers that know it stop within a second"
    ));
    Ok(())
}
