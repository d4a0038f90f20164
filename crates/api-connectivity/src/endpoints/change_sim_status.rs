//! The status of SIMs, of one or of up to 200 (§4.4).

use crate::call::{Access, Call};
use crate::envelope::{self, Accepted, Ack, Answer};
use crate::error::{Fault, codes};
use crate::face::Face;
use crate::wire::bulk::{self, Identifiers};
use crate::wire::fields::required;
use crate::wire::words::SIM_STATUS;
use muster_app::usecases::connectivity::change_sim_status;
use serde::Deserialize;
use utoipa::ToSchema;

pub(super) fn mount(face: Face) -> Face {
    let codes = [codes::SUBSCRIBER_1002, codes::SUBSCRIBER_1008, codes::GLOBAL_9001];
    face.route::<__path_change, _, _>(Access::Write, &codes, change).route::<__path_change_many, _, _>(
        Access::Write,
        &codes,
        change_many,
    )
}

/// The status that a SIM shall have.
#[derive(Deserialize, ToSchema)]
#[expect(
    dead_code,
    reason = "only its schema is used; bodies are read member by member to name what is wrong"
)]
pub(super) struct NewStatus {
    /// ACTIVE, SUSPEND, INACTIVE or TERMINATED.
    #[schema(example = "ACTIVE")]
    status: String,
}

/// Entries of up to 200 SIMs.
#[derive(Deserialize, ToSchema)]
#[expect(
    dead_code,
    reason = "only its schema is used; bodies are read member by member to name what is wrong"
)]
struct StatusBulk {
    bulk: Vec<StatusEntry>,
}

/// One SIM with its status.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(
    dead_code,
    reason = "only its schema is used; bodies are read member by member to name what is wrong"
)]
struct StatusEntry {
    subscriber_identifiers: SimNamed,
    content: NewStatus,
}

/// What names a SIM in a bulk call.
#[derive(Deserialize, ToSchema)]
#[schema(as = SubscriberName)]
#[expect(
    dead_code,
    reason = "only its schema is used; bodies are read member by member to name what is wrong"
)]
pub(super) struct SimNamed {
    /// ICCID, IMSI, MSISDN or IMEI; for packages IMEISV too.
    #[schema(example = "ICCID")]
    r#type: String,
    #[schema(example = "8935771600000000003")]
    value: String,
}

/// Changes the status of a SIM.
#[utoipa::path(put, path = "/api/v2/subscriber/{type}/{value}/status",
    operation_id = "change_subscriber_status", tag = "Subscribers",
    params(("type" = String, Path), ("value" = String, Path)), request_body = NewStatus,
    responses((status = 202, body = Ack<Accepted>)))]
async fn change(call: Call) -> Answer {
    let status = call.read(|body| required("status", body.word("status", &SIM_STATUS)))?;
    let entries = [(call.sim()?, status)];
    let request = change_sim_status(call.services(), call.requestor()?, &entries).await;
    envelope::accepted(&request.map_err(Fault::of_one)?)
}

/// Changes the status of up to 200 SIMs: of all of them, or of none.
#[utoipa::path(put, path = "/api/v2/bulk/subscriber/status",
    operation_id = "change_subscriber_statuses", tag = "Subscribers", request_body = StatusBulk,
    responses((status = 202, body = Ack<Accepted>)))]
async fn change_many(call: Call) -> Answer {
    let entries = call.read(|body| {
        bulk::of_sims(body, Identifiers::OfSims, |content| {
            required("status", content.word("status", &SIM_STATUS))
        })
    })?;
    envelope::accepted(&change_sim_status(call.services(), call.requestor()?, &entries).await?)
}
