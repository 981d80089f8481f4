//! Names: reads full names into parts, knows variants of given names, and compares two names.

use super::text::{alike, edits, folded, plain, tight};
use std::collections::HashMap;
use std::sync::LazyLock;

/// A name in normal form. Parts that were not stated are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// Given name.
    pub first: Box<str>,
    /// Further given names or initials.
    pub middle: Box<str>,
    /// Family name, in several words where it is compound.
    pub last: Box<str>,
    /// Generation: `jr`, `sr`, `2`, `3`, …
    pub suffix: Box<str>,
}

/// The levels of a comparison of one part of two names, best first.
pub(super) mod level {
    pub(in super::super) const SAME: u8 = 0;
    pub(in super::super) const VARIANT: u8 = 1;
    pub(in super::super) const CLOSE: u8 = 2;
    pub(in super::super) const SIMILAR: u8 = 3;
    pub(in super::super) const INITIAL: u8 = 4;
    pub(in super::super) const OTHER: u8 = 5;
}

const TITLES: [&str; 22] = [
    "mr",
    "mrs",
    "ms",
    "miss",
    "mx",
    "dr",
    "prof",
    "professor",
    "sir",
    "dame",
    "lady",
    "lord",
    "rev",
    "fr",
    "herr",
    "frau",
    "mme",
    "mlle",
    "monsieur",
    "madame",
    "sra",
    "hon",
];
const DEGREES: [&str; 10] = [
    "phd", "md", "esq", "mba", "cpa", "dds", "jd", "rn", "msc", "obe",
];
const PARTICLES: [&str; 24] = [
    "van", "von", "de", "der", "den", "da", "di", "du", "del", "della", "dos", "das", "la", "le",
    "el", "al", "bin", "ibn", "ben", "ter", "ten", "zu", "st", "san",
];

impl Name {
    /// A name from its parts. A generation at the end of the first or last name becomes the suffix.
    pub(super) fn of(first: &str, middle: &str, last: &str, suffix: &str) -> Self {
        let mut suffix = generation(&tight(suffix)).unwrap_or_default().to_owned();
        let mut words = |text: &str| {
            let text = plain(text);
            let mut words: Vec<&str> = text.split(' ').collect();
            while words.len() > 1 && (DEGREES.contains(&words[words.len() - 1])) {
                words.pop();
            }
            if words.len() > 1
                && let Some(found) = generation(words[words.len() - 1])
            {
                found.clone_into(&mut suffix);
                words.pop();
            }
            if words.len() > 1 && TITLES.contains(&words[0]) {
                words.remove(0);
            }
            words.join(" ")
        };
        let last = words(last);
        let given = words(first);
        let middle = words(middle);
        let (first, more) = given.split_once(' ').unwrap_or((&given, ""));
        let middle = [more, &middle].join(" ");
        Self {
            first: first.into(),
            middle: middle.trim().into(),
            last: last.into(),
            suffix: suffix.into(),
        }
    }

    /// Reads a full name: `Dr. Ada M. Lovelace Jr`, `Lovelace, Ada`, `Ludwig van Beethoven`. A
    /// nickname in quotes or brackets makes a second name.
    pub(super) fn read(text: &str) -> Vec<Self> {
        let (text, nick) = nickname(text);
        let text = text.as_str();
        let name = match text.split_once(',') {
            Some((last, given)) if generation(&tight(given)).is_none() && !degree(given) => {
                let (given, suffix) = given.split_once(',').unwrap_or((given, ""));
                Self::of(given, "", last, suffix)
            }
            _ => Self::in_spoken_order(text),
        };
        let mut names = vec![];
        if let Some(nick) = nick {
            names.push(Self {
                first: tight(&nick).into(),
                ..name.clone()
            });
        }
        names.push(name);
        names.retain(|name| !name.is_empty());
        names
    }

