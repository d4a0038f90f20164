use super::super::campaign_id;
use super::Output;
use super::create::created;
use super::enrol::{Report, failed};
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::error::ApiError;
use crate::openapi::Problems;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use muster_app::usecases::connectivity::operators::{self, Enrolled, FromCampaign};
use muster_domain::ids::{OrganizationId, SimCampaignId};
use muster_domain::participant::{Outcome as AttemptOutcome, ParticipantStatus};
use muster_domain::sim_campaign::{SimCampaign, SimCampaignStatus};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Most participants that are looked at in one request; the answer tells how to go on.
const LOOKED_AT_MAX: u64 = 10_000;

/// Who gets a second chance.
#[derive(Deserialize, ToSchema)]
#[schema(as = RetryInput)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// Name of the new campaign; left out, the old one's and `(retry)`.
    #[serde(default)]
    name: Option<String>,
    /// Those shown in one of these statuses; left out, `EXCEPTION`.
    #[serde(default = "failed")]
    #[schema(value_type = Vec<String>)]
    statuses: Vec<ParticipantStatus>,
    /// Of these, the ones whose last attempt ended in one of these ways; left out, in any.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    outcomes: Vec<AttemptOutcome>,
}

/// A new campaign for those who failed.
#[derive(Serialize, ToSchema)]
#[schema(as = Retry)]
pub(super) struct Retried {
    /// The new campaign, in status `CREATED`.
    campaign: Output,
    /// Who was enrolled in it. With a `next_cursor`, enrol the rest by `from_campaign` and that cursor.
    enrolment: Report,
}

/// Make a new SIM campaign of the same template and plan with the participants that failed.
///
/// Its window is as long as the old one and begins now; it is started like any other.
#[utoipa::path(
    post, path = "/manage/v1/organizations/{organization}/sim-campaigns/{sim_campaign}/retry-failed",
    operation_id = "retry_failed", tag = "SIM campaigns", request_body = Input,
    params(
        ("organization" = i64, Path), ("sim_campaign" = i64, Path),
        ("Idempotency-Key" = Option<String>, Header),
    ),
    responses((status = 201, body = Retried), Problems)
)]
pub(super) async fn retry_failed(Path((organization, id)): Path<(String, String)>, call: Call) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let input = call.json::<Input>()?;
    let id = campaign_id(&id)?;
    let organization = snapshot.id();
    let source = FromCampaign { campaign: id, statuses: input.statuses, outcomes: input.outcomes };
    // A repetition goes on with the campaign that the first request made: it may have been interrupted while
    // enrolling.
    let made = if let Some(made) = call.remembered_id().await? {
        SimCampaignId(made)
    } else {
        let remember = |made: &SimCampaign| call.remember(&created(organization, made));
        let result = operators::retry_failed(call.services(), organization, id, input.name, &remember).await;
        match result {
            Ok(made) => made.id,
            // A repetition that overtook itself goes on with what its twin has made.
            Err(error) => SimCampaignId(call.remembered_id().await?.ok_or(error)?),
        }
    };
    Ok(enrolled(&call, organization, made, &source).await?.into_response())
}

async fn enrolled(
    call: &Call,
    organization: OrganizationId,
    id: SimCampaignId,
    source: &FromCampaign,
) -> Result<Answer, ApiError> {
    let services = call.services();
    let stored = operators::campaign(services, organization, id).await?;
    let (done, next) = if stored.value.status == SimCampaignStatus::Created {
        operators::enrol_from(services, organization, id, source, 0, LOOKED_AT_MAX).await?
    } else {
        // Repeated after it was started: whoever was to be enrolled is.
        (Enrolled::default(), None)
    };
    let overview = operators::overview(services, &stored.value).await?;
    let body = Retried {
        campaign: Output::of(&stored, &overview),
        enrolment: Report::of(done, next, |place| place.to_string()),
    };
    let location = format!("/manage/v1/organizations/{organization}/sim-campaigns/{id}");
    Ok(Answer::created(&body, location).status(StatusCode::CREATED))
}
