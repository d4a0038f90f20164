//! Cards and key sets as rows: the columns, and the bytes of what has none.

use crate::encoding::{counter_from_column, decode, encode};
use muster_app::ports::{StoreError, StoreResult};
use muster_domain::ids::{SimCampaignId, SimNumber};
use muster_domain::sim::{CardFlags, CipherAlgorithm, KeySet, SealedKey, Sim, SimName};
use serde::{Deserialize, Serialize};

/// A name of a SIM as its key: the kind's number and the text.
pub(crate) fn sim_name_key(name: &SimName) -> (i16, &str) {
    match name {
        SimName::Iccid(text) => (1, text),
        SimName::Imsi(text) => (2, text),
        SimName::Msisdn(text) => (3, text),
        SimName::Imei(text) => (4, text),
    }
}

/// Bytes of a SIM. Its number is not among what counts of them: it is a column, and given by the store.
pub(crate) fn encode_sim(sim: &Sim) -> StoreResult<Vec<u8>> {
    encode(sim, "SIM", 512)
}

/// The SIM of a number and its bytes.
pub(crate) fn decode_sim(number: i64, bytes: &[u8]) -> StoreResult<Sim> {
    let sim: Sim = decode(bytes, "SIM")?;
    Ok(Sim { number: SimNumber(number), ..sim })
}

/// What of a key set is in no column of its own.
#[derive(Serialize, Deserialize)]
struct Keys {
    #[serde(rename = "ca")]
    kic_algorithm: CipherAlgorithm,
    #[serde(rename = "c")]
    kic: SealedKey,
    #[serde(rename = "da")]
    kid_algorithm: CipherAlgorithm,
    #[serde(rename = "d")]
    kid: SealedKey,
}

/// Bytes of a key set's keys.
pub(crate) fn encode_keys(set: &KeySet) -> StoreResult<Vec<u8>> {
    let keys = Keys {
        kic_algorithm: set.kic_algorithm,
        kic: set.kic.clone(),
        kid_algorithm: set.kid_algorithm,
        kid: set.kid.clone(),
    };
    encode(&keys, "key set", 128)
}

const BLOCKED: i16 = 1;
const RESYNC: i16 = 2;

/// The flags as one number.
pub(crate) fn flags_to_column(flags: CardFlags) -> i16 {
    let bit = |set: bool, bit: i16| if set { bit } else { 0 };
    bit(flags.blocked, BLOCKED) | bit(flags.resync, RESYNC)
}

/// A key set as its row, `waiting` left out.
pub(crate) struct KeySetColumns {
    pub(crate) sim: i64,
    pub(crate) kvn: i16,
    pub(crate) next_counter: i64,
    pub(crate) holder_campaign: Option<i64>,
    pub(crate) holder_ordinal: Option<i64>,
    pub(crate) flags: i16,
    pub(crate) body: Vec<u8>,
}

impl KeySetColumns {
    /// The key set of the row.
    pub(crate) fn into_key_set(self) -> StoreResult<KeySet> {
        let keys: Keys = decode(&self.body, "key set")?;
        let kvn = u8::try_from(self.kvn).map_err(|_| {
            StoreError::Corrupt(format!("a stored key set of SIM {} has the version {}", self.sim, self.kvn))
        })?;
        Ok(KeySet {
            sim: SimNumber(self.sim),
            kvn,
            kic_algorithm: keys.kic_algorithm,
            kic: keys.kic,
            kid_algorithm: keys.kid_algorithm,
            kid: keys.kid,
            next_counter: counter_from_column(self.next_counter),
            holder: self
                .holder_campaign
                .zip(self.holder_ordinal)
                .map(|(campaign, ordinal)| (SimCampaignId(campaign), counter_from_column(ordinal))),
            flags: CardFlags { blocked: self.flags & BLOCKED != 0, resync: self.flags & RESYNC != 0 },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_domain::sim::CipherAlgorithm;

    fn set(flags: CardFlags) -> KeySet {
        KeySet {
            sim: SimNumber(7),
            kvn: 15,
            kic_algorithm: CipherAlgorithm::Aes,
            kic: SealedKey((0..=255).collect()),
            kid_algorithm: CipherAlgorithm::TripleDes2,
            kid: SealedKey(vec![0, 255, 128]),
            next_counter: 9,
            holder: Some((SimCampaignId(3), 4)),
            flags,
        }
    }

    fn columns(set: &KeySet) -> KeySetColumns {
        KeySetColumns {
            sim: set.sim.0,
            kvn: i16::from(set.kvn),
            next_counter: set.next_counter as i64,
            holder_campaign: set.holder.map(|(campaign, _)| campaign.0),
            holder_ordinal: set.holder.map(|(_, ordinal)| ordinal as i64),
            flags: flags_to_column(set.flags),
            body: encode_keys(set).unwrap(),
        }
    }

    #[test]
    fn a_key_set_comes_back_as_it_went_and_takes_little_room() {
        for (blocked, resync) in [(false, false), (true, false), (false, true), (true, true)] {
            let set = set(CardFlags { blocked, resync });
            let columns = columns(&set);
            assert!(columns.body.len() < 300, "sealed octets are stored as octets: {}", columns.body.len());
            assert_eq!(columns.into_key_set().unwrap(), set);
        }
    }

    #[test]
    fn what_is_no_key_set_is_told_without_its_octets() {
        let good = columns(&set(CardFlags::default()));
        let bad = KeySetColumns { kvn: 300, ..columns(&set(CardFlags::default())) };
        assert!(matches!(bad.into_key_set(), Err(StoreError::Corrupt(_))));
        let cut = KeySetColumns { body: good.body[..40].to_vec(), ..good };
        let Err(StoreError::Corrupt(message)) = cut.into_key_set() else { panic!("it was read") };
        assert!(!message.contains("128") && !message.contains("255"), "{message}");
    }
}