    fn in_spoken_order(text: &str) -> Self {
        // Each word is normalised on its own, so `Anna-Maria` stays one word here.
        let parts: Vec<String> = text.split_whitespace().map(plain).collect();
        let mut words: Vec<&str> = parts.iter().map(String::as_str).collect();
        words.retain(|word| !word.is_empty());
        while words.len() > 1 && TITLES.contains(&words[0]) {
            words.remove(0);
        }
        let mut suffix = "";
        while words.len() > 1 {
            let end = words[words.len() - 1];
            match generation(end) {
                Some(found) if words.len() > 2 => suffix = found,
                _ if DEGREES.contains(&end) && words.len() > 2 => {}
                _ => break,
            }
            words.pop();
        }
        if words.len() < 2 {
            return Self::of("", "", &words.join(" "), suffix);
        }
        let particle = (1..words.len() - 1).find(|place| PARTICLES.contains(&words[*place]));
        let last = particle.unwrap_or(words.len() - 1);
        Self::of(
            words[0],
            &words[1..last].join(" "),
            &words[last..].join(" "),
            suffix,
        )
    }

    /// Whether it is the other name with a middle name or generation added.
    pub(super) fn says_more_than(&self, other: &Self) -> bool {
        let same = self.first == other.first && self.last == other.last;
        let middle = self.middle.starts_with(&*other.middle);
        let suffix = other.suffix.is_empty() || self.suffix == other.suffix;
        same && middle && suffix && self != other
    }

    /// Whether nothing was stated.
    pub(super) fn is_empty(&self) -> bool {
        self.first.is_empty() && self.last.is_empty()
    }
}

fn degree(text: &str) -> bool {
    let text = tight(text);
    text.is_empty() || DEGREES.contains(&text.as_str())
}

/// The text without a nickname in quotes or brackets, and that nickname.
fn nickname(text: &str) -> (String, Option<String>) {
    for (open, close) in [('"', '"'), ('(', ')'), ('“', '”')] {
        if let Some((before, rest)) = text.split_once(open)
            && let Some((inside, after)) = rest.split_once(close)
        {
            return (format!("{before} {after}"), Some(inside.to_owned()));
        }
    }
    (text.to_owned(), None)
}

fn generation(word: &str) -> Option<&'static str> {
    Some(match word {
        "jr" | "junior" | "jnr" => "jr",
        "sr" | "senior" | "snr" => "sr",
        "ii" | "2" | "2nd" => "2",
        "iii" | "3" | "3rd" => "3",
        "iv" | "4" | "4th" => "4",
        _ => return None,
    })
}

/// Each given name, and the lines of the file that name it.
static VARIANTS: LazyLock<HashMap<&'static str, Vec<u16>>> = LazyLock::new(|| {
    let mut groups: HashMap<&str, Vec<u16>> = HashMap::new();
    let lines = include_str!("nicknames.txt").lines();
    for (line, text) in lines.filter(|line| !line.starts_with('#')).enumerate() {
        for name in text.split(' ').filter(|name| !name.is_empty()) {
            groups.entry(name).or_default().push(line as u16);
        }
    }
    groups
});

/// Whether two given names are variants of one name.
pub(super) fn variants(a: &str, b: &str) -> bool {
    match (VARIANTS.get(a), VARIANTS.get(b)) {
        (Some(a), Some(b)) => a.iter().any(|group| b.contains(group)),
        _ => false,
    }
}

/// The groups of variants that a given name is in, for blocking.
pub(super) fn groups(name: &str) -> &'static [u16] {
    VARIANTS.get(name).map_or(&[], Vec::as_slice)
}

/// How close two given names are, as a [`level`]. Neither is empty.
pub(super) fn compare_first(a: &str, b: &str) -> u8 {
    if a == b {
        return if a.len() == 1 {
            level::INITIAL
        } else {
            level::SAME
        };
    }
    if a.len() == 1 || b.len() == 1 {
        let same = a.as_bytes()[0] == b.as_bytes()[0];
        return if same { level::INITIAL } else { level::OTHER };
    }
    if variants(a, b) {
        return level::VARIANT;
    }
    spelling(a, b)
}

