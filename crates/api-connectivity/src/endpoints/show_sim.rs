//! One SIM (§4.4).

use crate::call::{Access, Call};
use crate::envelope::{self, Ack, Answer};
use crate::error::codes;
use crate::face::Face;
use crate::wire::sims::IdentifiersRow;
use crate::wire::words::SIM_STATUS;
use muster_app::usecases::connectivity::{FoundSim, find_sim};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

pub(super) fn mount(face: Face) -> Face {
    let codes = [codes::SUBSCRIBER_1002, codes::GLOBAL_9001];
    face.route::<__path_show, _, _>(Access::Read, &codes, show)
}

/// A SIM.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Subscriber)]
struct SimRow {
    subscriber_identifiers: IdentifiersRow,
    customer_id: Uuid,
    customer_name: String,
    /// ACTIVE, SUSPEND, INACTIVE or TERMINATED.
    #[schema(value_type = String, example = "ACTIVE")]
    subs_status: &'static str,
    tags: Vec<String>,
    system_labels: Vec<String>,
    user_labels: Vec<String>,
    /// Empty if its owner gave none.
    alias: String,
}

impl From<FoundSim> for SimRow {
    fn from(found: FoundSim) -> Self {
        let sim = found.stored.value;
        Self {
            subscriber_identifiers: IdentifiersRow::from(&sim),
            customer_id: found.account.id.0,
            customer_name: found.account.name,
            subs_status: SIM_STATUS.word(sim.status),
            tags: Vec::new(),
            system_labels: Vec::new(),
            user_labels: sim.labels,
            alias: sim.alias.unwrap_or_default(),
        }
    }
}

/// Shows a SIM of the requestor's own customer or of a direct sub-customer.
#[utoipa::path(get, path = "/api/v2/subscriber/{type}/{value}",
    operation_id = "show_subscriber", tag = "Subscribers",
    params(("type" = String, Path, description = "`iccid`, `imsi`, `msisdn` or `imei`"), ("value" = String, Path)),
    responses((status = 200, body = Ack<SimRow>)))]
async fn show(call: Call) -> Answer {
    let found = find_sim(call.services(), call.requestor()?, &call.sim()?).await?;
    envelope::one(SimRow::from(found))
}
