use super::super::account;
use super::Output;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::connectivity::SimCampaignDocument;
use crate::etag;
use crate::openapi::Problems;
use muster_app::ports::Versioned;
use muster_app::usecases::connectivity::operators::{self, Overview};
use muster_domain::ids::OrganizationId;
use muster_domain::sim_campaign::SimCampaign;

/// Create a SIM campaign. It does nothing until it is started.
#[utoipa::path(
    post, path = "/manage/v1/organizations/{organization}/accounts/{account}/sim-campaigns",
    operation_id = "create_sim_campaign", tag = "SIM campaigns", request_body = SimCampaignDocument,
    params(
        ("organization" = i64, Path), ("account" = String, Path),
        ("Idempotency-Key" = Option<String>, Header),
    ),
    responses((status = 201, body = Output), Problems)
)]
pub(super) async fn create_sim_campaign(
    Path((organization, id)): Path<(String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    if let Some(reply) = call.remembered().await? {
        return Ok(reply);
    }
    let document = call.json::<SimCampaignDocument>()?;
    let account = account(&call, snapshot.id(), &id).await?;
    let new = document.read(call.services().clock.now())?;
    let remember = |made: &SimCampaign| call.remember(&created(snapshot.id(), made));
    let result = operators::create_campaign(call.services(), &account, new, &remember).await;
    call.finish(result, |made| created(snapshot.id(), made)).await
}

/// The answer that shows a new campaign.
pub(super) fn created(organization: OrganizationId, made: &SimCampaign) -> Answer {
    let stored = Versioned { value: made.clone(), version: 1 };
    let nobody = Overview { participants: 0, by_status: Vec::new(), waves: Vec::new() };
    let location = format!("/manage/v1/organizations/{organization}/sim-campaigns/{}", made.id);
    Answer::created(&Output::of(&stored, &nobody), location).etag(etag::of_version(stored.version))
}
