use super::{Input, Output, shown};
use crate::call::{Call, Outcome, Path};
use crate::error::ApiError;
use crate::etag;
use crate::openapi::Problems;
use muster_app::ports::AttributeModel;
use muster_app::usecases::authoring::models;

/// Replace an attribute model's definitions, or create the model.
///
/// Replacing one that has definitions needs `If-Match`.
#[utoipa::path(
    put, path = "/manage/v1/organizations/{organization}/models/{model}", operation_id = "put_model",
    tag = "models", request_body = Input,
    params(
        ("organization" = i64, Path), ("model" = String, Path), ("If-Match" = Option<String>, Header),
        ("Idempotency-Key" = Option<String>, Header),
    ),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn put_model(Path((organization, model)): Path<(String, String)>, call: Call) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    if let Some(reply) = call.remembered().await? {
        return Ok(reply);
    }
    let condition = etag::if_match(&call.headers)?;
    let holds = |stored: Option<&AttributeModel>| match (stored, &condition) {
        (None, None) => Ok(()),
        (Some(_), None) => Err(ApiError::MatchRequired),
        (Some(stored), Some(condition)) if condition.holds(&etag::of_version(stored.version)) => Ok(()),
        (_, Some(_)) => Err(ApiError::MatchFailed),
    };
    holds(snapshot.models.iter().find(|stored| stored.name == model))?;
    let attributes = call.json::<Input>()?.attributes;
    let unchanged = |stored: Option<&AttributeModel>| holds(stored).is_ok();
    let remember = |model: &AttributeModel| call.remember(&shown(model));
    let result = models::put(call.services(), snapshot.id(), &model, attributes, unchanged, &remember).await;
    call.finish(result, shown).await
}
