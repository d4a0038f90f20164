//! SIMs of a customer (§4.4).

use crate::call::{Access, Call};
use crate::envelope::{self, Ack, Answer};
use crate::error::codes;
use crate::face::Face;
use crate::wire::sims::{PairRow, pairs};
use crate::wire::words::SIM_STATUS;
use muster_app::usecases::connectivity::page_sims;
use muster_domain::account::Account;
use muster_domain::sim::Sim;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

pub(super) fn mount(face: Face) -> Face {
    let codes = [codes::CUSTOMER_1002, codes::GLOBAL_9001];
    face.route::<__path_sims, _, _>(Access::Read, &codes, sims)
}

/// A SIM in a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ListedSubscriber)]
struct SimRow {
    subscriber_id: Uuid,
    imsi_msisdn_pairs: Vec<PairRow>,
    #[schema(example = "8935771600000000003")]
    iccid: String,
    /// ACTIVE, SUSPEND, INACTIVE or TERMINATED.
    #[schema(value_type = String, example = "ACTIVE")]
    status: &'static str,
    /// Empty if it is not known.
    imei: String,
    /// Empty if it is not known.
    imeisv: String,
    customer_id: Uuid,
    customer_name: String,
}

impl SimRow {
    fn new(sim: Sim, account: &Account) -> Self {
        Self {
            subscriber_id: sim.id,
            imsi_msisdn_pairs: pairs(&sim),
            iccid: sim.iccid.to_string(),
            status: SIM_STATUS.word(sim.status),
            imei: sim.imei.unwrap_or_default(),
            imeisv: sim.imeisv.unwrap_or_default(),
            customer_id: account.id.0,
            customer_name: account.name.clone(),
        }
    }
}

/// Lists the SIMs of the requestor's own customer or of a direct sub-customer, in order of loading.
#[utoipa::path(get, path = "/api/v2/customer/{customerId}/subscriber",
    operation_id = "list_subscribers", tag = "Subscribers",
    params(("customerId" = String, Path), ("page" = Option<u64>, Query), ("size" = Option<u64>, Query)),
    responses((status = 200, body = Ack<SimRow>)))]
async fn sims(call: Call) -> Answer {
    let page = call.page()?;
    let customer = call.visible_customer().await?;
    let sims = page_sims(call.services(), &customer, page).await?;
    envelope::list(page, sims, |sim| SimRow::new(sim, &customer))
}
