//! Loading SIMs (§4.4).

use crate::call::{Access, Call};
use crate::envelope::{self, Accepted, Ack, Answer};
use crate::error::codes;
use crate::face::Face;
use crate::wire::bulk;
use crate::wire::fields::{Fields, required};
use muster_app::usecases::connectivity::{
    ConnectivityError, ConnectivityResult, NewSim, digits_of_msisdn, load_sims,
};
use muster_domain::sim::ImsiMsisdn;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

pub(super) fn mount(face: Face) -> Face {
    let codes = [codes::CUSTOMER_1002, codes::GLOBAL_9001];
    face.route::<__path_load, _, _>(Access::Write, &codes, load)
}

/// Up to 200 SIMs.
#[derive(Deserialize, ToSchema)]
#[expect(
    dead_code,
    reason = "only its schema is used; bodies are read member by member to name what is wrong"
)]
struct SimBulk {
    bulk: Vec<SimEntry>,
}

/// One SIM of a call.
#[derive(Deserialize, ToSchema)]
#[expect(
    dead_code,
    reason = "only its schema is used; bodies are read member by member to name what is wrong"
)]
struct SimEntry {
    content: SimContent,
}

/// A SIM to be loaded.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(
    dead_code,
    reason = "only its schema is used; bodies are read member by member to name what is wrong"
)]
struct SimContent {
    /// 18 to 20 digits.
    #[schema(example = "8935771600000000003")]
    iccid: String,
    /// 1 to 10, in order of slots.
    imsi_msisdn_pairs: Vec<SimPair>,
    imei: Option<String>,
    imeisv: Option<String>,
    alias: Option<String>,
}

/// An IMSI of a SIM to be loaded.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(
    dead_code,
    reason = "only its schema is used; bodies are read member by member to name what is wrong"
)]
struct SimPair {
    #[schema(example = "901405100000003")]
    imsi: String,
    /// E.164, with or without a plus sign.
    #[schema(example = "882285100000003")]
    msisdn: Option<String>,
    is_last_active: Option<bool>,
}

/// Loads up to 200 SIMs into the requestor's own customer or a direct sub-customer: all of them, or none.
#[utoipa::path(post, path = "/api/v2/customer/{customerId}/subscriber",
    operation_id = "load_subscribers", tag = "Subscribers", params(("customerId" = String, Path)),
    request_body = SimBulk, responses((status = 202, body = Ack<Accepted>)))]
async fn load(call: Call) -> Answer {
    let sims = call.read(|body| bulk::entries(body, named, read))?;
    let customer = call.visible_customer().await?;
    let by = call.requestor()?.account.id;
    envelope::accepted(&load_sims(call.services(), by, &customer, sims).await?)
}

fn named(node: &Fields<'_>) -> String {
    let read = || node.object("content").ok()??.text("iccid").ok()?;
    read().map_or_else(|| "entry".to_owned(), |iccid| bulk::short(&format!("ICCID {iccid}")))
}

fn read(node: &Fields<'_>) -> ConnectivityResult<NewSim> {
    let content = required("content", node.object("content"))?;
    let iccid = content.required_text("iccid")?;
    let iccid = iccid.parse().map_err(|error| ConnectivityError::invalid("iccid", format!("{error}")))?;
    let pairs = required("imsiMsisdnPairs", content.list("imsiMsisdnPairs"))?;
    let mut sim = NewSim::new(iccid, pairs.iter().map(pair).collect::<Result<_, _>>()?);
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    sim.imei = content.text("imei")?.and_then(some);
    sim.imeisv = content.text("imeisv")?.and_then(some);
    sim.alias = content.text("alias")?.and_then(some);
    Ok(sim)
}

fn pair(value: &Value) -> ConnectivityResult<ImsiMsisdn> {
    let Value::Object(members) = value else {
        return Err(ConnectivityError::invalid("imsiMsisdnPairs", "an array of objects"));
    };
    let pair = Fields::new(members);
    let msisdn = pair.text("msisdn")?.map(digits_of_msisdn).filter(|digits| !digits.is_empty());
    Ok(ImsiMsisdn {
        imsi: pair.required_text("imsi")?.to_owned(),
        msisdn: msisdn.map(str::to_owned),
        is_last_active: pair.flag("isLastActive")?.unwrap_or_default(),
    })
}
