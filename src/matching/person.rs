//! A person or an organisation as matching sees it: every stated value, in normal form.

use super::address::Address;
use super::date::Birth;
use super::name::Name;
use super::record_parts::RecordParts;
use super::text::tight;
use super::{contact, organisation};
use crate::event::text_of;
use crate::id::ProfileId;
use crate::profile::Profile;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The most values of one kind; the cost of a comparison grows with the square.
const MOST: usize = 12;

/// Every stated value of one customer, in normal form, sorted and without duplicates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// The profile's id.
    pub id: ProfileId,
    /// The source systems that state something.
    pub sources: Vec<Box<str>>,
    /// Names.
    pub names: Vec<Name>,
    /// Birth dates.
    pub births: Vec<Birth>,
    /// E-mail addresses.
    pub emails: Vec<Box<str>>,
    /// Phone numbers, digits only.
    pub phones: Vec<Box<str>>,
    /// Addresses.
    pub addresses: Vec<Address>,
    /// First letters of genders.
    pub genders: Vec<Box<str>>,
    /// National ids, whole or only the end.
    pub national_ids: Vec<Box<str>>,
    /// Passport numbers.
    pub passports: Vec<Box<str>>,
    /// Numbers of driver licences.
    pub licences: Vec<Box<str>>,
    /// An organisation's names, or those of a person's employers.
    pub organisations: Vec<Box<str>>,
}

/// What a profile is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartyKind {
    /// A human.
    Human,
    /// A company, school, shop …
    Organisation,
    /// Nothing tells.
    Unknown,
}

impl Person {
    /// The values of a profile: every claim of every source, and the e-mail addresses and phone
    /// numbers among its identifiers.
    #[must_use]
    pub fn of(profile: &Profile) -> Self {
        let mut person = Self {
            id: profile.id.clone(),
            ..Self::default()
        };
        let mut records: BTreeMap<&str, Vec<(&str, &Value)>> = BTreeMap::new();
        for (name, claims) in &profile.traits {
            for claim in claims.iter() {
                let record = records.entry(&claim.source).or_default();
                record.push((name, &claim.value));
            }
        }
        for (source, record) in records {
            person.add(source, record);
        }
        for source in profile.sources.keys() {
            person.sources.push(source.as_str().into());
        }
        for known in &profile.identifiers {
            let value = Value::String(known.identifier.value.clone());
            person.take(&known.identifier.kind, &value, &mut RecordParts::default());
        }
        person.tidy();
        person
    }

    /// A person with an id and one record.
    #[must_use]
    pub fn from_record(id: &str, source: &str, record: &Map<String, Value>) -> Self {
        let mut person = Self {
            id: ProfileId::new(id),
            ..Self::default()
        };
        person.add(
            source,
            record.iter().map(|(name, value)| (name.as_str(), value)),
        );
        person.tidy();
        person
    }

