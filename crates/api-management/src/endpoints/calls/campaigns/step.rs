use super::super::{campaign_id, client};
use super::{Output, changed, demanded};
use crate::call::{Call, Outcome, Path};
use crate::error::ApiError;
use crate::openapi::Problems;
use axum::response::IntoResponse;
use muster_app::usecases::dialler;

/// Start or stop a call campaign.
///
/// `start` lets it dial, within its hours and its policy. `stop` lets calls that are under way come to their end and
/// begins none. A step that leads where the campaign is already changes nothing.
#[utoipa::path(
    post,
    path = "/manage/v1/organizations/{organization}/call-clients/{client}/call-campaigns/{call_campaign}/steps/{step}",
    operation_id = "take_call_campaign_step", tag = "call campaigns",
    params(
        ("organization" = i64, Path), ("client" = i64, Path), ("call_campaign" = i64, Path),
        ("step" = String, Path, description = "start or stop"), ("If-Match" = Option<String>, Header),
    ),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn take_call_campaign_step(
    Path((organization, of, id, step)): Path<(String, String, String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let active = match step.as_str() {
        "start" => true,
        "stop" => false,
        _ => return Err(ApiError::not_found("step", step)),
    };
    let client = client(&call, snapshot.id(), &of).await?;
    let id = campaign_id(&id)?;
    let version = demanded(&call, client.id, id).await?;
    dialler::set_active(call.services(), client.id, id, version, active).await?;
    Ok(changed(&call, client.id, id).await?.into_response())
}
