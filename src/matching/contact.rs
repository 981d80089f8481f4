//! E-mail addresses, phone numbers and the numbers of documents: their normal form and how close
//! two of them are.

use super::text::{edits, tight};

/// The levels of a comparison of two e-mail addresses, best first.
pub(super) mod email {
    pub(in super::super) const SAME: u8 = 0;
    pub(in super::super) const LOCAL: u8 = 1;
    pub(in super::super) const CLOSE: u8 = 2;
    pub(in super::super) const NAMED: u8 = 3;
    pub(in super::super) const OTHER: u8 = 4;
}

/// The levels of a comparison of two phone numbers, best first.
pub(super) mod phone {
    pub(in super::super) const SAME: u8 = 0;
    pub(in super::super) const ENDING: u8 = 1;
    pub(in super::super) const TYPO: u8 = 2;
    pub(in super::super) const OTHER: u8 = 3;
}

/// The levels of a comparison of two document numbers, best first.
pub(super) mod number {
    pub(in super::super) const SAME: u8 = 0;
    pub(in super::super) const TYPO: u8 = 1;
    pub(in super::super) const ENDING: u8 = 2;
    pub(in super::super) const OTHER_ENDING: u8 = 3;
    pub(in super::super) const OTHER: u8 = 4;
}

/// Local parts of role mailboxes, which belong to no one person.
const ROLE_MAILBOXES: [&str; 24] = [
    "info",
    "office",
    "sales",
    "support",
    "contact",
    "admin",
    "hello",
    "mail",
    "service",
    "help",
    "accounts",
    "billing",
    "reception",
    "team",
    "enquiries",
    "inquiries",
    "noreply",
    "no-reply",
    "customerservice",
    "orders",
    "shop",
    "webmaster",
    "kontakt",
    "post",
];

/// The normal form of an e-mail address: lower case, without a tag after `+`.
pub(super) fn read_email(text: &str) -> Option<Box<str>> {
    let text = text.trim().trim_start_matches("mailto:").to_lowercase();
    let (local, domain) = text.rsplit_once('@')?;
    let local = local.split('+').next().unwrap_or(local);
    let fits = !local.is_empty() && domain.len() > 2 && !text.contains(char::is_whitespace);
    fits.then(|| format!("{local}@{domain}").into())
}

/// The local part and the domain.
pub(super) fn parts(email: &str) -> (&str, &str) {
    email.rsplit_once('@').unwrap_or((email, ""))
}

/// Whether it is the address of a role mailbox.
pub(super) fn is_role_mailbox(email: &str) -> bool {
    ROLE_MAILBOXES.contains(&parts(email).0)
}

/// The words of a local part, without digits.
pub(super) fn local_words(email: &str) -> Vec<&str> {
    let words = parts(email).0.split(|c: char| !c.is_ascii_alphabetic());
    words.filter(|word| !word.is_empty()).collect()
}

/// How close two e-mail addresses are. `named` says whether the local part of the first is made of
/// its owner's name, which makes an equal local part at another domain say little.
pub(super) fn compare_email(a: &str, b: &str, named: impl Fn() -> bool) -> u8 {
    if a == b {
        return email::SAME;
    }
    let ((local_a, domain_a), (local_b, domain_b)) = (parts(a), parts(b));
    let desk = ROLE_MAILBOXES.contains(&local_a) || ROLE_MAILBOXES.contains(&local_b);
    if desk {
        let close = local_a == local_b && edits(domain_a, domain_b) == 1;
        return if close { email::CLOSE } else { email::OTHER };
    }
    let domain_close = || {
        let slips = edits(domain_a, domain_b);
        slips < 2 || (slips == 2 && domain_a.len() > 10)
    };
    if local_a == local_b {
        return match () {
            () if domain_close() => email::CLOSE,
            () if local_a.len() < 4 => email::OTHER,
            () if named() => email::NAMED,
            () => email::LOCAL,
        };
    }
    let slips = edits(local_a, local_b);
    let longest = local_a.len().max(local_b.len());
    if slips > 2 || longest < 4 {
        return email::OTHER;
    }
    if longest > 5 && tight(local_a) == tight(local_b) {
        return if named() || !domain_close() {
            email::NAMED
        } else {
            email::CLOSE
        };
    }
    let slipped = slips == 1 || longest > 6;
    if slipped && !digits_differ(local_a, local_b) && domain_close() {
        return email::CLOSE;
    }
    email::OTHER
}

/// `ada12` and `ada13` are two mailboxes, not a slip.
fn digits_differ(a: &str, b: &str) -> bool {
    let stem = |text: &str| {
        text.trim_end_matches(|c: char| c.is_ascii_digit())
            .to_owned()
    };
    let (stem_a, stem_b) = (stem(a), stem(b));
    stem_a == stem_b
}

