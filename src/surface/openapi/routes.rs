//! Every route that the document shows, beside the tools and the words of collection.

use super::{
    Access, Content, Route, Shape, call, collect, health, identity, inline, staff, suggestion, wire,
};
use crate::identity::explain::Explanation;
use crate::steward::audit::{Decisions, Outcome};
use schemars::JsonSchema;
use schemars::generate::SchemaGenerator;

const fn shape<T: JsonSchema>() -> Shape {
    SchemaGenerator::subschema_for::<T>
}

const fn get(path: &'static str, tag: &'static str, summary: &'static str) -> Route {
    Route {
        method: "get",
        path,
        tag,
        summary,
        access: Access::Open,
        query: None,
        request: None,
        sends: "application/json",
        answer: Content::Json(wire::object),
    }
}

const fn post(
    path: &'static str,
    tag: &'static str,
    summary: &'static str,
    request: Shape,
) -> Route {
    Route {
        method: "post",
        request: Some(request),
        ..get(path, tag, summary)
    }
}

const fn put(
    path: &'static str,
    tag: &'static str,
    summary: &'static str,
    request: Shape,
) -> Route {
    Route {
        method: "put",
        sends: "application/toml",
        ..post(path, tag, summary, request)
    }
}

impl Route {
    const fn bearer(self) -> Self {
        Self {
            access: Access::Bearer,
            ..self
        }
    }

    const fn write_key(self) -> Self {
        Self {
            access: Access::WriteKey,
            ..self
        }
    }

    const fn asks(self, query: fn() -> serde_json::Value) -> Self {
        Self {
            query: Some(query),
            ..self
        }
    }

    const fn answers(self, answer: Content) -> Self {
        Self { answer, ..self }
    }
}

const fn json<T: JsonSchema>() -> Content {
    Content::Json(shape::<T>())
}

/// One call; the path says which.
pub(super) const CALL: Route = post("", "collect", "One call.", wire::call)
    .write_key()
    .answers(json::<collect::Collected>());

/// Many calls.
pub(super) const BATCH: Route = post(
    "",
    "collect",
    "Up to 500 KB of calls, each with its `type`.",
    wire::batch,
)
.write_key()
.answers(json::<collect::Collected>());

/// What a browser's SDK tells of itself.
pub(super) const METRICS: Route = post(
    "",
    "collect",
    "An SDK's metrics of itself; answered and not kept.",
    wire::object_in,
)
.answers(json::<collect::Collected>());

/// The routes by path.
pub(super) const ROUTES: &[Route] = &[
    get("/v1/tools", "tools", "The catalogue, in a model provider's format.")
        .bearer()
        .asks(inline::<call::CatalogueQuery>)
        .answers(Content::Json(wire::provider)),
    post("/v1/tool-calls", "tools", "A model's own tool calls in, that provider's tool results out; `X-Acquaint-Format` names the provider.", wire::provider_calls)
        .bearer()
        .answers(Content::Json(wire::provider)),
    post("/v1/sessions", "tools", "Mints a token that sees one customer and nothing else.", shape::<call::SessionRequest>())
        .bearer()
        .answers(json::<call::SessionAnswer>()),
    get("/v1/profiles/{customer}", "profiles", "The whole profile.")
        .bearer()
        .answers(Content::Json(wire::profile)),
    get("/v1/profiles/{customer}/{section}", "profiles", "One section of the profile, or a page of the events behind it, newest first.")
        .bearer()
        .asks(inline::<staff::PageQuery>)
        .answers(json::<staff::Page>()),
    get("/v1/profiles/{customer}/explain", "identity", "Why a customer is who they are: links, what was left out and by which rule, decisions.")
        .bearer()
        .asks(inline::<identity::ExplainQuery>)
        .answers(json::<Explanation>()),
    post("/v1/identity/match", "identity", "Matches one customer against all, from the index of the last run over everyone.", shape::<suggestion::MatchRequest>())
        .bearer()
        .answers(json::<suggestion::Matched>()),
    get("/v1/identity/suggestions", "identity", "Customers who are likely one, the likeliest first.")
        .bearer()
        .asks(inline::<suggestion::SuggestionsQuery>)
        .answers(json::<suggestion::SuggestionsPage>()),
    post("/v1/identity/suggestions/{id}/accept", "identity", "Joins the two of a suggestion, by a decision that can be undone.", shape::<suggestion::AnswerRequest>())
        .bearer()
        .answers(json::<suggestion::Answered>()),
    post("/v1/identity/suggestions/{id}/reject", "identity", "Keeps the two of a suggestion apart; they are not suggested again.", shape::<suggestion::AnswerRequest>())
        .bearer()
        .answers(json::<suggestion::Answered>()),
    post("/v1/identity/merge", "identity", "Makes one customer of two, by a decision that can be undone.", shape::<identity::MergeRequest>())
        .bearer()
        .answers(json::<Outcome>()),
    post("/v1/identity/split", "identity", "Parts a customer: identifiers, or one link, are not theirs.", shape::<identity::SplitRequest>())
        .bearer()
        .answers(json::<Outcome>()),
    post("/v1/identity/decisions/{id}/undo", "identity", "Takes a decision back, as if it had never been made.", shape::<identity::UndoRequest>())
        .bearer()
        .answers(json::<Outcome>()),
    get("/v1/identity/decisions", "identity", "Who decided what, newest first.")
        .bearer()
        .asks(inline::<identity::DecisionsQuery>)
        .answers(json::<Decisions>()),
    get("/v1/identity/rules", "identity", "The rules of identity in force.")
        .bearer()
        .answers(json::<identity::RulesAnswer>()),
    put("/v1/identity/rules", "identity", "Puts rules into force for what comes in from now on. Needs the scope `admin`.", wire::rules)
        .bearer()
        .answers(json::<identity::RulesAnswer>()),
    post("/v1/webhooks/{source}", "collect", "A delivery of another system, whose signature is checked with the source's secret.", wire::object_in)
        .answers(json::<collect::Collected>()),
    get("/v1/pixel/{kind}", "collect", "A call in an image's address, for e-mails and pages without scripts.")
        .asks(wire::pixel_query)
        .answers(Content::Other("image/gif")),
    get("/v1/projects/{write_key}/settings", "collect", "What Segment's browser and mobile SDKs ask first."),
    get("/projects/{write_key}/settings", "collect", "The same as /v1/projects/{write_key}/settings."),
    get("/sourceConfig", "collect", "What RudderStack's SDKs ask first.")
        .write_key()
        .asks(wire::write_key_query),
    get("/healthz", "server", "Answers as long as the process does.").answers(json::<health::Alive>()),
    get("/readyz", "server", "Answers when the database does.").answers(json::<health::Ready>()),
    get("/metrics", "server", "Counters and histograms for Prometheus.").answers(Content::Other("text/plain")),
    get("/openapi.json", "server", "This document."),
];
