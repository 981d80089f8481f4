//! A route as data, from which the router and the OpenAPI document are made.
//!
//! Each file with handlers has a list of their routes; `surface::ROUTES` is the list of these
//! lists. The lists are read once, when a server starts, so they cost nothing for a request.

use super::{App, schema};
use axum::Router;
use axum::routing::{MethodFilter, MethodRouter};
use schemars::generate::SchemaGenerator;
use schemars::{JsonSchema, Schema};
use serde_json::Value;
use std::sync::Arc;

/// Makes the schema of a body, which becomes a component of the document if it has a name.
pub(super) type Shape = fn(&mut SchemaGenerator) -> Schema;

/// Makes the handler of a route for a method.
type Serve = fn(MethodFilter) -> MethodRouter<Arc<App>>;

/// A parameter in the path: its name, its description, and an example, which tests use as well.
pub(super) type PathParameter = (&'static str, &'static str, &'static str);

/// The parameter that most paths have.
pub(super) const CUSTOMER: PathParameter = (
    "customer",
    "The customer as type:value, such as email:ada@example.com.",
    "user_id:u1",
);

/// A route.
pub(super) struct Route {
    pub method: Method,
    pub path: &'static str,
    /// Other paths of the same route.
    pub also: &'static [&'static str],
    /// The parameters in braces of the path.
    pub path_parameters: &'static [PathParameter],
    pub serve: Serve,
    /// The tag in the document.
    pub tag: &'static str,
    pub summary: &'static str,
    pub needs: Credential,
    /// The schema of the query, with everything inline.
    pub query: Option<fn() -> Value>,
    /// The content type of the request body, and its schema.
    pub request: Option<(&'static str, Shape)>,
    pub response: Content,
    /// Whether SDKs use it: then it allows any origin and a `/` at the end, and errors have the
    /// shape that SDKs read.
    pub sdk: bool,
    /// Whether `{name}` is a tool: then the document has a path for each tool.
    pub of_tool: bool,
}

/// The methods of routes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Method {
    Get,
    Post,
    Put,
}

/// The credential of a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Credential {
    /// No credential, or one that OpenAPI cannot describe.
    None,
    /// A write key in Basic authorization, or a key with `collect`.
    WriteKey,
    /// A key or a session token.
    Bearer,
}

/// The content of a response.
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

/// A GET route.
pub(super) const fn get(path: &'static str, serve: Serve) -> Route {
    Route {
        method: Method::Get,
        path,
        also: &[],
        path_parameters: &[],
        serve,
        tag: "",
        summary: "",
        needs: Credential::None,
        query: None,
        request: None,
        response: Content::Json(schema::object),
        sdk: false,
        of_tool: false,
    }
}

/// A POST route.
pub(super) const fn post(path: &'static str, serve: Serve) -> Route {
    Route {
        method: Method::Post,
        ..get(path, serve)
    }
}

/// A PUT route.
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
    /// Sets the tag and the summary, a sentence.
    pub const fn documented(mut self, tag: &'static str, summary: &'static str) -> Self {
        self.tag = tag;
        self.summary = summary;
        self
    }

    /// Sets other paths of the route.
    pub const fn also(mut self, paths: &'static [&'static str]) -> Self {
        self.also = paths;
        self
    }

    /// Sets the parameters in the path.
    pub const fn path_parameters(mut self, path_parameters: &'static [PathParameter]) -> Self {
        self.path_parameters = path_parameters;
        self
    }

    /// The route needs a key or a session token.
    pub const fn bearer(mut self) -> Self {
        self.needs = Credential::Bearer;
        self
    }

    /// The route needs a write key, or a key with `collect`.
    pub const fn write_key(mut self) -> Self {
        self.needs = Credential::WriteKey;
        self
    }

    /// Sets the schema of the query.
    pub const fn query(mut self, query: fn() -> Value) -> Self {
        self.query = Some(query);
        self
    }

    /// Sets the schema of the request body, as JSON.
    pub const fn request(self, shape: Shape) -> Self {
        self.request_as("application/json", shape)
    }

    /// Sets the content type and the schema of the request body.
    pub const fn request_as(mut self, content_type: &'static str, shape: Shape) -> Self {
        self.request = Some((content_type, shape));
        self
    }

    /// Sets the schema of the response; the default is any object.
    pub const fn response(mut self, shape: Shape) -> Self {
        self.response = Content::Json(shape);
        self
    }

    /// Sets the content type of a response that is no JSON.
    pub const fn response_as(mut self, content_type: &'static str) -> Self {
        self.response = Content::Other(content_type);
        self
    }

    /// The parameter `{name}` is a tool.
    pub const fn of_tool(mut self) -> Self {
        self.of_tool = true;
        self
    }

    /// The route is used by SDKs.
    pub const fn for_sdks(mut self) -> Self {
        self.sdk = true;
        self
    }

    /// The paths in the document.
    pub fn paths(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.path).chain(self.also.iter().copied())
    }

    /// The paths in the router.
    pub fn served(&self) -> impl Iterator<Item = String> {
        let ends: &[&str] = if self.sdk { &["", "/"] } else { &[""] };
        self.paths()
            .flat_map(move |path| ends.iter().map(move |end| format!("{path}{end}")))
    }
}

/// The router of these routes.
pub(super) fn router(routes: impl Iterator<Item = &'static Route>) -> Router<Arc<App>> {
    routes.fold(Router::new(), |router, route| {
        route.served().fold(router, |router, path| {
            router.route(&path, (route.serve)(route.method.filter()))
        })
    })
}

#[cfg(test)]
mod tests;
