//! Street lines: number, street and unit, with the usual words abbreviated.

use super::text::{plain, tight};

/// Words of streets and their short forms.
const SHORT: [(&str, &str); 44] = [
    ("street", "st"),
    ("str", "st"),
    ("strasse", "st"),
    ("road", "rd"),
    ("avenue", "ave"),
    ("av", "ave"),
    ("boulevard", "blvd"),
    ("drive", "dr"),
    ("lane", "ln"),
    ("court", "ct"),
    ("crt", "ct"),
    ("place", "pl"),
    ("plaza", "plz"),
    ("square", "sq"),
    ("terrace", "tce"),
    ("ter", "tce"),
    ("crescent", "cres"),
    ("cr", "cres"),
    ("circuit", "cct"),
    ("circle", "cir"),
    ("highway", "hwy"),
    ("parkway", "pkwy"),
    ("close", "cl"),
    ("grove", "gr"),
    ("gardens", "gdns"),
    ("trail", "trl"),
    ("way", "wy"),
    ("north", "n"),
    ("south", "s"),
    ("east", "e"),
    ("west", "w"),
    ("northeast", "ne"),
    ("northwest", "nw"),
    ("southeast", "se"),
    ("southwest", "sw"),
    ("saint", "st"),
    ("mount", "mt"),
    ("fort", "ft"),
    ("first", "1st"),
    ("second", "2nd"),
    ("third", "3rd"),
    ("fourth", "4th"),
    ("fifth", "5th"),
    ("expressway", "expy"),
];

const UNITS: [&str; 13] = [
    "apt",
    "apartment",
    "unit",
    "suite",
    "ste",
    "flat",
    "room",
    "rm",
    "no",
    "floor",
    "fl",
    "bldg",
    "building",
];

/// The unit that a text names.
pub(super) fn unit_value(text: &str) -> String {
    let text = plain(text);
    let value = text.split(' ').rfind(|word| !UNITS.contains(word));
    value.unwrap_or_default().to_owned()
}

/// The unit named in a second line, and the rest of that line.
pub(super) fn unit_of(more: &str) -> Option<(String, String)> {
    let words: Vec<&str> = more.split(' ').collect();
    let place = words.iter().position(|word| UNITS.contains(word))?;
    let value = words.get(place + 1)?;
    value
        .bytes()
        .any(|byte| byte.is_ascii_digit() || value.len() == 1)
        .then(|| {
            let rest: Vec<&str> = words[..place]
                .iter()
                .chain(&words[place + 2..])
                .copied()
                .collect();
            ((*value).to_owned(), rest.join(" "))
        })
}

/// Number, street and unit of a street line.
pub(super) fn street_parts(line: &str) -> (String, String, String) {
    let hash = line.replace('#', " unit ");
    let (slash_unit, line) = match hash.split_once('/') {
        Some((unit, rest)) if unit.len() < 6 && rest.starts_with(|c: char| c.is_ascii_digit()) => {
            (tight(unit), rest)
        }
        _ => (String::new(), hash.as_str()),
    };
    let text = plain(line);
    let (unit, text) = unit_of(&text).unwrap_or((slash_unit, text));
    let mut words: Vec<String> = text
        .split(' ')
        .filter(|word| !word.is_empty())
        .map(short)
        .collect();
    let numbered = |word: &String| word.starts_with(|c: char| c.is_ascii_digit());
    let ordinal = |word: &str| {
        ["st", "nd", "rd", "th"]
            .iter()
            .any(|end| word.ends_with(end))
    };
    let place = match words.first() {
        Some(first) if numbered(first) && (words.len() == 1 || !ordinal(first)) => Some(0),
        _ => words
            .iter()
            .rposition(numbered)
            .filter(|place| !ordinal(&words[*place]) && *place + 2 >= words.len()),
    };
    let number = place.map(|place| words.remove(place)).unwrap_or_default();
    (number, words.join(" "), unit)
}

/// A word of a street in its short form.
pub(super) fn short(word: &str) -> String {
    if let Some((_, short)) = SHORT.iter().find(|(long, _)| *long == word) {
        return (*short).to_owned();
    }
    for end in ["strasse", "str"] {
        if let Some(stem) = word.strip_suffix(end)
            && stem.len() > 2
        {
            return format!("{stem}st");
        }
    }
    word.to_owned()
}

/// The street without its last word, which is often left out or written differently.
pub(super) fn stem(street: &str) -> &str {
    match street.rsplit_once(' ') {
        Some((stem, end)) if SHORT.iter().any(|(_, short)| *short == end) => stem,
        _ => street,
    }
}
