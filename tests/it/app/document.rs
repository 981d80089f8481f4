//! What the server says that it serves: the routes of /openapi.json, so that tests which try every route forget none.

use super::TestApp;
use axum::body::Body;
use serde_json::Value;

/// A route, with something in the place of each word in braces.
#[derive(Clone, Debug)]
pub struct Operation {
    pub method: String,
    pub path: String,
    pub tag: String,
    /// What authorization it takes: `bearer`, `basic`; none where it takes all comers.
    pub opened_by: Vec<String>,
}

impl TestApp {
    /// Every route, about this customer.
    pub async fn operations(&self, customer: &str) -> Vec<Operation> {
        let answer = self.request("GET", "/openapi.json", &[], Body::empty());
        let document = answer.await.ok();
        let mut found = Vec::new();
        for (path, methods) in document["paths"].as_object().expect("paths") {
            for (method, operation) in methods.as_object().expect("methods") {
                found.push(Operation {
                    method: method.to_uppercase(),
                    path: filled(path, customer),
                    tag: operation["tags"][0].as_str().expect("a tag").to_owned(),
                    opened_by: schemes(&operation["security"]),
                });
            }
        }
        assert!(found.len() > 40, "{found:?}");
        found
    }
}

fn schemes(security: &Value) -> Vec<String> {
    let each = security.as_array().expect("a list").iter();
    each.flat_map(|scheme| scheme.as_object().expect("an object").keys().cloned())
        .collect()
}

fn filled(path: &str, customer: &str) -> String {
    let known = [
        ("{customer}", customer),
        ("{section}", "events"),
        ("{source}", "web"),
        ("{kind}", "page"),
        ("{write_key}", "wk_nobody"),
        ("{id}", "x_0"),
    ];
    let path = known.iter().fold(path.to_owned(), |path, (word, value)| {
        path.replace(word, value)
    });
    assert!(!path.contains('{'), "say here what {path} may be");
    path
}