/// How close two family names are, as a [`level`]. Neither is empty.
pub(super) fn compare_last(a: &str, b: &str) -> u8 {
    if a == b {
        return if a.len() == 1 {
            level::INITIAL
        } else {
            level::SAME
        };
    }
    if a.len() == 1 || b.len() == 1 {
        let same = a.as_bytes()[0] == b.as_bytes()[0];
        return if same { level::INITIAL } else { level::OTHER };
    }
    if a.contains(' ') || b.contains(' ') {
        let part =
            |long: &str, short: &str| long.split(' ').any(|word| word.len() > 2 && word == short);
        let shared = a
            .split(' ')
            .any(|word| word.len() > 3 && b.split(' ').any(|other| other == word));
        if part(a, b) || part(b, a) || shared {
            return level::VARIANT;
        }
        let joined = |text: &str| text.replace(' ', "");
        let (a, b) = (joined(a), joined(b));
        return if a == b {
            level::VARIANT
        } else {
            spelling(&a, &b)
        };
    }
    spelling(a, b)
}

fn spelling(a: &str, b: &str) -> u8 {
    let similarity = alike(a, b);
    if similarity < 0.70 {
        return level::OTHER;
    }
    let edits = edits(a, b);
    let longest = a.len().max(b.len());
    if folded(a) == folded(b) || (edits == 1 && longest > 3) || (similarity >= 0.93 && longest > 5)
    {
        return level::CLOSE;
    }
    let begins = a.len().min(b.len()) > 2 && (a.starts_with(b) || b.starts_with(a));
    let similar = similarity >= 0.82 || (edits == 2 && longest > 4) || edits == 1 || begins;
    if similar {
        level::SIMILAR
    } else {
        level::OTHER
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<[String; 4]> {
        let parts = |name: &Name| {
            [&name.first, &name.middle, &name.last, &name.suffix].map(ToString::to_string)
        };
        Name::read(text).iter().map(parts).collect()
    }

    #[test]
    fn full_names_fall_into_parts() {
        for (text, expected) in [
            ("Ada Orr", ["ada", "", "orr", ""]),
            ("Dr. Ada M. Orr, PhD", ["ada", "m", "orr", ""]),
            ("Orr, Ada Maria", ["ada", "maria", "orr", ""]),
            ("Carl Vale Jr.", ["carl", "", "vale", "jr"]),
            ("Carl Vale, Sr", ["carl", "", "vale", "sr"]),
            ("Carl Vale III", ["carl", "", "vale", "3"]),
            ("Ludwig van der Berg", ["ludwig", "", "van der berg", ""]),
            ("Zoë O'Hara-Łukasz", ["zoe", "", "ohara lukasz", ""]),
            ("Prince", ["", "", "prince", ""]),
        ] {
            assert_eq!(read(text), [expected.map(str::to_owned)], "{text}");
        }
        let nick = read("Robert \"Bob\" Orr");
        assert_eq!(
            (nick[0][0].as_str(), nick[1][0].as_str()),
            ("bob", "robert")
        );
        assert!(read(" - ").is_empty());
    }

    #[test]
    fn the_levels_of_given_names() {
        for (a, b, expected) in [
            ("robert", "robert", level::SAME),
            ("robert", "bob", level::VARIANT),
            ("alexander", "sasha", level::VARIANT),
            ("robert", "robret", level::CLOSE),
            ("yuri", "iurii", level::CLOSE),
            ("robert", "r", level::INITIAL),
            ("r", "r", level::INITIAL),
            ("robert", "c", level::OTHER),
            ("robert", "carla", level::OTHER),
            ("anna", "beth", level::OTHER),
        ] {
            assert_eq!(compare_first(a, b), expected, "{a} {b}");
            assert_eq!(compare_first(b, a), expected, "{b} {a}");
        }
    }

    #[test]
    fn the_levels_of_family_names() {
        for (a, b, expected) in [
            ("muller", "muller", level::SAME),
            ("muller", "mueller", level::CLOSE),
            ("orr vale", "vale", level::VARIANT),
            ("macdonald", "mac donald", level::VARIANT),
            ("schmidt", "shmit", level::CLOSE),
            ("allen", "alan", level::SIMILAR),
            ("smith", "jones", level::OTHER),
        ] {
            assert_eq!(compare_last(a, b), expected, "{a} {b}");
            assert_eq!(compare_last(b, a), expected, "{b} {a}");
        }
    }

    #[test]
    fn every_nickname_line_is_in_plain_spelling() {
        for line in include_str!("nicknames.txt")
            .lines()
            .filter(|line| !line.starts_with('#'))
        {
            assert!(line.split(' ').count() > 1, "{line}");
            assert_eq!(plain(line), line);
        }
    }
}
