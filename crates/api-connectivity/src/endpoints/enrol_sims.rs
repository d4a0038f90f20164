//! Enrolling SIMs in a campaign (§4.6).

use super::change_sim_status::SimNamed;
use crate::call::{Access, Call};
use crate::envelope::{self, Accepted, Ack, Answer};
use crate::error::codes;
use crate::face::Face;
use crate::wire::bulk::{self, Identifiers};
use muster_app::usecases::connectivity::enrol;
use serde::Deserialize;
use utoipa::ToSchema;

pub(super) fn mount(face: Face) -> Face {
    let codes = [
        codes::CUSTOMER_1002,
        codes::CUSTOMER_1037,
        codes::CUSTOMER_9005,
        codes::SUBSCRIBER_1002,
        codes::SUBSCRIBER_9003,
        codes::AUTH_9002,
        codes::GLOBAL_9001,
    ];
    face.route::<__path_enrol_sims, _, _>(Access::Write, &codes, enrol_sims)
}

/// Up to 200 SIMs.
#[derive(Deserialize, ToSchema)]
#[expect(
    dead_code,
    reason = "only its schema is used; bodies are read member by member to name what is wrong"
)]
struct EnrolBulk {
    bulk: Vec<EnrolEntry>,
}

/// One SIM to be enrolled.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(
    dead_code,
    reason = "only its schema is used; bodies are read member by member to name what is wrong"
)]
struct EnrolEntry {
    subscriber_identifiers: SimNamed,
}

/// Enrols up to 200 SIMs of the customer and its direct sub-customers, in order: all of them, or none.
#[utoipa::path(post, path = "/api/v2/customer/{customerId}/campaign/{campaignId}/participants",
    operation_id = "enrol_subscribers", tag = "Campaigns",
    params(("customerId" = String, Path), ("campaignId" = i64, Path)), request_body = EnrolBulk,
    responses((status = 202, body = Ack<Accepted>)))]
async fn enrol_sims(call: Call) -> Answer {
    let entries = call.read(|body| bulk::of_sims(body, Identifiers::OfSims, |_| Ok(())))?;
    let names: Vec<_> = entries.into_iter().map(|(name, ())| name).collect();
    let customer = call.customer_to_change().await?;
    envelope::accepted(&enrol(call.services(), customer, call.campaign_id()?, &names).await?)
}
