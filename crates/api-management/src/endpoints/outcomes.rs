//! `/manage/v1/organizations/{organization}/outcomes`

use crate::answer::Answer;
use crate::call::{App, Call, Outcome, Path};
use crate::document::rfc3339;
use crate::openapi::Problems;
use crate::page::{Page, PageRequest};
use axum::response::IntoResponse;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_outcomes))
}

const LIST: &str = "outcomes";

/// Something that happened, handed to the outbox with the change that caused it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = OutcomeEntry)]
struct Output {
    /// Time-ordered identifier.
    id: String,
    /// The customer it is about.
    customer: String,
    /// Kind, such as `behavior.achieved` or `campaign.opted_in`.
    kind: String,
    /// Details by kind.
    #[schema(value_type = Object)]
    payload: Value,
    /// When it happened.
    created_at: String,
}

/// List outcomes, oldest first.
///
/// Keep the last `next_cursor` to read on later.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}/outcomes", operation_id = "list_outcomes",
    tag = "outcomes",
    params(
        ("organization" = i64, Path), ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)
    ),
    responses((status = 200, body = Page<Output>), Problems)
)]
async fn list_outcomes(Path(organization): Path<String>, call: Call) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let request = PageRequest::read(&call.query, LIST)?;
    let after = request.after::<Uuid>()?;
    let entries = call.services().store.page_outbox(snapshot.id(), after, request.limit + 1).await?;
    let keyed = entries
        .into_iter()
        .map(|entry| {
            let output = Output {
                id: entry.id.to_string(),
                customer: entry.customer.to_string(),
                kind: entry.kind,
                payload: entry.payload,
                created_at: rfc3339(entry.created_at),
            };
            (entry.id.to_string(), output)
        })
        .collect();
    Ok(Answer::ok(&Page::of(keyed, &request, LIST)).into_response())
}
