//! The encodings of calls: compressed bodies, Basic authorization, the query of a pixel.
//!
//! These are pure functions, so that each encoding is tested without a request.

use std::borrow::Cow;
use std::io::Read;
use std::sync::LazyLock;

use data_encoding::{BASE64_NOPAD, Encoding};
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use serde_json::{Map, Value};

use crate::{Error, Result};

/// The deepest nesting of dotted keys in a pixel's query; a call has two or three levels.
const MAX_LEVELS: usize = 8;

/// Base 64 in both alphabets, with any bits after the last byte. A space in a query is an unescaped
/// `+`.
static BASE64: LazyLock<Encoding> = LazyLock::new(|| {
    let mut form = BASE64_NOPAD.specification();
    form.check_trailing_bits = false;
    form.translate.from.push_str("-_ ");
    form.translate.to.push_str("+/+");
    form.encoding().expect("every character has one meaning")
});

/// Decompresses a body to at most `max` bytes.
///
/// Gzip is also recognised by its first two bytes, because some SDKs send no `Content-Encoding`;
/// JSON never starts with them.
///
/// # Errors
/// [`Error::TooLarge`] over `max` bytes, before more is in memory; [`Error::Invalid`] for a damaged
/// body or an unknown compression.
pub fn decode<'a>(encoding: Option<&str>, body: &'a [u8], max: usize) -> Result<Cow<'a, [u8]>> {
    let encoding = encoding.unwrap_or_default().trim().to_ascii_lowercase();
    let decoded = match encoding.as_str() {
        _ if body.starts_with(&[0x1f, 0x8b]) => inflate(MultiGzDecoder::new(body), "gzip", max)?,
        "gzip" | "x-gzip" => inflate(MultiGzDecoder::new(body), "gzip", max)?,
        // RFC 9110 means zlib by this word, but many senders send raw deflate.
        "deflate" if is_zlib(body) => inflate(ZlibDecoder::new(body), "deflate", max)?,
        "deflate" => inflate(DeflateDecoder::new(body), "deflate", max)?,
        "" | "identity" => Cow::Borrowed(body),
        _ => {
            return Err(Error::invalid(format!(
                "content encoding `{encoding}` is not known; send gzip or no encoding"
            )));
        }
    };
    if decoded.len() > max {
        return Err(Error::TooLarge(format!(
            "the body has more than {max} bytes; send less in one request"
        )));
    }
    Ok(decoded)
}

/// Reads at most one byte more than allowed, so that a small body cannot grow without bound.
fn inflate(reader: impl Read, name: &str, max: usize) -> Result<Cow<'static, [u8]>> {
    let mut decoded = Vec::new();
    let limit = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
    reader
        .take(limit)
        .read_to_end(&mut decoded)
        .map_err(|error| {
            Error::invalid(format!(
                "the body is damaged {name} ({error}); send it again, whole"
            ))
        })?;
    Ok(Cow::Owned(decoded))
}

/// Whether the first two bytes are those of zlib (RFC 1950, 2.2): method 8, and a checksum.
fn is_zlib(body: &[u8]) -> bool {
    matches!(body, [method, flags, ..] if method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]) % 31 == 0)
}

/// The user of a Basic authorization header, where SDKs put the write key.
#[must_use]
pub fn basic_user(authorization: &str) -> Option<String> {
    let (scheme, credentials) = authorization.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let credentials = String::from_utf8(base64(credentials.trim())?).ok()?;
    let user = credentials
        .split_once(':')
        .map_or(credentials.as_str(), |(user, _)| user);
    (!user.is_empty()).then(|| user.to_owned())
}

/// The JSON of the call in a pixel's query: `data` in base 64, or a pair for each field with dots
/// between levels.
///
/// `pairs` are the decoded names and values of the query. A `writeKey` besides `data` is added to
/// the call if it has none.
///
/// # Errors
/// [`Error::Invalid`] when `data` is not a JSON object in base 64.
pub fn pixel(pairs: &[(String, String)]) -> Result<Vec<u8>> {
    let value = |name: &str| {
        pairs
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    };
    let mut call = Map::new();
    if let Some(data) = value("data") {
        let wanted =
            "`data` is not a JSON object in base 64; send one, or the call's fields as pairs";
        let json = base64(data).ok_or_else(|| Error::invalid(wanted))?;
        call = serde_json::from_slice(&json).map_err(|_| Error::invalid(wanted))?;
        if let Some(key) = value("writeKey") {
            call.entry("writeKey").or_insert_with(|| Value::from(key));
        }
    } else {
        for (key, value) in pairs {
            insert(&mut call, key, value);
        }
    }
    serde_json::to_vec(&call).map_err(|error| Error::internal(error.to_string()))
}

/// Inserts `value` at the path of `key`, whose parts are separated by dots. The later of two values
/// for one path wins.
fn insert(call: &mut Map<String, Value>, key: &str, value: &str) {
    let mut levels = key.splitn(MAX_LEVELS, '.').peekable();
    let mut map = call;
    while let Some(level) = levels.next() {
        if levels.peek().is_none() {
            map.insert(level.to_owned(), Value::from(value));
            return;
        }
        let inner = map.entry(level).or_insert(Value::Null);
        if !inner.is_object() {
            *inner = Value::Object(Map::new());
        }
        let Value::Object(inner) = inner else { return };
        map = inner;
    }
}

