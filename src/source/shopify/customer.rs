//! Customers, and the traits of the buyer in an order.

use super::{Hook, list, put, tags, text};
use crate::event::{Event, Kind, Reject};
use serde_json::{Map, Value, json};

/// The parts of an address: our name and Shopify's. The country is the two-letter code, because
/// national phone numbers need it.
const ADDRESS: &[(&str, &str)] = &[
    ("city", "city"),
    ("state", "province"),
    ("postal_code", "zip"),
    ("country", "country_code"),
];

/// `customers/create` and `customers/update`.
pub(super) fn identified(hook: &Hook<'_>) -> Result<Event, Reject> {
    let customer = hook.body;
    let mut event = hook.event(Kind::Identify, "", &["updated_at", "created_at"]);
    event.add_external_id("shopify_customer_id", hook.id("id")?);
    let home = customer
        .get("default_address")
        .or_else(|| list(customer, "addresses").first());
    let sources: Vec<&Value> = [Some(customer), home].into_iter().flatten().collect();
    let traits = &mut event.traits;
    put(traits, "email", text(customer, "email"));
    put_verified(traits, customer);
    put(traits, "phone", first(&sources, "phone"));
    put_name(traits, &sources);
    put(traits, "address", home.and_then(address));
    put(traits, "created_at", text(customer, "created_at"));
    put(traits, "tags", tags(customer));
    let subscriptions = subscriptions(customer);
    put(
        &mut event.context,
        "messaging_subscriptions",
        (!subscriptions.is_empty()).then_some(subscriptions),
    );
    Ok(event)
}

/// The traits of the buyer of an order. A shipping address gives only the address and, if there is
/// no better one, the name: its phone number may be the one of a gift's recipient.
pub(super) fn buyer(order: &Value) -> Map<String, Value> {
    let customer = order.get("customer");
    let home = customer.and_then(|customer| customer.get("default_address"));
    let (billing, shipping) = (order.get("billing_address"), order.get("shipping_address"));
    let some = |places: [Option<_>; 4]| places.into_iter().flatten().collect::<Vec<&Value>>();
    let mut traits = Map::new();
    put(
        &mut traits,
        "email",
        first(&some([Some(order), customer, None, None]), "email"),
    );
    if let Some(customer) = customer {
        put_verified(&mut traits, customer);
    }
    put(
        &mut traits,
        "phone",
        first(&some([Some(order), customer, billing, home]), "phone"),
    );
    put_name(&mut traits, &some([customer, billing, shipping, home]));
    put(
        &mut traits,
        "address",
        some([shipping, billing, home, None])
            .into_iter()
            .find_map(address),
    );
    traits
}

/// Shopify's `verified_email`, if it is about the address in the traits: an order may have another
/// address than its customer.
fn put_verified(traits: &mut Map<String, Value>, customer: &Value) {
    let Some(email) = text(customer, "email") else {
        return;
    };
    if traits.get("email").and_then(Value::as_str) == Some(&email) {
        let verified = customer.get("verified_email").and_then(Value::as_bool);
        put(traits, "email_verified", verified);
    }
}

fn first(places: &[&Value], field: &str) -> Option<String> {
    places.iter().find_map(|place| text(place, field))
}

/// The name from the first of these places that has one. First and last name come from the same
/// place, because a mix of two would be no person's name.
fn put_name(traits: &mut Map<String, Value>, places: &[&Value]) {
    let named = places.iter().find_map(|place| {
        let parts = [text(place, "first_name"), text(place, "last_name")];
        parts.iter().any(Option::is_some).then_some(parts)
    });
    let Some([given, family]) = named else { return };
    let name: Vec<_> = [given.as_deref(), family.as_deref()]
        .into_iter()
        .flatten()
        .collect();
    put(traits, "name", Some(name.join(" ")));
    put(traits, "first_name", given);
    put(traits, "last_name", family);
}

fn address(place: &Value) -> Option<Value> {
    let mut address = Map::new();
    let street: Vec<_> = ["address1", "address2"]
        .iter()
        .filter_map(|line| text(place, line))
        .collect();
    put(
        &mut address,
        "street",
        (!street.is_empty()).then(|| street.join(", ")),
    );
    for (name, field) in ADDRESS {
        put(&mut address, name, text(place, field));
    }
    (!address.is_empty()).then_some(Value::Object(address))
}

