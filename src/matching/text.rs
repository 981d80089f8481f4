//! Normalised text: the spelling in which values are compared, phonetic codes, and stable hashes.

use std::fmt::Write;

/// Lower-case ASCII letters, digits and single spaces: accents and other alphabets are
/// transliterated, apostrophes are dropped, other characters separate words.
pub(super) fn plain(text: &str) -> String {
    let ascii = if text.is_ascii() {
        std::borrow::Cow::Borrowed(text)
    } else {
        std::borrow::Cow::Owned(deunicode::deunicode(text))
    };
    let mut out = String::with_capacity(ascii.len());
    for c in ascii.chars() {
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        } else if !matches!(c, '\'' | '`' | '"') && !out.is_empty() && !out.ends_with(' ') {
            out.push(' ');
        }
    }
    if out.ends_with(' ') {
        out.pop();
    }
    out
}

/// The same without spaces.
pub(super) fn tight(text: &str) -> String {
    let mut plain = plain(text);
    plain.retain(|c| c != ' ');
    plain
}

/// Spellings of one sound in different transliterations, longest first. Both sides of a comparison
/// are rewritten, so the result only has to be consistent: `Müller`, `Mueller` and `Muller` become
/// one, and so do `Yuri` and `Iurii`, `Schmidt` and `Shmidt`.
const SOUNDS: [(&str, &str); 30] = [
    ("tsch", "c"),
    ("shch", "s"),
    ("sch", "s"),
    ("tch", "c"),
    ("ue", "u"),
    ("oe", "o"),
    ("ae", "a"),
    ("oo", "u"),
    ("ou", "u"),
    ("ph", "f"),
    ("kh", "h"),
    ("ck", "k"),
    ("cz", "c"),
    ("tz", "c"),
    ("ts", "c"),
    ("ch", "c"),
    ("sz", "s"),
    ("sh", "s"),
    ("zh", "z"),
    ("dj", "j"),
    ("th", "t"),
    ("dt", "t"),
    ("ks", "x"),
    ("ie", "i"),
    ("yi", "i"),
    ("j", "i"),
    ("y", "i"),
    ("w", "v"),
    ("q", "k"),
    ("c", "k"),
];

/// The word with [`SOUNDS`] applied and doubled letters made single.
pub(super) fn folded(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    let mut rest = word;
    while let Some(first) = rest.chars().next() {
        let sound = SOUNDS.iter().find(|(from, _)| rest.starts_with(from));
        let (taken, put) = match sound {
            Some((from, to)) => (from.len(), *to),
            None => (first.len_utf8(), &rest[..first.len_utf8()]),
        };
        if put != " " && !out.ends_with(put) {
            out.push_str(put);
        }
        rest = &rest[taken..];
    }
    out
}

/// A phonetic code like Soundex: the first letter and up to three classes of consonants of the
/// folded word.
pub(super) fn sound(word: &str) -> String {
    let folded = folded(word);
    let mut out = String::with_capacity(4);
    let mut last = ' ';
    for (place, c) in folded.chars().enumerate() {
        let class = match c {
            'b' | 'f' | 'p' | 'v' => '1',
            'g' | 'k' | 's' | 'x' | 'z' | 'c' => '2',
            'd' | 't' => '3',
            'l' => '4',
            'm' | 'n' => '5',
            'r' => '6',
            _ => ' ',
        };
        if place == 0 {
            out.push(c);
        } else if class != ' ' && class != last {
            out.push(class);
        }
        last = class;
        if out.len() == 4 {
            break;
        }
    }
    out
}

/// A stable 64-bit hash of parts: FNV-1a with a finishing mix. It is stored, so it must never
/// change.
#[derive(Clone, Copy)]
pub(super) struct Hash(u64);

impl Hash {
    /// A hash that begins with a tag, so that equal values of different things differ.
    pub(super) fn new(tag: &str) -> Self {
        Self(0xcbf2_9ce4_8422_2325).with(tag)
    }

    /// With another part.
    pub(super) fn with(self, part: &str) -> Self {
        let mut hash = self.0;
        for byte in part.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        Self(hash)
    }

    /// With a number.
    pub(super) fn number(self, number: u64) -> Self {
        let mut hash = self.0;
        for byte in number.to_le_bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        Self(hash)
    }

    /// The hash.
    pub(super) fn end(self) -> u64 {
        mix(self.0)
    }
}

/// Spreads the bits of a number: the finisher of `SplitMix64`.
pub(super) fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The edit distance with swaps of neighbours, up to 3.
pub(super) fn edits(a: &str, b: &str) -> usize {
    if a == b {
        return 0;
    }
    // One edit changes at most two letters of the set, so the bound below saves the exact distance.
    if a.len().abs_diff(b.len()) > 2 || (letters(a) ^ letters(b)).count_ones() > 4 {
        return 3;
    }
    strsim::osa_distance(a, b).min(3)
}

/// Jaro-Winkler similarity of two plain words.
pub(super) fn alike(a: &str, b: &str) -> f64 {
    if a == b {
        return 1.0;
    }
    if !may_be_alike(a, b) {
        return 0.0;
    }
    strsim::jaro_winkler(a, b)
}

/// Whether two words share enough letters to be worth comparing.
fn may_be_alike(a: &str, b: &str) -> bool {
    let shared = (letters(a) & letters(b)).count_ones() as usize;
    shared * 3 >= a.len().max(b.len()).min(9)
}

/// The letters and digits of a word as a set of bits.
fn letters(word: &str) -> u32 {
    word.bytes()
        .fold(0, |set: u32, byte| set | 1 << (byte & 31))
}

/// The words that are not empty, joined by spaces.
pub(super) fn list(words: &[&str]) -> String {
    let mut out = String::new();
    for (place, word) in words.iter().filter(|word| !word.is_empty()).enumerate() {
        let gap = if place == 0 { "" } else { " " };
        let _ = write!(out, "{gap}{word}");
    }
    out
}
