//! What protects a packet and its answer: the security parameter indicator, the keys and the checks
//! (ETSI TS 102 225 §5.1.1 to §5.1.3).

mod check;
mod key_reference;
mod keys;
mod spi;

pub use check::{Check, MacLength, Redundancy};
pub use key_reference::{KeyReference, KeyVersions};
pub use keys::{CipherKey, KeyAlgorithm, KeyError, MacKey, WeakKeys};
pub use spi::{Integrity, PorMode, PorVia, Spi, SpiError};

use crate::tar::Tar;

/// Everything needed to make commands for one application of one card, and to read its answers. Whoever holds one
/// knows that indicator, key octets and keys fit each other.
#[derive(Clone, Debug)]
pub struct Security {
    spi: Spi,
    kic: KeyReference,
    kid: KeyReference,
    tar: Tar,
    command: Protection,
    response: Protection,
}

/// What a [`Security`] is made of.
#[derive(Clone, Debug)]
pub struct SecurityParts {
    /// What the command carries and what the card shall send back.
    pub spi: Spi,
    /// The octet that names the ciphering key and its algorithm.
    pub kic: KeyReference,
    /// The octet that names the integrity key and its algorithm, or the redundancy check.
    pub kid: KeyReference,
    /// The application addressed.
    pub tar: Tar,
    /// Needed when the command or the answer asked for is ciphered.
    pub cipher_key: Option<CipherKey>,
    /// Needed when the command or the answer asked for carries a cryptographic checksum.
    pub mac_key: Option<MacKey>,
    /// How much of an AES checksum is sent. Triple DES always sends 8 octets.
    pub mac_length: MacLength,
    /// Which redundancy check is meant where the KID octet does not say it.
    pub redundancy: Option<Redundancy>,
    /// Whether the two key octets must name the same, real key version.
    pub key_versions: KeyVersions,
}

/// Parts that do not fit each other. The texts name algorithms and lengths, never key octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecurityError {
    /// Ciphering is asked for in one direction, and there is no key to do it.
    #[error("ciphering is asked for without a ciphering key")]
    NoCipherKey,
    /// A cryptographic checksum is asked for in one direction, and there is no key for it.
    #[error("a cryptographic checksum is asked for without an integrity key")]
    NoMacKey,
    /// Digital signatures have a code point and no definition that cards follow.
    #[error("digital signatures are not supported")]
    DigitalSignature,
    /// The lower nibble of a key octet names another algorithm than the key's.
    #[error("{octet} names algorithm {nibble:X}, which does not fit a key for {algorithm}")]
    Algorithm {
        /// `KIc` or `KID`.
        octet: &'static str,
        /// The lower nibble.
        nibble: u8,
        /// What the key is for.
        algorithm: KeyAlgorithm,
    },
    /// The KID octet of a command with a redundancy check names another check, or none.
    #[error("KID names algorithm {nibble:X}, which does not say or does not fit the redundancy check")]
    Redundancy {
        /// The lower nibble.
        nibble: u8,
    },
    /// The upper nibbles of the key octets differ.
    #[error("KIc names key version {kic}, KID names {kid}")]
    KeyVersions {
        /// Version in KIc.
        kic: u8,
        /// Version in KID.
        kid: u8,
    },
    /// Version 0 names no key set.
    #[error("{octet} names key version 0")]
    KeyVersionZero {
        /// `KIc` or `KID`.
        octet: &'static str,
    },
    /// Only AES checksums can be cut to 4 octets.
    #[error("a checksum of 4 octets exists only with AES, the key is for {0}")]
    ShortMac(KeyAlgorithm),
}

/// What protects the packets of one direction.
#[derive(Clone, Debug)]
pub struct Protection {
    /// The key they are ciphered with; none when they travel in clear.
    pub cipher: Option<CipherKey>,
    /// The check they carry.
    pub check: Check,
}

/// All that matters for reading answers: where they come from and what they must carry.
#[derive(Clone, Copy, Debug)]
pub struct ResponseSecurity<'a> {
    /// The application that was addressed.
    pub tar: Tar,
    /// The protection that was asked for.
    pub protection: &'a Protection,
}

