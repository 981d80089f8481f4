//! What each of the systems knows of a person, as it writes it.

use super::dice::Dice;
use super::noise::{self, typo};
use super::{Company, Human, phone};
use serde_json::{Map, Value, json};

/// What a system knows of a human, as it writes it.
pub fn record(human: &Human, system: usize, dice: &mut Dice) -> Map<String, Value> {
    let mut record = Map::new();
    names(human, system, dice, &mut record);
    if dice.chance([0.9, 0.5, 0.7][system]) {
        record.insert(
            "birthday".into(),
            birthday(human.birth, system, dice).into(),
        );
    }
    contacts(human, system, dice, &mut record);
    if dice.chance([0.85, 0.5, 0.95][system]) {
        let place = human
            .before
            .as_ref()
            .filter(|_| dice.chance(0.35))
            .unwrap_or(&human.home);
        record.insert("address".into(), noise::address(place, dice));
    }
    documents(human, system, dice, &mut record);
    if dice.chance(0.4) {
        let gender = if human.female {
            ["F", "female", "Female"]
        } else {
            ["M", "male", "Male"]
        };
        record.insert("gender".into(), gender[system].into());
    }
    if let Some(employer) = human.employer.as_ref().filter(|_| dice.chance(0.6)) {
        record.insert("organization".into(), employer.as_str().into());
    }
    record
}

fn contacts(human: &Human, system: usize, dice: &mut Dice, record: &mut Map<String, Value>) {
    if dice.chance(0.85) {
        let other = format!(
            "{}{}@{}",
            human.first.to_lowercase(),
            dice.below(1000),
            dice.of(&["example.com", "example.net"])
        );
        let domain = human
            .email
            .split('@')
            .next()
            .map(|local| format!("{local}@new.example"));
        let mail = match dice.below(100) {
            0..80 => human.email.clone(),
            80..90 => other.replace(' ', ""),
            90..95 => domain.unwrap_or_default(),
            _ => typo(&human.email, dice),
        };
        let both = dice.chance(0.1);
        record.insert(
            "email".into(),
            if both {
                json!([mail, human.email])
            } else {
                mail.into()
            },
        );
    }
    if dice.chance(0.85) {
        let number = if dice.chance(0.15) {
            phone(dice)
        } else {
            human.phone.clone()
        };
        record.insert("phone".into(), noise::phone(&number, system, dice).into());
    }
}

fn documents(human: &Human, system: usize, dice: &mut Dice, record: &mut Map<String, Value>) {
    if dice.chance([0.5, 0.25, 0.05][system]) {
        let id = match system {
            1 => format!("***-**-{}", &human.national_id[5..]),
            _ if dice.chance(0.06) => typo(&human.national_id, dice),
            _ => human.national_id.clone(),
        };
        record.insert("national_id".into(), id.into());
    }
    if let Some(passport) = human.passport.as_ref().filter(|_| dice.chance(0.3)) {
        record.insert("passport".into(), passport.as_str().into());
    }
}

fn names(human: &Human, system: usize, dice: &mut Dice, record: &mut Map<String, Value>) {
    let first = noise::given(&human.first, dice);
    let last = match &human.maiden {
        Some(maiden) if dice.chance(0.3) => maiden.clone(),
        _ => noise::family(&human.last, dice),
    };
    let middle = match dice.below(4) {
        0 => human.middle.clone(),
        1 => human.middle.chars().take(1).collect(),
        _ => String::new(),
    };
    let suffix = if dice.chance(0.6) { human.suffix } else { "" };
    let (first, last) = if dice.chance(0.02) {
        (last, first)
    } else {
        (first, last)
    };
    if system == 1 {
        let spoken = format!("{first} {middle} {last} {suffix}");
        let name = if dice.chance(0.3) {
            format!("{last}, {first} {middle}")
        } else {
            spoken
        };
        record.insert("name".into(), name.into());
        return;
    }
    if !dice.chance(0.05) {
        record.insert("first_name".into(), first.into());
    }
    record.insert("last_name".into(), last.into());
    record.insert("middle_name".into(), middle.into());
    record.insert("suffix".into(), suffix.into());
}

fn birthday((year, month, day): (u32, u32, u32), system: usize, dice: &mut Dice) -> String {
    let (month, day) = if dice.chance(0.02) {
        (day, month)
    } else {
        (month, day)
    };
    let (year, month, day) = match dice.below(100) {
        0 => (1900, 1, 1),
        1 | 2 => (year, month, 1 + dice.below(28) as u32),
        3 => (year + 1, month, day),
        4 => (year, 1 + dice.below(12) as u32, day),
        _ => (year, month, day),
    };
    match system {
        0 => format!("{year:04}-{month:02}-{day:02}"),
        1 if dice.chance(0.2) => format!("{year}"),
        1 => format!("{year:04}{month:02}{day:02}"),
        _ => format!("{month}/{day}/{year}"),
    }
}

pub fn company(company: &Company, system: usize, dice: &mut Dice) -> Map<String, Value> {
    let mut record = Map::new();
    let form = if dice.chance(0.3) { "" } else { company.form };
    let name = if dice.chance(0.08) {
        typo(&company.name, dice)
    } else {
        company.name.clone()
    };
    let key = if system == 1 { "name" } else { "organization" };
    let name = if key == "name" && form.is_empty() {
        format!("{name} Group")
    } else {
        format!("{name} {form}")
    };
    record.insert(key.into(), name.trim().into());
    if dice.chance(0.6) {
        record.insert("email".into(), company.email.as_str().into());
    }
    if dice.chance(0.8) {
        record.insert(
            "phone".into(),
            noise::phone(&company.phone, system, dice).into(),
        );
    }
    if dice.chance(0.8) {
        record.insert("address".into(), noise::address(&company.home, dice));
    }
    record
}
