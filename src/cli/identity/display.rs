//! Customers and counts as text.

use crate::Result;
use crate::event::text_of;
use crate::id::LinkId;
use crate::profile::Profile;
use crate::store::access::Workspace;
use crate::store::{self, Db};

/// How many identifiers of a customer are shown.
const SHOWN: usize = 3;

/// `1 customer`, `2 customers`.
pub(super) fn count(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

/// The name and some identifiers of a customer.
pub(super) async fn who(db: &Db, workspace: &Workspace, id: &LinkId) -> Result<String> {
    let profile = store::profile::by_id(db, workspace, id).await?;
    let words = profile.map(|profile| words(&profile)).unwrap_or_default();
    Ok(if words.is_empty() {
        format!("profile:{id}")
    } else {
        words
    })
}

fn words(profile: &Profile) -> String {
    let known = profile.identifiers.iter();
    let leads = known.take(SHOWN).map(|known| known.identifier.to_string());
    let hidden = profile.identifiers.len().saturating_sub(SHOWN);
    let more = (hidden > 0).then(|| format!("and {hidden} more"));
    name(profile)
        .into_iter()
        .chain(leads)
        .chain(more)
        .collect::<Vec<_>>()
        .join("  ")
}

fn name(profile: &Profile) -> Option<String> {
    let stated = |name: &str| text_of(&profile.traits.get(name)?.winner()?.value);
    let parts = |first, last| {
        let parts: Vec<String> = [first, last].into_iter().filter_map(stated).collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    };
    stated("name")
        .or_else(|| parts("first_name", "last_name"))
        .or_else(|| parts("firstName", "lastName"))
        .or_else(|| stated("organization"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Time;
    use crate::identity::Identifier;
    use crate::profile::KnownIdentifier;
    use crate::profile::claim::{Claim, Claims};
    use serde_json::json;

    #[test]
    fn a_customer_is_told_by_name_and_some_of_what_leads_there() {
        assert_eq!(words(&Profile::default()), "");
        let known = |n: u8| KnownIdentifier {
            identifier: Identifier::new("user_id", format!("u{n}")),
            since: Time::default(),
        };
        let mut profile = Profile {
            identifiers: (1..=5).map(known).collect(),
            ..Profile::default()
        };
        assert_eq!(
            words(&profile),
            "user_id:u1  user_id:u2  user_id:u3  and 2 more"
        );
        profile.identifiers.truncate(1);
        for (name, value) in [("first_name", "Ada"), ("last_name", "Orr")] {
            let mut claims = Claims::default();
            claims.add(Claim {
                value: json!(value),
                at: Time::default(),
                source: "crm".to_owned(),
                event: "e".to_owned(),
                verified: false,
            });
            profile.traits.insert(name.to_owned(), claims);
        }
        assert_eq!(words(&profile), "Ada Orr  user_id:u1");
    }

    #[test]
    fn one_is_no_plural() {
        assert_eq!([count(0, "join"), count(1, "join")], ["0 joins", "1 join"]);
    }
}
