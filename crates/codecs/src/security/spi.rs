//! The security parameter indicator (ETSI TS 102 225 §5.1.1; bit 6 of octet 2: 3GPP TS 31.115 §4.2).

use crate::counter::CounterMode;

/// Two octets: what the command carries, and what the card shall send back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Spi {
    /// What the card does with the counter.
    pub counter_mode: CounterMode,
    /// The command is ciphered.
    pub ciphered: bool,
    /// The check the command carries.
    pub integrity: Integrity,
    /// When the card answers.
    pub por: PorMode,
    /// The check the answer shall carry.
    pub por_integrity: Integrity,
    /// The answer shall be ciphered.
    pub por_ciphered: bool,
    /// The way the answer takes.
    pub por_via: PorVia,
}

/// Kind of check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Integrity {
    /// No check.
    None,
    /// Redundancy check (RC): finds damage, not forgery.
    Redundancy,
    /// Cryptographic checksum (CC).
    Checksum,
    /// Digital signature (DS); the code point exists, no card is known to use it.
    Signature,
}

/// When a card sends a proof of receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PorMode {
    /// Never.
    Never,
    /// Always.
    Always,
    /// Only when something went wrong.
    OnError,
}

/// How a proof of receipt comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PorVia {
    /// Inside the delivery report of the message itself.
    DeliverReport,
    /// By a short message that the card orders.
    Submit,
}

/// Two octets that are no security parameter indicator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpiError {
    /// Bits that must be zero are not.
    #[error("reserved bits are set in octet {octet} of the security parameter indicator")]
    ReservedBits {
        /// 1 or 2.
        octet: u8,
    },
    /// Bits 2 and 1 of octet 2 are both set.
    #[error("the security parameter indicator asks for a proof of receipt in the reserved way 11")]
    ReservedPor,
}

impl Integrity {
    fn from_bits(bits: u8) -> Self {
        match bits & 0b11 {
            0b00 => Self::None,
            0b01 => Self::Redundancy,
            0b10 => Self::Checksum,
            _ => Self::Signature,
        }
    }

    fn bits(self) -> u8 {
        match self {
            Self::None => 0b00,
            Self::Redundancy => 0b01,
            Self::Checksum => 0b10,
            Self::Signature => 0b11,
        }
    }
}

impl Spi {
    /// Reads both octets; reserved bits are refused, because a card may ignore them or not.
    pub fn from_octets([command, response]: [u8; 2]) -> Result<Self, SpiError> {
        if command & 0b1110_0000 != 0 {
            return Err(SpiError::ReservedBits { octet: 1 });
        }
        if response & 0b1100_0000 != 0 {
            return Err(SpiError::ReservedBits { octet: 2 });
        }
        Ok(Self {
            counter_mode: match command >> 3 {
                0b00 => CounterMode::None,
                0b01 => CounterMode::NotChecked,
                0b10 => CounterMode::Higher,
                _ => CounterMode::Increment,
            },
            ciphered: command & 0b100 != 0,
            integrity: Integrity::from_bits(command),
            por: match response & 0b11 {
                0b00 => PorMode::Never,
                0b01 => PorMode::Always,
                0b10 => PorMode::OnError,
                _ => return Err(SpiError::ReservedPor),
            },
            por_integrity: Integrity::from_bits(response >> 2),
            por_ciphered: response & 0b1_0000 != 0,
            por_via: if response & 0b10_0000 == 0 { PorVia::DeliverReport } else { PorVia::Submit },
        })
    }

    /// Both octets, as they stand in the packet.
    pub fn to_octets(self) -> [u8; 2] {
        let counter = match self.counter_mode {
            CounterMode::None => 0b00,
            CounterMode::NotChecked => 0b01,
            CounterMode::Higher => 0b10,
            CounterMode::Increment => 0b11,
        };
        let por = match self.por {
            PorMode::Never => 0b00,
            PorMode::Always => 0b01,
            PorMode::OnError => 0b10,
        };
        [
            counter << 3 | u8::from(self.ciphered) << 2 | self.integrity.bits(),
            u8::from(self.por_via == PorVia::Submit) << 5
                | u8::from(self.por_ciphered) << 4
                | self.por_integrity.bits() << 2
                | por,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_of_octets_is_refused_or_comes_back() {
        let mut read = 0;
        for first in 0..=u8::MAX {
            for second in 0..=u8::MAX {
                match Spi::from_octets([first, second]) {
                    Ok(spi) => {
                        assert_eq!(spi.to_octets(), [first, second]);
                        read += 1;
                    }
                    Err(SpiError::ReservedBits { octet: 1 }) => assert!(first > 0x1F),
                    Err(SpiError::ReservedBits { .. }) => assert!(second > 0x3F),
                    Err(SpiError::ReservedPor) => assert_eq!(second & 3, 3),
                }
            }
        }
        assert_eq!(read, 32 * 48);
    }

    #[test]
    fn the_common_values_mean_what_they_should() {
        let ciphered_higher = Spi {
            counter_mode: CounterMode::Higher,
            ciphered: true,
            integrity: Integrity::Checksum,
            por: PorMode::Always,
            por_integrity: Integrity::Checksum,
            por_ciphered: false,
            por_via: PorVia::DeliverReport,
        };
        for (octets, expected) in [
            ([0x16, 0x09], ciphered_higher),
            ([0x16, 0x39], Spi { por_ciphered: true, por_via: PorVia::Submit, ..ciphered_higher }),
            (
                [0x12, 0x21],
                Spi {
                    ciphered: false,
                    por_integrity: Integrity::None,
                    por_via: PorVia::Submit,
                    ..ciphered_higher
                },
            ),
            ([0x16, 0x00], Spi { por: PorMode::Never, por_integrity: Integrity::None, ..ciphered_higher }),
        ] {
            assert_eq!(Spi::from_octets(octets), Ok(expected));
        }
    }
}
