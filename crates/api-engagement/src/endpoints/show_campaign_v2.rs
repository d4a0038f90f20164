//! C6 and C7: one campaign for a customer, by any pair of ids (§3.6, §3.7).

use super::list_campaigns_v1::links;
use super::parameters::locale;
use super::v2_parameters::{filter, parts};
use crate::auth::Access;
use crate::call::{Answer, Call, ok};
use crate::error::Operation;
use crate::face::Face;
use crate::wire::StatusOk;
use crate::wire::campaign::CustomerCampaign;
use crate::wire::creative::Stage;
use muster_app::AppError;
use muster_app::usecases::decide::view_customer;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

const OPERATION: Operation = Operation::CampaignsV2;

/// One campaign.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomerCampaignAnswer)]
struct Body<'a> {
    status: StatusOk,
    campaign: CustomerCampaign<'a>,
}

pub(super) fn mount(face: Face) -> Face {
    face.route::<__path_by_ids, _, _>(OPERATION, Access::Server, by_ids)
        .route::<__path_by_user_id_and_permalink, _, _>(OPERATION, Access::Server, by_user_id_and_permalink)
        .route::<__path_by_external_id, _, _>(OPERATION, Access::Server, by_external_id)
        .route::<__path_by_external_id_and_permalink, _, _>(
            OPERATION,
            Access::Server,
            by_external_id_and_permalink,
        )
}

/// One campaign for a customer, by id.
#[utoipa::path(get, path = "/priv/v2/apps/{api_key}/users/{user_id}/campaigns/{campaign_id}",
    operation_id = "show_campaign", tag = "Campaigns of a customer",
    params(("api_key" = String, Path), ("user_id" = String, Path), ("campaign_id" = i64, Path),
        ("sections[]" = Option<Vec<String>>, Query, description = "progress, behaviors, offers, redemptions"),
        ("filters[]" = Option<Vec<String>>, Query, description = "eligible (default), ineligible, all"),
        ("creatives[]" = Option<Vec<String>>, Query, description = "tile, promotion"),
        ("locale" = Option<String>, Query)),
    responses((status = 200, body = Body)))]
async fn by_ids(call: Call) -> Answer {
    show(&call).await
}

/// One campaign for a customer, by permalink.
#[utoipa::path(get, path = "/priv/v2/apps/{api_key}/users/{user_id}/external/campaigns/{permalink}",
    operation_id = "show_campaign_by_permalink", tag = "Campaigns of a customer",
    params(("api_key" = String, Path), ("user_id" = String, Path), ("permalink" = String, Path),
        ("sections[]" = Option<Vec<String>>, Query, description = "progress, behaviors, offers, redemptions"),
        ("filters[]" = Option<Vec<String>>, Query, description = "eligible (default), ineligible, all"),
        ("creatives[]" = Option<Vec<String>>, Query, description = "tile, promotion"),
        ("locale" = Option<String>, Query)),
    responses((status = 200, body = Body)))]
async fn by_user_id_and_permalink(call: Call) -> Answer {
    show(&call).await
}

/// One campaign for a customer, by the client's own customer id.
///
/// The last segment is a permalink or an id. All digits are an id first; if no campaign has it, a permalink.
#[utoipa::path(get, path = "/priv/v2/apps/{api_key}/external/users/{external_id}/campaigns/{campaign}",
    operation_id = "show_campaign_by_external_id", tag = "Campaigns of a customer",
    params(("api_key" = String, Path), ("external_id" = String, Path), ("campaign" = String, Path),
        ("sections[]" = Option<Vec<String>>, Query, description = "progress, behaviors, offers, redemptions"),
        ("filters[]" = Option<Vec<String>>, Query, description = "eligible (default), ineligible, all"),
        ("creatives[]" = Option<Vec<String>>, Query, description = "tile, promotion"),
        ("locale" = Option<String>, Query)),
    responses((status = 200, body = Body)))]
async fn by_external_id(call: Call) -> Answer {
    show(&call).await
}

/// One campaign for a customer, by the client's own customer id and permalink.
#[utoipa::path(get,
    path = "/priv/v2/apps/{api_key}/external/users/{external_id}/external/campaigns/{permalink}",
    operation_id = "show_campaign_by_external_id_and_permalink", tag = "Campaigns of a customer",
    params(("api_key" = String, Path), ("external_id" = String, Path), ("permalink" = String, Path),
        ("sections[]" = Option<Vec<String>>, Query, description = "progress, behaviors, offers, redemptions"),
        ("filters[]" = Option<Vec<String>>, Query, description = "eligible (default), ineligible, all"),
        ("creatives[]" = Option<Vec<String>>, Query, description = "tile, promotion"),
        ("locale" = Option<String>, Query)),
    responses((status = 200, body = Body)))]
async fn by_external_id_and_permalink(call: Call) -> Answer {
    show(&call).await
}

async fn show(call: &Call) -> Answer {
    let view = view_customer(call.services(), Arc::clone(&call.organization), &call.customer()?).await?;
    let decision = view.find(&call.campaign()?)?;
    let active = decision.entry.campaign.is_active(view.now);
    if !active || !filter(call).admits(decision.participation.qualified) {
        return Err(AppError::NotAvailable.into());
    }
    let stage = Stage { view: &view, links: links(call, &view) };
    let campaign = CustomerCampaign::new(stage, decision, parts(call), locale(call));
    ok(&Body { status: StatusOk, campaign }, 2048)
}
