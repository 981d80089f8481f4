//! Money as integer minor units of an ISO 4217 currency, read from the decimals that shops send.

use iso_currency::Currency;
use serde_json::Value;

/// Used where an order names no currency, as in Segment's e-commerce spec.
pub const DEFAULT_CURRENCY: &str = "USD";

/// The greatest amount, in minor units, so that sums of some thousands still fit.
pub const MAX_AMOUNT: i64 = 1_000_000_000_000_000;

/// How many decimal places the currency's minor unit has; two where the code is unknown.
#[must_use]
pub fn decimals(currency: &str) -> u32 {
    Currency::from_code(currency)
        .and_then(|known| known.exponent())
        .map_or(2, u32::from)
}

/// An amount in minor units from a JSON number or a decimal string, rounded half away from zero;
/// `None` beyond [`MAX_AMOUNT`].
#[must_use]
pub fn minor(value: &Value, currency: &str) -> Option<i64> {
    let amount = match value {
        Value::Number(number) => parse(&number.to_string(), decimals(currency)),
        Value::String(text) => parse(text.trim(), decimals(currency)),
        _ => None,
    };
    amount.filter(|amount| amount.abs() <= MAX_AMOUNT)
}

fn parse(text: &str, places: u32) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let numeric = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !numeric(whole) || !numeric(fraction) {
        return None;
    }
    let places = places as usize;
    let mut amount: i64 = if whole.is_empty() {
        0
    } else {
        whole.parse().ok()?
    };
    for place in 0..places {
        let digit = fraction
            .as_bytes()
            .get(place)
            .map_or(0, |byte| i64::from(byte - b'0'));
        amount = amount.checked_mul(10)?.checked_add(digit)?;
    }
    if fraction
        .as_bytes()
        .get(places)
        .is_some_and(|byte| *byte >= b'5')
    {
        amount = amount.checked_add(1)?;
    }
    Some(if negative { -amount } else { amount })
}

/// The amount as people write it: `536.65 USD`.
#[must_use]
pub fn display(minor: i64, currency: &str) -> String {
    let places = decimals(currency);
    let unit = 10_u64.pow(places);
    let (sign, size) = (if minor < 0 { "-" } else { "" }, minor.unsigned_abs());
    if places == 0 {
        return format!("{sign}{size} {currency}");
    }
    format!(
        "{sign}{}.{:0width$} {currency}",
        size / unit,
        size % unit,
        width = places as usize
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn decimals_become_minor_units() {
        for (value, currency, expected) in [
            (json!(27.5), "USD", Some(2750)),
            (json!("199.00"), "EUR", Some(19900)),
            (json!(536.65), "USD", Some(53665)),
            (json!(1200), "JPY", Some(1200)),
            (json!("1.2345"), "KWD", Some(1235)),
            (json!("-3.005"), "USD", Some(-301)),
            (json!(".5"), "USD", Some(50)),
            (json!("12,50"), "EUR", None),
            (json!(""), "USD", None),
            (json!(1e21), "USD", None),
            (json!("10000000000000.00"), "USD", Some(MAX_AMOUNT)),
            (json!("10000000000000.01"), "USD", None),
            (json!("-92233720368547758.07"), "USD", None),
            (json!(null), "USD", None),
        ] {
            assert_eq!(minor(&value, currency), expected, "{value} {currency}");
        }
        assert_eq!(display(53665, "USD"), "536.65 USD");
        assert_eq!(display(-5, "EUR"), "-0.05 EUR");
        assert_eq!(display(1200, "JPY"), "1200 JPY");
    }
}
