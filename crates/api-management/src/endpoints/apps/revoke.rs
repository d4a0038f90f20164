use super::{Output, check, find, shown};
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;
use muster_app::usecases::authoring::apps;
use muster_domain::organization::App;

/// Revoke an app for good.
///
/// Its credentials authenticate nobody from now on. Repeating it changes nothing.
#[utoipa::path(
    post, path = "/manage/v1/organizations/{organization}/apps/{api_key}/revoke",
    operation_id = "revoke_app", tag = "apps",
    params(
        ("organization" = i64, Path), ("api_key" = String, Path), ("If-Match" = Option<String>, Header),
        ("Idempotency-Key" = Option<String>, Header),
    ),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn revoke_app(Path((organization, key)): Path<(String, String)>, call: Call) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let app = find(&snapshot, &key)?;
    if let Some(reply) = call.remembered().await? {
        return Ok(reply);
    }
    check(&call, app)?;
    let remember = |app: &App| call.remember(&shown(app));
    let result = apps::revoke(call.services(), snapshot.id(), &app.api_key, &remember).await;
    call.finish(result, shown).await
}
