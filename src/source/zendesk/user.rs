//! Users: their names and contacts.

use super::{Hook, id, put, text};
use crate::event::{Event, Kind, Reject};
use serde_json::Value;

/// The whole user: `user.created`, and changes that need no event of their own.
pub(super) fn identified(hook: &Hook<'_>) -> Result<Event, Reject> {
    let user = hook.detail();
    let mut event = hook.event(Kind::Identify, "");
    event.add_external_id("zendesk_user_id", hook.id()?);
    event.user_id = text(user, "external_id");
    for name in ["email", "phone", "name", "created_at", "role"] {
        put(&mut event.traits, name, text(user, name));
    }
    Ok(event)
}

/// `user.name_changed`.
pub(super) fn name_changed(hook: &Hook<'_>) -> Result<Event, Reject> {
    let mut event = identified(hook)?;
    put(&mut event.traits, "name", text(hook.change(), "current"));
    Ok(event)
}

/// `user.external_id_changed`.
pub(super) fn external_id_changed(hook: &Hook<'_>) -> Result<Event, Reject> {
    let mut event = identified(hook)?;
    if let Some(current) = text(hook.change(), "current") {
        event.user_id = Some(current);
    }
    Ok(event)
}

/// `user.identity_created` and `user.identity_changed`: a contact of the user. The primary contact
/// becomes a trait; another one only identifies the user. Only an identity says which address is
/// verified: `verified` of the user means any of them.
pub(super) fn identity_changed(hook: &Hook<'_>) -> Result<Event, Reject> {
    let mut event = identified(hook)?;
    let change = hook.change();
    let identity = change
        .get("current")
        .or_else(|| change.get("identity"))
        .unwrap_or(&Value::Null);
    let kind = match text(identity, "type")
        .map(|kind| kind.to_lowercase())
        .as_deref()
    {
        Some("email") => "email",
        Some("phone_number" | "phone") => "phone",
        _ => return Ok(event),
    };
    let Some(value) = text(identity, "value") else {
        return Ok(event);
    };
    if identity.get("primary").and_then(Value::as_bool) == Some(true) {
        put(&mut event.traits, kind, Some(value));
        let verified = identity.get("verified").and_then(Value::as_bool);
        put(&mut event.traits, &format!("{kind}_verified"), verified);
    } else {
        event.add_external_id(kind, value);
    }
    Ok(event)
}

/// `user.merged`: both ids belong to the same person.
pub(super) fn merged(hook: &Hook<'_>) -> Result<Event, Reject> {
    let mut event = identified(hook)?;
    if let Some(other) = hook.change().get("user").and_then(|user| id(user, "id")) {
        event.add_external_id("zendesk_user_id", other);
    }
    Ok(event)
}

#[cfg(test)]
mod tests {
    use super::super::tests::outcome;
    use super::*;
    use crate::source::testing::ids;
    use serde_json::json;

    fn event(name: &str, change: &Value) -> Event {
        let detail = json!({
            "id": "880011", "email": "ines@example.com", "external_id": "cust-31", "role": "end-user",
            "created_at": "2026-11-01T10:00:00Z", "organization_id": "0", "default_group_id": "0",
        });
        outcome(name, &detail, change).expect("accepted")
    }

    #[test]
    fn a_user_is_identified_by_both_ids() {
        let event = event("user.created", &json!({}));
        assert_eq!(
            (event.kind, event.user_id.as_deref()),
            (Kind::Identify, Some("cust-31"))
        );
        assert_eq!(ids(&event), ["zendesk_user_id:880011"]);
        assert_eq!(
            Value::Object(event.traits),
            json!({"email": "ines@example.com", "created_at": "2026-11-01T10:00:00Z", "role": "end-user"})
        );
    }

    #[test]
    fn an_empty_external_id_is_none() {
        let event = outcome(
            "user.active_changed",
            &json!({"id": "1", "external_id": ""}),
            &json!({"current": false}),
        );
        assert_eq!(event.expect("accepted").user_id, None);
    }

    #[test]
    fn changes_of_name_and_external_id_are_taken_from_the_change() {
        assert_eq!(
            event("user.name_changed", &json!({"current": "Ines Duarte"})).traits["name"],
            "Ines Duarte"
        );
        let changed = event(
            "user.external_id_changed",
            &json!({"previous": "cust-31", "current": "cust-32"}),
        );
        assert_eq!(changed.user_id.as_deref(), Some("cust-32"));
    }

    #[test]
    fn a_second_address_ties_events_without_becoming_the_trait() {
        let identity = |kind: &str, value: &str, primary: bool| {
            let identity = json!({"id": "5", "type": kind, "value": value, "primary": primary});
            event("user.identity_created", &json!({"current": identity}))
        };
        let first = identity("email", "new@example.com", true);
        assert_eq!(
            (first.traits["email"].as_str(), ids(&first).len()),
            (Some("new@example.com"), 1)
        );
        let second = identity("email", "ines.d@example.com", false);
        assert_eq!(second.traits["email"], "ines@example.com");
        assert_eq!(
            ids(&second),
            ["zendesk_user_id:880011", "email:ines.d@example.com"]
        );
        assert_eq!(
            identity("phone_number", "+14155550134", true).traits["phone"],
            "+14155550134"
        );
        assert_eq!(ids(&identity("twitter", "ines", false)).len(), 1);
    }

    #[test]
    fn an_identity_says_which_address_is_verified() {
        let identity = |primary: bool, verified: &Value| {
            let identity = json!({"type": "email", "value": "new@example.com", "primary": primary, "verified": verified});
            event("user.identity_changed", &json!({"current": identity})).traits
        };
        assert_eq!(identity(true, &json!(true))["email_verified"], true);
        assert_eq!(identity(true, &json!(false))["email_verified"], false);
        assert!(!identity(true, &Value::Null).contains_key("email_verified"));
        assert!(!identity(false, &json!(true)).contains_key("email_verified"));
    }

    #[test]
    fn merged_users_are_one_person() {
        let event = event("user.merged", &json!({"user": {"id": "880012"}}));
        assert_eq!(
            ids(&event),
            ["zendesk_user_id:880011", "zendesk_user_id:880012"]
        );
    }
}
