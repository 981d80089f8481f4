//! Addresses: reads them into parts, and compares two of them.

use super::street::{short, stem, street_parts, unit_of, unit_value};
use super::text::{alike, edits, folded, plain, tight};

/// An address in normal form. Parts that were not stated are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// House number.
    pub number: Box<str>,
    /// Street, with its usual words abbreviated.
    pub street: Box<str>,
    /// Flat, suite or unit.
    pub unit: Box<str>,
    /// A second line: a building, an estate, a post box.
    pub more: Box<str>,
    /// City or suburb.
    pub city: Box<str>,
    /// Postal code without spaces.
    pub postal_code: Box<str>,
    /// State, province or county.
    pub state: Box<str>,
}

/// The levels of a comparison of two streets, best first.
pub(super) mod street {
    pub(in super::super) const SAME: u8 = 0;
    pub(in super::super) const CLOSE: u8 = 1;
    pub(in super::super) const OTHER_NUMBER: u8 = 2;
    pub(in super::super) const SIMILAR: u8 = 3;
    pub(in super::super) const NUMBER: u8 = 4;
    pub(in super::super) const OTHER: u8 = 5;
}

/// The levels of a comparison of two localities, best first.
pub(super) mod locality {
    pub(in super::super) const SAME: u8 = 0;
    pub(in super::super) const CODE: u8 = 1;
    pub(in super::super) const CITY: u8 = 2;
    pub(in super::super) const CLOSE: u8 = 3;
    pub(in super::super) const STATE: u8 = 4;
    pub(in super::super) const OTHER: u8 = 5;
}

/// The stated parts of one address, before they are normalised.
#[derive(Default)]
pub(super) struct AddressParts<'a> {
    pub(super) street: &'a str,
    pub(super) number: &'a str,
    pub(super) unit: &'a str,
    pub(super) more: &'a str,
    pub(super) city: &'a str,
    pub(super) postal_code: &'a str,
    pub(super) state: &'a str,
}

impl Address {
    /// An address from its parts.
    pub(super) fn of(stated: &AddressParts) -> Self {
        let (line, rest) = stated.street.split_once(',').unwrap_or((stated.street, ""));
        let more = plain(&[rest, stated.more].join(" "))
            .split(' ')
            .map(short)
            .collect::<Vec<_>>()
            .join(" ");
        let (number, street, unit) = street_parts(line);
        let (unit, more) = match unit_of(&more) {
            _ if !stated.unit.is_empty() => (unit_value(stated.unit), more),
            Some((found, rest)) => (found, rest),
            None => (unit, more),
        };
        let number = if stated.number.is_empty() {
            number
        } else {
            tight(stated.number)
        };
        Self {
            number: number.into(),
            street: street.into(),
            unit: unit.into(),
            more: more.into(),
            city: plain(stated.city).into(),
            postal_code: postal_code(stated.postal_code).into(),
            state: plain(stated.state).into(),
        }
    }

    /// Reads an address of one line: street, then city, state and postal code, separated by commas.
    pub(super) fn read(text: &str) -> Self {
        let parts: Vec<&str> = text.split([',', '\n']).map(str::trim).collect();
        let Some((street, rest)) = parts.split_first() else {
            return Self::default();
        };
        let coded = |part: &&str| part.chars().filter(char::is_ascii_digit).count() > 3;
        let place = rest.iter().rposition(coded);
        let (line, place) = rest.split_at(place.unwrap_or(rest.len()));
        let words = place
            .first()
            .map_or(Vec::new(), |part| part.split(' ').collect());
        let (code, names): (Vec<&str>, Vec<&str>) = words
            .into_iter()
            .partition(|word| word.chars().any(|c| c.is_ascii_digit()));
        let (state, city): (Vec<&str>, Vec<&str>) = names
            .into_iter()
            .partition(|word| word.len() == 2 && word.chars().all(char::is_uppercase));
        // In `12 Elm St, Dover, DE 19901` the city is a part of its own.
        let (line, own) = match line.split_last() {
            Some((own, line)) if city.is_empty() && !own.contains(char::is_numeric) => (line, *own),
            _ => (line, ""),
        };
        let city = if city.is_empty() {
            own.to_owned()
        } else {
            city.join(" ")
        };
        Self::of(&AddressParts {
            street,
            more: &line.join(" "),
            city: &city,
            postal_code: &code.join(" "),
            state: &state.join(" "),
            ..AddressParts::default()
        })
    }

