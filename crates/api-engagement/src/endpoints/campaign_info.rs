//! C9: information on one campaign, without any customer (§3.9).

use crate::auth::Access;
use crate::call::{Answer, Call, ok};
use crate::error::Operation;
use crate::face::Face;
use crate::wire::StatusOk;
use crate::wire::campaign::division_id;
use crate::wire::dates::D2;
use muster_app::usecases::campaign_info::campaign_info;
use serde::Serialize;
use utoipa::ToSchema;

const OPERATION: Operation = Operation::CampaignInfo;

/// One campaign.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignInfoAnswer)]
struct Body<'a> {
    status: StatusOk,
    campaign: CampaignInfo<'a>,
}

/// When a campaign runs and takes opt-ins.
#[derive(Debug, Serialize, ToSchema)]
struct CampaignInfo<'a> {
    campaign_id: i64,
    permalink: &'a str,
    starts_at: D2,
    ends_at: D2,
    optin_required: bool,
    opt_in_starts_at: D2,
    opt_in_ends_at: D2,
    /// Only where divisions are in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    division_id: Option<&'a str>,
}

pub(super) fn mount(face: Face) -> Face {
    face.route::<__path_by_id, _, _>(OPERATION, Access::Server, by_id).route::<__path_by_permalink, _, _>(
        OPERATION,
        Access::Server,
        by_permalink,
    )
}

/// When a campaign runs and takes opt-ins. Found while it is live and not over.
#[utoipa::path(get, path = "/priv/v1/apps/{api_key}/campaigns/{campaign_id}/info",
    operation_id = "campaign_info", tag = "Campaigns",
    params(("api_key" = String, Path), ("campaign_id" = i64, Path),
        ("api_version" = Option<String>, Query, description = "Accepted and ignored")),
    responses((status = 200, body = Body)))]
async fn by_id(call: Call) -> Answer {
    info(&call)
}

/// When a campaign runs and takes opt-ins, by permalink.
#[utoipa::path(get, path = "/priv/v1/apps/{api_key}/external/campaigns/{permalink}/info",
    operation_id = "campaign_info_by_permalink", tag = "Campaigns",
    params(("api_key" = String, Path), ("permalink" = String, Path),
        ("api_version" = Option<String>, Query, description = "Accepted and ignored")),
    responses((status = 200, body = Body)))]
async fn by_permalink(call: Call) -> Answer {
    info(&call)
}

fn info(call: &Call) -> Answer {
    let now = call.services().clock.now();
    let campaign = &campaign_info(&call.organization, &call.campaign()?, now)?.campaign;
    let body = Body {
        status: StatusOk,
        campaign: CampaignInfo {
            campaign_id: campaign.id.0,
            permalink: &campaign.permalink,
            starts_at: D2(campaign.window.starts_at),
            ends_at: D2(campaign.window.ends_at),
            optin_required: campaign.opt_in.required,
            opt_in_starts_at: D2(campaign.opt_in.window.starts_at),
            opt_in_ends_at: D2(campaign.opt_in.window.ends_at),
            division_id: division_id(&call.organization, campaign),
        },
    };
    ok(&body, 384)
}
