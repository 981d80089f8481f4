//! When two values say the same: systems spell the same thing differently, and a spelling is no
//! disagreement.

use crate::event::text_of;
use serde_json::Value;

/// Fewest digits that are taken for a phone number.
const MIN_PHONE: usize = 7;

/// Whether two values say the same but for spelling. Case and spaces do not count, a number and its
/// digits as text are the same, and so are phone numbers in any grouping, with or without their
/// country. A list agrees with a value that it holds and with a list of the same values in any
/// order. Two objects agree when they share a field and every field that both fill agrees: one
/// address may add a street to another. Not transitive.
pub(super) fn agree(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            let mut shared = a
                .iter()
                .filter_map(|(name, value)| Some((value, b.get(name)?)))
                .filter(|(a, b)| !is_empty(a) && !is_empty(b))
                .peekable();
            shared.peek().is_some() && shared.all(|(a, b)| agree(a, b))
        }
        (Value::Array(a), Value::Array(b)) => holds_all(a, b) && holds_all(b, a),
        (Value::Array(list), value) | (value, Value::Array(list)) => holds(list, value),
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::String(a), Value::String(b)) if is_phone(a) && is_phone(b) => same_phone(a, b),
        _ => match (text_of(a), text_of(b)) {
            (Some(a), Some(b)) => letters(&a).eq(letters(&b)),
            (None, None) => a == b,
            _ => false,
        },
    }
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

fn holds(list: &[Value], value: &Value) -> bool {
    list.iter().any(|item| agree(item, value))
}

fn holds_all(list: &[Value], values: &[Value]) -> bool {
    values.iter().all(|value| holds(list, value))
}

fn is_phone(text: &str) -> bool {
    let part = |c: char| c.is_ascii_digit() || " +-./()\u{a0}".contains(c);
    text.chars().all(part) && digits(text).len() >= MIN_PHONE
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// The same digits; or one begins with a country code and ends with the other, whose leading zero
/// stands for the country.
fn same_phone(a: &str, b: &str) -> bool {
    let is_long = |text: &str| text.trim_start().starts_with('+');
    let (a_digits, b_digits) = (digits(a), digits(b));
    let ends = |long: &str, short: &str| {
        let short = short.trim_start_matches('0');
        short.len() >= MIN_PHONE && long.ends_with(short)
    };
    a_digits == b_digits
        || (is_long(a) && !is_long(b) && ends(&a_digits, &b_digits))
        || (is_long(b) && !is_long(a) && ends(&b_digits, &a_digits))
}

fn letters(text: &str) -> impl Iterator<Item = char> {
    text.chars()
        .filter(|c| !c.is_whitespace())
        .flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_spelling_is_no_disagreement() {
        let same = [
            (json!("Ada@Example.com "), json!("ada@example.com")),
            (json!("+1 415 555 0134"), json!("+14155550134")),
            (json!("(415) 555-0134"), json!("415.555.0134")),
            (json!("+1 415 555 0134"), json!("415-555-0134")),
            (json!("+44 20 7946 0018"), json!("020 7946 0018")),
            (json!(5), json!("5")),
            (json!(5), json!(5.0)),
            (json!(true), json!("TRUE")),
            (
                json!(["ada@example.com", "b@example.com"]),
                json!("Ada@example.com"),
            ),
            (json!(["a", "b"]), json!(["B", "a"])),
            (
                json!({"city": "Porto", "street": null}),
                json!({"city": "PORTO", "street": "Rua 1", "country": "PT"}),
            ),
            (Value::Null, Value::Null),
        ];
        for (a, b) in &same {
            assert!(agree(a, b) && agree(b, a), "{a} {b}");
        }
        let other = [
            (json!("Ada"), json!("Ida")),
            (json!("+1 415 555 0134"), json!("+44 15 555 0134")),
            (json!("415 555 0134"), json!("15 555 0134")),
            (json!("+1 415 555 0134"), json!("0134")),
            (json!("1980-02-29"), json!("1981-02-29")),
            (json!(5), json!("5.0")),
            (json!(["a", "b"]), json!(["a", "c"])),
            (json!({"city": "Porto"}), json!({"city": "Faro"})),
            (json!({"city": "Porto"}), json!({"town": "Porto"})),
            (json!({"city": "Porto"}), json!("Porto")),
            (json!(""), Value::Null),
        ];
        for (a, b) in &other {
            assert!(!agree(a, b) && !agree(b, a), "{a} {b}");
        }
    }
}
