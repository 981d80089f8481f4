//! Blocking keys: hashes of combinations of values. Two records of one person likely share one of
//! the few dozen keys even when other values differ.

use super::address::Address;
use super::contact;
use super::name::{self, Name};
use super::organisation;
use super::person::{PartyKind, Person};
use super::text::{Hash, sound};

/// The blocking keys of one person, sorted. They are stable hashes, for an index of (key, profile).
#[must_use]
pub fn keys(person: &Person) -> Vec<u64> {
    let mut keys = Keys(Vec::with_capacity(32));
    match person.kind() {
        PartyKind::Organisation => keys.organisation(person),
        _ => keys.human(person),
    }
    keys.contacts(person);
    keys.0.sort_unstable();
    keys.0.dedup();
    keys.0
}

struct Keys(Vec<u64>);

impl Keys {
    fn add(&mut self, tag: &str, parts: &[&str]) {
        if parts.iter().all(|part| !part.is_empty()) {
            let hash = parts
                .iter()
                .fold(Hash::new(tag), |hash, part| hash.with(part));
            self.0.push(hash.end());
        }
    }

    fn contacts(&mut self, person: &Person) {
        for email in &person.emails {
            let local = contact::parts(email).0;
            self.add("email", &[email]);
            if local.len() > 4 && !contact::is_role_mailbox(email) {
                self.add("local", &[local]);
            }
        }
        for phone in &person.phones {
            self.add("phone", &[&phone[phone.len().saturating_sub(7)..]]);
        }
        let kinds = [
            ("national", &person.national_ids),
            ("passport", &person.passports),
            ("licence", &person.licences),
        ];
        for (kind, numbers) in kinds {
            for number in numbers {
                self.number(kind, number, person);
            }
        }
    }

    /// A document number as a whole, and each half with an initial or the year of birth, which
    /// finds numbers with a typing error.
    fn number(&mut self, kind: &str, number: &str, person: &Person) {
        self.add(kind, &[number]);
        let ending = &number[number.len().saturating_sub(4)..];
        let start = &number[..number.len().min(4)];
        let years = person.births.iter().map(|birth| birth.year.to_string());
        let initials = person
            .names
            .iter()
            .flat_map(|name| [first(&name.first), first(&name.last)]);
        let company = person
            .organisations
            .first()
            .map(|name| first(name).to_owned());
        let with: Vec<String> = years
            .chain(initials.map(str::to_owned))
            .chain(company)
            .collect();
        for other in with {
            self.add("number end", &[kind, ending, &other]);
            if number.len() > 5 {
                self.add("number start", &[kind, start, &other]);
            }
        }
    }

    fn organisation(&mut self, person: &Person) {
        for name in &person.organisations {
            let mut sounds: Vec<String> = name.split(' ').map(sound).collect();
            let whole: String = name.split(' ').collect();
            self.add("organisation", &[&whole]);
            if let Some(start) = name.split(' ').next() {
                self.add("organisation start", &[&sound(start)]);
            }
            let initials: String = name.split(' ').map(first).collect();
            if sounds.len() > 2 {
                self.add("organisation", &[&initials]);
            }
            sounds.sort_unstable();
            self.add("organisation sounds", &[&sounds.concat()]);
            for address in &person.addresses {
                self.add("organisation place", &[first(name), &address.postal_code]);
                self.add("organisation place", &[first(name), &address.city]);
            }
        }
        for address in &person.addresses {
            self.street(address, "");
        }
    }

    fn human(&mut self, person: &Person) {
        for name in person.maybe_organisation() {
            let name = organisation::read(&name).unwrap_or_default();
            self.add("organisation", &[&name.replace(' ', "")]);
        }
        for name in &person.names {
            self.name(name, person);
        }
        for birth in &person.births {
            let (whole, year) = (birth.unordered().to_string(), birth.year.to_string());
            let month = format!("{year}-{}", birth.month);
            let day = format!("{}-{}", birth.month, birth.day);
            let within = format!("{year}--{}", birth.day);
            if !birth.whole() {
                continue;
            }
            for initial in initials(person) {
                self.add("birth initial", &[&whole, &initial]);
            }
            for address in &person.addresses {
                self.add("birth place", &[&whole, &address.postal_code]);
                self.add("birth place", &[&whole, &sound(&address.city)]);
                self.add("year place", &[&year, &sound(&address.city)]);
                for part in [&year, &month, &day, &within] {
                    self.add("birth part place", &[part, &address.postal_code]);
                }
            }
            if person.names.is_empty() || person.addresses.is_empty() {
                self.add("birth", &[&whole]);
            }
        }
        for address in &person.addresses {
            self.street(address, "");
            for initial in initials(person) {
                self.street(address, &initial);
            }
        }
        if person
            .names
            .iter()
            .all(|name| name.first.is_empty() || name.last.is_empty())
        {
            for email in &person.emails {
                let mut words = contact::local_words(email);
                words.sort_unstable();
                self.add("name words", &[&words.concat()]);
            }
        }
    }

