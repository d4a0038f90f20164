//! SIM cards as operators write them, with keys in clear.

use crate::document::DocumentError;
use crate::error::ApiError;
use muster_app::usecases::connectivity::{KeySetInClear, NewSim, digits_of_msisdn};
use muster_domain::sim::{CipherAlgorithm, Iccid, ImsiMsisdn, SimStatus};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use utoipa::ToSchema;
use zeroize::Zeroizing;

/// SIM cards to be taken in.
#[derive(Deserialize, ToSchema)]
#[schema(as = SimsInput)]
#[serde(deny_unknown_fields)]
pub(super) struct SimsInput {
    /// At most 500.
    pub(super) sims: Vec<SimInput>,
    /// Whether the last digit of each ICCID must be its check digit.
    #[serde(default = "yes")]
    pub(super) check_digit: bool,
}

const fn yes() -> bool {
    true
}

/// One SIM card.
#[derive(Deserialize, ToSchema)]
#[schema(as = SimInput)]
#[serde(deny_unknown_fields)]
pub(super) struct SimInput {
    /// The card's serial number.
    #[schema(example = "8935771600000000003")]
    pub(super) iccid: String,
    /// Its IMSIs with their numbers, in order of slots.
    imsi_msisdn_pairs: Vec<PairInput>,
    /// The device's serial number.
    #[serde(default)]
    imei: Option<String>,
    /// The device's serial number with software version.
    #[serde(default)]
    imeisv: Option<String>,
    /// `ACTIVE`, `SUSPEND`, `INACTIVE` or `TERMINATED`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    status: SimStatus,
    /// A name that its owner gives.
    #[serde(default)]
    alias: Option<String>,
    /// Labels that its owner gives.
    #[serde(default)]
    labels: Vec<String>,
    /// Name of its card profile; left out, `default`.
    #[serde(default)]
    profile: Option<String>,
    /// IANA zone of its local time, for sending hours.
    #[serde(default)]
    time_zone: Option<String>,
    /// Its key sets.
    #[serde(default)]
    key_sets: Vec<KeySetInput>,
}

/// An IMSI with its number.
#[derive(Deserialize, ToSchema)]
#[schema(as = ImsiMsisdnInput)]
#[serde(deny_unknown_fields)]
struct PairInput {
    /// 6 to 15 digits.
    imsi: String,
    /// E.164 digits.
    #[serde(default)]
    msisdn: Option<String>,
    /// Whether the card used it last.
    #[serde(default)]
    is_last_active: bool,
}

/// A key set with its keys.
#[derive(Deserialize, ToSchema)]
#[schema(as = KeySetInput)]
#[serde(deny_unknown_fields)]
struct KeySetInput {
    /// Key version number, 1 to 15.
    kvn: u8,
    /// `3des2`, `3des3` or `aes`.
    #[schema(value_type = String, example = "aes")]
    kic_algorithm: CipherAlgorithm,
    /// Ciphering key, hexadecimal.
    #[serde(deserialize_with = "key")]
    #[schema(value_type = String)]
    kic: Zeroizing<String>,
    /// `3des2`, `3des3` or `aes`.
    #[schema(value_type = String, example = "aes")]
    kid_algorithm: CipherAlgorithm,
    /// Integrity key, hexadecimal.
    #[serde(deserialize_with = "key")]
    #[schema(value_type = String)]
    kid: Zeroizing<String>,
    /// The counter that the card has stored; the next packet takes the one after it.
    #[serde(default)]
    counter: u64,
}

/// The keys of a key set whose version is named elsewhere.
#[derive(Deserialize, ToSchema)]
#[schema(as = KeysInput)]
#[serde(deny_unknown_fields)]
pub(super) struct KeysInput {
    /// `3des2`, `3des3` or `aes`.
    #[schema(value_type = String, example = "aes")]
    kic_algorithm: CipherAlgorithm,
    /// Ciphering key, hexadecimal.
    #[serde(deserialize_with = "key")]
    #[schema(value_type = String)]
    kic: Zeroizing<String>,
    /// `3des2`, `3des3` or `aes`.
    #[schema(value_type = String, example = "aes")]
    kid_algorithm: CipherAlgorithm,
    /// Integrity key, hexadecimal.
    #[serde(deserialize_with = "key")]
    #[schema(value_type = String)]
    kid: Zeroizing<String>,
    /// The counter that the card has stored; the next packet takes the one after it.
    #[serde(default)]
    counter: u64,
}

/// A key. What is given in its place is never repeated by the error.
fn key<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Zeroizing<String>, D::Error> {
    match Value::deserialize(deserializer) {
        Ok(Value::String(text)) => Ok(Zeroizing::new(text)),
        _ => Err(serde::de::Error::custom("must be a text of hexadecimal digits")),
    }
}

impl From<KeySetInput> for KeySetInClear {
    fn from(set: KeySetInput) -> Self {
        let KeySetInput { kvn, kic_algorithm, kic, kid_algorithm, kid, counter } = set;
        KeysInput { kic_algorithm, kic, kid_algorithm, kid, counter }.of_version(kvn)
    }
}

impl KeysInput {
    pub(super) fn of_version(self, kvn: u8) -> KeySetInClear {
        KeySetInClear {
            kvn,
            kic_algorithm: self.kic_algorithm,
            kic: self.kic,
            kid_algorithm: self.kid_algorithm,
            kid: self.kid,
            next_counter: self.counter.saturating_add(1),
        }
    }
}

impl SimInput {
    /// The card to be taken in.
    pub(super) fn read(self, check_digit: bool) -> Result<NewSim, String> {
        let iccid: Iccid = if check_digit {
            Iccid::with_check_digit(&self.iccid).map_err(|error| error.to_string())?
        } else {
            self.iccid.parse().map_err(|error: muster_domain::sim::IccidError| error.to_string())?
        };
        let pairs = self.imsi_msisdn_pairs.into_iter().map(|pair| ImsiMsisdn {
            imsi: pair.imsi,
            msisdn: pair.msisdn.map(|msisdn| digits_of_msisdn(&msisdn).to_owned()),
            is_last_active: pair.is_last_active,
        });
        Ok(NewSim {
            imei: self.imei,
            imeisv: self.imeisv,
            status: self.status,
            alias: self.alias,
            labels: self.labels,
            profile: self.profile,
            time_zone: self.time_zone,
            key_sets: self.key_sets.into_iter().map(KeySetInClear::from).collect(),
            ..NewSim::new(iccid, pairs.collect())
        })
    }
}

/// The version that the path names.
pub(super) fn kvn(text: &str) -> Result<u8, ApiError> {
    let kvn = text.parse().ok().filter(|kvn| (1..=15).contains(kvn));
    kvn.ok_or_else(|| DocumentError::at("kvn", "must be 1 to 15").into())
}