/// The normal form of a phone number: its digits without leading zeros and extension.
pub(super) fn read_phone(text: &str) -> Option<Box<str>> {
    let text = text.to_lowercase();
    let main = text.split(['x', ';']).next().unwrap_or(&text);
    let without_extension = main.split("ext").next().unwrap_or(main);
    let all: String = without_extension
        .replace("(0)", "")
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    let digits = all.trim_start_matches('0');
    let varied = digits.bytes().any(|byte| byte != digits.as_bytes()[0]);
    ((6..=16).contains(&digits.len()) && varied).then(|| digits.into())
}

/// The part of a phone number that stays the same with and without the country.
pub(super) fn subscriber(phone: &str) -> &str {
    &phone[phone.len().saturating_sub(9)..]
}

/// How close two phone numbers are.
pub(super) fn compare_phone(a: &str, b: &str) -> u8 {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if short == long
        || (short.len() >= 9 && subscriber(short) == subscriber(long))
        || (short.len() == 8 && long.ends_with(short))
    {
        return phone::SAME;
    }
    let ending = |text: &str| text[text.len().saturating_sub(7)..].to_owned();
    if short.len() >= 7 && ending(short) == ending(long) {
        return phone::ENDING;
    }
    if short.len() >= 8 && edits(subscriber(short), subscriber(long)) == 1 {
        return phone::TYPO;
    }
    phone::OTHER
}

/// The normal form of a document number: letters and digits; of a masked number only the visible
/// end.
pub(super) fn read_number(text: &str) -> Option<Box<str>> {
    let shown = text
        .rsplit(['*', 'X', 'x', '•', '#'])
        .next()
        .unwrap_or(text);
    let masked = shown.len() < text.len() && text.contains(['*', '•', '#'])
        || text.to_lowercase().contains("xx");
    let number = tight(if masked { shown } else { text });
    let first = *number.as_bytes().first()?;
    let varied = number.bytes().any(|byte| byte != first);
    (number.len() >= 3 && varied).then(|| number.into())
}

/// How close two document numbers are.
pub(super) fn compare_number(a: &str, b: &str) -> u8 {
    if a == b {
        return if a.len() > 5 {
            number::SAME
        } else {
            number::ENDING
        };
    }
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if short.len() <= 5 && (long.len() <= 5 || long.len() > short.len() + 1) {
        return if long.ends_with(short) {
            number::ENDING
        } else {
            number::OTHER_ENDING
        };
    }
    if short.len() > 4 && edits(short, long) == 1 {
        return number::TYPO;
    }
    number::OTHER
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_levels_of_e_mail_addresses() {
        let compare = |a: &str, b: &str| {
            let read = |text: &str| read_email(text).expect("an address");
            compare_email(&read(a), &read(b), || a.contains("orr"))
        };
        for (a, b, expected) in [
            ("Ada+shop@Example.com", "ada@example.com", email::SAME),
            (
                "bluefox9@example.com",
                "bluefox9@post.example",
                email::LOCAL,
            ),
            ("ada.orr@example.com", "ada.orr@post.example", email::NAMED),
            ("ada.orr@example.com", "ada_orr@example.com", email::NAMED),
            ("bluefox9@example.com", "blufox9@example.com", email::CLOSE),
            ("bluefox9@example.com", "bluefox9@exmaple.com", email::CLOSE),
            ("bluefox9@example.com", "bluefox8@example.com", email::OTHER),
            ("info@example.com", "info@post.example", email::OTHER),
            ("ada@example.com", "cy@example.com", email::OTHER),
        ] {
            assert_eq!(compare(a, b), expected, "{a} {b}");
        }
        assert_eq!(read_email("ada"), None);
    }

    #[test]
    fn the_levels_of_phone_numbers() {
        let compare = |a: &str, b: &str| {
            let read = |text: &str| read_phone(text).expect("a number");
            compare_phone(&read(a), &read(b))
        };
        for (a, b, expected) in [
            ("+1 (415) 555-0134", "415.555.0134", phone::SAME),
            ("+44 (0)20 7946 0018", "020 7946 0018", phone::SAME),
            ("415-555-0134 ext. 12", "4155550134", phone::SAME),
            ("415-555-0134", "555-0134", phone::ENDING),
            ("415-555-0134", "415-555-0143", phone::TYPO),
            ("415-555-0134", "415-555-0199", phone::OTHER),
        ] {
            assert_eq!(compare(a, b), expected, "{a} {b}");
        }
        assert_eq!(read_phone("000-000-0000"), None);
    }

    #[test]
    fn the_levels_of_document_numbers() {
        let compare = |a: &str, b: &str| {
            let read = |text: &str| read_number(text).expect("a number");
            compare_number(&read(a), &read(b))
        };
        for (a, b, expected) in [
            ("912-34-5678", "912345678", number::SAME),
            ("912345678", "912345687", number::TYPO),
            ("912345678", "***-**-5678", number::ENDING),
            ("912345678", "xxx-xx-5678", number::ENDING),
            ("912345678", "5679", number::OTHER_ENDING),
            ("5678", "5678", number::ENDING),
            ("912345678", "955512345", number::OTHER),
            ("XK7012345", "xk7012345", number::SAME),
        ] {
            assert_eq!(compare(a, b), expected, "{a} {b}");
        }
        assert_eq!(read_number("000000000"), None);
    }
}