    /// Adds what one source states.
    fn add<'a>(&mut self, source: &str, record: impl IntoIterator<Item = (&'a str, &'a Value)>) {
        let mut parts = RecordParts::default();
        for (name, value) in record {
            self.take(name, value, &mut parts);
        }
        self.names.extend(parts.names());
        if let Some(address) = parts.address() {
            self.addresses.push(address);
        }
        self.sources.push(source.into());
    }

    fn take(&mut self, name: &str, value: &Value, parts: &mut RecordParts) {
        let key = tight(name);
        match value {
            Value::Array(items) => {
                for item in items {
                    self.take(name, item, parts);
                }
            }
            Value::Object(map) => self.take_object(&key, map, parts),
            _ => {
                let text = text_of(value).unwrap_or_default();
                if !text.trim().is_empty() {
                    self.take_text(&key, text.trim(), parts);
                }
            }
        }
    }

    fn take_object(&mut self, key: &str, map: &Map<String, Value>, parts: &mut RecordParts) {
        let mut inner = RecordParts::default();
        match key {
            "address" | "addresses" | "billingaddress" | "shippingaddress" | "homeaddress"
            | "workaddress" | "location" => {
                for (name, value) in map {
                    if let Some(text) = text_of(value) {
                        inner.address_part(&tight(name), text.trim());
                    }
                }
                self.addresses.extend(inner.address());
            }
            "name" | "names" | "fullname" | "alias" | "aliases" => {
                for (name, value) in map {
                    let name = if tight(name) == "value" { "name" } else { name };
                    self.take(name, value, &mut inner);
                }
                self.names.extend(inner.names());
            }
            _ => {
                for (name, value) in map {
                    let name = tight(name);
                    let same = ["value", "name", "number", "id", "date", "address"]
                        .contains(&name.as_str());
                    if same && !value.is_object() {
                        self.take(key, value, parts);
                    }
                }
            }
        }
    }

    fn take_text(&mut self, key: &str, text: &str, parts: &mut RecordParts) {
        match key {
            "name" | "names" | "fullname" | "displayname" | "alias" | "aliases" => {
                if organisation::is_organisation(text) {
                    self.organisations.extend(organisation::read(text));
                } else if !text.contains('@') {
                    self.names.extend(Name::read(text));
                }
            }
            "birthday" | "birthdate" | "dateofbirth" | "dob" | "birthdays" => {
                self.births.extend(Birth::parse(text))
            }
            "email" | "emails" | "emailaddress" | "mail" => {
                let all = text.split([',', ';', ' ']);
                self.emails.extend(all.filter_map(contact::read_email));
            }
            "phone" | "phones" | "phonenumber" | "mobile" | "mobilephone" | "telephone" | "tel"
            | "fax" | "cell" => {
                self.phones.extend(contact::read_phone(text));
            }
            "gender" | "sex" => self.genders.extend(gender(text)),
            "nationalid" | "nationalids" | "ssn" | "socialsecuritynumber" | "taxid" | "nin" => {
                self.national_ids.extend(contact::read_number(text));
            }
            "passport" | "passports" | "passportnumber" => {
                self.passports.extend(contact::read_number(text))
            }
            "driverlicense" | "driverlicence" | "driverslicense" | "driverslicence"
            | "drivinglicence" | "drivinglicense" => {
                self.licences.extend(contact::read_number(text));
            }
            "organization" | "organisation" | "organizations" | "company" | "companyname"
            | "employer" => {
                self.organisations.extend(organisation::read(text));
            }
            "address" | "addresses" => self.addresses.push(Address::read(text)),
            // Systems without a company field store a company as a person's name. One word alone,
            // such as Church, is a surname.
            "firstname" | "givenname" | "lastname" | "surname" | "familyname"
                if text.contains(' ') && organisation::is_organisation(text) =>
            {
                self.organisations.extend(organisation::read(text));
            }
            _ => parts.take(key, text),
        }
    }

    /// Sorts every list, drops duplicates and values above the limit.
    fn tidy(&mut self) {
        /// Sorts one list.
        fn tidy<T: Ord>(list: &mut Vec<T>) {
            list.sort_unstable();
            list.dedup();
            list.truncate(MOST);
            list.shrink_to_fit();
        }
        self.names.retain(|name| !name.is_empty());
        self.addresses.retain(|address| !address.is_empty());
        tidy(&mut self.sources);
        tidy(&mut self.names);
        let names = self.names.clone();
        self.names
            .retain(|name| !names.iter().any(|other| other.says_more_than(name)));
        tidy(&mut self.births);
        tidy(&mut self.emails);
        tidy(&mut self.phones);
        tidy(&mut self.addresses);
        tidy(&mut self.genders);
        tidy(&mut self.national_ids);
        tidy(&mut self.passports);
        tidy(&mut self.licences);
        tidy(&mut self.organisations);
    }

    /// The names, if nothing but them shows a human: they may be an organisation's.
    pub(super) fn maybe_organisation(&self) -> impl Iterator<Item = String> {
        let telling = [
            &self.genders,
            &self.passports,
            &self.licences,
            &self.organisations,
        ];
        let only_named = self.births.is_empty() && telling.iter().all(|list| list.is_empty());
        let names = if only_named { &self.names[..] } else { &[] };
        names
            .iter()
            .map(|name| [&*name.first, &name.middle, &name.last].join(" "))
    }

    /// What this is about.
    #[must_use]
    pub fn kind(&self) -> PartyKind {
        let human = [
            self.names.len(),
            self.births.len(),
            self.genders.len(),
            self.passports.len(),
            self.licences.len(),
        ];
        if human.iter().any(|count| *count > 0) {
            return PartyKind::Human;
        }
        if self.organisations.is_empty() {
            PartyKind::Unknown
        } else {
            PartyKind::Organisation
        }
    }
}

