//! Compares two people field by field: the level of agreement, the values that agree best, and how
//! likely strangers would agree by chance.

use super::field::{COUNT, Field, MISSING};
use super::frequency::{Frequencies, street};
use super::name::{self, Name};
use super::pairing::{LOCALITY_WORTH, Pairing, STREET_WORTH, middle, suffix, worth};
use super::person::{PartyKind, Person};
use super::{address, contact, date, organisation};

/// How often two people of one name have the same local part made of it.
const NAMED_BY_CHANCE: f32 = 0.02;

/// The outcome of a comparison.
#[derive(Clone, Debug)]
pub(super) struct Comparison {
    /// The level of each field: 0 is best, [`MISSING`] where one of the two states nothing.
    pub(super) level: [u8; COUNT],
    /// The chance that a stranger has the shared value, or zero where only the level counts.
    pub(super) chance: [f32; COUNT],
    /// How many pairs of values were tried: more tries find an agreement by chance more easily.
    pub(super) tries: [u8; COUNT],
    /// The indices of the best pair of values.
    pub(super) best: [(u8, u8); COUNT],
    /// Whether first and last name are swapped.
    pub(super) swapped: bool,
}

impl Comparison {
    /// Compares two people.
    pub(super) fn of(a: &Person, b: &Person, frequencies: &Frequencies) -> Self {
        let mut found = Self {
            level: [MISSING; COUNT],
            chance: [0.0; COUNT],
            tries: [1; COUNT],
            best: [(0, 0); COUNT],
            swapped: false,
        };
        found.names(a, b, frequencies);
        found.births(a, b, frequencies);
        found.contacts(a, b, frequencies);
        found.places(a, b, frequencies);
        found.organisations(a, b, frequencies);
        found.numbers(a, b, frequencies);
        found.rest(a, b);
        found.name_in_email(a, b);
        found
    }

    /// The level of a field.
    pub(super) fn at(&self, field: Field) -> u8 {
        self.level[field.at()]
    }

    fn set(&mut self, field: Field, level: u8, chance: f64) {
        self.level[field.at()] = level;
        self.chance[field.at()] = chance as f32;
    }

    /// The best level over all pairs of values.
    fn best<T>(
        &mut self,
        field: Field,
        a: &[T],
        b: &[T],
        compare: impl Fn(&T, &T) -> u8,
    ) -> Option<(u8, usize, usize)> {
        let mut best: Option<(u8, usize, usize)> = None;
        for (i, x) in a.iter().enumerate() {
            for (j, y) in b.iter().enumerate() {
                if best.is_none_or(|(level, _, _)| level > 0) {
                    let level = compare(x, y);
                    if best.is_none_or(|(before, _, _)| level < before) {
                        best = Some((level, i, j));
                    }
                }
            }
        }
        let (level, i, j) = best?;
        self.set(field, level, 0.0);
        self.note(field, i, j, a.len() * b.len());
        Some((level, i, j))
    }

    fn note(&mut self, field: Field, i: usize, j: usize, tries: usize) {
        self.best[field.at()] = (i as u8, j as u8);
        self.tries[field.at()] = tries.min(255) as u8;
    }

    fn names(&mut self, a: &Person, b: &Person, frequencies: &Frequencies) {
        let mut best: Option<(f64, Pairing, usize, usize)> = None;
        for (i, x) in a.names.iter().enumerate() {
            for (j, y) in b.names.iter().enumerate() {
                for pairing in Pairing::both(x, y) {
                    let worth = pairing.worth();
                    if best.as_ref().is_none_or(|(before, ..)| worth > *before) {
                        best = Some((worth, pairing, i, j));
                    }
                }
            }
        }
        let Some((_, pairing, i, j)) = best else {
            return;
        };
        let (x, y) = (&a.names[i], &b.names[j]);
        let tries = a.names.len() * b.names.len();
        self.swapped = pairing.swapped;
        for (field, level, value) in [
            (Field::First, pairing.first, &x.first),
            (Field::Last, pairing.last, &x.last),
        ] {
            let chance = || match pairing.swapped {
                false => frequencies.chance(field, value),
                true => [&x.first, &x.last]
                    .into_iter()
                    .filter(|word| **word == y.first || **word == y.last)
                    .map(|word| {
                        frequencies
                            .chance(Field::First, word)
                            .max(frequencies.chance(Field::Last, word))
                    })
                    .fold(0.0, f64::max),
            };
            self.set(field, level, if level == 0 { chance() } else { 0.0 });
            self.note(field, i, j, tries);
        }
        self.set(Field::Middle, middle(&x.middle, &y.middle), 0.0);
        self.note(Field::Middle, i, j, 1);
        self.set(Field::Suffix, suffix(&x.suffix, &y.suffix), 0.0);
        self.note(Field::Suffix, i, j, 1);
    }

