use super::{Wire, shown, tag};
use crate::call::{Call, Outcome, Path};
use crate::error::ApiError;
use crate::openapi::Problems;
use crate::read::known_or;
use muster_domain::ids::DivisionId;

/// Read a division.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}/divisions/{division}",
    operation_id = "read_division", tag = "divisions",
    params(("organization" = i64, Path), ("division" = String, Path)),
    responses((status = 200, body = Wire), Problems)
)]
pub(super) async fn read_division(
    Path((organization, division)): Path<(String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let id = DivisionId(division);
    let found = snapshot.divisions.get(&id).ok_or_else(|| ApiError::not_found("division", id.0))?;
    Ok(known_or(&call, &tag(found), || shown(found)))
}
