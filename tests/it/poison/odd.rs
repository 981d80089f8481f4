//! Calls whose values are at the ends of what a value can be, or beyond.

use super::{Dice, MAGIC, nested};

/// Values that nest.
fn deep() -> Vec<String> {
    let mut bodies = Vec::new();
    for depth in [
        10, 30, 60, 90, 110, 118, 119, 120, 121, 122, 123, 124, 125, 126,
    ] {
        let value = nested(depth, "1", depth % 2 == 0);
        bodies.push(format!(r#""type":"identify","traits":{{"deep":{value}}}"#));
        bodies.push(format!(
            r#""type":"identify","context":{{"traits":{{"deep":{value}}}}}"#
        ));
        bodies.push(format!(
            r#""type":"group","groupId":"g","traits":{{"deep":{value}}}"#
        ));
        bodies.push(format!(
            r#""type":"track","event":"Order Completed","properties":{{"order_id":"deep{depth}","products":{value},"total":{value}}}"#
        ));
        bodies.push(format!(
            r#""type":"track","event":"Ticket Created","properties":{{"ticket_id":"deep{depth}","subject":{value},"tags":{value}}}"#
        ));
    }
    bodies
}

/// Numbers at the ends of what one can be.
fn numbers() -> Vec<String> {
    let mut bodies = Vec::new();
    for number in [
        "-0",
        "-0.0",
        "1e308",
        "-1e308",
        "1e-400",
        "0.1e1",
        "123456789012345678901234567890",
        "18446744073709551615",
        "-9223372036854775808",
        "92233720368547758.07",
        "9.007199254740993e15",
        "2.2250738585072011e-308",
        "1e999",
    ] {
        bodies.push(format!(
            r#""type":"identify","traits":{{"n":{number},"address":{{"n":{number}}}}}"#
        ));
        bodies.push(format!(
            r#""type":"track","event":"Order Completed","properties":{{"order_id":{number},"total":{number},"products":[{{"name":{number},"quantity":{number},"price":{number}}}]}}"#
        ));
        bodies.push(format!(
            r#""type":"page","timestamp":{number},"userId":{number}"#
        ));
    }
    bodies
}

/// Objects that `serde_json` could take for its own.
fn reserved() -> Vec<String> {
    let mut bodies = Vec::new();
    for magic in [
        MAGIC.to_owned(),
        format!(r"\u0000{MAGIC}"),
        "$serde_json::private::Number".to_owned(),
    ] {
        for content in [r#""[""#, r#""[1]""#, "1", r#""{\"a\":1}""#] {
            let object = format!(r#"{{"{magic}":{content}}}"#);
            bodies.push(format!(
                r#""type":"identify","traits":{{"m":{object},"n":[{object}]}}"#
            ));
            bodies.push(format!(r#""type":"identify","traits":{object}"#));
            bodies.push(format!(r#""type":"identify","context":{object}"#));
            bodies.push(format!(
                r#""type":"identify","traits":{{"m":{{"a":1,"{magic}":{content}}}}}"#
            ));
            bodies.push(format!(
                r#""type":"track","event":"Order Completed","properties":{{"order_id":{content},"total":{object},"products":[{object}]}}"#
            ));
        }
    }
    bodies
}

/// Texts that are long.
fn long() -> Vec<String> {
    let mut bodies = Vec::new();
    let mut dice = Dice(7);
    for length in [500, 501, 3_000, 9_000, 20_000] {
        let text: String = (0..length)
            .map(|_| char::from(b'a' + dice.below(26) as u8))
            .collect();
        bodies.push(format!(
            r#""type":"identify","traits":{{"{text}":"x","b":"{text}"}}"#
        ));
        bodies.push(format!(r#""type":"track","event":"{text}""#));
        bodies.push(format!(r#""type":"track","event":"Order Completed","properties":{{"order_id":"{text}","refund_id":"{text}"}}"#));
        bodies.push(format!(r#""type":"track","event":"Ticket Created","properties":{{"ticket_id":"{text}","message_id":"{text}","body":"x"}}"#));
        bodies.push(format!(r#""type":"track","event":"A","context":{{"externalIds":[{{"id":"{text}","type":"crm_id"}},{{"id":"1","type":"{text}"}}]}}"#));
        bodies.push(format!(
            r#""type":"group","groupId":"{}","traits":{{}}"#,
            &text[..500]
        ));
    }
    bodies
}

/// Texts that are no text, time, number or phone.
fn texts() -> Vec<String> {
    let mut bodies = Vec::new();
    for text in [
        r"\ud800",
        r"a\udc00b",
        r"\uffff",
        r"\ud83d\ude00",
        r"\u0001\u001f\u007f\u0085\u2028\ufeff",
        "İ",
        "9999-12-31T23:59:59Z",
        "-009999-01-01T00:00:00Z",
        "+1;phone-context=",
        "+",
        "+1",
        "tel:+1-800;ext=1;phone-context=+",
        "nan",
        "inf",
        "-",
    ] {
        bodies.push(format!(r#""type":"identify","traits":{{"{text}":"{text}","phone":"{text}","email":"{text}@x.example"}}"#));
        bodies.push(format!(
            r#""type":"track","event":"Order Completed","properties":{{"order_id":"{text}","total":"{text}","currency":"{text}","placed_at":"{text}",
            "status":"{text}","products":[{{"name":"{text}","quantity":"{text}","price":"{text}"}}]}}"#
        ));
        bodies.push(format!(
            r#""type":"track","event":"Ticket Created","properties":{{"ticket_id":"{text}","opened_at":"{text}","status":"{text}","body":"{text}"}}"#
        ));
        bodies.push(format!(
            r#""type":"page","timestamp":"{text}","name":"{text}""#
        ));
    }
    bodies
}

/// Calls that are odd in what they say; each is of a customer of its own, whose id is its place.
pub(super) fn calls() -> Vec<String> {
    let bodies = [deep(), numbers(), reserved(), long(), texts()].concat();
    let calls = bodies.into_iter().enumerate();
    calls
        .map(|(at, body)| format!(r#"{{"anonymousId":"c{at}","messageId":"m{at}",{body}}}"#))
        .collect()
}
