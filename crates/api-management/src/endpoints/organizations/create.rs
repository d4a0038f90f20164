use super::{Input, Output, created};
use crate::call::{Call, Outcome};
use crate::openapi::Problems;
use muster_app::usecases::authoring::organizations;
use muster_domain::organization::Organization;

/// Create an organization.
///
/// Needs a token for all organizations.
#[utoipa::path(
    post, path = "/manage/v1/organizations", operation_id = "create_organization", tag = "organizations",
    request_body = Input, params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = Output), Problems)
)]
pub(super) async fn create_organization(call: Call) -> Outcome {
    call.require_global()?;
    if let Some(reply) = call.remembered().await? {
        return Ok(reply);
    }
    let draft = call.json::<Input>()?.draft();
    let remember = |organization: &Organization| call.remember(&created(organization));
    let result = organizations::create(call.services(), draft, &remember).await;
    call.finish(result, created).await
}