    /// Whether it has neither a street nor a locality to compare.
    pub(super) fn is_empty(&self) -> bool {
        self.has_no_street() && self.has_no_locality()
    }

    fn has_no_street(&self) -> bool {
        self.street.is_empty() && self.more.is_empty()
    }

    fn has_no_locality(&self) -> bool {
        self.city.is_empty() && self.postal_code.is_empty() && self.state.is_empty()
    }

    /// As a person writes it.
    pub(super) fn words(&self) -> String {
        super::text::list(&[&self.number, &self.street, &self.unit, &self.more])
    }

    /// City, postal code and state.
    pub(super) fn locality_words(&self) -> String {
        super::text::list(&[&self.city, &self.postal_code, &self.state])
    }
}

/// US codes lose their last four digits, others their spaces.
fn postal_code(text: &str) -> String {
    let text = text.trim();
    if let Some((five, four)) = text.split_once('-')
        && five.len() == 5
        && four.len() == 4
    {
        return five.to_owned();
    }
    tight(text)
}

/// How close the streets of two addresses are, as a level of [`street`]; `None` where one has no
/// street.
pub(super) fn compare_street(a: &Address, b: &Address) -> Option<u8> {
    if a.has_no_street() || b.has_no_street() {
        return None;
    }
    let lines = line_alike(&a.street, &b.street).max(crossed(a, b));
    let more = !a.more.is_empty()
        && (close(&a.more, &b.more) > 0.93 || a.more == b.street || b.more == a.street);
    let stated = !a.number.is_empty() && !b.number.is_empty();
    let number = stated && (a.number == b.number);
    let near = stated
        && !number
        && edits(&a.number, &b.number) <= 1
        && a.number.len().max(b.number.len()) > 1;
    let units_differ = !a.unit.is_empty() && !b.unit.is_empty() && a.unit != b.unit;
    Some(match lines {
        2 if units_differ => street::OTHER_NUMBER,
        2 if number || (!stated && a.number.is_empty() == b.number.is_empty()) => street::SAME,
        1 if number => street::CLOSE,
        2 if near || !stated || more => street::CLOSE,
        _ if more && (number || lines > 0) => street::CLOSE,
        2 => street::OTHER_NUMBER,
        1 => street::SIMILAR,
        _ if more => street::SIMILAR,
        _ if number && a.number.len() > 1 => street::NUMBER,
        _ => street::OTHER,
    })
}

/// 2 where two street names are the same, 1 where they are close.
fn line_alike(a: &str, b: &str) -> u8 {
    if a.is_empty() || b.is_empty() {
        return 0;
    }
    if a == b {
        return 2;
    }
    u8::from(close(a, b) > 0.88)
}

/// How close a street and the second line of the other address are.
fn crossed(a: &Address, b: &Address) -> u8 {
    let cross = |x: &str, y: &str| u8::from(!x.is_empty() && x.len() > 4 && close(x, y) > 0.93);
    cross(&a.street, &b.more).max(cross(&a.more, &b.street))
}

fn close(a: &str, b: &str) -> f64 {
    if a.is_empty() || b.is_empty() {
        return 0.0;
    }
    let similarity = alike(a, b);
    let loose = similarity > 0.7 && (a.contains(' ') || b.contains(' '));
    if loose && (tight(a) == tight(b) || stem(a) == stem(b)) {
        return 0.97;
    }
    similarity
}

/// How close the localities of two addresses are, as a level of [`locality`]; `None` where one has
/// no locality.
pub(super) fn compare_locality(a: &Address, b: &Address) -> Option<u8> {
    if a.has_no_locality() || b.has_no_locality() {
        return None;
    }
    let both = |x: &str, y: &str| !x.is_empty() && !y.is_empty();
    let (code, city) = (both(&a.postal_code, &b.postal_code), both(&a.city, &b.city));
    let same_code = code && a.postal_code == b.postal_code;
    let same_city = city && city_same(&a.city, &b.city);
    let near_code = code && !same_code && edits(&a.postal_code, &b.postal_code) <= 1;
    let near_city = city && !same_city && alike(&a.city, &b.city) >= 0.85;
    let state = both(&a.state, &b.state);
    if !code && !city && !state {
        return None;
    }
    Some(match () {
        () if same_code && (same_city || near_city || !city) => locality::SAME,
        () if same_city && near_code => locality::SAME,
        () if same_code => locality::CODE,
        () if same_city => locality::CITY,
        () if near_city || (near_code && !city) => locality::CLOSE,
        () if state && a.state == b.state => locality::STATE,
        () => locality::OTHER,
    })
}

