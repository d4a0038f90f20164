use super::{Input, Output, created};
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;
use muster_app::usecases::authoring::apps::{self, AppDraft, AppWithSecrets};
use muster_domain::organization::App;

/// Create an app.
///
/// The answer holds the secret and the bearer token, once: the server keeps digests only.
#[utoipa::path(
    post, path = "/manage/v1/organizations/{organization}/apps", operation_id = "create_app", tag = "apps",
    request_body = Input,
    params(("organization" = i64, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = Output), Problems)
)]
pub(super) async fn create_app(Path(organization): Path<String>, call: Call) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    if let Some(reply) = call.remembered().await? {
        return Ok(reply);
    }
    let input = call.json::<Input>()?;
    let draft =
        AppDraft { name: input.name, api_key: input.api_key, secret: input.secret, bearer: input.bearer };
    let remember = |app: &App| call.remember(&created(snapshot.id(), app));
    let result = apps::create(call.services(), snapshot.id(), draft, &remember).await;
    call.finish(result, |new: &AppWithSecrets| {
        created(snapshot.id(), &new.app).secret("secret", &new.secret).secret("bearer", &new.bearer)
    })
    .await
}
