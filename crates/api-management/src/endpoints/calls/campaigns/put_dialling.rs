use super::super::{campaign_id, client};
use super::{Output, changed, demanded};
use crate::call::{Call, Outcome, Path};
use crate::error::ApiError;
use crate::openapi::Problems;
use axum::response::IntoResponse;
use muster_app::usecases::dialler;
use muster_domain::calls::campaign::Dialling;
use utoipa::ToSchema;

/// How a call campaign dials: `pacing`, `policy`, `message`, `script`, `trunks`, `number_strategy`,
/// `max_tries_per_number`, `wrap_s`, `wrap_result`, `expected_handle_s`, `predictive_min_agents`, `outcomes`,
/// `heard_is_done`. What is left out has its default.
#[derive(ToSchema)]
#[schema(as = CallCampaignDialling, value_type = Object)]
#[expect(dead_code, reason = "stands in the document for the domain's own type")]
pub(super) struct Input(Dialling);

/// Replace the dialling settings of a call campaign.
///
/// A campaign that runs goes on with them from its next call on, if it might be started with them.
#[utoipa::path(
    put,
    path = "/manage/v1/organizations/{organization}/call-clients/{client}/call-campaigns/{call_campaign}/dialling",
    operation_id = "put_dialling", tag = "call campaigns", request_body = Input,
    params(
        ("organization" = i64, Path), ("client" = i64, Path), ("call_campaign" = i64, Path),
        ("If-Match" = String, Header),
    ),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn put_dialling(
    Path((organization, of, id)): Path<(String, String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let dialling = call.json::<Dialling>()?;
    let client = client(&call, snapshot.id(), &of).await?;
    let id = campaign_id(&id)?;
    let version = demanded(&call, client.id, id).await?.ok_or(ApiError::MatchRequired)?;
    dialler::put_dialling_if(call.services(), client.id, id, Some(version), &dialling).await?;
    Ok(changed(&call, client.id, id).await?.into_response())
}
