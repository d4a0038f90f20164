//! Participants of a campaign (§3.2).

use crate::call::{Access, Call};
use crate::envelope::{self, Ack, Answer};
use crate::error::codes;
use crate::face::Face;
use crate::wire::participants::ParticipantRow;
use muster_app::usecases::connectivity::page_participants;

pub(super) fn mount(face: Face) -> Face {
    let codes = [codes::CUSTOMER_1002, codes::CUSTOMER_1037, codes::GLOBAL_9001];
    face.route::<__path_participants, _, _>(Access::Read, &codes, participants)
}

/// Lists the participants of a campaign, in order of id.
#[utoipa::path(get, path = "/api/v2/customer/{customerId}/campaign/{campaignId}/participants",
    operation_id = "list_participants", tag = "Campaigns",
    params(("customerId" = String, Path), ("campaignId" = i64, Path), ("page" = Option<u64>, Query),
        ("size" = Option<u64>, Query)),
    responses((status = 200, body = Ack<ParticipantRow>)))]
async fn participants(call: Call) -> Answer {
    let page = call.page()?;
    let customer = call.visible_customer().await?;
    let found = page_participants(call.services(), &customer, call.campaign_id()?, page).await?;
    envelope::list(page, found, ParticipantRow::from)
}
