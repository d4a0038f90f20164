use super::{Output, shown};
use crate::call::{Call, Outcome, Path};
use crate::error::ApiError;
use crate::etag;
use crate::openapi::Problems;
use crate::read::known_or;
use muster_app::usecases::connectivity::operators;

/// Read a card profile.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}/card-profiles/{profile}",
    operation_id = "read_card_profile", tag = "SIM cards",
    params(("organization" = i64, Path), ("profile" = String, Path)),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn read_card_profile(
    Path((organization, name)): Path<(String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let found = operators::card_profile(call.services(), snapshot.id(), &name).await?;
    let profile = found.ok_or_else(|| ApiError::not_found("card profile", name))?;
    Ok(known_or(&call, &etag::of_content(&profile), || shown(&profile)))
}
