use super::{Output, shown, tag};
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;
use crate::read::known_or;

/// Read an organization.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}", operation_id = "read_organization",
    tag = "organizations", params(("organization" = i64, Path)),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn read_organization(Path(organization): Path<String>, call: Call) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let organization = &snapshot.organization;
    Ok(known_or(&call, &tag(organization), || shown(organization)))
}
