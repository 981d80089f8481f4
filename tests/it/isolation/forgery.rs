//! Tokens that nobody minted for this customer.

use super::crowd::Crowd;
use crate::app::NOW;
use acquaint::id::ProfileId;
use acquaint::store::access::Workspace;
use acquaint::tool::caller::{self, Verification};
use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

/// What is wrong with a token, and the token.
type Forgeries = Vec<(String, String)>;

/// Someone with a good token of their own, who wants another's.
struct Forger<'a> {
    crowd: &'a Crowd,
    own: &'a Workspace,
    other: &'a Workspace,
    /// Header, claims and signature of the good token.
    parts: Vec<&'a str>,
    claims: Value,
}

/// Every token that must open nothing.
pub fn tokens(crowd: &Crowd, own: &Workspace, other: &Workspace) -> Forgeries {
    let parts: Vec<&str> = crowd.ann.split('.').collect();
    let claims = BASE64URL_NOPAD
        .decode(parts[1].as_bytes())
        .expect("base 64");
    let forger = Forger {
        crowd,
        own,
        other,
        parts,
        claims: serde_json::from_slice(&claims).expect("claims"),
    };
    let mut all = forger.edited();
    all.extend(forger.with_another_header());
    all.extend(forger.signed_with_another_key());
    all.extend(forger.meant_for_something_else());
    all.extend(forger.in_pieces());
    all
}

fn encode(value: &Value) -> String {
    BASE64URL_NOPAD.encode(value.to_string().as_bytes())
}

fn sign(claims: &Value, kid: &Workspace, algorithm: Algorithm, key: &str) -> String {
    let mut header = Header::new(algorithm);
    header.kid = Some(kid.id.to_string());
    let key = EncodingKey::from_secret(key.as_bytes());
    jsonwebtoken::encode(&header, claims, &key).expect("a token")
}

impl Forger<'_> {
    fn claims_with(&self, name: &str, value: Value) -> Value {
        let mut claims = self.claims.clone();
        claims[name] = value;
        claims
    }

    fn claims_of_bob(&self) -> Value {
        self.claims_with("sub", json!(self.crowd.bob_id))
    }

    /// The key that this workspace signs with.
    fn key(&self) -> String {
        format!("session:{}", self.own.secret)
    }

    /// Other claims under the good signature.
    fn edited(&self) -> Forgeries {
        let changes = [
            ("sub", json!(self.crowd.bob_id)),
            ("sub", json!(self.crowd.rival_id)),
            ("scope", json!("profile:read customers:any")),
            ("scope", json!("admin")),
            ("exp", json!(NOW.ms())),
            ("ver", json!("anonymous")),
        ];
        let edited = changes.into_iter().map(|(name, value)| {
            let claims = encode(&self.claims_with(name, value));
            let token = format!("{}.{claims}.{}", self.parts[0], self.parts[2]);
            (format!("an edited `{name}`"), token)
        });
        edited.collect()
    }

    fn with_another_header(&self) -> Forgeries {
        let mut all = Vec::new();
        let claims = encode(&self.claims_of_bob());
        for algorithm in ["none", "None", "HS384", "RS256"] {
            for signature in ["", self.parts[2]] {
                let header = encode(&json!({"alg": algorithm, "typ": "JWT", "kid": self.own.id}));
                let token = format!("{header}.{claims}.{signature}");
                all.push((format!("alg={algorithm}"), token));
            }
        }
        for kid in [
            json!("w_nobody"),
            json!(""),
            json!("\u{0}"),
            json!("' or '1'='1"),
            json!(self.other.id),
            Value::Null,
        ] {
            let header = encode(&json!({"alg": "HS256", "typ": "JWT", "kid": kid}));
            let token = format!("{header}.{}.{}", self.parts[1], self.parts[2]);
            all.push((format!("kid={kid}"), token));
        }
        all
    }

    fn signed_with_another_key(&self) -> Forgeries {
        let keys = [
            ("no key", String::new()),
            ("the workspace's name", self.own.name.clone()),
            ("the workspace's id", self.own.id.to_string()),
            ("another's key", format!("session:{}", self.other.secret)),
            ("the bare secret", self.own.secret.clone()),
        ];
        let claims = self.claims_of_bob();
        let signed = keys.into_iter().map(|(what, key)| {
            let token = sign(&claims, self.own, Algorithm::HS256, &key);
            (format!("signed with {what}"), token)
        });
        signed.collect()
    }

    /// Signed with the right key, but no session of ours.
    fn meant_for_something_else(&self) -> Forgeries {
        let (claims, key) = (self.claims_of_bob(), self.key());
        let mut all = vec![
            (
                "another algorithm".to_owned(),
                sign(&claims, self.own, Algorithm::HS512, &key),
            ),
            (
                "another workspace's name".to_owned(),
                sign(&claims, self.other, Algorithm::HS256, &key),
            ),
        ];
        for (name, value) in [
            ("aud", json!("something else")),
            ("iss", json!("someone else")),
            ("exp", json!(NOW.ms() / 1000)),
        ] {
            let claims = self.claims_with(name, value);
            let token = sign(&claims, self.own, Algorithm::HS256, &key);
            all.push((format!("a wrong `{name}`"), token));
        }
        all
    }

    fn in_pieces(&self) -> Forgeries {
        let rival = &ProfileId::new(self.crowd.rival_id.as_str());
        let (foreign, _) =
            caller::mint(self.other, rival, 900, Verification::Verified, NOW).expect("a token");
        let (_, foreign) = foreign.split_once('.').expect("three parts");
        let ann = &self.crowd.ann;
        let mut all = vec![
            format!("{}.{foreign}", self.parts[0]),
            ann[..ann.len() - 1].to_owned(),
            format!("{}.{}.", self.parts[0], self.parts[1]),
        ];
        let words = ["..", "a.b.c", "null", "undefined", "Bearer", "sk.live"];
        all.extend(words.map(str::to_owned));
        let named = all
            .into_iter()
            .map(|token| (format!("pieces: {token}"), token));
        named.collect()
    }
}
