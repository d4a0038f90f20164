//! Campaigns of a SIM, all of them or one (§4.7).

use crate::call::{Access, Call};
use crate::envelope::{self, Ack, Answer};
use crate::error::codes;
use crate::face::Face;
use crate::wire::participants::ParticipationRow;
use muster_app::ports::PageOf;
use muster_app::usecases::connectivity::sim_participations;

pub(super) fn mount(face: Face) -> Face {
    face.route::<__path_list, _, _>(Access::Read, &[codes::SUBSCRIBER_1002, codes::GLOBAL_9001], list)
        .route::<__path_show, _, _>(
        Access::Read,
        &[codes::SUBSCRIBER_1002, codes::CUSTOMER_1037, codes::GLOBAL_9001],
        show,
    )
}

/// Lists the campaigns that a SIM takes part in, in order of campaign id.
#[utoipa::path(get, path = "/api/v2/subscriber/{type}/{value}/campaign",
    operation_id = "list_subscriber_campaigns", tag = "Subscribers",
    params(("type" = String, Path), ("value" = String, Path), ("page" = Option<u64>, Query),
        ("size" = Option<u64>, Query)),
    responses((status = 200, body = Ack<ParticipationRow>)))]
async fn list(call: Call) -> Answer {
    let page = call.page()?;
    let found = sim_participations(call.services(), call.requestor()?, &call.sim()?, None, page).await?;
    envelope::list(page, found, ParticipationRow::from)
}

/// Shows how a SIM does in one campaign.
#[utoipa::path(get, path = "/api/v2/subscriber/{type}/{value}/campaign/{campaignId}",
    operation_id = "show_subscriber_campaign", tag = "Subscribers",
    params(("type" = String, Path), ("value" = String, Path), ("campaignId" = i64, Path)),
    responses((status = 200, body = Ack<ParticipationRow>)))]
async fn show(call: Call) -> Answer {
    let page = PageOf { number: 1, size: 1 };
    let (sim, requestor) = (call.sim()?, call.requestor()?);
    let campaign = match call.campaign_id() {
        Ok(campaign) => Some(campaign),
        Err(error) => {
            // The SIM comes first in the order of checks.
            sim_participations(call.services(), requestor, &sim, None, page).await?;
            return Err(error.into());
        }
    };
    let found = sim_participations(call.services(), requestor, &sim, campaign, page).await?;
    envelope::all(found.rows.into_iter().map(ParticipationRow::from).collect())
}