impl Security {
    /// Puts the parts together, or says which do not fit.
    pub fn new(parts: SecurityParts) -> Result<Self, SecurityError> {
        let SecurityParts { spi, kic, kid, tar, cipher_key, mac_key, mac_length, redundancy, key_versions } =
            parts;
        // A card that is to send no answer needs no protection for it, whatever the other bits say.
        let answers = spi.por != PorMode::Never;
        let ciphers = spi.ciphered || (answers && spi.por_ciphered);
        let signs =
            spi.integrity == Integrity::Checksum || (answers && spi.por_integrity == Integrity::Checksum);

        if ciphers {
            let key = cipher_key.as_ref().ok_or(SecurityError::NoCipherKey)?;
            kic.fits("KIc", key.algorithm())?;
        }
        if signs {
            let key = mac_key.as_ref().ok_or(SecurityError::NoMacKey)?;
            kid.fits("KID", key.algorithm())?;
            if mac_length == MacLength::Four && !key.algorithm().is_aes() {
                return Err(SecurityError::ShortMac(key.algorithm()));
            }
        }
        if key_versions == KeyVersions::SameAndReal {
            if ciphers && signs && kic.version() != kid.version() {
                return Err(SecurityError::KeyVersions { kic: kic.version(), kid: kid.version() });
            }
            for (octet, used, reference) in [("KIc", ciphers, kic), ("KID", signs, kid)] {
                if used && reference.version() == 0 {
                    return Err(SecurityError::KeyVersionZero { octet });
                }
            }
        }

        let check = |integrity, redundancy: Option<Redundancy>| match (integrity, &mac_key) {
            (Integrity::None, _) => Ok(Check::None),
            (Integrity::Redundancy, _) => {
                redundancy.map(Check::Redundancy).ok_or(SecurityError::Redundancy { nibble: kid.algorithm() })
            }
            (Integrity::Checksum, Some(key)) => Ok(Check::Checksum { key: key.clone(), length: mac_length }),
            (Integrity::Checksum, None) => Err(SecurityError::NoMacKey),
            (Integrity::Signature, _) => Err(SecurityError::DigitalSignature),
        };
        let named = kid.redundancy();
        if spi.integrity == Integrity::Redundancy {
            let contradiction = redundancy.is_some() && named.is_some() && redundancy != named;
            if contradiction || !(named.is_some() || kid.is_agreed_elsewhere()) {
                return Err(SecurityError::Redundancy { nibble: kid.algorithm() });
            }
        }
        let command = Protection {
            cipher: cipher_key.clone().filter(|_| spi.ciphered),
            check: check(spi.integrity, redundancy.or(named))?,
        };
        let response = if answers {
            Protection {
                cipher: cipher_key.filter(|_| spi.por_ciphered),
                check: check(spi.por_integrity, redundancy.or(named))?,
            }
        } else {
            Protection { cipher: None, check: Check::None }
        };
        Ok(Self { spi, kic, kid, tar, command, response })
    }

    /// The security parameter indicator.
    pub fn spi(&self) -> Spi {
        self.spi
    }

    /// The octet that names the ciphering key.
    pub fn kic(&self) -> KeyReference {
        self.kic
    }

    /// The octet that names the integrity key.
    pub fn kid(&self) -> KeyReference {
        self.kid
    }

    /// The application addressed.
    pub fn tar(&self) -> Tar {
        self.tar
    }

    /// What commands are protected with.
    pub fn command(&self) -> &Protection {
        &self.command
    }

    /// What answers must be protected with, in the form that reads them.
    pub fn response(&self) -> ResponseSecurity<'_> {
        ResponseSecurity { tar: self.tar, protection: &self.response }
    }
}

impl Protection {
    /// Octets the ciphered part is a multiple of; 1 when nothing is ciphered.
    pub(crate) fn block_len(&self) -> usize {
        self.cipher.as_ref().map_or(1, CipherKey::block_len)
    }
}

#[cfg(test)]
mod tests;
