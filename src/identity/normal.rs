//! The normal form of an identifier's value, so that the same thing written twice is the same
//! identifier.

use super::rules::ValueForm;
use crate::event::MAX_ID;

/// `value` in the form that its kind is kept in, or nothing where it cannot be of that form.
///
/// E-mail addresses are lower-cased. Phone numbers become E.164; a national number needs the
/// `country` (ISO 3166 alpha-2) it was written in. Everything is trimmed.
#[must_use]
pub fn normalise(form: ValueForm, value: &str, country: Option<&str>) -> Option<String> {
    let value = value.trim();
    if value.is_empty() || value.len() > MAX_ID {
        return None;
    }
    match form {
        ValueForm::Keep => Some(value.to_owned()),
        ValueForm::Lower => Some(value.to_lowercase()),
        ValueForm::Digits => {
            let digits: String = value.chars().filter(char::is_ascii_digit).collect();
            (!digits.is_empty()).then_some(digits)
        }
        ValueForm::Email => email(value),
        ValueForm::Phone => phone(value, country),
    }
}

fn email(value: &str) -> Option<String> {
    let (local, domain) = value.rsplit_once('@')?;
    let plausible = !local.is_empty()
        && domain.contains('.')
        && !domain.starts_with('.')
        && !domain.ends_with('.')
        && !value.contains(char::is_whitespace)
        && !local.contains('@');
    plausible.then(|| value.to_lowercase())
}

fn phone(value: &str, country: Option<&str>) -> Option<String> {
    let country = country.and_then(|code| {
        code.trim()
            .to_uppercase()
            .parse::<phonenumber::country::Id>()
            .ok()
    });
    let international = value.strip_prefix("00").map(|rest| format!("+{rest}"));
    let text = international.as_deref().unwrap_or(value);
    if country.is_none() && !text.starts_with('+') {
        return None;
    }
    let number = phonenumber::parse(country, text).ok()?;
    let e164 = number.format().mode(phonenumber::Mode::E164).to_string();
    // E.164 allows 15 digits; fewer than 7 cannot be a subscriber's number.
    (8..=16).contains(&e164.len()).then_some(e164)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emails_ignore_case_and_must_have_a_domain() {
        assert_eq!(
            normalise(ValueForm::Email, " Ada@Example.COM ", None).as_deref(),
            Some("ada@example.com")
        );
        assert_eq!(
            normalise(ValueForm::Email, "ada+shop@example.com", None).as_deref(),
            Some("ada+shop@example.com")
        );
        for bad in [
            "ada",
            "ada@",
            "@example.com",
            "a b@example.com",
            "ada@localhost",
            "a@b@c.de",
        ] {
            assert_eq!(normalise(ValueForm::Email, bad, None), None, "{bad}");
        }
    }

    #[test]
    fn phones_become_e164() {
        for (text, country) in [
            ("+1 (415) 555-0134", None),
            ("+14155550134", None),
            ("0014155550134", None),
            ("(415) 555-0134", Some("US")),
            ("415.555.0134", Some("us")),
        ] {
            assert_eq!(
                normalise(ValueForm::Phone, text, country).as_deref(),
                Some("+14155550134"),
                "{text}"
            );
        }
        assert_eq!(
            normalise(ValueForm::Phone, "+44 (0)20 7946 0018", None).as_deref(),
            Some("+442079460018")
        );
        assert_eq!(
            normalise(ValueForm::Phone, "+15550100", None).as_deref(),
            Some("+15550100")
        );
        assert_eq!(
            normalise(ValueForm::Phone, "415 555 0134", None),
            None,
            "a national number without its country"
        );
        assert_eq!(
            normalise(ValueForm::Phone, "ask reception", Some("US")),
            None
        );
    }
}