    fn births(&mut self, a: &Person, b: &Person, frequencies: &Frequencies) {
        let best = self.best(Field::Birth, &a.births, &b.births, |x, y| {
            date::compare(*x, *y)
        });
        match best {
            Some((date::level::SAME, i, _)) => {
                self.chance[Field::Birth.at()] =
                    frequencies.chance(Field::Birth, &a.births[i].to_string()) as f32;
            }
            Some((_, i, j)) if a.births[i].is_placeholder() || b.births[j].is_placeholder() => {
                self.level[Field::Birth.at()] = MISSING;
            }
            _ => {}
        }
    }

    fn contacts(&mut self, a: &Person, b: &Person, frequencies: &Frequencies) {
        let email = self.best(Field::Email, &a.emails, &b.emails, |x, y| {
            contact::compare_email(x, y, || is_named(x, a) || is_named(x, b))
        });
        self.chance[Field::Email.at()] = match email {
            Some((contact::email::SAME | contact::email::CLOSE, i, j)) => {
                let chance = |email: &str| frequencies.chance(Field::Email, email);
                chance(&a.emails[i]).max(chance(&b.emails[j])) as f32
            }
            Some((contact::email::NAMED, ..)) => NAMED_BY_CHANCE,
            _ => 0.0,
        };
        let phone = self.best(Field::Phone, &a.phones, &b.phones, |x, y| {
            contact::compare_phone(x, y)
        });
        if let Some((level, i, j)) = phone.filter(|(level, ..)| *level != contact::phone::OTHER) {
            let chance = |phone: &str| frequencies.chance(Field::Phone, contact::subscriber(phone));
            let likelier = chance(&a.phones[i]).max(chance(&b.phones[j]));
            self.set(Field::Phone, level, likelier);
        }
    }

    /// Street and locality come from one pair of addresses.
    fn places(&mut self, a: &Person, b: &Person, frequencies: &Frequencies) {
        let mut best: Option<(f64, [u8; 2], usize, usize)> = None;
        for (i, x) in a.addresses.iter().enumerate() {
            for (j, y) in b.addresses.iter().enumerate() {
                let street = address::compare_street(x, y).unwrap_or(MISSING);
                let locality = address::compare_locality(x, y).unwrap_or(MISSING);
                let worth = worth(&STREET_WORTH, street) + worth(&LOCALITY_WORTH, locality);
                if best.is_none_or(|(before, ..)| worth > before) {
                    best = Some((worth, [street, locality], i, j));
                }
            }
        }
        let Some((_, [street_level, locality], i, j)) = best else {
            return;
        };
        let (x, y) = (&a.addresses[i], &b.addresses[j]);
        let tries = a.addresses.len() * b.addresses.len();
        let street_chance = match street_level {
            address::street::SAME if !x.street.is_empty() => {
                frequencies.chance(Field::Street, &street(x))
            }
            _ => 0.0,
        };
        self.set(Field::Street, street_level, street_chance);
        self.note(Field::Street, i, j, tries);
        let code = x.postal_code == y.postal_code && !x.postal_code.is_empty();
        let chance = match locality {
            address::locality::SAME | address::locality::CODE if code => {
                frequencies.chance(Field::Locality, &x.postal_code)
            }
            address::locality::SAME | address::locality::CITY => {
                frequencies.chance(Field::Locality, &x.city)
            }
            _ => 0.0,
        };
        self.set(Field::Locality, locality, chance);
        self.note(Field::Locality, i, j, tries);
    }

