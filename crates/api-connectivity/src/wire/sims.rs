//! SIMs as they are read.

use muster_domain::sim::{ImsiMsisdn, Sim};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// An IMSI with the number it is reached under.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ImsiMsisdnPair)]
pub(crate) struct PairRow {
    #[schema(example = "901405100000003")]
    imsi: String,
    /// E.164 digits; empty where the IMSI has no number.
    #[schema(example = "882285100000003")]
    msisdn: String,
    /// Whether the card used it last.
    is_last_active: bool,
}

impl From<ImsiMsisdn> for PairRow {
    fn from(pair: ImsiMsisdn) -> Self {
        Self { imsi: pair.imsi, msisdn: pair.msisdn.unwrap_or_default(), is_last_active: pair.is_last_active }
    }
}

/// The numbers on and behind a SIM.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SubscriberIdentifiers)]
pub(crate) struct IdentifiersRow {
    subscriber_id: Uuid,
    imsi_msisdn_pairs: Vec<PairRow>,
    #[schema(example = "8935771600000000003")]
    iccid: String,
    /// Empty if it is not known.
    imei: String,
    /// Empty if it is not known.
    imeisv: String,
}

impl From<&Sim> for IdentifiersRow {
    fn from(sim: &Sim) -> Self {
        Self {
            subscriber_id: sim.id,
            imsi_msisdn_pairs: sim.imsi_msisdn_pairs.iter().cloned().map(PairRow::from).collect(),
            iccid: sim.iccid.to_string(),
            imei: sim.imei.clone().unwrap_or_default(),
            imeisv: sim.imeisv.clone().unwrap_or_default(),
        }
    }
}

pub(crate) fn pairs(sim: &Sim) -> Vec<PairRow> {
    sim.imsi_msisdn_pairs.iter().cloned().map(PairRow::from).collect()
}
