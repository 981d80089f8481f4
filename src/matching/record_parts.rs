//! Names and addresses that a record states over several fields.

use super::address::{Address, AddressParts};
use super::name::Name;
use std::collections::BTreeMap;

/// The parts of a name and of an address that one record states in separate fields.
#[derive(Default)]
pub(super) struct RecordParts {
    first: Vec<String>,
    middle: Vec<String>,
    last: Vec<String>,
    suffix: String,
    address: BTreeMap<&'static str, String>,
}

impl RecordParts {
    /// Takes one field.
    pub(super) fn take(&mut self, key: &str, text: &str) {
        match key {
            "firstname" | "givenname" | "first" | "given" | "forename" | "nickname" => {
                self.first.push(text.to_owned())
            }
            "middlename" | "middle" | "middlenames" => self.middle.push(text.to_owned()),
            "lastname" | "familyname" | "surname" | "last" | "family" | "maidenname" => {
                self.last.push(text.to_owned())
            }
            "suffix" | "namesuffix" | "generation" => text.clone_into(&mut self.suffix),
            _ => self.address_part(
                key.strip_prefix("address")
                    .filter(|rest| rest.len() > 3)
                    .unwrap_or(key),
                text,
            ),
        }
    }

    /// Takes one field of an address.
    pub(super) fn address_part(&mut self, key: &str, text: &str) {
        let slot = match key {
            "street" | "street1" | "line1" | "address1" | "streetaddress" | "addressline1" => {
                "street"
            }
            "number" | "housenumber" | "streetnumber" => "number",
            "unit" | "apartment" | "apt" | "suite" => "unit",
            "street2" | "line2" | "address2" | "addressline2" => "more",
            "city" | "town" | "suburb" | "locality" => "city",
            "postalcode" | "postcode" | "zip" | "zipcode" => "postal_code",
            "state" | "province" | "region" | "county" => "state",
            _ => return,
        };
        self.address.entry(slot).or_insert_with(|| text.to_owned());
    }

    /// Every first name with every last name, or pairwise where there are equally many.
    pub(super) fn names(&self) -> Vec<Name> {
        let middle = self.middle.join(" ");
        let none = [String::new()];
        let first = if self.first.is_empty() {
            &none
        } else {
            &self.first[..]
        };
        let last = if self.last.is_empty() {
            &none
        } else {
            &self.last[..]
        };
        let mut names = Vec::new();
        for (i, given) in first.iter().take(4).enumerate() {
            for (j, family) in last.iter().take(4).enumerate() {
                if first.len() != last.len() || i == j {
                    names.push(Name::of(given, &middle, family, &self.suffix));
                }
            }
        }
        names
    }

    /// The address, if any field of one was stated.
    pub(super) fn address(&self) -> Option<Address> {
        let of = |slot: &str| self.address.get(slot).map_or("", String::as_str);
        let stated = AddressParts {
            street: of("street"),
            number: of("number"),
            unit: of("unit"),
            more: of("more"),
            city: of("city"),
            postal_code: of("postal_code"),
            state: of("state"),
        };
        (!self.address.is_empty()).then(|| Address::of(&stated))
    }
}
