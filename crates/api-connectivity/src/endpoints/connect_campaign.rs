//! Connecting a campaign to a sub-customer (§4.6).

use crate::call::{Access, Call};
use crate::envelope::{self, Accepted, Ack, Answer};
use crate::error::codes;
use crate::face::Face;

pub(super) fn mount(face: Face) -> Face {
    let codes = [codes::CUSTOMER_1002, codes::CUSTOMER_1037, codes::AUTH_9002];
    face.route::<__path_connect, _, _>(Access::Write, &codes, connect)
}

/// Connects a campaign of the requestor to the direct sub-customer of the path, who sees all of its participants from
/// then on, those of other sub-customers included.
#[utoipa::path(put, path = "/api/v2/customer/{customerId}/campaign/{campaignId}/connect",
    operation_id = "connect_campaign", tag = "Campaigns",
    params(("customerId" = String, Path), ("campaignId" = i64, Path)),
    responses((status = 202, body = Ack<Accepted>)))]
async fn connect(call: Call) -> Answer {
    let sub_customer = call.visible_customer().await?;
    let owner = &call.requestor()?.account;
    let campaign = call.campaign_id()?;
    let services = call.services();
    let request =
        muster_app::usecases::connectivity::connect_campaign(services, owner, campaign, &sub_customer)
            .await?;
    envelope::accepted(&request)
}