/// The consents of the customer, in the shape of Segment's `context.messaging_subscriptions`. API
/// versions before 2022-04 have `accepts_marketing` in place of the consent objects.
fn subscriptions(customer: &Value) -> Vec<Value> {
    let state = |field: &str| match text(customer.get(field)?, "state")?.as_str() {
        "subscribed" => Some(true),
        "unsubscribed" | "not_subscribed" => Some(false),
        // A pending double opt-in or a redacted contact is neither consent nor refusal.
        _ => None,
    };
    let by_email = match customer.get("email_marketing_consent") {
        Some(Value::Object(_)) => state("email_marketing_consent"),
        _ => customer.get("accepts_marketing").and_then(Value::as_bool),
    };
    let by_sms = state("sms_marketing_consent");
    let stated = [("email", "EMAIL", by_email), ("phone", "SMS", by_sms)];
    let entry = |(field, channel, agreed): (&str, &str, Option<bool>)| {
        let status = if agreed? {
            "SUBSCRIBED"
        } else {
            "UNSUBSCRIBED"
        };
        Some(json!({"key": text(customer, field)?, "type": channel, "status": status}))
    };
    stated.into_iter().filter_map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::event;
    use super::*;

    #[test]
    fn a_customer_is_identified() {
        let text = include_str!("../../../tests/fixtures/shopify/customer_updated.json");
        let fixture: Value = serde_json::from_str(text).expect("a fixture");
        let event = event("customers/update", &fixture["body"]);
        assert_eq!(event.kind, Kind::Identify);
        assert_eq!(
            event.context["externalIds"][0]["type"],
            "shopify_customer_id"
        );
        assert_eq!(
            Value::Object(event.traits),
            json!({
                "email": "ines.duarte@example.com", "phone": "+351912345678", "name": "Ines Duarte", "first_name": "Ines",
                "last_name": "Duarte", "created_at": "2026-03-02T09:15:40+00:00", "tags": ["Newsletter", "VIP"],
                "email_verified": true,
                "address": {
                    "street": "Rua das Gaivotas 14, 3 Esq", "city": "Porto", "state": "Porto", "postal_code": "4150-020",
                    "country": "PT",
                },
            })
        );
        let consent =
            json!([{"key": "ines.duarte@example.com", "type": "EMAIL", "status": "UNSUBSCRIBED"}]);
        assert_eq!(event.context["messaging_subscriptions"], consent);
    }

    #[test]
    fn consent_is_read_in_both_shapes() {
        let status = |customer: Value| {
            let subscriptions = subscriptions(&customer);
            subscriptions
                .first()
                .and_then(|entry| text(entry, "status"))
        };
        let email = "ada@example.com";
        let new = |state: &str| {
            status(json!({"email": email, "email_marketing_consent": {"state": state}}))
        };
        assert_eq!(new("subscribed").as_deref(), Some("SUBSCRIBED"));
        assert_eq!(new("not_subscribed").as_deref(), Some("UNSUBSCRIBED"));
        assert_eq!(new("pending"), None);
        let old = |accepts: Value| status(json!({"email": email, "accepts_marketing": accepts}));
        assert_eq!(old(json!(true)).as_deref(), Some("SUBSCRIBED"));
        assert_eq!(old(json!(false)).as_deref(), Some("UNSUBSCRIBED"));
        assert_eq!(old(json!(null)), None);
        assert_eq!(
            status(json!({"accepts_marketing": true})),
            None,
            "nobody to write to"
        );
        let sms =
            json!({"phone": "+14155550134", "sms_marketing_consent": {"state": "subscribed"}});
        assert_eq!(
            subscriptions(&sms),
            [json!({"key": "+14155550134", "type": "SMS", "status": "SUBSCRIBED"})]
        );
    }

    #[test]
    fn an_order_s_own_address_is_not_verified_by_its_customer() {
        let order = |email: &str| {
            let customer = json!({"email": "ada@example.com", "verified_email": true});
            buyer(&json!({"email": email, "customer": customer}))
        };
        assert_eq!(order("ada@example.com")["email_verified"], true);
        assert!(!order("gift@example.com").contains_key("email_verified"));
        assert!(!buyer(&json!({"email": "ada@example.com"})).contains_key("email_verified"));
    }

    #[test]
    fn a_gift_is_not_from_whom_it_is_sent_to() {
        let order = json!({
            "email": "ada@example.com", "phone": "",
            "billing_address": {"first_name": "Ada", "last_name": "Byron", "phone": "415 555 0134", "country_code": "US"},
            "shipping_address": {"first_name": "Per", "last_name": "Lind", "phone": "070-174 06 05", "country_code": "US", "city": "Reno"},
        });
        let traits = buyer(&order);
        assert_eq!(
            (&traits["name"], &traits["phone"]),
            (&json!("Ada Byron"), &json!("415 555 0134"))
        );
        assert_eq!(traits["address"], json!({"city": "Reno", "country": "US"}));
        assert!(buyer(&json!({"id": 7})).is_empty());
    }
}
