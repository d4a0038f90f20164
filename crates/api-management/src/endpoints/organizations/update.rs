use super::{Input, Output, shown, tag};
use crate::call::{Call, Outcome, Path};
use crate::error::ApiError;
use crate::openapi::Problems;
use muster_app::usecases::authoring::organizations;
use muster_domain::organization::Organization;

/// Replace what is said about an organization.
#[utoipa::path(
    put, path = "/manage/v1/organizations/{organization}", operation_id = "update_organization",
    tag = "organizations", request_body = Input,
    params(
        ("organization" = i64, Path), ("If-Match" = String, Header),
        ("Idempotency-Key" = Option<String>, Header),
    ),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn update_organization(Path(organization): Path<String>, call: Call) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    if let Some(reply) = call.remembered().await? {
        return Ok(reply);
    }
    let condition = call.if_match()?;
    if !condition.holds(&tag(&snapshot.organization)) {
        return Err(ApiError::MatchFailed);
    }
    let draft = call.json::<Input>()?.draft();
    let unchanged = |stored: &Organization| condition.holds(&tag(stored));
    let remember = |organization: &Organization| call.remember(&shown(organization));
    let result = organizations::update(call.services(), snapshot.id(), draft, unchanged, &remember).await;
    call.finish(result, shown).await
}
