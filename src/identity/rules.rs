//! The rules of identity as data: which kinds there are, how strong each is, how many of one a customer may have, and which
//! values name nobody.

/// What sort of thing a kind of identifier names; weaker classes give way to stronger ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// One person in the company's own books: `user_id`.
    Person,
    /// One record in one system: a Shopify customer, a Zendesk user, any external id.
    Record,
    /// A way to reach someone, which people can share: e-mail, phone.
    Contact,
    /// A browser or device, which people can share too.
    Device,
    /// A thing that belongs to a customer, such as an order; it ties events together and is never shown as an identifier.
    Reference,
}

/// How one kind of identifier takes part in identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What the kind names.
    pub class: Class,
    /// Strength: the lowest number decides whose event it is.
    pub priority: u32,
    /// How many distinct values one customer may have.
    pub limit: usize,
}

/// The rules of one workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// A contact or device value seen together with more than this many distinct values of one stronger kind is shared: it
    /// stops being an identifier, for old events too.
    pub shared_above: usize,
}

impl Default for Rules {
    fn default() -> Self {
        Self { shared_above: 10 }
    }
}

/// Values that broken clients send instead of an id, compared in lower case and without quotes; they never name anyone.
/// Collected by `PostHog` (`isDistinctIdIllegal`) and from SDK bugs such as `anonymousId: "anonymousId"`.
const ILLEGAL: &[&str] = &[
    "",
    "anonymous",
    "anonymous_id",
    "anonymousid",
    "distinct_id",
    "distinctid",
    "email",
    "false",
    "guest",
    "id",
    "nan",
    "nil",
    "none",
    "not_authenticated",
    "null",
    "(null)",
    "undefined",
    "true",
    "unknown",
    "user_id",
    "userid",
    "-1",
    "[object object]",
];

impl Rules {
    /// The rule of a kind. Kinds that are not listed are a record's id in some system.
    #[must_use]
    pub fn rule(&self, kind: &str) -> Rule {
        let (class, priority, limit) = match kind {
            "user_id" => (Class::Person, 1, 1),
            "email" => (Class::Contact, 3, 5),
            "phone" => (Class::Contact, 4, 5),
            "anonymous_id" => (Class::Device, 5, 5),
            "ga_client_id" => (Class::Device, 7, 5),
            _ if kind.starts_with("android.") || kind.starts_with("ios.") => (Class::Device, 6, 5),
            "shopify_order_id" | "zendesk_ticket_id" => (Class::Reference, 9, usize::MAX),
            _ => (Class::Record, 2, 5),
        };
        Rule {
            class,
            priority,
            limit,
        }
    }

    /// Whether the value names nobody: a placeholder, or nothing but zeros and dashes.
    #[must_use]
    pub fn blocks(&self, kind: &str, value: &str) -> bool {
        if matches!(self.rule(kind).class, Class::Contact) {
            return false;
        }
        let bare = value.trim().trim_matches(['"', '\'', '`']).trim();
        bare.bytes().all(|byte| matches!(byte, b'0' | b'-'))
            || ILLEGAL.contains(&bare.to_lowercase().as_str())
    }

    /// Whether a kind's values can be shared by several people at all.
    #[must_use]
    pub fn can_be_shared(&self, kind: &str) -> bool {
        matches!(self.rule(kind).class, Class::Contact | Class::Device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `PostHog` refuses these as ids ("cannot merge with illegal distinct id"), plain and quoted.
    #[test]
    fn placeholder_ids_name_nobody() {
        let rules = Rules::default();
        for value in [
            "anonymous",
            "guest",
            "distinctid",
            "distinct_id",
            "id",
            "not_authenticated",
            "email",
            "undefined",
            "true",
            "false",
            "[object Object]",
            "NaN",
            "None",
            "none",
            "null",
            "0",
            "Anonymous",
            "'null'",
            "\"undefined\"",
            " ",
            "00000000-0000-0000-0000-000000000000",
            "-1",
            "anonymousId",
        ] {
            assert!(rules.blocks("user_id", value), "{value:?}");
            assert!(rules.blocks("anonymous_id", value), "{value:?}");
        }
        for value in ["10", "guest-7", "u1", "identity"] {
            assert!(!rules.blocks("user_id", value), "{value:?}");
        }
    }
}
