use super::{Name, Output, find, shown, tag};
use crate::call::{Call, Outcome, Path};
use crate::error::ApiError;
use crate::openapi::Problems;
use muster_app::usecases::authoring::apps;
use muster_domain::organization::App;

/// Rename an app.
#[utoipa::path(
    put, path = "/manage/v1/organizations/{organization}/apps/{api_key}", operation_id = "rename_app",
    tag = "apps", request_body = Name,
    params(
        ("organization" = i64, Path), ("api_key" = String, Path), ("If-Match" = String, Header),
        ("Idempotency-Key" = Option<String>, Header),
    ),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn rename_app(Path((organization, key)): Path<(String, String)>, call: Call) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let app = find(&snapshot, &key)?;
    if let Some(reply) = call.remembered().await? {
        return Ok(reply);
    }
    let condition = call.if_match()?;
    if !condition.holds(&tag(app)) {
        return Err(ApiError::MatchFailed);
    }
    let name = call.json::<Name>()?.name;
    let unchanged = |stored: &App| condition.holds(&tag(stored));
    let remember = |app: &App| call.remember(&shown(app));
    let result =
        apps::rename(call.services(), snapshot.id(), &app.api_key, &name, unchanged, &remember).await;
    call.finish(result, shown).await
}
