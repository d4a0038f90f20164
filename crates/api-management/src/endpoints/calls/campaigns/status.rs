use super::super::{campaign_id, client};
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::calls::CallStatusOutput as Output;
use crate::openapi::Problems;
use axum::response::IntoResponse;
use muster_app::usecases::dialler;

/// Read how a call campaign does.
///
/// Counts of contacts, calls and results are those of all servers. `live` is what the server that answers does right
/// now, and `null` where another one conducts the campaign.
#[utoipa::path(
    get,
    path = "/manage/v1/organizations/{organization}/call-clients/{client}/call-campaigns/{call_campaign}/status",
    operation_id = "read_call_campaign_status", tag = "call campaigns",
    params(("organization" = i64, Path), ("client" = i64, Path), ("call_campaign" = i64, Path)),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn read_call_campaign_status(
    Path((organization, of, id)): Path<(String, String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let client = client(&call, snapshot.id(), &of).await?;
    let id = campaign_id(&id)?;
    let status = dialler::campaign_status(call.services(), client.id, id).await?;
    let live = match call.services().desk() {
        Ok(desk) => desk.live(id).await,
        Err(refusal) => Err(refusal),
    };
    Ok(Answer::ok(&Output::of(&status, live)).into_response())
}
