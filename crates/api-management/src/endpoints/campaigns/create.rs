use super::{Output, created};
use crate::call::{Call, Outcome, Path};
use crate::document::CampaignDocument;
use crate::openapi::Problems;
use muster_app::usecases::authoring::{Versioned, campaigns};
use muster_domain::campaign::Campaign;

/// Create a campaign with everything below it.
///
/// All or nothing. Ids that are left out are made; ids that are given are kept, so that campaigns can move in from
/// elsewhere.
#[utoipa::path(
    post, path = "/manage/v1/organizations/{organization}/campaigns", operation_id = "create_campaign",
    tag = "campaigns", request_body = CampaignDocument,
    params(("organization" = i64, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = Output), Problems)
)]
pub(super) async fn create_campaign(Path(organization): Path<String>, call: Call) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    if let Some(reply) = call.remembered().await? {
        return Ok(reply);
    }
    let document = call.json::<CampaignDocument>()?;
    let draft = document.read(None, call.services().clock.now())?;
    let answer = |written: &Versioned<Campaign>| created(snapshot.id(), written);
    let remember = |written: &Versioned<Campaign>| call.remember(&answer(written));
    let result = campaigns::create(call.services(), snapshot.id(), draft, &remember).await;
    call.finish(result, answer).await
}