fn gender(text: &str) -> Option<Box<str>> {
    let first = tight(text).chars().next()?;
    matches!(first, 'm' | 'f' | 'w').then(|| if first == 'm' { "m".into() } else { "f".into() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(record: Value) -> Person {
        let Value::Object(record) = record else {
            panic!("an object");
        };
        Person::from_record("a", "crm", &record)
    }

    #[test]
    fn both_spellings_of_traits_and_lists_are_read() {
        let snake = of(json!({
            "first_name": "Ada", "last_name": "Orr", "birthday": "1980-05-24", "email": ["ada@example.com", "a.orr@example.com"],
            "address": {"street": "12 Elm Street", "city": "Dover", "postal_code": 19901}, "organization": "Holm Ltd", "gender": "female",
        }));
        let camel = of(json!({
            "firstName": "Ada", "lastName": "Orr", "birthday": "1980-05-24T00:00:00Z", "email": "a.orr@example.com; ADA@example.com",
            "address": [{"street": "12 Elm St", "city": "Dover", "postalCode": "19901"}], "company": {"name": "Holm"}, "gender": "F",
        }));
        assert_eq!(snake, camel);
        assert_eq!(snake.kind(), PartyKind::Human);
    }

    #[test]
    fn a_company_under_a_persons_name_is_a_company() {
        let company = of(json!({"first_name": "Holm Limited", "email": "info@holm.example.com"}));
        assert_eq!(company.kind(), PartyKind::Organisation);
        let person = of(json!({"first_name": "Ada", "last_name": "Church"}));
        assert_eq!(person.kind(), PartyKind::Human);
    }

    #[test]
    fn a_record_of_many_values_keeps_them_all() {
        let person = of(json!({
            "name": ["Ada Orr", {"first": "Ada", "last": "Vale"}, "Ada M. Orr"], "phone": ["+14155550134", {"number": "+14155550135"}],
            "address.street": "1 Oak Road", "national_id": ["***-**-5678", 912_345_678],
        }));
        let names: Vec<String> = person
            .names
            .iter()
            .map(|name| format!("{} {} {}", name.first, name.middle, name.last))
            .collect();
        assert_eq!(
            names,
            ["ada  vale", "ada m orr"],
            "the longer form of a name stands for the shorter"
        );
        assert_eq!(
            (
                person.phones.len(),
                person.national_ids.len(),
                person.addresses.len()
            ),
            (2, 2, 1)
        );
    }

    #[test]
    fn an_organisation_has_no_given_name() {
        assert_eq!(
            of(json!({"organization": "Holm Bakery Ltd"})).kind(),
            PartyKind::Organisation
        );
        assert_eq!(
            of(json!({"name": "Holm Bakery Ltd"})).kind(),
            PartyKind::Organisation
        );
        assert_eq!(
            of(json!({"name": "Ada Orr", "organization": "Holm"})).kind(),
            PartyKind::Human
        );
        assert_eq!(
            of(json!({"email": "ada@example.com"})).kind(),
            PartyKind::Unknown
        );
    }
}
