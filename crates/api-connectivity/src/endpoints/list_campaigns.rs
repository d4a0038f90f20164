//! Campaigns connected to a customer, all of them or one (§3.1).

use crate::call::{Access, Call};
use crate::envelope::{self, Ack, Answer};
use crate::error::codes;
use crate::face::Face;
use crate::wire::dates;
use muster_app::usecases::connectivity::{campaign, page_campaigns};
use muster_domain::sim_campaign::SimCampaign;
use serde::Serialize;
use utoipa::ToSchema;

pub(super) fn mount(face: Face) -> Face {
    let codes = [codes::CUSTOMER_1002, codes::GLOBAL_9001];
    face.route::<__path_list, _, _>(Access::Read, &codes, list).route::<__path_show, _, _>(
        Access::Read,
        &[codes::CUSTOMER_1002, codes::CUSTOMER_1037],
        show,
    )
}

/// A campaign that changes SIM cards.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Campaign)]
struct CampaignRow {
    #[schema(example = 67)]
    id: i64,
    #[schema(example = "Add TIS IMSI")]
    name: String,
    /// Empty if there is none.
    #[schema(example = "")]
    description: String,
    #[schema(example = 20)]
    template_id: i64,
    /// CREATED, PROCESS, SCHEDULED, SUSPEND, CANCELED, COMPLETED, EXCEPTION or EXPIRED.
    #[schema(value_type = String, example = "COMPLETED")]
    status: &'static str,
    /// When it was made.
    #[schema(example = "2022-08-22 14:13:59")]
    timestamp: String,
    /// Beginning of its window.
    #[schema(example = "2022-08-22 13:08:59")]
    effective_start: String,
    /// End of its window.
    #[schema(example = "2022-08-23 13:08:59")]
    effective_end: String,
    /// Sends to a SIM after the first.
    #[schema(example = 3)]
    max_retries: u32,
}

impl From<SimCampaign> for CampaignRow {
    fn from(campaign: SimCampaign) -> Self {
        Self {
            id: campaign.id.0,
            name: campaign.name,
            description: campaign.description,
            template_id: campaign.template.0,
            status: campaign.status.name(),
            timestamp: dates::write(campaign.created_at),
            effective_start: dates::write(campaign.window.starts_at),
            effective_end: dates::write(campaign.window.ends_at),
            max_retries: campaign.max_retries,
        }
    }
}

/// Lists the campaigns connected to a customer, in order of id.
#[utoipa::path(get, path = "/api/v2/customer/{customerId}/campaign",
    operation_id = "list_campaigns", tag = "Campaigns",
    params(("customerId" = String, Path), ("page" = Option<u64>, Query), ("size" = Option<u64>, Query)),
    responses((status = 200, body = Ack<CampaignRow>)))]
async fn list(call: Call) -> Answer {
    let page = call.page()?;
    let customer = call.visible_customer().await?;
    let campaigns = page_campaigns(call.services(), &customer, page).await?;
    envelope::list(page, campaigns, CampaignRow::from)
}

/// Shows one campaign connected to a customer.
#[utoipa::path(get, path = "/api/v2/customer/{customerId}/campaign/{campaignId}",
    operation_id = "show_campaign", tag = "Campaigns",
    params(("customerId" = String, Path), ("campaignId" = i64, Path)),
    responses((status = 200, body = Ack<CampaignRow>)))]
async fn show(call: Call) -> Answer {
    let customer = call.visible_customer().await?;
    let found = campaign(call.services(), customer.id, call.campaign_id()?).await?;
    envelope::one(CampaignRow::from(found.value))
}