    fn organisations(&mut self, a: &Person, b: &Person, frequencies: &Frequencies) {
        let field = match (a.kind(), b.kind()) {
            (PartyKind::Organisation, PartyKind::Organisation) => Field::Organisation,
            (PartyKind::Human, PartyKind::Human) => Field::Employer,
            (PartyKind::Human, PartyKind::Organisation) => return self.named_like(a, b),
            (PartyKind::Organisation, PartyKind::Human) => return self.named_like(b, a),
            _ => return,
        };
        let best = self.best(field, &a.organisations, &b.organisations, |x, y| {
            organisation::compare(x, y)
        });
        if let Some((organisation::level::SAME, i, _)) = best {
            self.chance[field.at()] = frequencies.chance(field, &a.organisations[i]) as f32;
        }
    }

    /// A record that states only a name may belong to an organisation of that name.
    fn named_like(&mut self, human: &Person, organisation: &Person) {
        let names = human
            .maybe_organisation()
            .filter_map(|name| organisation::read(&name));
        let levels = names.flat_map(|name| {
            let known = organisation.organisations.iter();
            known.map(move |known| organisation::compare(&name, known))
        });
        if let Some(level) = levels
            .min()
            .filter(|level| *level <= organisation::level::CLOSE)
        {
            self.set(Field::Organisation, level, 0.0);
        }
    }

    fn numbers(&mut self, a: &Person, b: &Person, frequencies: &Frequencies) {
        let lists = [
            (Field::NationalId, &a.national_ids, &b.national_ids),
            (Field::Passport, &a.passports, &b.passports),
            (Field::Licence, &a.licences, &b.licences),
        ];
        for (field, a, b) in lists {
            let best = self.best(field, a, b, |x, y| contact::compare_number(x, y));
            self.chance[field.at()] = match best {
                Some((contact::number::SAME, i, _)) => frequencies.chance(field, &a[i]) as f32,
                Some((contact::number::ENDING, i, j)) => {
                    0.1_f32.powi(a[i].len().min(b[j].len()) as i32)
                }
                _ => 0.0,
            };
        }
    }

    fn rest(&mut self, a: &Person, b: &Person) {
        self.best(Field::Gender, &a.genders, &b.genders, |x, y| {
            u8::from(x != y)
        });
        self.tries[Field::Gender.at()] = 1;
        let (a, b) = (a.kind(), b.kind());
        let named_alike = a != b && self.at(Field::Organisation) != MISSING;
        if a != PartyKind::Unknown && b != PartyKind::Unknown && !named_alike {
            self.set(Field::Kind, u8::from(a != b), 0.0);
        }
    }

    /// A name that one record does not state may be in its e-mail address. Skipped where the
    /// addresses themselves are compared, which would count the name twice.
    fn name_in_email(&mut self, a: &Person, b: &Person) {
        if self.at(Field::Email) != MISSING || self.at(Field::Kind) == 1 {
            return;
        }
        let (from, to) = if a.emails.is_empty() { (b, a) } else { (a, b) };
        for (field, part) in [
            (Field::First, NamePart::First),
            (Field::Last, NamePart::Last),
        ] {
            let mut words = to
                .names
                .iter()
                .flat_map(|name| part.of(name).split(' '))
                .filter(|word| word.len() > 3);
            if self.at(field) == MISSING
                && words.any(|word| {
                    from.emails
                        .iter()
                        .any(|email| contact::parts(email).0.contains(word))
                })
            {
                self.set(field, name::level::INITIAL, 0.0);
            }
        }
    }
}

#[derive(Clone, Copy)]
enum NamePart {
    First,
    Last,
}

impl NamePart {
    fn of(self, name: &Name) -> &str {
        match self {
            Self::First => &name.first,
            Self::Last => &name.last,
        }
    }
}

/// Whether the local part of an address is made of the person's own name.
fn is_named(email: &str, person: &Person) -> bool {
    let local = contact::parts(email).0;
    person.names.iter().any(|name| {
        (name.last.len() > 2 && local.contains(&*name.last))
            || (name.first.len() > 2 && local.contains(&*name.first))
    })
}
