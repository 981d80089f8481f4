//! The caller of a tool: the workspace, the scopes, and the one customer that the call is bound to.
//!
//! The server makes a [`Caller`] from a key or a session token; nothing that a model writes can
//! change it.

use crate::clock::Time;
use crate::id::{LinkId, ProfileId, WorkspaceId};
use crate::store::access::Workspace;
use crate::{Error, Result};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

mod hmac;

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    /// Send events.
    #[serde(rename = "collect")]
    Collect,
    /// Read profiles through tools.
    #[serde(rename = "profile:read")]
    ProfileRead,
    /// Change profiles through tools.
    #[serde(rename = "profile:write")]
    ProfileWrite,
    /// Name any customer; for staff and back ends, never for a chat.
    #[serde(rename = "customers:any")]
    CustomersAny,
    /// Everything, including making sessions.
    #[serde(rename = "admin")]
    Admin,
}

impl Scope {
    const ALL: [Self; 5] = [
        Self::Collect,
        Self::ProfileRead,
        Self::ProfileWrite,
        Self::CustomersAny,
        Self::Admin,
    ];

    /// Its name in flags and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Collect => "collect",
            Self::ProfileRead => "profile:read",
            Self::ProfileWrite => "profile:write",
            Self::CustomersAny => "customers:any",
            Self::Admin => "admin",
        }
    }

    /// Parses the name of a scope.
    ///
    /// # Errors
    /// [`Error::Invalid`] with a list of all scopes.
    pub fn parse(word: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.as_str() == word)
            .ok_or_else(|| {
                let names = Self::ALL.map(Self::as_str).join(", ");
                Error::invalid(format!("no scope `{word}`; there are {names}"))
            })
    }
}

/// How sure the company's back end is of who the customer is; later ones include the earlier.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Verification {
    /// A visitor whom nobody has asked.
    Anonymous,
    /// They say who they are.
    #[default]
    Claimed,
    /// They signed in, or proved it otherwise.
    Verified,
}

impl Verification {
    /// Its name in flags and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Claimed => "claimed",
            Self::Verified => "verified",
        }
    }

    /// Parses the name of a level.
    ///
    /// # Errors
    /// [`Error::Invalid`] with a list of all levels.
    pub fn parse(word: &str) -> Result<Self> {
        match word {
            "anonymous" => Ok(Self::Anonymous),
            "claimed" => Ok(Self::Claimed),
            "verified" => Ok(Self::Verified),
            _ => Err(Error::invalid(format!(
                "no verification `{word}`; there are anonymous, claimed, verified"
            ))),
        }
    }
}

/// The caller of a tool.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The only workspace the call can see.
    pub workspace: Arc<Workspace>,
    /// The permitted actions.
    pub scopes: Vec<Scope>,
    /// The link id of the one visible customer; `None` for staff.
    pub customer: Option<LinkId>,
    /// How sure the company is of that customer.
    pub verification: Verification,
    /// The id of the key or session, for the log.
    pub id: String,
    /// The end of the session; `None` for a key.
    pub expires_at: Option<Time>,
}

impl Caller {
    /// Whether the caller holds a scope; `admin` includes all.
    #[must_use]
    pub fn has(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope) || self.scopes.contains(&Scope::Admin)
    }

    /// Refuses a caller without the scope.
    ///
    /// # Errors
    /// [`Error::Forbidden`] with the name of the scope.
    pub fn require(&self, scope: Scope) -> Result<()> {
        if self.has(scope) {
            return Ok(());
        }
        Err(Error::Forbidden(format!(
            "this needs the scope `{}`",
            scope.as_str()
        )))
    }

    /// Whether the caller may name any customer: true for staff with the scope, never for a
    /// session.
    #[must_use]
    pub fn names_customers(&self) -> bool {
        self.customer.is_none() && self.has(Scope::CustomersAny)
    }
}

const ISSUER: &str = "acquaint";
const AUDIENCE: &str = "acquaint:tools";
/// The shortest and longest lifetime of a session, in seconds.
pub const SESSION_TTL_S: std::ops::RangeInclusive<i64> = 60..=86_400;
/// The default lifetime of a session, in seconds.
pub const DEFAULT_TTL_S: i64 = 900;

