use super::super::client;
use super::desk;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;
use axum::response::IntoResponse;

/// Log an agent out. A call in progress ends with it.
#[utoipa::path(
    delete, path = "/manage/v1/organizations/{organization}/call-clients/{client}/desk/{agent}",
    operation_id = "log_agent_out", tag = "desk",
    params(("organization" = i64, Path), ("client" = i64, Path), ("agent" = String, Path)),
    responses((status = 204), Problems)
)]
pub(super) async fn log_agent_out(
    Path((organization, id, uid)): Path<(String, String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let client = client(&call, snapshot.id(), &id).await?;
    desk(&call)?.log_out(client.id, &uid).await?;
    Ok(Answer::done().into_response())
}
