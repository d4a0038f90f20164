use super::super::client;
use super::{Output, desk};
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::error::ApiError;
use crate::openapi::Problems;
use axum::response::IntoResponse;

/// Let an agent rest, be ready, or hang up.
///
/// `pause` takes effect after the present call. `ready` also ends the writing up. `hang-up` ends the call with the
/// contact; the agent's phone stays connected.
#[utoipa::path(
    post, path = "/manage/v1/organizations/{organization}/call-clients/{client}/desk/{agent}/steps/{step}",
    operation_id = "take_agent_step", tag = "desk",
    params(
        ("organization" = i64, Path), ("client" = i64, Path), ("agent" = String, Path),
        ("step" = String, Path, description = "pause, ready or hang-up"),
    ),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn take_agent_step(
    Path((organization, id, uid, step)): Path<(String, String, String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    if !["pause", "ready", "hang-up"].contains(&step.as_str()) {
        return Err(ApiError::not_found("step", step));
    }
    let client = client(&call, snapshot.id(), &id).await?;
    let desk = desk(&call)?;
    let view = match step.as_str() {
        "pause" => desk.pause(client.id, &uid, true).await?,
        "ready" => desk.pause(client.id, &uid, false).await?,
        _ => desk.hang_up(client.id, &uid).await?,
    };
    Ok(Answer::ok(&Output::of(&view)).into_response())
}
