//! C2: opting a customer into a campaign (§3.2).

use super::list_campaigns_v1::{self, Body};
use crate::auth::Access;
use crate::call::{Answer, Call};
use crate::error::Operation;
use crate::face::Face;
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use muster_app::AppError;
use muster_app::usecases::opt_in::{Choice, choose};
use muster_app::usecases::select::load_customer;

pub(super) const OPERATION: Operation = Operation::OptIn;

pub(super) fn mount(face: Face) -> Face {
    face.route::<__path_by_user_id, _, _>(OPERATION, Access::Server, by_user_id)
        .route::<__path_by_external_id, _, _>(OPERATION, Access::Server, by_external_id)
}

/// Opts a customer into a campaign.
///
/// Repeating it succeeds and takes no second place. The answer is the customer's campaigns afterwards.
#[utoipa::path(method(get, post), path = "/priv/v1/apps/{api_key}/users/{user_id}/campaigns/{campaign_id}/opt_in",
    operation_id = "opt_in", tag = "Opt-in",
    params(("api_key" = String, Path), ("user_id" = String, Path), ("campaign_id" = i64, Path)),
    responses((status = 200, body = Body)))]
async fn by_user_id(call: Call) -> Answer {
    answer(&call, Choice::In).await
}

/// Opts a customer into a campaign, by the client's own id.
#[utoipa::path(method(get, post),
    path = "/priv/v1/apps/{api_key}/external/users/{external_id}/campaigns/{campaign_id}/opt_in",
    operation_id = "opt_in_by_external_id", tag = "Opt-in",
    params(("api_key" = String, Path), ("external_id" = String, Path), ("campaign_id" = i64, Path)),
    responses((status = 200, body = Body)))]
async fn by_external_id(call: Call) -> Answer {
    answer(&call, Choice::In).await
}

/// Makes the choice and lists the customer's campaigns. Since a GET changes state here, nobody may keep the answer,
/// and asking for the head alone changes nothing (row H5).
pub(super) async fn answer(call: &Call, choice: Choice) -> Answer {
    let customer = call.customer()?;
    let Ok(campaign) = call.campaign() else {
        // The customer comes first in the order of checks.
        load_customer(call.services(), &call.organization, &customer).await?;
        return Err(not_an_id(call).into());
    };
    if !call.is_head() {
        choose(call.services(), &call.organization, &customer, &campaign, choice).await?;
    }
    let mut response = list_campaigns_v1::after_choice(call).await?;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// What is no number is an unexpected format; a number that no campaign can have names none (row H10).
fn not_an_id(call: &Call) -> AppError {
    let digits = call
        .path("campaign_id")
        .is_some_and(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()));
    if digits {
        AppError::CampaignNotFound
    } else {
        AppError::Argument("campaign_id must be a number".to_owned())
    }
}
