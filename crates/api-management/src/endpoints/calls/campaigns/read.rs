use super::super::{campaign_id, client};
use super::{Output, shown};
use crate::call::{Call, Outcome, Path};
use crate::etag;
use crate::openapi::Problems;
use crate::read::known_or;
use muster_app::usecases::dialler;

/// Read a call campaign with its dialling settings.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}/call-clients/{client}/call-campaigns/{call_campaign}",
    operation_id = "read_call_campaign", tag = "call campaigns",
    params(("organization" = i64, Path), ("client" = i64, Path), ("call_campaign" = i64, Path)),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn read_call_campaign(
    Path((organization, of, id)): Path<(String, String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let client = client(&call, snapshot.id(), &of).await?;
    let stored = dialler::campaign(call.services(), client.id, campaign_id(&id)?).await?;
    Ok(known_or(&call, &etag::of_version(stored.version), || shown(&stored)))
}
