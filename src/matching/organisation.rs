//! Names of organisations: without their legal form, and how close two of them are.

use super::text::{alike, plain};

/// The levels of a comparison of two organisations' names, best first.
pub(super) mod level {
    pub(in super::super) const SAME: u8 = 0;
    pub(in super::super) const CLOSE: u8 = 1;
    pub(in super::super) const PART: u8 = 2;
    pub(in super::super) const OTHER: u8 = 3;
}

/// Legal forms. One record states them and another leaves them out.
const LEGAL_FORMS: [&str; 42] = [
    "inc",
    "incorporated",
    "ltd",
    "limited",
    "llc",
    "llp",
    "lp",
    "plc",
    "corp",
    "corporation",
    "co",
    "company",
    "gmbh",
    "ag",
    "kg",
    "ohg",
    "ug",
    "mbh",
    "sa",
    "sas",
    "sarl",
    "srl",
    "spa",
    "sl",
    "bv",
    "nv",
    "oy",
    "oyj",
    "ab",
    "as",
    "aps",
    "pty",
    "pte",
    "kk",
    "doo",
    "sro",
    "zoo",
    "kft",
    "ooo",
    "ev",
    "eg",
    "lda",
];
/// Words that show that a name is of an organisation.
const ORGANISATION_WORDS: [&str; 44] = [
    "bank",
    "university",
    "college",
    "school",
    "hospital",
    "clinic",
    "church",
    "foundation",
    "institute",
    "association",
    "society",
    "group",
    "holdings",
    "holding",
    "partners",
    "associates",
    "services",
    "solutions",
    "systems",
    "technologies",
    "technology",
    "industries",
    "international",
    "enterprises",
    "consulting",
    "logistics",
    "restaurant",
    "hotel",
    "pharmacy",
    "bakery",
    "motors",
    "insurance",
    "properties",
    "realty",
    "construction",
    "plumbing",
    "dental",
    "studio",
    "studios",
    "media",
    "agency",
    "council",
    "club",
    "shop",
];
const SMALL: [&str; 8] = ["the", "and", "of", "und", "et", "y", "for", "de"];
const SHORT: [(&str, &str); 14] = [
    ("intl", "international"),
    ("assoc", "associates"),
    ("assn", "association"),
    ("bros", "brothers"),
    ("mfg", "manufacturing"),
    ("svcs", "services"),
    ("svc", "services"),
    ("tech", "technologies"),
    ("technology", "technologies"),
    ("univ", "university"),
    ("natl", "national"),
    ("mgmt", "management"),
    ("ctr", "center"),
    ("centre", "center"),
];

/// The normal form: without legal form and small words, abbreviations written out.
pub(super) fn read(text: &str) -> Option<Box<str>> {
    let text = plain(&text.replace('&', " and ").replace('.', ""));
    let all: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
    let mut words: Vec<&str> = all.clone();
    while words.len() > 1 && LEGAL_FORMS.contains(&words[words.len() - 1]) {
        words.pop();
    }
    words.retain(|word| !SMALL.contains(word));
    let telling = if words.is_empty() { all } else { words };
    let long = telling.iter().map(|word| {
        let long = SHORT.iter().find(|(short, _)| short == word);
        long.map_or(*word, |(_, long)| *long)
    });
    let name = long.collect::<Vec<_>>().join(" ");
    (!name.is_empty()).then(|| name.into())
}

/// Whether a full name is of an organisation: it has a legal form after the first word, or a word
/// that shows it.
pub(super) fn is_organisation(name: &str) -> bool {
    let name = plain(&name.replace('.', ""));
    let words: Vec<&str> = name.split(' ').collect();
    let clear = |word: &&str| ORGANISATION_WORDS.contains(word) || word.starts_with("gmbh");
    let legal =
        |word: &&str| LEGAL_FORMS.contains(word) && !["co", "as", "sa", "ab", "spa"].contains(word);
    words.len() > 1 && (words.iter().any(clear) || words[1..].iter().any(legal))
}

/// How close two names are.
pub(super) fn compare(a: &str, b: &str) -> u8 {
    if a == b {
        return level::SAME;
    }
    let (words_a, words_b): (Vec<&str>, Vec<&str>) =
        (a.split(' ').collect(), b.split(' ').collect());
    let joined = |words: &[&str]| words.concat();
    if joined(&words_a) == joined(&words_b) {
        return level::SAME;
    }
    if acronym(&words_a, b) || acronym(&words_b, a) {
        return level::CLOSE;
    }
    let (short, long) = if words_a.len() <= words_b.len() {
        (&words_a, &words_b)
    } else {
        (&words_b, &words_a)
    };
    let found = |word: &&&str| {
        long.iter()
            .any(|other| word == &other || (word.len() > 3 && alike(word, other) >= 0.9))
    };
    let shared = short.iter().filter(found).count();
    let telling = short
        .iter()
        .filter(found)
        .any(|word| !ORGANISATION_WORDS.contains(word) && word.len() > 2);
    if shared == long.len() || alike(a, b) >= 0.95 {
        return level::CLOSE;
    }
    if shared == short.len() && telling && shared * 2 >= long.len() {
        return if shared > 1 {
            level::CLOSE
        } else {
            level::PART
        };
    }
    if telling && shared * 2 >= long.len() {
        level::PART
    } else {
        level::OTHER
    }
}

fn acronym(words: &[&str], short: &str) -> bool {
    words.len() > 2
        && short.len() == words.len()
        && words
            .iter()
            .zip(short.bytes())
            .all(|(word, byte)| word.as_bytes()[0] == byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_levels_of_organisations() {
        for (a, b, expected) in [
            ("Holm Bakery, Inc.", "The Holm Bakery LLC", level::SAME),
            ("Holm & Sons GmbH", "Holm and Sons", level::SAME),
            ("Holm Intl", "Holm International Ltd", level::SAME),
            ("Great Elm Motors", "GEM", level::CLOSE),
            ("Holm Bakery Group", "Holm Bakery", level::CLOSE),
            ("Holm Bakery", "Holm Bakrey", level::CLOSE),
            ("Holm Bakery", "Holm Motors", level::PART),
            ("Holm Bakery", "Elm Logistics", level::OTHER),
            ("Summit Services", "Beacon Services", level::OTHER),
        ] {
            let (x, y) = (read(a).expect("a name"), read(b).expect("a name"));
            assert_eq!(compare(&x, &y), expected, "{a} {b}");
            assert_eq!(compare(&y, &x), expected, "{b} {a}");
        }
    }

    #[test]
    fn organisations_are_told_from_people() {
        for name in [
            "Holm Bakery",
            "Holm GmbH",
            "Elm Holdings",
            "Acme Widgets LLC",
        ] {
            assert!(is_organisation(name), "{name}");
        }
        for name in ["Ada Orr", "Marco Sa", "Bank", "Cole Porter"] {
            assert!(!is_organisation(name), "{name}");
        }
    }
}
