use super::super::{campaign_id, client};
use super::Output as CampaignOutput;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::error::ApiError;
use crate::openapi::Problems;
use axum::response::IntoResponse;
use muster_app::usecases::dialler;
use serde::Serialize;
use utoipa::ToSchema;

/// What an emergency stop did.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallEmergencyStop)]
pub(super) struct Output {
    /// The campaign, which is not active any more: no server begins a call of it once it has noticed.
    campaign: CampaignOutput,
    /// Whether the server that answers stopped at once, and cancelled what rang if that was asked for.
    at_once: bool,
    /// Why not; empty where it did.
    reason: String,
}

/// Stop a call campaign at once.
///
/// No new call leaves the server that answers, whatever the campaign's pace; the campaign itself is stopped for all
/// servers. Calls with somebody in them come to their end. With `cancel_ringing` calls that ring are cancelled, which
/// is recorded as `cancelled_ring`.
#[utoipa::path(
    post,
    path = "/manage/v1/organizations/{organization}/call-clients/{client}/call-campaigns/{call_campaign}/emergency-stop",
    operation_id = "stop_call_campaign_at_once", tag = "call campaigns",
    params(
        ("organization" = i64, Path), ("client" = i64, Path), ("call_campaign" = i64, Path),
        ("cancel_ringing" = Option<bool>, Query, description = "Whether calls that ring are cancelled; by default not"),
    ),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn stop_call_campaign_at_once(
    Path((organization, of, id)): Path<(String, String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let cancel_ringing = match call.query.get("cancel_ringing") {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => {
            let reason = "must be true or false".to_owned();
            return Err(ApiError::Parameter { name: "cancel_ringing", reason });
        }
    };
    let client = client(&call, snapshot.id(), &of).await?;
    let services = call.services();
    let id = dialler::campaign(services, client.id, campaign_id(&id)?).await?.value.id;
    // The lines first: they must not wait for a store that is slow, or not there.
    let at_once = match services.desk() {
        Ok(desk) => desk.emergency_stop(id, cancel_ringing).await,
        Err(refusal) => Err(refusal),
    };
    dialler::stop_campaign(services, client.id, id).await?;
    let stored = dialler::campaign(services, client.id, id).await?;
    let output = Output {
        campaign: CampaignOutput::of(&stored),
        at_once: at_once.is_ok(),
        reason: at_once.err().map_or_else(String::new, |refusal| refusal.to_string()),
    };
    Ok(Answer::ok(&output).into_response())
}
