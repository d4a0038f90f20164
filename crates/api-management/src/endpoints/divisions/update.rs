use super::{Wire, shown, tag};
use crate::call::{Call, Outcome, Path};
use crate::document::DocumentError;
use crate::error::ApiError;
use crate::openapi::Problems;
use muster_app::usecases::authoring::divisions;
use muster_domain::ids::DivisionId;
use muster_domain::organization::Division;

/// Rename a division.
#[utoipa::path(
    put, path = "/manage/v1/organizations/{organization}/divisions/{division}",
    operation_id = "update_division", tag = "divisions", request_body = Wire,
    params(
        ("organization" = i64, Path), ("division" = String, Path), ("If-Match" = String, Header),
        ("Idempotency-Key" = Option<String>, Header),
    ),
    responses((status = 200, body = Wire), Problems)
)]
pub(super) async fn update_division(
    Path((organization, division)): Path<(String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let id = DivisionId(division);
    let stored = snapshot.divisions.get(&id).ok_or_else(|| ApiError::not_found("division", id.0.clone()))?;
    if let Some(reply) = call.remembered().await? {
        return Ok(reply);
    }
    let condition = call.if_match()?;
    if !condition.holds(&tag(stored)) {
        return Err(ApiError::MatchFailed);
    }
    let wire = call.json::<Wire>()?;
    if wire.id != id.0 {
        return Err(DocumentError::at("id", "must be the id in the address").into());
    }
    let division = Division { id, name: wire.name };
    let unchanged = |stored: &Division| condition.holds(&tag(stored));
    let remember = |division: &Division| call.remember(&shown(division));
    let result = divisions::update(call.services(), snapshot.id(), division, unchanged, &remember).await;
    call.finish(result, shown).await
}
