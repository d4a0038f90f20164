//! The KIc and KID octets (ETSI TS 102 225 §5.1.2, §5.1.3).

use super::{KeyAlgorithm, Redundancy, SecurityError};

/// An octet that names a key of the card: its version in the upper nibble, its algorithm in the lower.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyReference(u8);

/// What is asked of the versions in the two key octets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum KeyVersions {
    /// Those in use are the same, and not 0. What cards expect unless their profile says otherwise.
    #[default]
    SameAndReal,
    /// Anything, for cards that number their keys in their own way.
    Any,
}

const IMPLICIT: u8 = 0x0;
const PROPRIETARY: u8 = 0x3;

impl KeyReference {
    /// The octet as it stands in the packet.
    pub fn from_octet(octet: u8) -> Self {
        Self(octet)
    }

    /// The octet for a key set's version and an algorithm.
    pub fn new(version: u8, algorithm: KeyAlgorithm) -> Self {
        Self(version << 4 | algorithm.nibble())
    }

    /// The octet as it stands in the packet.
    pub fn octet(self) -> u8 {
        self.0
    }

    /// Key version number, 0 to 15. Version 0 names no key set.
    pub fn version(self) -> u8 {
        self.0 >> 4
    }

    /// Algorithm identifier, 0 to 15.
    pub fn algorithm(self) -> u8 {
        self.0 & 0x0F
    }

    /// The octet leaves the algorithm to an agreement between issuer and card.
    pub fn is_agreed_elsewhere(self) -> bool {
        matches!(self.algorithm(), IMPLICIT | PROPRIETARY)
    }

    /// The redundancy check a KID octet names, if it names one.
    pub fn redundancy(self) -> Option<Redundancy> {
        match self.algorithm() {
            0x1 => Some(Redundancy::Crc16),
            0x5 => Some(Redundancy::Crc32),
            _ => None,
        }
    }

    pub(super) fn fits(self, octet: &'static str, algorithm: KeyAlgorithm) -> Result<(), SecurityError> {
        if self.is_agreed_elsewhere() || self.algorithm() == algorithm.nibble() {
            Ok(())
        } else {
            Err(SecurityError::Algorithm { octet, nibble: self.algorithm(), algorithm })
        }
    }
}
