use super::{name_missing, select};
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::explanation::Output;
use crate::openapi::Problems;
use axum::response::IntoResponse;
use muster_app::usecases::explain::explain;
use muster_app::usecases::select::CampaignSelector;

/// Explain why a customer is where they are in a campaign.
///
/// Every targeting clause with what the customer has there and its verdict, opt-in, run window, caps, and for each
/// creative whether it is shown and what stands in the way.
#[utoipa::path(
    get,
    path = "/manage/v1/organizations/{organization}/customers/{customer}/campaigns/{campaign}/explain",
    operation_id = "explain_campaign", tag = "customers",
    params(
        ("organization" = i64, Path),
        ("customer" = String, Path, description = "The id, or `external:` and the client's own id"),
        ("campaign" = String, Path, description = "The id, else the permalink"),
    ),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn explain_campaign(
    Path((organization, customer, campaign)): Path<(String, String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let selector = CampaignSelector::Either(campaign.clone());
    let explanation = explain(call.services(), snapshot, &select(&customer)?, &selector).await;
    let explanation = explanation.map_err(|error| name_missing(error, &customer, &campaign))?;
    Ok(Answer::ok(&Output::of(&explanation)).into_response())
}
