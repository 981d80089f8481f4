//! The one error type: variants are kinds a caller can act on.
//!
//! Every variant has a stable [`Error::code`] and an HTTP [`Error::status`]. The surface makes
//! responses of them, and the command line a message with a hint. The cause of a 5xx is logged once
//! and never sent.

/// An error, by what the caller can do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request or a value in it cannot be used; the text says what to change.
    #[error("{0}")]
    Invalid(String),
    /// The request is well-formed but larger than a stated limit.
    #[error("{0}")]
    TooLarge(String),
    /// No key, or a key or token that is unknown, revoked or expired.
    #[error("{0}")]
    Unauthorized(String),
    /// A webhook whose signature is missing, wrong or too old.
    #[error("{0}")]
    BadSignature(String),
    /// The key is good but lacks the scope or verification that this needs.
    #[error("{0}")]
    Forbidden(String),
    /// The named thing does not exist in this workspace.
    #[error("{0}")]
    NotFound(String),
    /// The name is taken.
    #[error("{0}")]
    Conflict(String),
    /// The server is at its limit; try again after this many seconds.
    #[error("too many events are waiting to be written")]
    Busy {
        /// Seconds to wait before the next try.
        retry_after_s: u32,
    },
    /// The database refused, or could not be reached.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// A file or socket failed.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// An invariant of the program is broken.
    #[error("internal: {0}")]
    Internal(String),
}

/// A result with this error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An [`Error::Invalid`] with this text.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid(message.into())
    }

    /// An [`Error::Internal`] with this text.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::Internal(message.into())
    }

    /// The stable, machine-readable name of this kind.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid_request",
            Self::TooLarge(_) => "too_large",
            Self::Unauthorized(_) => "unauthorized",
            Self::BadSignature(_) => "bad_signature",
            Self::Forbidden(_) => "forbidden",
            Self::NotFound(_) => "not_found",
            Self::Conflict(_) => "conflict",
            Self::Busy { .. } => "busy",
            Self::Database(_) | Self::Io(_) | Self::Internal(_) => "internal",
        }
    }

    /// The HTTP status of this kind.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Invalid(_) => 400,
            Self::TooLarge(_) => 413,
            Self::Unauthorized(_) | Self::BadSignature(_) => 401,
            Self::Forbidden(_) => 403,
            Self::NotFound(_) => 404,
            Self::Conflict(_) => 409,
            Self::Busy { .. } => 429,
            Self::Database(_) | Self::Io(_) | Self::Internal(_) => 500,
        }
    }

    /// What the caller can do next, unless the message says it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Unauthorized(_) => Some(
                "send `Authorization: Bearer <key>`; `acquaint key create` and `acquaint session create` make one",
            ),
            Self::Forbidden(_) => {
                Some("use a key or session that was created with what the message names")
            }
            Self::Busy { .. } => Some("send the same request again after `Retry-After` seconds"),
            Self::Database(_) => Some("check `--database` and that the database is up"),
            _ => None,
        }
    }
}
