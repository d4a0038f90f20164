//! Running, pausing and ending a campaign (§4.6).

use crate::call::{Access, Call};
use crate::envelope::{self, Accepted, Ack, Answer};
use crate::error::codes;
use crate::face::Face;
use crate::wire::fields::required;
use crate::wire::words::COMMAND;
use muster_app::usecases::connectivity::control_campaign;
use serde::Deserialize;
use utoipa::ToSchema;

pub(super) fn mount(face: Face) -> Face {
    let codes = [
        codes::CUSTOMER_1002,
        codes::CUSTOMER_1037,
        codes::CUSTOMER_9005,
        codes::AUTH_9002,
        codes::GLOBAL_9001,
    ];
    face.route::<__path_control, _, _>(Access::Write, &codes, control)
}

/// The status that a campaign shall take.
#[derive(Deserialize, ToSchema)]
#[schema(as = CampaignStatus)]
#[expect(
    dead_code,
    reason = "only its schema is used; bodies are read member by member to name what is wrong"
)]
struct StatusBody {
    /// PROCESS runs or resumes it, SUSPEND pauses it, CANCELED ends it.
    #[schema(example = "PROCESS")]
    status: String,
}

/// Runs, resumes, pauses or ends a campaign. One whose start lies ahead becomes SCHEDULED.
#[utoipa::path(put, path = "/api/v2/customer/{customerId}/campaign/{campaignId}/status",
    operation_id = "change_campaign_status", tag = "Campaigns",
    params(("customerId" = String, Path), ("campaignId" = i64, Path)), request_body = StatusBody,
    responses((status = 202, body = Ack<Accepted>)))]
async fn control(call: Call) -> Answer {
    let command = call.read(|body| required("status", body.word("status", &COMMAND)))?;
    let customer = call.customer_to_change().await?;
    let (_, request) = control_campaign(call.services(), customer, call.campaign_id()?, command).await?;
    envelope::accepted(&request)
}