/// The claims of a session token. It names the customer by link id, so it carries no personal data.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SessionClaims {
    iss: String,
    aud: String,
    /// The link id of the customer.
    pub sub: String,
    /// Issued at, in seconds since 1970.
    pub iat: i64,
    /// Expires at, in seconds since 1970.
    pub exp: i64,
    /// The token's own id.
    pub jti: String,
    /// How sure the issuer was of the customer.
    pub ver: Verification,
    /// Scopes, separated by spaces.
    pub scope: String,
}

impl SessionClaims {
    /// When the session ends.
    #[must_use]
    pub fn expires_at(&self) -> Time {
        Time::from_ms(self.exp * 1000)
    }
}

/// Makes a session token for a customer. It is signed with HS256 and the workspace's secret; the
/// key id names the workspace.
///
/// # Errors
/// [`Error::Invalid`] for a lifetime outside [`SESSION_TTL_S`].
pub fn mint(
    workspace: &Workspace,
    customer: &ProfileId,
    ttl_s: i64,
    verification: Verification,
    now: Time,
) -> Result<(String, SessionClaims)> {
    if !SESSION_TTL_S.contains(&ttl_s) {
        let (least, most) = (SESSION_TTL_S.start(), SESSION_TTL_S.end());
        return Err(Error::invalid(format!(
            "a session lives {least} to {most} seconds, not {ttl_s}"
        )));
    }
    let session = SessionClaims {
        iss: ISSUER.to_owned(),
        aud: AUDIENCE.to_owned(),
        sub: customer.to_string(),
        iat: now.ms() / 1000,
        exp: now.ms() / 1000 + ttl_s,
        jti: crate::clock::random_id("s_", 10),
        ver: verification,
        scope: Scope::ProfileRead.as_str().to_owned(),
    };
    hmac::install();
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some(workspace.id.to_string());
    let key = EncodingKey::from_secret(signing_key(workspace).as_bytes());
    let token = jsonwebtoken::encode(&header, &session, &key)
        .map_err(|_| Error::internal("a session token cannot be signed"))?;
    Ok((token, session))
}

/// The workspace that a token names. The token is not verified yet.
#[must_use]
pub fn claimed_workspace(token: &str) -> Option<WorkspaceId> {
    let kid = jsonwebtoken::decode_header(token).ok()?.kid?;
    // Other texts are no workspace ids, and some are refused by PostgreSQL.
    kid.bytes()
        .all(|byte| byte.is_ascii_graphic())
        .then(|| WorkspaceId::new(kid))
}

/// Verifies a session token and returns its caller.
///
/// # Errors
/// [`Error::Unauthorized`] for a token that is forged, made for another purpose, or expired.
pub fn open(workspace: &Arc<Workspace>, token: &str, now: Time) -> Result<Caller> {
    hmac::install();
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_audience(&[AUDIENCE]);
    validation.set_issuer(&[ISSUER]);
    // The library would read the system clock; the expiry is compared with our clock below.
    validation.validate_exp = false;
    let key = DecodingKey::from_secret(signing_key(workspace).as_bytes());
    let session = jsonwebtoken::decode::<SessionClaims>(token, &key, &validation)
        .map_err(|_| Error::Unauthorized("the session token is not one of ours".to_owned()))?
        .claims;
    if session.exp <= now.ms() / 1000 {
        return Err(Error::Unauthorized(
            "the session token has expired; mint a new one".to_owned(),
        ));
    }
    let expires_at = session.expires_at();
    let scopes = session
        .scope
        .split(' ')
        .map(Scope::parse)
        .collect::<Result<_>>()?;
    Ok(Caller {
        workspace: Arc::clone(workspace),
        scopes,
        customer: Some(LinkId::new(session.sub)),
        verification: session.ver,
        id: session.jti,
        expires_at: Some(expires_at),
    })
}

fn signing_key(workspace: &Workspace) -> String {
    format!("session:{}", workspace.secret)
}
