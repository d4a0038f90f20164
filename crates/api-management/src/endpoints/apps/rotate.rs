use super::{Output, check, find, shown};
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;
use muster_app::usecases::authoring::apps::{self, AppWithSecrets};
use muster_domain::organization::App;

/// Replace an app's secret and bearer token.
///
/// The old ones stop working at once; the answer holds the new ones, once.
#[utoipa::path(
    post, path = "/manage/v1/organizations/{organization}/apps/{api_key}/rotate",
    operation_id = "rotate_app", tag = "apps",
    params(
        ("organization" = i64, Path), ("api_key" = String, Path), ("If-Match" = Option<String>, Header),
        ("Idempotency-Key" = Option<String>, Header),
    ),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn rotate_app(Path((organization, key)): Path<(String, String)>, call: Call) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let app = find(&snapshot, &key)?;
    if let Some(reply) = call.remembered().await? {
        return Ok(reply);
    }
    check(&call, app)?;
    let remember = |app: &App| call.remember(&shown(app));
    let result = apps::rotate(call.services(), snapshot.id(), &app.api_key, &remember).await;
    call.finish(result, |new: &AppWithSecrets| {
        shown(&new.app).secret("secret", &new.secret).secret("bearer", &new.bearer)
    })
    .await
}
