//! Ids: a type for each, so that they cannot be swapped.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use std::borrow::{Borrow, Cow};
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

/// An id of what the marker `Of` says. It can be read as text, but no text is taken for an id.
/// Cheap to clone.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Id<Of>(Arc<str>, PhantomData<Of>);

/// The marker of [`WorkspaceId`].
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OfWorkspace;

/// The marker of [`ProfileId`].
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OfProfile;

/// The marker of [`LinkId`].
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OfLink;

/// The id of a workspace.
pub type WorkspaceId = Id<OfWorkspace>;
/// The id of a profile: that of its oldest link.
pub type ProfileId = Id<OfProfile>;
/// The id of a link. It leads to the profile that holds the link.
pub type LinkId = Id<OfLink>;

impl ProfileId {
    /// The id of the profile with this oldest link.
    #[must_use]
    pub fn of(oldest: &LinkId) -> Self {
        Self::new(oldest.shared())
    }

    /// The profile's oldest link, whose id it has. That link leads to the customer also after the
    /// profile was joined into another.
    #[must_use]
    pub fn oldest_link(&self) -> LinkId {
        LinkId::new(self.shared())
    }
}

impl<Of> Id<Of> {
    /// The id with this text.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into(), PhantomData)
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its text, shared.
    #[must_use]
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }
}

impl<Of> Deref for Id<Of> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// Maps by id can be asked with a text.
impl<Of> Borrow<str> for Id<Of> {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl<Of> AsRef<str> for Id<Of> {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// In a schema it is a string.
impl<Of> JsonSchema for Id<Of> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        String::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}

impl<Of> PartialEq<&str> for Id<Of> {
    fn eq(&self, text: &&str) -> bool {
        self.as_str() == *text
    }
}

impl<Of> fmt::Display for Id<Of> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// As a text shows itself.
impl<Of> fmt::Debug for Id<Of> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
