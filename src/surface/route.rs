//! A route as a row of data: the router is made of it, and so is what the document says of it.
//!
//! Each file of this room lists the rows of its handlers beside them; `surface::ROUTES` is the list of these lists. All of it is
//! read once, when a server starts, so a row costs a request nothing.

use super::{App, schema};
use axum::Router;
use axum::routing::{MethodFilter, MethodRouter};
use schemars::generate::SchemaGenerator;
use schemars::{JsonSchema, Schema};
use serde_json::Value;
use std::sync::Arc;

/// The schema of a body, put among the document's components if it has a name.
pub(super) type Shape = fn(&mut SchemaGenerator) -> Schema;

/// Makes what answers a route for the method that it is given.
type Serve = fn(MethodFilter) -> MethodRouter<Arc<App>>;

/// A word in braces: its name, what it stands for, and an example, which tests put in its place.
pub(super) type Word = (&'static str, &'static str, &'static str);

/// The word in braces that most paths have.
pub(super) const CUSTOMER: Word = (
    "customer",
    "The customer as type:value, such as email:ada@example.com.",
    "user_id:u1",
);

/// One row.
pub(super) struct Route {
    pub method: Method,
    pub path: &'static str,
    /// Other paths that are the same route.
    pub also: &'static [&'static str],
    /// What the words in braces of the path stand for.
    pub words: &'static [Word],
    pub serve: Serve,
    /// The chapter of the document.
    pub tag: &'static str,
    pub summary: &'static str,
    pub needs: Credential,
    /// The type of the query, as a schema with everything inline.
    pub query: Option<fn() -> Value>,
    /// The type of what is sent, and its schema.
    pub request: Option<(&'static str, Shape)>,
    pub answer: Content,
    /// Whether SDKs ask it: then from pages of any origin, with or without a `/` at the end, and errors have their shape.
    pub sdk: bool,
    /// Whether `{name}` is a tool: then the document has a path for each tool, with its words and schemas.
    pub of_tool: bool,
}

/// The methods that routes have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Method {
    Get,
    Post,
    Put,
}

/// What a request must carry.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Credential {
    /// Nothing, or nothing that the document can say.
    None,
    /// A write key in Basic authorization, or a key with `collect`.
    WriteKey,
    /// A key or a session token.
    Bearer,
}

/// What a request is answered with.
#[derive(Clone, Copy)]
pub(super) enum Content {
    Json(Shape),
    Other(&'static str),
}

impl Method {
    /// Its name in the document.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
            Self::Put => "put",
        }
    }

    fn filter(self) -> MethodFilter {
        match self {
            Self::Get => MethodFilter::GET,
            Self::Post => MethodFilter::POST,
            Self::Put => MethodFilter::PUT,
        }
    }
}

/// A question.
pub(super) const fn get(path: &'static str, serve: Serve) -> Route {
    Route {
        method: Method::Get,
        path,
        also: &[],
        words: &[],
        serve,
        tag: "",
        summary: "",
        needs: Credential::None,
        query: None,
        request: None,
        answer: Content::Json(schema::object),
        sdk: false,
        of_tool: false,
    }
}

/// Something to do.
pub(super) const fn post(path: &'static str, serve: Serve) -> Route {
    Route {
        method: Method::Post,
        ..get(path, serve)
    }
}

/// Something to put in the place of what is there.
pub(super) const fn put(path: &'static str, serve: Serve) -> Route {
    Route {
        method: Method::Put,
        ..get(path, serve)
    }
}

/// The schema of a type.
pub(super) const fn shape<T: JsonSchema>() -> Shape {
    SchemaGenerator::subschema_for::<T>
}

impl Route {
    /// Its chapter, and what it does in a sentence.
    pub const fn says(mut self, tag: &'static str, summary: &'static str) -> Self {
        self.tag = tag;
        self.summary = summary;
        self
    }

    /// Other paths for it.
    pub const fn also(mut self, paths: &'static [&'static str]) -> Self {
        self.also = paths;
        self
    }

    /// What the words in braces stand for.
    pub const fn with(mut self, words: &'static [Word]) -> Self {
        self.words = words;
        self
    }

    /// It needs a key or a session token.
    pub const fn bearer(mut self) -> Self {
        self.needs = Credential::Bearer;
        self
    }

    /// It needs a write key, or a key with `collect`.
    pub const fn write_key(mut self) -> Self {
        self.needs = Credential::WriteKey;
        self
    }

    /// What its query may have.
    pub const fn asks(mut self, query: fn() -> Value) -> Self {
        self.query = Some(query);
        self
    }

    /// What is sent, as JSON.
    pub const fn takes(self, shape: Shape) -> Self {
        self.takes_as("application/json", shape)
    }

    /// What is sent, in another form.
    pub const fn takes_as(mut self, form: &'static str, shape: Shape) -> Self {
        self.request = Some((form, shape));
        self
    }

    /// What is answered; any object where nothing is said.
    pub const fn answers(mut self, shape: Shape) -> Self {
        self.answer = Content::Json(shape);
        self
    }

    /// What is answered where it is no JSON.
    pub const fn answers_as(mut self, form: &'static str) -> Self {
        self.answer = Content::Other(form);
        self
    }

    /// `{name}` is a tool.
    pub const fn of_tool(mut self) -> Self {
        self.of_tool = true;
        self
    }

    /// SDKs ask it.
    pub const fn for_sdks(mut self) -> Self {
        self.sdk = true;
        self
    }

    /// The paths that the document shows.
    pub fn paths(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.path).chain(self.also.iter().copied())
    }

    /// The paths that are served.
    pub fn served(&self) -> impl Iterator<Item = String> {
        let ends: &[&str] = if self.sdk { &["", "/"] } else { &[""] };
        self.paths()
            .flat_map(move |path| ends.iter().map(move |end| format!("{path}{end}")))
    }
}

/// Serves these.
pub(super) fn router(routes: impl Iterator<Item = &'static Route>) -> Router<Arc<App>> {
    routes.fold(Router::new(), |router, route| {
        route.served().fold(router, |router, path| {
            router.route(&path, (route.serve)(route.method.filter()))
        })
    })
}

#[cfg(test)]
mod tests;
