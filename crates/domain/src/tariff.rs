//! Tariff offers and the packages that bundle them for sub-accounts.

use crate::ids::{AccountId, PackageId, TariffId};
use crate::time::UnixMillis;
use serde::{Deserialize, Serialize};

/// A tariff item that an account sells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tariff {
    /// `id` on the wire.
    pub id: TariffId,
    /// The account that made it.
    pub account: AccountId,
    /// Display name.
    pub name: String,
    /// Optional description.
    pub description: String,
    /// What is sold.
    pub kind: TariffKind,
    /// Price of one interval, as the decimal text that was given: money is never a binary fraction.
    pub cost: String,
    /// ISO 4217 code.
    pub currency: String,
    /// How often it renews.
    pub renewal_interval: RenewalInterval,
    /// Whether a started interval is charged in part; never for pools.
    pub is_prorated: bool,
    /// When it was made.
    pub created_at: UnixMillis,
    /// When it can no longer be given out.
    pub expires_at: Option<UnixMillis>,
}

/// What a tariff sells (`type` on the wire).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TariffKind {
    /// A price per unit.
    Rate,
    /// An amount of money.
    Money,
    /// An amount of use.
    Usage,
    /// An amount shared by several SIMs.
    Pool,
}

/// How often a tariff renews.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the calendar's words say it")]
pub enum RenewalInterval {
    Daily,
    Weekly,
    Monthly,
    Quarterly,
    SemiAnnually,
    Annually,
    OneTime,
}

/// Who among the sub-accounts may see a package and attach it to its own SIMs (`eligibleSubAccountIds`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Eligibility {
    /// Every direct sub-account, also those made later (`ALL`).
    All,
    /// Those named, in the order given; empty means nobody.
    These(Vec<AccountId>),
}

impl Eligibility {
    /// Whether the direct sub-account is among them.
    pub fn includes(&self, account: AccountId) -> bool {
        match self {
            Self::All => true,
            Self::These(accounts) => accounts.contains(&account),
        }
    }
}

/// A bundle of tariffs that is attached to a SIM as one thing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Package {
    /// `id` and `packageId` on the wire.
    pub id: PackageId,
    /// The account that made it, for its sub-accounts.
    pub account: AccountId,
    /// Unique among the packages of its creator that are not deleted.
    pub name: String,
    /// Optional description; `None` after it was overwritten with an empty value.
    pub description: Option<String>,
    /// At least one, in order of consumption.
    pub nested_offers: Vec<TariffId>,
    /// Who may use it.
    pub eligibility: Eligibility,
    /// Whether it was attached to any SIM, ever. From then on `nested_offers` cannot change.
    pub is_ever_used: bool,
    /// A deleted package is kept for the record and shown nowhere.
    pub deleted: bool,
    /// When it was made.
    pub created_at: UnixMillis,
}
