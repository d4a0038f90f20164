//! Key sets of a card, as stored: the keys themselves are sealed and opaque here.

use crate::ids::{SimCampaignId, SimNumber};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Algorithm of a ciphering or integrity key (TS 102 225 §5.1.2, §5.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CipherAlgorithm {
    /// Single DES; refused unless a setting allows it.
    #[serde(rename = "des")]
    Des,
    /// Triple DES with two keys: 16 octets.
    #[serde(rename = "3des2")]
    TripleDes2,
    /// Triple DES with three keys: 24 octets.
    #[serde(rename = "3des3")]
    TripleDes3,
    /// AES: 16, 24 or 32 octets.
    #[serde(rename = "aes")]
    Aes,
}

impl CipherAlgorithm {
    /// Reads the name used in key files: `des`, `3des2`, `3des3`, `aes`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "des" => Some(Self::Des),
            "3des2" => Some(Self::TripleDes2),
            "3des3" => Some(Self::TripleDes3),
            "aes" => Some(Self::Aes),
            _ => None,
        }
    }

    /// The name used in key files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Des => "des",
            Self::TripleDes2 => "3des2",
            Self::TripleDes3 => "3des3",
            Self::Aes => "aes",
        }
    }

    /// The lower nibble of KIc and KID.
    pub const fn nibble(self) -> u8 {
        match self {
            Self::Des => 0x1,
            Self::Aes => 0x2,
            Self::TripleDes2 => 0x5,
            Self::TripleDes3 => 0x9,
        }
    }

    /// Lengths in octets that a key may have.
    pub const fn key_lengths(self) -> &'static [usize] {
        match self {
            Self::Des => &[8],
            Self::TripleDes2 => &[16],
            Self::TripleDes3 => &[24],
            Self::Aes => &[16, 24, 32],
        }
    }
}

/// A key encrypted under the server's card key: nonce, ciphertext and tag. It prints as stars.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SealedKey(#[serde(with = "crate::octets")] pub Vec<u8>);

impl fmt::Debug for SealedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// What is wrong with a key set on the card, as far as its answers tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CardFlags {
    /// The card's counter is at its maximum (PoR status 04): nothing more can be sent under these keys.
    pub blocked: bool,
    /// The counters of card and server do not fit together (PoR status 02 or 03 that could not be explained).
    pub resync: bool,
}

/// One key set of one card. All campaigns share its counter (TS 102 225 §5.1.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeySet {
    /// The card.
    pub sim: SimNumber,
    /// Key version number, 1 to 15.
    pub kvn: u8,
    /// Algorithm of the ciphering key.
    pub kic_algorithm: CipherAlgorithm,
    /// Ciphering key.
    pub kic: SealedKey,
    /// Algorithm of the integrity key.
    pub kid_algorithm: CipherAlgorithm,
    /// Integrity key.
    pub kid: SealedKey,
    /// The counter that the next new packet takes. Never given twice, never given back.
    pub next_counter: u64,
    /// The participant whose packet is on its way to the card, if any: campaign and ordinal.
    pub holder: Option<(SimCampaignId, u64)>,
    /// What the card's answers said about the key set.
    pub flags: CardFlags,
}

/// The last counter that is given away (`FF FF FF FF FE`): one more would block the card.
pub const COUNTER_MAX: u64 = 0xFF_FFFF_FFFE;

impl KeySet {
    /// Whether another packet may be made: the keys are not blocked and a counter is left.
    pub const fn is_usable(&self) -> bool {
        !self.flags.blocked && self.next_counter <= COUNTER_MAX
    }
}