fn city_same(a: &str, b: &str) -> bool {
    a == b || (a.len() > 3 && a.len().abs_diff(b.len()) < 3 && folded(a) == folded(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(street: &str, city: &str, code: &str) -> Address {
        Address::of(&AddressParts {
            street,
            city,
            postal_code: code,
            ..AddressParts::default()
        })
    }

    #[test]
    fn a_street_falls_into_number_name_and_unit() {
        for (text, expected) in [
            ("12 Elm Street", ["12", "elm st", "", ""]),
            ("12 Elm St., Apt 4B", ["12", "elm st", "4b", ""]),
            ("12 Elm Street #7", ["12", "elm st", "7", ""]),
            ("4/12 Elm Street", ["12", "elm st", "4", ""]),
            ("Hauptstraße 12a", ["12a", "hauptst", "", ""]),
            ("5th Avenue", ["", "5th ave", "", ""]),
            ("12 Elm Street, Rose Court", ["12", "elm st", "", "rose ct"]),
        ] {
            let found = at(text, "", "");
            let parts =
                [&found.number, &found.street, &found.unit, &found.more].map(ToString::to_string);
            assert_eq!(parts, expected.map(str::to_owned), "{text}");
        }
    }

    #[test]
    fn an_address_in_one_line_is_read() {
        for (text, expected) in [
            (
                "12 Elm St, Dover, DE 19901",
                ["elm st", "dover", "19901", "de"],
            ),
            (
                "12 Elm St, Dover DE 19901",
                ["elm st", "dover", "19901", "de"],
            ),
            (
                "Hauptstr. 12, 10115 Berlin",
                ["hauptst", "berlin", "10115", ""],
            ),
            (
                "12 Elm St, Apt 4, Dover, 19901",
                ["elm st", "dover", "19901", ""],
            ),
            ("12 Elm St", ["elm st", "", "", ""]),
            ("12 Elm St, Dover", ["elm st", "dover", "", ""]),
        ] {
            let found = Address::read(text);
            let parts = [&found.street, &found.city, &found.postal_code, &found.state];
            assert_eq!(
                parts.map(ToString::to_string),
                expected.map(str::to_owned),
                "{text}"
            );
            assert_eq!(&*found.number, "12", "{text}");
        }
    }

    #[test]
    fn the_levels_of_streets() {
        let one = at("12 Elm Street", "", "");
        for (text, expected) in [
            ("12 Elm St", street::SAME),
            ("12 Ehlm St", street::CLOSE),
            ("Elm Street", street::CLOSE),
            ("95 Elm Street", street::OTHER_NUMBER),
            ("95 Ehlm Street", street::SIMILAR),
            ("12 Oak Road", street::NUMBER),
            ("7 Oak Road", street::OTHER),
        ] {
            assert_eq!(
                compare_street(&one, &at(text, "", "")),
                Some(expected),
                "{text}"
            );
        }
        let flat = |unit: &str| at(&format!("12 Elm Street Apt {unit}"), "", "");
        assert_eq!(
            compare_street(&flat("4"), &flat("5")),
            Some(street::OTHER_NUMBER)
        );
        assert_eq!(compare_street(&flat("4"), &one), Some(street::SAME));
        assert_eq!(compare_street(&one, &at("", "Dover", "")), None);
    }

    #[test]
    fn the_levels_of_localities() {
        let one = at("", "Dover", "19901");
        for (city, code, expected) in [
            ("Dover", "19901-1234", locality::SAME),
            ("Dovre", "19901", locality::SAME),
            ("", "19901", locality::SAME),
            ("Dover", "19910", locality::SAME),
            ("Salem", "19901", locality::CODE),
            ("Dover", "", locality::CITY),
            ("Dovexr", "", locality::CLOSE),
            ("Salem", "97301", locality::OTHER),
        ] {
            assert_eq!(
                compare_locality(&one, &at("", city, code)),
                Some(expected),
                "{city} {code}"
            );
        }
    }
}
