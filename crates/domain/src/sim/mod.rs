//! SIM cards: what identifies one, how it wants to be spoken to, and what can be written on it.

mod iccid;
mod keys;
mod profile;
mod template;

pub use iccid::{Iccid, IccidError};
pub use keys::{COUNTER_MAX, CardFlags, CipherAlgorithm, KeySet, SealedKey};
pub use profile::{AdfTarget, CardProfile, CounterMode, Integrity, PorRequest, ScriptFormat};
pub use template::{FilePath, FilePathError, Operation, Template, TemplateKind};

use crate::ids::{AccountId, OrganizationId, PackageId, SimNumber};
use crate::time::UnixMillis;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Most IMSI slots of a card (connectivity contract §1.1).
pub const IMSI_SLOTS_MAX: usize = 10;

/// One SIM: a subscriber of the connectivity face.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sim {
    /// Its number inside Muster.
    pub number: SimNumber,
    /// `subscriberId` on the wire.
    pub id: Uuid,
    /// The tenant.
    pub organization: OrganizationId,
    /// The account it belongs to.
    pub account: AccountId,
    /// The card's serial number.
    pub iccid: Iccid,
    /// IMSIs with their numbers, in order of slots; at most [`IMSI_SLOTS_MAX`].
    pub imsi_msisdn_pairs: Vec<ImsiMsisdn>,
    /// The device's serial number, as last known.
    pub imei: Option<String>,
    /// The device's serial number with software version, as last known.
    pub imeisv: Option<String>,
    /// Its status.
    pub status: SimStatus,
    /// A name that its owner gave.
    pub alias: Option<String>,
    /// Labels that its owner gave.
    pub labels: Vec<String>,
    /// The package attached; at most one.
    pub package: Option<PackageId>,
    /// Name of the [`CardProfile`] by which it is spoken to.
    pub profile: String,
    /// IANA zone of the card's local time, for sending hours.
    pub time_zone: Option<String>,
    /// When it was loaded.
    pub created_at: UnixMillis,
}

impl Sim {
    /// The number to which messages for the card go, digits only: that of the active IMSI, or else the first one.
    pub fn msisdn(&self) -> Option<&str> {
        let active = self.imsi_msisdn_pairs.iter().find(|pair| pair.is_last_active);
        active.into_iter().chain(&self.imsi_msisdn_pairs).find_map(|pair| pair.msisdn.as_deref())
    }
}

/// One IMSI of a card with the number it is reached under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImsiMsisdn {
    /// 6 to 15 digits.
    pub imsi: String,
    /// E.164 digits without a plus sign.
    pub msisdn: Option<String>,
    /// Whether the card used it last; true of one at most.
    pub is_last_active: bool,
}

/// Status of a SIM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SimStatus {
    /// In use.
    #[default]
    Active,
    /// Put to rest.
    Suspend,
    /// Not yet in use.
    Inactive,
    /// Given up.
    Terminated,
}

/// A name by which one SIM can be found; each is unique over all accounts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SimName {
    /// Card serial number.
    Iccid(String),
    /// Subscription identity; a card may have several.
    Imsi(String),
    /// Phone number, digits only; a card may have several.
    Msisdn(String),
    /// Device serial number.
    Imei(String),
}

impl Sim {
    /// Every name by which it can be found.
    pub fn names(&self) -> Vec<SimName> {
        let pairs = self.imsi_msisdn_pairs.iter();
        std::iter::once(SimName::Iccid(self.iccid.to_string()))
            .chain(pairs.clone().map(|pair| SimName::Imsi(pair.imsi.clone())))
            .chain(pairs.filter_map(|pair| pair.msisdn.clone()).map(SimName::Msisdn))
            .chain(self.imei.clone().map(SimName::Imei))
            .collect()
    }
}
