//! C8: all active campaigns, without any customer (§3.8).

use super::parameters::division_ids;
use crate::auth::Access;
use crate::call::{Answer, Call, ok};
use crate::error::Operation;
use crate::face::Face;
use crate::wire::StatusOk;
use crate::wire::campaign::{ConfiguredCampaign, Shown};
use muster_app::usecases::decide::in_divisions;
use muster_web::Paging;
use serde::Serialize;
use utoipa::ToSchema;

const OPERATION: Operation = Operation::ActiveCampaigns;
/// About what a campaign takes, for the buffer.
const CAMPAIGN_BYTES: usize = 640;
/// What this method writes whatever the values.
const SHOWN: Shown = Shown {
    optin_required: false,
    opt_in_starts_at: false,
    opt_in_ends_at: false,
    reporting_ends_at: true,
    ssap_name: true,
};

/// Active campaigns. The paging keys are there if paging was asked for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ActiveCampaigns)]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    page_size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number_of_pages: Option<u64>,
    status: StatusOk,
    campaigns: Vec<ConfiguredCampaign<'a>>,
}

pub(super) fn mount(face: Face) -> Face {
    face.route::<__path_list, _, _>(OPERATION, Access::Server, list)
}

/// All active campaigns.
///
/// Without `page` and `page_size` everything is listed at once.
#[utoipa::path(get, path = "/priv/v1/apps/{api_key}/campaigns",
    operation_id = "list_active_campaigns", tag = "Campaigns",
    params(("api_key" = String, Path), ("division_ids[]" = Option<Vec<String>>, Query),
        ("page" = Option<u64>, Query), ("page_size" = Option<u64>, Query)),
    responses((status = 200, body = Body)))]
async fn list(call: Call) -> Answer {
    let divisions = division_ids(&call)?;
    let paging = Paging::asked_for(&call.query)?;
    let organization = call.organization.as_ref();
    let active: Vec<_> = organization
        .active(call.services().clock.now())
        .filter(|entry| in_divisions(organization, entry, divisions.as_deref()))
        .collect();
    let page = paging.map_or(active.as_slice(), |paging| paging.slice(&active));
    let body = Body {
        page: paging.map(|paging| paging.page),
        page_size: paging.map(|paging| paging.page_size),
        number_of_pages: paging.map(|paging| paging.number_of_pages(active.len() as u64)),
        status: StatusOk,
        campaigns: page
            .iter()
            .map(|entry| ConfiguredCampaign::new(organization, &entry.campaign, SHOWN))
            .collect(),
    };
    ok(&body, 128 + CAMPAIGN_BYTES * page.len())
}
