//! Term frequencies: a shared rare surname says more than a shared common one, and a mailbox that
//! twenty people use says little.
//!
//! People are counted, not records: records with the same value count once when they also agree on
//! something else (the initials, or for names the birth date). So duplicates of one person do not
//! make a value look common.

use super::field::Field;
use super::person::Person;
use super::text::{Hash, sound};
use super::{address::Address, contact};
use serde::{Deserialize, Serialize};

/// The most values of a field that have a frequency of their own; the rest share one.
const COUNTED: usize = 20_000;
/// The weight of the built-in frequency, in people.
const PRIOR: f64 = 200.0;

/// Frequencies of the values of every field.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Frequencies(Vec<ValueCounts>);

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct ValueCounts {
    /// How many people have any value.
    people: u32,
    /// Mean count of the values without a count of their own.
    rest: f64,
    /// Hashes of the most frequent values with their counts, by hash.
    counts: Vec<(u64, u32)>,
}

impl Frequencies {
    /// Counts the values of all people.
    pub(super) fn of(people: &[&Person]) -> Self {
        let tables = super::field::ALL
            .iter()
            .map(|field| ValueCounts::of(people, *field));
        Self(tables.collect())
    }

    /// The chance that somebody else has this value too.
    pub(super) fn chance(&self, field: Field, value: &str) -> f64 {
        let rare = field.builtin().stranger[0];
        let Some(table) = self.0.get(field.at()) else {
            return rare;
        };
        let hash = Hash::new("value").with(value).end();
        let count = match table
            .counts
            .binary_search_by_key(&hash, |(value, _)| *value)
        {
            Ok(found) => f64::from(table.counts[found].1),
            Err(_) => table.rest,
        };
        let others = (count - 1.0).max(0.0);
        (others + PRIOR * rare) / (f64::from(table.people) + PRIOR)
    }
}

impl ValueCounts {
    fn of(people: &[&Person], field: Field) -> Self {
        let mut seen: Vec<(u64, u64)> = Vec::new();
        let mut having = 0;
        for person in people {
            let before = seen.len();
            let holder = holder(person, field);
            each_value(person, field, &mut |value| {
                seen.push((Hash::new("value").with(value).end(), holder));
            });
            having += u32::from(seen.len() > before);
        }
        seen.sort_unstable();
        seen.dedup();
        let mut counts: Vec<(u64, u32)> = Vec::new();
        let (mut once, mut distinct) = (0_u64, 0_u64);
        for holders in seen.chunk_by(|a, b| a.0 == b.0) {
            distinct += 1;
            match u32::try_from(holders.len()).unwrap_or(u32::MAX) {
                1 => once += 1,
                count => counts.push((holders[0].0, count)),
            }
        }
        counts.sort_unstable_by_key(|(value, count)| (std::cmp::Reverse(*count), *value));
        let dropped = counts
            .iter()
            .skip(COUNTED)
            .map(|(_, count)| u64::from(*count));
        let rest = (once + dropped.sum::<u64>()) as f64;
        let kept = counts.len().min(COUNTED) as u64;
        counts.truncate(COUNTED);
        counts.sort_unstable();
        Self {
            people: having,
            rest: rest / (distinct - kept).max(1) as f64,
            counts,
        }
    }
}

/// Tells one holder of a value from another: for names the birth date, a contact or the place, for
/// other fields the initials or the sound of the organisation's name.
fn holder(person: &Person, field: Field) -> u64 {
    let hash = Hash::new("holder");
    if matches!(field, Field::First | Field::Last | Field::Organisation) {
        let place = person.addresses.first();
        let hash = match (
            person.births.first(),
            person.emails.first(),
            person.phones.first(),
        ) {
            (Some(birth), _, _) => hash.number(u64::from(birth.number())),
            (_, Some(email), _) if field != Field::Organisation => hash.with(email),
            (_, _, Some(phone)) => hash.with(contact::subscriber(phone)),
            _ => hash.with(place.map_or(&person.id, |place| &place.postal_code)),
        };
        return hash.end();
    }
    let initial = |word: &str| word.bytes().next().unwrap_or(b' ');
    let Some(name) = person.names.first() else {
        let name = person.organisations.first();
        let start = name.and_then(|name| name.split(' ').next());
        return hash.with(&sound(start.unwrap_or_default())).end();
    };
    let mut initials = [initial(&name.first), initial(&name.last)];
    initials.sort_unstable();
    u64::from(initials[0]) << 8 | u64::from(initials[1])
}

/// Calls `take` with every value of a field, in the form that [`Frequencies::chance`] gets.
fn each_value(person: &Person, field: Field, take: &mut dyn FnMut(&str)) {
    let lists: [(Field, &[Box<str>]); 6] = [
        (Field::Email, &person.emails),
        (Field::Organisation, &person.organisations),
        (Field::Employer, &person.organisations),
        (Field::NationalId, &person.national_ids),
        (Field::Passport, &person.passports),
        (Field::Licence, &person.licences),
    ];
    match field {
        Field::First => person
            .names
            .iter()
            .for_each(|name| take_some(&name.first, take)),
        Field::Last => person
            .names
            .iter()
            .for_each(|name| take_some(&name.last, take)),
        Field::Birth => person
            .births
            .iter()
            .for_each(|birth| take(&birth.to_string())),
        Field::Phone => person
            .phones
            .iter()
            .for_each(|phone| take(contact::subscriber(phone))),
        Field::Street => person
            .addresses
            .iter()
            .for_each(|address| take_some(&street(address), take)),
        Field::Locality => {
            for address in &person.addresses {
                take_some(&address.postal_code, take);
                take_some(&address.city, take);
            }
        }
        _ => {
            let list = lists.iter().find(|(of, _)| *of == field);
            list.into_iter()
                .flat_map(|(_, list)| *list)
                .for_each(|value| take(value));
        }
    }
}

fn take_some(value: &str, take: &mut dyn FnMut(&str)) {
    if !value.is_empty() {
        take(value);
    }
}

/// Number and street as one value.
pub(super) fn street(address: &Address) -> String {
    if address.street.is_empty() {
        return String::new();
    }
    format!("{} {}", address.number, address.street)
}
