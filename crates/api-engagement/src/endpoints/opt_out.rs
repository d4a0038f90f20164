//! N4: opting a customer out of a campaign (§4.4).

use super::list_campaigns_v1::Body;
use super::opt_in::{OPERATION, answer};
use crate::auth::Access;
use crate::call::{Answer, Call};
use crate::face::Face;
use muster_app::usecases::opt_in::Choice;

pub(super) fn mount(face: Face) -> Face {
    face.route::<__path_by_user_id, _, _>(OPERATION, Access::Server, by_user_id)
        .route::<__path_by_external_id, _, _>(OPERATION, Access::Server, by_external_id)
}

/// Opts a customer out of a campaign.
///
/// Gives the place back. Repeating it succeeds. The answer is the customer's campaigns afterwards.
#[utoipa::path(method(get, post), path = "/priv/v1/apps/{api_key}/users/{user_id}/campaigns/{campaign_id}/opt_out",
    operation_id = "opt_out", tag = "Opt-in",
    params(("api_key" = String, Path), ("user_id" = String, Path), ("campaign_id" = i64, Path)),
    responses((status = 200, body = Body)))]
async fn by_user_id(call: Call) -> Answer {
    answer(&call, Choice::Out).await
}

/// Opts a customer out of a campaign, by the client's own id.
#[utoipa::path(method(get, post),
    path = "/priv/v1/apps/{api_key}/external/users/{external_id}/campaigns/{campaign_id}/opt_out",
    operation_id = "opt_out_by_external_id", tag = "Opt-in",
    params(("api_key" = String, Path), ("external_id" = String, Path), ("campaign_id" = i64, Path)),
    responses((status = 200, body = Body)))]
async fn by_external_id(call: Call) -> Answer {
    answer(&call, Choice::Out).await
}
