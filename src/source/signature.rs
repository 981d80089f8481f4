//! Webhook signatures: base64 of an HMAC-SHA256 with the source's secret.
//!
//! A signature is compared in constant time, and a refusal names the header but never the expected
//! value.

use crate::{Error, Result};
use data_encoding::BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Signs the concatenation of `parts`, as a source with this secret does.
#[must_use]
pub fn sign(secret: &str, parts: &[&[u8]]) -> String {
    BASE64.encode(&mac(secret, parts).finalize().into_bytes())
}

/// Verifies a `signature`, the value of `header`, of the concatenation of `parts`.
///
/// # Errors
/// [`Error::BadSignature`] that says which header is missing or wrong.
pub fn verify(header: &str, signature: Option<&str>, secret: &str, parts: &[&[u8]]) -> Result<()> {
    // Anyone could sign with an empty secret.
    if secret.is_empty() {
        let message = "the source has no signing secret; add it with its `--secret`";
        return Err(Error::BadSignature(message.to_owned()));
    }
    let Some(signature) = signature.map(str::trim).filter(|text| !text.is_empty()) else {
        return Err(Error::BadSignature(format!("header `{header}` is missing")));
    };
    let Ok(tag) = BASE64.decode(signature.as_bytes()) else {
        return Err(Error::BadSignature(format!(
            "header `{header}` is not base64"
        )));
    };
    mac(secret, parts).verify_slice(&tag).map_err(|_| {
        let message = format!("header `{header}` does not fit the body and this source's secret");
        Error::BadSignature(message)
    })
}

fn mac(secret: &str, parts: &[&[u8]]) -> Hmac<Sha256> {
    let mac = Hmac::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    parts.iter().fold(mac, |mac, part| mac.chain_update(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(signature: Option<&str>, secret: &str, body: &[u8]) -> String {
        let error = verify("x-signature", signature, secret, &[body]).expect_err("refused");
        assert_eq!(error.status(), 401);
        error.to_string()
    }

    /// Test case 2 of RFC 4231, whose key and data are text.
    #[test]
    fn signs_as_the_rfc_does() {
        let signature = sign("Jefe", &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(signature, "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=");
        verify(
            "x-signature",
            Some(&signature),
            "Jefe",
            &[b"what do ya want for nothing?"],
        )
        .expect("accepted");
    }

    #[test]
    fn each_refusal_names_the_header_and_never_the_expected_value() {
        let good = sign("secret", &[b"body"]);
        for (signature, secret, body, reason) in [
            (None, "secret", "body", "is missing"),
            (Some(""), "secret", "body", "is missing"),
            (Some("not base64!"), "secret", "body", "is not base64"),
            (Some("c2hvcnQ="), "secret", "body", "does not fit"),
            (Some(good.as_str()), "other", "body", "does not fit"),
            (Some(good.as_str()), "secret", "body ", "does not fit"),
        ] {
            let message = refusal(signature, secret, body.as_bytes());
            assert!(
                message.contains("`x-signature`") && message.contains(reason),
                "{message}"
            );
            assert!(
                !message.contains(&sign(secret, &[body.as_bytes()])),
                "{message}"
            );
        }
    }

    #[test]
    fn an_empty_secret_verifies_nothing() {
        assert!(refusal(Some(&sign("", &[b"body"])), "", b"body").contains("no signing secret"));
    }
}
