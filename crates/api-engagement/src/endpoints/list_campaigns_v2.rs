//! C5: active campaigns that a customer is eligible for, page by page (§3.5).

use super::list_campaigns_v1::links;
use super::parameters::{division_ids, locale};
use super::v2_parameters::{filter, parts};
use crate::auth::Access;
use crate::call::{Answer, Call, ok};
use crate::error::Operation;
use crate::face::Face;
use crate::wire::StatusOk;
use crate::wire::campaign::CustomerCampaign;
use crate::wire::creative::Stage;
use muster_app::usecases::decide::{in_divisions, view_customer};
use muster_web::Paging;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

const OPERATION: Operation = Operation::CampaignsV2;
/// About what a campaign without optional parts takes, for the buffer.
const CAMPAIGN_BYTES: usize = 384;

/// A page of campaigns.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomerCampaignPage)]
struct Body<'a> {
    page: u64,
    page_size: u64,
    /// The same on every page: what all active campaigns fill, whatever the filter.
    number_of_pages: u64,
    status: StatusOk,
    campaigns: Vec<CustomerCampaign<'a>>,
}

pub(super) fn mount(face: Face) -> Face {
    face.route::<__path_by_user_id, _, _>(OPERATION, Access::Server, by_user_id)
        .route::<__path_by_external_id, _, _>(OPERATION, Access::Server, by_external_id)
}

/// Active campaigns of a customer.
#[utoipa::path(get, path = "/priv/v2/apps/{api_key}/users/{user_id}/campaigns",
    operation_id = "list_campaigns_v2", tag = "Campaigns of a customer",
    params(("api_key" = String, Path), ("user_id" = String, Path),
        ("sections[]" = Option<Vec<String>>, Query, description = "progress, behaviors, offers, redemptions"),
        ("filters[]" = Option<Vec<String>>, Query, description = "eligible (default), ineligible, all"),
        ("creatives[]" = Option<Vec<String>>, Query, description = "tile, promotion"),
        ("division_ids[]" = Option<Vec<String>>, Query),
        ("page" = Option<u64>, Query, description = "From 1; default 1"),
        ("page_size" = Option<u64>, Query, description = "From 1 to 100; default 20"),
        ("locale" = Option<String>, Query)),
    responses((status = 200, body = Body)))]
async fn by_user_id(call: Call) -> Answer {
    list(&call).await
}

/// Active campaigns of a customer, by the client's own id.
#[utoipa::path(get, path = "/priv/v2/apps/{api_key}/external/users/{external_id}/campaigns",
    operation_id = "list_campaigns_v2_by_external_id", tag = "Campaigns of a customer",
    params(("api_key" = String, Path), ("external_id" = String, Path),
        ("sections[]" = Option<Vec<String>>, Query, description = "progress, behaviors, offers, redemptions"),
        ("filters[]" = Option<Vec<String>>, Query, description = "eligible (default), ineligible, all"),
        ("creatives[]" = Option<Vec<String>>, Query, description = "tile, promotion"),
        ("division_ids[]" = Option<Vec<String>>, Query),
        ("page" = Option<u64>, Query, description = "From 1; default 1"),
        ("page_size" = Option<u64>, Query, description = "From 1 to 100; default 20"),
        ("locale" = Option<String>, Query)),
    responses((status = 200, body = Body)))]
async fn by_external_id(call: Call) -> Answer {
    list(&call).await
}

async fn list(call: &Call) -> Answer {
    let (parts, filter, divisions) = (parts(call), filter(call), division_ids(call)?);
    let paging = Paging::from_query(&call.query)?;
    let view = view_customer(call.services(), Arc::clone(&call.organization), &call.customer()?).await?;
    let divisions = divisions.as_deref();
    let total = if divisions.is_some() {
        let active = view.organization.active(view.now);
        active.filter(|entry| in_divisions(&view.organization, entry, divisions)).count()
    } else {
        view.organization.count_active(view.now)
    };
    let stage = Stage { view: &view, links: links(call, &view) };
    let campaigns: Vec<_> = view
        .slice(filter, divisions, paging.offset(), paging.page_size as usize)
        .map(|decision| CustomerCampaign::new(stage, decision, parts, locale(call)))
        .collect();
    let size_hint = 128 + CAMPAIGN_BYTES * campaigns.len();
    let body = Body {
        page: paging.page,
        page_size: paging.page_size,
        number_of_pages: paging.number_of_pages(total as u64),
        status: StatusOk,
        campaigns,
    };
    ok(&body, size_hint)
}
