//! The signature of session tokens: `jsonwebtoken` has the format and the checks, `ring` the HMAC.
//!
//! The backends of `jsonwebtoken` bring RSA and two elliptic curves in Rust, or another C library;
//! `ring` is a dependency already, for the connection to PostgreSQL. It also has RS256, ES256 and
//! `EdDSA`, so tokens of other issuers would need one more arm here each.

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::signature::{self, Signer, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, EncodingKey};
use ring::hmac;
use std::sync::Once;

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes `jsonwebtoken` use the functions below. Must run before the first token; later calls do
/// nothing.
pub(super) fn install() {
    static INSTALLED: Once = Once::new();
    // This fails if another provider was installed first, which then signs as well.
    INSTALLED.call_once(|| {
        let _ = PROVIDER.install_default();
    });
}

/// A secret for one HMAC algorithm.
struct HmacKey {
    algorithm: Algorithm,
    key: hmac::Key,
}

impl HmacKey {
    fn new(algorithm: Algorithm, family: AlgorithmFamily, secret: &[u8]) -> Result<Self> {
        let hash = match algorithm {
            Algorithm::HS256 => hmac::HMAC_SHA256,
            Algorithm::HS384 => hmac::HMAC_SHA384,
            Algorithm::HS512 => hmac::HMAC_SHA512,
            _ => return Err(ErrorKind::InvalidAlgorithm.into()),
        };
        if family != AlgorithmFamily::Hmac {
            return Err(ErrorKind::InvalidKeyFormat.into());
        }
        let key = hmac::Key::new(hash, secret);
        Ok(Self { algorithm, key })
    }
}

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    Ok(Box::new(HmacKey::new(
        *algorithm,
        key.family(),
        key.as_bytes(),
    )?))
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    let secret = key.try_get_as_bytes()?;
    Ok(Box::new(HmacKey::new(*algorithm, key.family(), secret)?))
}

impl Signer<Vec<u8>> for HmacKey {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, signature::Error> {
        Ok(hmac::sign(&self.key, message).as_ref().to_vec())
    }
}

impl Verifier<Vec<u8>> for HmacKey {
    /// Compares in constant time.
    fn verify(
        &self,
        message: &[u8],
        signature: &Vec<u8>,
    ) -> std::result::Result<(), signature::Error> {
        hmac::verify(&self.key, message, signature).map_err(|_| signature::Error::new())
    }
}

impl JwtSigner for HmacKey {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl JwtVerifier for HmacKey {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::{Header, Validation};
    use serde_json::{Value, json};

    #[test]
    fn the_example_of_rfc_7515_verifies() {
        let secret = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
        let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
            eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
            dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        install();
        let key = DecodingKey::from_base64_secret(&standard(secret)).expect("base 64");
        let mut validation = Validation::new(Algorithm::HS256);
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        let read = |token: &str| jsonwebtoken::decode::<Value>(token, &key, &validation);
        assert_eq!(read(token).expect("good").claims["iss"], "joe");
        let forged = token.replace("dBjf", "dBjg");
        assert!(read(&forged).is_err());
        assert!(read(&token[..token.len() - 2]).is_err(), "cut short");
    }

    /// Converts base64url to padded standard base64.
    fn standard(text: &str) -> String {
        text.replace('-', "+").replace('_', "/") + "=="
    }

    #[test]
    fn a_secret_signs_nothing_but_keyed_hashes() {
        install();
        let key = EncodingKey::from_secret(b"secret");
        for algorithm in [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA] {
            let header = Header::new(algorithm);
            assert!(jsonwebtoken::encode(&header, &json!({}), &key).is_err());
        }
    }
}