    fn name(&mut self, name: &Name, person: &Person) {
        let (first_sound, last_sound) = (sound(&name.first), sound(last_word(&name.last)));
        let mut both = [first_sound.as_str(), last_sound.as_str()];
        both.sort_unstable();
        if !both[0].is_empty() {
            self.add("names", &both);
        }
        let mut letters = [first(&name.first), first(&name.last)];
        letters.sort_unstable();
        for group in name::groups(&name.first).iter().take(4) {
            self.add("variant", &[&group.to_string(), &last_sound]);
        }
        for birth in &person.births {
            let year = birth.year.to_string();
            let (month, day) = (
                format!("{year}-{}", birth.month),
                format!("{}-{}", birth.month, birth.day),
            );
            let within = format!("{year}--{}", birth.day);
            for sound in [&first_sound, &last_sound] {
                self.add("sound year", &[sound, &year]);
                for part in [&month, &day, &within].iter().filter(|_| birth.whole()) {
                    self.add("sound birth", &[sound, part]);
                }
            }
            self.add("letters year", &[letters[0], letters[1], &year]);
        }
        for address in &person.addresses {
            for sound in [&first_sound, &last_sound] {
                self.add("sound place", &[sound, &address.postal_code]);
                self.add("sound place", &[sound, &super::text::sound(&address.city)]);
                self.add(
                    "sound street",
                    &[sound, &super::text::sound(first_word(&address.street))],
                );
            }
        }
        if !name.first.is_empty() && !name.last.is_empty() {
            let mut words: Vec<&str> = name.last.split(' ').chain([&*name.first]).collect();
            words.sort_unstable();
            self.add("name words", &[&words.concat()]);
        }
        for word in name
            .last
            .split(' ')
            .filter(|word| name.last.len() > word.len() && word.len() > 3)
        {
            self.add("names", &sorted([&first_sound, &sound(word)]));
        }
    }

    fn street(&mut self, address: &Address, with: &str) {
        let stem = sound(first_word(&address.street));
        if with.is_empty() {
            self.add(
                "street",
                &[&address.number, &address.street, &address.postal_code],
            );
            self.add("street", &[&address.number, &address.street, &address.city]);
            for place in [&*address.postal_code, &sound(&address.city)] {
                self.add("line place", &[&stem, place]);
                self.add("line place", &[&sound(first_word(&address.more)), place]);
            }
        } else {
            self.add("street initial", &[&address.number, &stem, with]);
            self.add("line initial", &[&address.more, with]);
        }
    }
}

fn sorted(mut pair: [&str; 2]) -> [&str; 2] {
    pair.sort_unstable();
    pair
}

fn first(word: &str) -> &str {
    word.get(..1).unwrap_or_default()
}

fn first_word(text: &str) -> &str {
    text.split(' ').next().unwrap_or(text)
}

fn last_word(name: &str) -> &str {
    name.rsplit(' ').next().unwrap_or(name)
}

/// The first letters of all names, and the groups of variants that the given names are in.
fn initials(person: &Person) -> Vec<String> {
    let letters = person
        .names
        .iter()
        .flat_map(|name| [first(&name.first), first(&name.last)]);
    let letters = letters
        .filter(|letter| !letter.is_empty())
        .map(str::to_owned);
    let groups = person
        .names
        .iter()
        .flat_map(|name| name::groups(&name.first).iter().take(3));
    let mut initials: Vec<String> = letters
        .chain(groups.map(|group| format!("group {group}")))
        .collect();
    initials.sort_unstable();
    initials.dedup();
    initials
}
