//! SIM cards: `…/accounts/{account}/sims` for many, `…/sims/{iccid}` for one. Keys come in and never go out.

mod import;
mod input;
mod list;
mod put_key_set;
mod read;

use crate::call::App;
use crate::document::rfc3339;
use crate::error::ApiError;
use muster_domain::sim::{CipherAlgorithm, Iccid, ImsiMsisdn, KeySet, Sim, SimStatus};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_sims, import::import_sims))
        .routes(routes!(read::read_sim))
        .routes(routes!(put_key_set::put_key_set))
}

/// A SIM card.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Sim)]
pub(super) struct Output {
    /// Its id, `subscriberId` of the connectivity face.
    id: String,
    /// The account it belongs to.
    account: String,
    /// The card's serial number.
    iccid: String,
    /// Its IMSIs with their numbers: `imsi`, `msisdn`, `is_last_active`.
    #[schema(value_type = Vec<Object>)]
    imsi_msisdn_pairs: Vec<ImsiMsisdn>,
    /// The device's serial number.
    imei: Option<String>,
    /// The device's serial number with software version.
    imeisv: Option<String>,
    /// `ACTIVE`, `SUSPEND`, `INACTIVE` or `TERMINATED`.
    #[schema(value_type = String)]
    status: SimStatus,
    /// A name that its owner gave.
    alias: Option<String>,
    /// Labels that its owner gave.
    labels: Vec<String>,
    /// The package attached.
    package: Option<String>,
    /// Name of its card profile.
    profile: String,
    /// IANA zone of its local time.
    time_zone: Option<String>,
    /// When it was loaded.
    created_at: String,
}

impl Output {
    fn of(sim: &Sim) -> Self {
        Self {
            id: sim.id.to_string(),
            account: sim.account.to_string(),
            iccid: sim.iccid.to_string(),
            imsi_msisdn_pairs: sim.imsi_msisdn_pairs.clone(),
            imei: sim.imei.clone(),
            imeisv: sim.imeisv.clone(),
            status: sim.status,
            alias: sim.alias.clone(),
            labels: sim.labels.clone(),
            package: sim.package.map(|package| package.to_string()),
            profile: sim.profile.clone(),
            time_zone: sim.time_zone.clone(),
            created_at: rfc3339(sim.created_at),
        }
    }
}

/// A SIM card with its key sets.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = SimWithKeySets)]
pub(super) struct Detailed {
    #[serde(flatten)]
    sim: Output,
    /// Its key sets, by version.
    key_sets: Vec<KeySetOutput>,
}

/// A key set, without its keys.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = KeySet)]
pub(super) struct KeySetOutput {
    /// Key version number.
    kvn: u8,
    /// Algorithm of the ciphering key: `3des2`, `3des3`, `aes` or `des`.
    #[schema(value_type = String)]
    kic_algorithm: CipherAlgorithm,
    /// Algorithm of the integrity key.
    #[schema(value_type = String)]
    kid_algorithm: CipherAlgorithm,
    /// The counter that the next packet takes.
    next_counter: u64,
    /// The card's counter is at its end: nothing more can be sent under these keys.
    blocked: bool,
    /// The counters of card and server do not fit together.
    resync: bool,
    /// The campaign whose packet is on its way to the card.
    held_by: Option<i64>,
}

impl KeySetOutput {
    fn of(set: &KeySet) -> Self {
        Self {
            kvn: set.kvn,
            kic_algorithm: set.kic_algorithm,
            kid_algorithm: set.kid_algorithm,
            next_counter: set.next_counter,
            blocked: set.flags.blocked,
            resync: set.flags.resync,
            held_by: set.holder.map(|(campaign, _)| campaign.0),
        }
    }
}

/// The serial number that the path names.
fn iccid(text: &str) -> Result<Iccid, ApiError> {
    text.parse().map_err(|_| ApiError::not_found("SIM", text))
}
