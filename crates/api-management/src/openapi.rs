//! The OpenAPI document: what all endpoints share. The rest is written at each endpoint.

use crate::error::{ApiError, PROBLEM_JSON, Problem};
use muster_app::AppError;
use muster_app::usecases::authoring::AuthoringError;
use std::collections::BTreeMap;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, Info, License, OpenApi, OpenApiBuilder, Ref, RefOr, Response, ResponseBuilder, Schema,
};
use utoipa::{IntoResponses, ToSchema};

/// The problems that any endpoint can answer with, each with an example made by the mapping itself.
pub(crate) struct Problems;

impl IntoResponses for Problems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let examples = [
            ("A header, a parameter or the body cannot be read", bad_parameter()),
            ("No valid token", ApiError::Unauthenticated.problem()),
            ("The token does not open this", ApiError::Forbidden.problem()),
            ("Not there, or not for this token", ApiError::not_found("campaign", "17").problem()),
            (
                "A unique value is taken, or the object's state does not allow it",
                ApiError::from(AppError::Duplicate { what: "name", value: "Spring".to_owned() }).problem(),
            ),
            ("`If-Match` names another version", ApiError::MatchFailed.problem()),
            (
                "The request breaks a rule",
                ApiError::from(AuthoringError::field("time_zone", "\"Mars\" is not the name of a time zone"))
                    .problem(),
            ),
            ("`If-Match` is missing", ApiError::MatchRequired.problem()),
            ("Not now", ApiError::from(AppError::Contended).problem()),
        ];
        let response = |(description, problem): (&str, Problem)| {
            let schema = RefOr::<Schema>::Ref(Ref::from_schema_name(Problem::name()));
            let example = serde_json::to_value(&problem).ok();
            let content = ContentBuilder::new().schema(Some(schema)).example(example).build();
            let response = ResponseBuilder::new().description(description).content(PROBLEM_JSON, content);
            (problem.status.to_string(), RefOr::T(response.build()))
        };
        examples.into_iter().map(response).collect()
    }
}

fn bad_parameter() -> Problem {
    ApiError::Parameter { name: "limit", reason: "must be a number from 1 to 500".to_owned() }.problem()
}

/// The document without its paths.
pub(crate) fn frame() -> OpenApi {
    let mut info = Info::new("Muster management API", env!("CARGO_PKG_VERSION"));
    info.license = Some(License::builder().name("Apache-2.0").identifier(Some("Apache-2.0")).build());
    info.description = Some(DESCRIPTION.to_owned());
    let mut document = OpenApiBuilder::new().info(info).build();
    let mut components = document.components.take().unwrap_or_default();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("A management token"));
    components.add_security_scheme("token", SecurityScheme::Http(bearer.build()));
    let mut schemas = Vec::new();
    <Problem as ToSchema>::schemas(&mut schemas);
    components.schemas.extend(schemas);
    components.schemas.insert(Problem::name().into_owned(), <Problem as utoipa::PartialSchema>::schema());
    document.components = Some(components);
    let none: [&str; 0] = [];
    document.security = Some(vec![SecurityRequirement::new("token", none)]);
    document
}

const DESCRIPTION: &str = "\
Organizations, apps, campaigns with everything below them, customers and background work.

**Authentication.** `Authorization: Bearer <management token>`. A token opens one organization, or all. What a \
token does not open is answered as if it did not exist.

**Errors** are RFC 9457 problem details; branch on `code`.

**Versions.** Every object has an `ETag`. Replacing or deleting one needs it in `If-Match`; actions take it. A \
stale one is answered with 412 and nothing is changed.

**Idempotency.** With an `Idempotency-Key` header the same request is carried out once, and every repetition gets \
the first answer, without secrets. The same key with another request is refused.

**Lists** take `limit` (1 to 500, by default 50) and `cursor`, the `next_cursor` of the page before.

**Dates** are RFC 3339 in UTC. In campaign documents they can also be relative to the moment of writing, such as \
`3 days ago`; what is stored is always a moment. Durations carry their unit: `7 days`.";
