//! Making a campaign (§4.6).

use crate::call::{Access, Call};
use crate::envelope::{self, Ack, Answer};
use crate::error::codes;
use crate::face::Face;
use crate::wire::fields::{Fields, required};
use muster_app::usecases::connectivity::{
    ConnectivityError, ConnectivityResult, NewCampaign, create_campaign,
};
use muster_domain::ids::TemplateId;
use muster_domain::sim_campaign::Plan;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

pub(super) fn mount(face: Face) -> Face {
    let codes = [codes::CUSTOMER_1002, codes::CUSTOMER_9004, codes::AUTH_9002, codes::GLOBAL_9001];
    face.route::<__path_create, _, _>(Access::Write, &codes, create)
}

/// A campaign to be made.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NewCampaign)]
#[expect(
    dead_code,
    reason = "only its schema is used; bodies are read member by member to name what is wrong"
)]
struct CampaignBody {
    name: String,
    description: Option<String>,
    template_id: i64,
    /// Now if it is left out.
    #[schema(example = "2022-08-22 13:08:59")]
    effective_start: Option<String>,
    /// A day after the beginning if it is left out.
    #[schema(example = "2022-08-23 13:08:59")]
    effective_end: Option<String>,
    /// 0 to 10; 3 if it is left out.
    max_retries: Option<u32>,
}

/// A campaign that was made.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CampaignMade)]
struct MadeRow {
    #[schema(example = 525)]
    campaign_id: i64,
    request_id: Uuid,
}

/// Makes a campaign of the requestor's own customer. It does nothing until its status is changed.
#[utoipa::path(post, path = "/api/v2/customer/{customerId}/campaign",
    operation_id = "create_campaign", tag = "Campaigns", params(("customerId" = String, Path)),
    request_body = CampaignBody, responses((status = 202, body = Ack<MadeRow>)))]
async fn create(call: Call) -> Answer {
    let new = call.read(read)?;
    let customer = call.customer_to_change().await?;
    let (campaign, request) = create_campaign(call.services(), customer, new).await?;
    envelope::made(MadeRow { campaign_id: campaign.id.0, request_id: request.id })
}

fn read(body: &Fields<'_>) -> ConnectivityResult<NewCampaign> {
    let max_retries = body.whole("maxRetries")?.map(u32::try_from).transpose();
    Ok(NewCampaign {
        name: body.required_text("name")?.to_owned(),
        description: body.optional_text("description")?,
        template: TemplateId(required("templateId", body.whole("templateId"))?),
        starts_at: body.date("effectiveStart")?,
        ends_at: body.date("effectiveEnd")?,
        max_retries: max_retries.map_err(|_| ConnectivityError::invalid("maxRetries", "0 to 10"))?,
        plan: Plan::default(),
    })
}
