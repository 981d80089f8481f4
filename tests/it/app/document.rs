//! What the server says that it serves: the routes of /openapi.json, so that tests which try every
//! route forget none.

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
                    path: filled(path, &operation["parameters"], customer),
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

/// A path with the examples that the document gives of its words, and this customer.
fn filled(path: &str, parameters: &Value, customer: &str) -> String {
    let parameters = parameters.as_array().into_iter().flatten();
    let words = parameters.filter(|parameter| parameter["in"] == "path");
    let path = words.fold(path.to_owned(), |path, word| {
        let name = word["name"].as_str().expect("a name");
        let example = match name {
            "customer" => customer,
            _ => word["example"].as_str().expect("an example"),
        };
        path.replace(&format!("{{{name}}}"), example)
    });
    assert!(!path.contains('{'), "{path}: each word has an example");
    path
}