/// Decodes a [`BASE64`] text, with or without padding.
fn base64(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text.trim_end_matches('=').as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use data_encoding::{BASE64, BASE64URL, BASE64URL_NOPAD};
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    fn gzip(body: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(body).expect("in memory");
        encoder.finish().expect("in memory")
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(key, value)| ((*key).into(), (*value).into()))
            .collect()
    }

    fn json_of(query: &[(&str, &str)]) -> Value {
        serde_json::from_slice(&pixel(&pairs(query)).expect("a call")).expect("JSON")
    }

    #[test]
    fn bodies_in_every_compression_that_sdks_use() {
        let body = br#"{"type":"page"}"#;
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(body).expect("in memory");
        let zlib = zlib.finish().expect("in memory");
        let mut raw = DeflateEncoder::new(Vec::new(), Compression::default());
        raw.write_all(body).expect("in memory");
        let raw = raw.finish().expect("in memory");
        let members = [gzip(&body[..5]), gzip(&body[5..])].concat();
        for (encoding, sent) in [
            (None, body.to_vec()),
            (Some("identity"), body.to_vec()),
            (Some("gzip"), gzip(body)),
            (Some(" GZip "), gzip(body)),
            (None, gzip(body)),
            (Some("gzip"), members),
            (Some("deflate"), zlib),
            (Some("deflate"), raw),
        ] {
            assert_eq!(
                &*decode(encoding, &sent, 100).expect("decoded"),
                body,
                "{encoding:?}"
            );
        }
    }

    #[test]
    fn a_small_body_cannot_grow_over_the_limit() {
        let zeros = gzip(&vec![0; 1_000_000]);
        assert_eq!(
            decode(None, &zeros, 999_999).expect_err("refused").status(),
            413
        );
        assert_eq!(
            decode(None, &zeros, 1_000_000).expect("at the limit").len(),
            1_000_000
        );
        assert_eq!(
            decode(None, b"12345", 4).expect_err("refused").status(),
            413
        );
    }

    #[test]
    fn a_damaged_body_is_refused_with_the_reason() {
        let whole = gzip(b"some text that is long enough to be cut");
        let mut flipped = whole.clone();
        flipped[15] ^= 0xff;
        let cut = &whole[..whole.len() - 9];
        for (encoding, body) in [
            (None, cut),
            (None, &flipped[..]),
            (Some("gzip"), b"plain"),
            (None, &whole[..2]),
        ] {
            let error = decode(encoding, body, 100).expect_err("refused");
            assert_eq!(error.status(), 400);
            assert!(error.to_string().contains("damaged gzip"), "{error}");
        }
        let error = decode(Some("deflate"), b"\xff\xff\xff", 100).expect_err("refused");
        assert!(error.to_string().contains("damaged deflate"), "{error}");
        let error = decode(Some("br"), b"x", 100).expect_err("refused");
        assert!(error.to_string().contains("gzip"), "{error}");
    }

    #[test]
    fn the_user_of_basic_authorization() {
        for text in ["d2tfMTo=", "d2tfMQ==", "d2tfMQ", "d2tfMTpzZWNyZXQ="] {
            assert_eq!(
                basic_user(&format!("Basic {text}")).as_deref(),
                Some("wk_1"),
                "{text}"
            );
        }
        assert_eq!(basic_user("basic  d2tfMTo").as_deref(), Some("wk_1"));
        for text in [
            "",
            "Basic",
            "Basic ",
            "Basic Og==",
            "Basic ***",
            "Basic /w==",
            "Bearer d2tfMTo=",
        ] {
            assert_eq!(basic_user(text), None, "{text}");
        }
    }

    #[test]
    fn a_pixel_with_data_in_any_base_64() {
        let call = r#"{"userId":"u1","event":"a>b?c~\u00fc\u00ff"}"#;
        let wanted: Value = serde_json::from_str(call).expect("JSON");
        for data in [
            BASE64.encode(call.as_bytes()),
            BASE64_NOPAD.encode(call.as_bytes()),
            BASE64URL.encode(call.as_bytes()),
            BASE64URL_NOPAD.encode(call.as_bytes()),
            BASE64.encode(call.as_bytes()).replace('+', " "),
        ] {
            assert_eq!(json_of(&[("data", &data)]), wanted, "{data}");
        }
        let data = BASE64.encode(br#"{"userId":"u1"}"#);
        let keyed = json_of(&[("writeKey", "wk"), ("data", &data)]);
        assert_eq!(keyed, serde_json::json!({"userId": "u1", "writeKey": "wk"}));
        for data in ["", "*", "W10=", "bm8"] {
            assert_eq!(
                pixel(&pairs(&[("data", data)]))
                    .expect_err("refused")
                    .status(),
                400,
                "{data}"
            );
        }
    }

    #[test]
    fn a_pixel_with_one_pair_per_field() {
        let call = json_of(&[
            ("userId", "u1"),
            ("properties.subject", "Hello"),
            ("properties.link.id", "7"),
            ("context", "lost"),
            ("context.ip", "203.0.113.9"),
            ("writeKey", "wk"),
        ]);
        let wanted = serde_json::json!({
            "userId": "u1", "properties": {"subject": "Hello", "link": {"id": "7"}},
            "context": {"ip": "203.0.113.9"}, "writeKey": "wk",
        });
        assert_eq!(call, wanted);
        let deep = json_of(&[(&"a.".repeat(5_000), "x")]);
        assert!(deep["a"]["a"]["a"].is_object());
        assert_eq!(json_of(&[]), serde_json::json!({}));
    }
}
