//! C4: a customer's progress in one campaign, also after its end (§3.4).

use crate::auth::Access;
use crate::call::{Answer, Call, ok};
use crate::error::Operation;
use crate::face::Face;
use crate::wire::StatusOk;
use crate::wire::behaviors::{BehaviorList, BehaviorProgress};
use crate::wire::campaign::division_id;
use muster_app::usecases::decide::view_customer;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

const OPERATION: Operation = Operation::CampaignProgress;

/// A customer's place in a campaign.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignProgressAnswer)]
struct Body<'a> {
    status: StatusOk,
    campaign: CampaignProgress<'a>,
}

/// The state and how far each behavior is.
#[derive(Debug, Serialize, ToSchema)]
struct CampaignProgress<'a> {
    /// The explicit choice; absent if none was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    opted_in: Option<bool>,
    /// `qualified`, `not_qualified`, `opted_in`, `opted_out`, `in_progress` or `completed`.
    #[schema(example = "in_progress")]
    state: &'static str,
    #[schema(value_type = Vec<BehaviorProgress>)]
    behaviors: BehaviorList<'a>,
    /// Only where divisions are in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    division_id: Option<&'a str>,
}

pub(super) fn mount(face: Face) -> Face {
    face.route::<__path_by_user_id, _, _>(OPERATION, Access::Server, by_user_id)
        .route::<__path_by_user_id_and_permalink, _, _>(OPERATION, Access::Server, by_user_id_and_permalink)
        .route::<__path_by_external_id, _, _>(OPERATION, Access::Server, by_external_id)
        .route::<__path_by_external_id_and_permalink, _, _>(
            OPERATION,
            Access::Server,
            by_external_id_and_permalink,
        )
        .route::<__path_by_token, _, _>(OPERATION, Access::Client, by_token)
        .route::<__path_by_token_and_permalink, _, _>(OPERATION, Access::Client, by_token_and_permalink)
}

/// A customer's progress in a campaign.
#[utoipa::path(get, path = "/priv/v1/apps/{api_key}/users/{user_id}/campaigns/{campaign_id}/progress",
    operation_id = "campaign_progress", tag = "Campaigns of a customer",
    params(("api_key" = String, Path), ("user_id" = String, Path), ("campaign_id" = i64, Path)),
    responses((status = 200, body = Body)))]
async fn by_user_id(call: Call) -> Answer {
    progress(&call).await
}

/// A customer's progress in a campaign, by permalink.
#[utoipa::path(get, path = "/priv/v1/apps/{api_key}/users/{user_id}/external/campaigns/{permalink}/progress",
    operation_id = "campaign_progress_by_permalink", tag = "Campaigns of a customer",
    params(("api_key" = String, Path), ("user_id" = String, Path), ("permalink" = String, Path)),
    responses((status = 200, body = Body)))]
async fn by_user_id_and_permalink(call: Call) -> Answer {
    progress(&call).await
}

/// A customer's progress in a campaign, by the client's own customer id.
#[utoipa::path(get, path = "/priv/v1/apps/{api_key}/external/users/{external_id}/campaigns/{campaign_id}/progress",
    operation_id = "campaign_progress_by_external_id", tag = "Campaigns of a customer",
    params(("api_key" = String, Path), ("external_id" = String, Path), ("campaign_id" = i64, Path)),
    responses((status = 200, body = Body)))]
async fn by_external_id(call: Call) -> Answer {
    progress(&call).await
}

/// A customer's progress in a campaign, by the client's own customer id and permalink.
#[utoipa::path(get,
    path = "/priv/v1/apps/{api_key}/external/users/{external_id}/external/campaigns/{permalink}/progress",
    operation_id = "campaign_progress_by_external_id_and_permalink", tag = "Campaigns of a customer",
    params(("api_key" = String, Path), ("external_id" = String, Path), ("permalink" = String, Path)),
    responses((status = 200, body = Body)))]
async fn by_external_id_and_permalink(call: Call) -> Answer {
    progress(&call).await
}

/// The progress of the customer behind a client token.
#[utoipa::path(get, path = "/api/v1/apps/{api_key}/campaigns/{campaign_id}/progress",
    operation_id = "campaign_progress_by_token", tag = "Campaigns of a customer",
    params(("api_key" = String, Path), ("campaign_id" = i64, Path)),
    responses((status = 200, body = Body)))]
async fn by_token(call: Call) -> Answer {
    progress(&call).await
}

/// The progress of the customer behind a client token, by permalink.
#[utoipa::path(get, path = "/api/v1/apps/{api_key}/external/campaigns/{permalink}/progress",
    operation_id = "campaign_progress_by_token_and_permalink", tag = "Campaigns of a customer",
    params(("api_key" = String, Path), ("permalink" = String, Path)),
    responses((status = 200, body = Body)))]
async fn by_token_and_permalink(call: Call) -> Answer {
    progress(&call).await
}

async fn progress(call: &Call) -> Answer {
    let view = view_customer(call.services(), Arc::clone(&call.organization), &call.customer()?).await?;
    let decision = view.find(&call.campaign()?)?;
    let entry = decision.entry;
    let campaign = CampaignProgress {
        opted_in: decision.participation.opted_in,
        state: decision.participation.state.as_str(),
        behaviors: BehaviorList { entry, customer: &view.stored.customer },
        division_id: division_id(&view.organization, &entry.campaign),
    };
    ok(&Body { status: StatusOk, campaign }, 128 + 256 * entry.campaign.behaviors.len())
}
