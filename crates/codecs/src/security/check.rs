//! The check a packet carries, and its computation.

use super::{Integrity, MacKey, SecurityError};
use crc::{CRC_16_IBM_SDLC, CRC_32_ISO_HDLC, Crc};
use subtle::ConstantTimeEq;

const CRC_16: Crc<u16> = Crc::<u16>::new(&CRC_16_IBM_SDLC);
const CRC_32: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// The longest check, in octets.
pub(crate) const MAX_CHECK_LEN: usize = 8;

/// A redundancy check (ETSI TS 102 225 §5.1.3.2). The most significant octet is sent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Redundancy {
    /// 2 octets: polynomial 1021, reflected, start and final exclusive-or FFFF.
    Crc16,
    /// 4 octets: the check of Ethernet and ISO/IEC 3309.
    Crc32,
}

/// How much of a checksum is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MacLength {
    /// The leftmost 4 octets, with AES only.
    Four,
    /// 8 octets: all of a triple DES checksum, the left half of an AES one.
    #[default]
    Eight,
}

/// What a packet carries to show that it is whole, and maybe whose it is.
#[derive(Clone, Debug)]
pub enum Check {
    /// Nothing.
    None,
    /// A redundancy check.
    Redundancy(Redundancy),
    /// A cryptographic checksum.
    Checksum {
        /// The key it is made with.
        key: MacKey,
        /// How much of it is sent.
        length: MacLength,
    },
}

/// A computed check, at most [`MAX_CHECK_LEN`] octets.
pub(crate) struct CheckValue {
    octets: [u8; MAX_CHECK_LEN],
    len: usize,
}

impl CheckValue {
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.octets[..self.len]
    }
}

impl Check {
    /// A checksum of this length.
    ///
    /// # Errors
    /// [`SecurityError::ShortMac`] for 4 octets of anything but AES.
    pub fn checksum(key: MacKey, length: MacLength) -> Result<Self, SecurityError> {
        if length == MacLength::Four && !key.algorithm().is_aes() {
            return Err(SecurityError::ShortMac(key.algorithm()));
        }
        Ok(Self::Checksum { key, length })
    }

    /// How the indicator calls it.
    pub fn kind(&self) -> Integrity {
        match self {
            Self::None => Integrity::None,
            Self::Redundancy(_) => Integrity::Redundancy,
            Self::Checksum { .. } => Integrity::Checksum,
        }
    }

    /// Octets it takes in the packet.
    #[expect(clippy::len_without_is_empty, reason = "a length on the wire, not a collection's")]
    pub fn len(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Redundancy(Redundancy::Crc16) => 2,
            Self::Redundancy(Redundancy::Crc32) | Self::Checksum { length: MacLength::Four, .. } => 4,
            Self::Checksum { length: MacLength::Eight, .. } => 8,
        }
    }

    /// Verifying it shows who made the packet.
    pub fn authenticates(&self) -> bool {
        matches!(self, Self::Checksum { .. })
    }

    /// Over the 16 octets of header that every check begins with, then data and padding.
    pub(crate) fn compute(&self, head: &[u8; 16], tail: &[u8]) -> CheckValue {
        let mut octets = [0; MAX_CHECK_LEN];
        match self {
            Self::None => {}
            Self::Redundancy(Redundancy::Crc16) => {
                let mut digest = CRC_16.digest();
                digest.update(head);
                digest.update(tail);
                octets[..2].copy_from_slice(&digest.finalize().to_be_bytes());
            }
            Self::Redundancy(Redundancy::Crc32) => {
                let mut digest = CRC_32.digest();
                digest.update(head);
                digest.update(tail);
                octets[..4].copy_from_slice(&digest.finalize().to_be_bytes());
            }
            Self::Checksum { key, .. } => octets = key.mac(head, tail),
        }
        CheckValue { octets, len: self.len() }
    }

    /// Takes the same time wherever the first difference is.
    pub(crate) fn verifies(&self, head: &[u8; 16], tail: &[u8], carried: &[u8]) -> bool {
        self.compute(head, tail).as_slice().ct_eq(carried).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_redundancy_checks() {
        assert_eq!(CRC_16.checksum(&[1, 2, 3, 4, 5]).to_be_bytes(), [0x22, 0xEC]);
        assert_eq!(CRC_32.checksum(&[1, 2, 3, 4, 5]).to_be_bytes(), [0x47, 0x0B, 0x99, 0xF4]);
    }
}
