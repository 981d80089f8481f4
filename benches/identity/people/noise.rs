//! The ways in which systems write the same thing differently.

use super::Home;
use super::dice::Dice;
use super::words::{SPELLINGS, VARIANTS};
use serde_json::{Value, json};

/// One slip of the finger.
pub fn typo(text: &str, dice: &mut Dice) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    if chars.len() < 3 {
        return text.to_owned();
    }
    let place = 1 + dice.below(chars.len() as u64 - 2) as usize;
    let digit = chars[place].is_ascii_digit();
    let other = if digit {
        char::from(b'0' + dice.below(10) as u8)
    } else {
        char::from(b'a' + dice.below(26) as u8)
    };
    if matches!(chars[place], '@' | '.') {
        return text.to_owned();
    }
    match dice.below(4) {
        0 => chars.swap(place, place + 1),
        1 => chars[place] = other,
        2 => drop(chars.remove(place)),
        _ => chars.insert(place, other),
    }
    chars.into_iter().collect()
}

/// A given name: a nickname, an initial or a slip now and then.
pub fn given(name: &str, dice: &mut Dice) -> String {
    let variants = VARIANTS
        .iter()
        .find(|(long, _)| *long == name)
        .map(|(_, short)| *short);
    match (dice.below(100), variants) {
        (0..15, Some(short)) => (*dice.of(short)).to_owned(),
        (90..94, _) => typo(name, dice),
        (94..97, _) => name.chars().take(1).collect(),
        _ => name.to_owned(),
    }
}

/// A family name: a slip, another spelling, half of a compound, capitals.
pub fn family(name: &str, dice: &mut Dice) -> String {
    let spelling = SPELLINGS
        .iter()
        .find(|(one, _)| *one == name)
        .map(|(_, other)| *other);
    match (dice.below(100), spelling) {
        (0..50, Some(other)) => other.to_owned(),
        (50..55, _) => typo(name, dice),
        (55..60, _) => name.to_uppercase(),
        (60..62, _) => format!("{name}-{}", super::words::surname(dice)),
        _ => name.to_owned(),
    }
}

/// A phone number as one of the systems writes it.
pub fn phone(number: &str, system: usize, dice: &mut Dice) -> String {
    let number = if dice.chance(0.03) {
        typo(number, dice)
    } else {
        number.to_owned()
    };
    let (area, rest) = number.split_at(3);
    let (middle, end) = rest.split_at(3);
    match system {
        0 => format!("+1{number}"),
        1 => format!("({area}) {middle}-{end}"),
        _ if dice.chance(0.1) => format!("{middle}-{end}"),
        _ => format!("{area}.{middle}.{end}"),
    }
}

/// An address as people type it.
pub fn address(home: &Home, dice: &mut Dice) -> Value {
    let mut street = home.street.clone();
    if dice.chance(0.4) {
        for (long, short) in [
            ("Street", "St"),
            ("Avenue", "Ave."),
            ("Road", "Rd"),
            ("Drive", "Dr"),
            ("Lane", "Ln"),
        ] {
            street = street.replace(long, short);
        }
    }
    if dice.chance(0.06) {
        street = typo(&street, dice);
    }
    let unit = home.unit.filter(|_| dice.chance(0.8));
    let street = match unit {
        Some(unit) if dice.chance(0.5) => format!("{} {street} Apt {unit}", home.number),
        Some(unit) => format!("{} {street}, #{unit}", home.number),
        None => format!("{} {street}", home.number),
    };
    let city = if dice.chance(0.04) {
        typo(&home.city, dice)
    } else {
        home.city.clone()
    };
    let code = if dice.chance(0.04) {
        typo(&home.code, dice)
    } else {
        home.code.clone()
    };
    let mut address =
        json!({"street": street, "city": city, "postal_code": code, "state": home.state});
    if dice.chance(0.1) {
        address["street"] = Value::Null;
    }
    if dice.chance(0.1) {
        address["postal_code"] = Value::Null;
    }
    address
}
