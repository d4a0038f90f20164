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
    command: CommandSecurity,
    response: Protection,
}

/// The half of a [`Security`] that makes and reads commands.
#[derive(Clone, Debug)]
pub struct CommandSecurity {
    spi: Spi,
    kic: KeyReference,
    kid: KeyReference,
    tar: Tar,
    protection: Protection,
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
    /// The indicator announces another protection than the one given.
    #[error("the security parameter indicator announces another protection")]
    Indicator,
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
    #[expect(clippy::needless_pass_by_value, reason = "the keys leave the caller's hands and are wiped here")]
    pub fn new(parts: SecurityParts) -> Result<Self, SecurityError> {
        let SecurityParts { spi, kic, kid, tar, .. } = parts;
        if spi.integrity == Integrity::Redundancy {
            let named = kid.redundancy();
            let contradiction = parts.redundancy.is_some() && named.is_some() && parts.redundancy != named;
            if contradiction || !(named.is_some() || kid.is_agreed_elsewhere()) {
                return Err(SecurityError::Redundancy { nibble: kid.algorithm() });
            }
        }
        let protection = parts.protection(spi.ciphered, spi.integrity)?;
        // A card that is to send no answer needs no protection for it, whatever the other bits say.
        let response = match spi.por {
            PorMode::Never => Protection::NONE,
            PorMode::Always | PorMode::OnError => parts.protection(spi.por_ciphered, spi.por_integrity)?,
        };
        if parts.key_versions == KeyVersions::SameAndReal {
            let ciphers = protection.cipher.is_some() || response.cipher.is_some();
            let signs = protection.check.authenticates() || response.check.authenticates();
            if ciphers && signs && kic.version() != kid.version() {
                return Err(SecurityError::KeyVersions { kic: kic.version(), kid: kid.version() });
            }
            for (octet, used, reference) in [("KIc", ciphers, kic), ("KID", signs, kid)] {
                if used && reference.version() == 0 {
                    return Err(SecurityError::KeyVersionZero { octet });
                }
            }
        }
        Ok(Self { command: CommandSecurity { spi, kic, kid, tar, protection }, response })
    }

    /// What makes and reads commands.
    pub fn command(&self) -> &CommandSecurity {
        &self.command
    }

    /// What answers must be protected with, in the form that reads them.
    pub fn response(&self) -> ResponseSecurity<'_> {
        ResponseSecurity { tar: self.command.tar, protection: &self.response }
    }

    /// The security parameter indicator.
    pub fn spi(&self) -> Spi {
        self.command.spi
    }

    /// The application addressed.
    pub fn tar(&self) -> Tar {
        self.command.tar
    }
}

impl CommandSecurity {
    /// Takes the key octets as they are, for cards that number keys and algorithms in a way of their own and for
    /// reading what others made. Only that the indicator asks for just this protection is looked at.
    ///
    /// # Errors
    /// [`SecurityError::Indicator`].
    pub fn as_given(
        spi: Spi,
        kic: KeyReference,
        kid: KeyReference,
        tar: Tar,
        protection: Protection,
    ) -> Result<Self, SecurityError> {
        if spi.ciphered != protection.cipher.is_some() || spi.integrity != protection.check.kind() {
            return Err(SecurityError::Indicator);
        }
        Ok(Self { spi, kic, kid, tar, protection })
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
    pub fn protection(&self) -> &Protection {
        &self.protection
    }
}

impl AsRef<CommandSecurity> for Security {
    fn as_ref(&self) -> &CommandSecurity {
        &self.command
    }
}

impl AsRef<CommandSecurity> for CommandSecurity {
    fn as_ref(&self) -> &CommandSecurity {
        self
    }
}

impl SecurityParts {
    fn protection(&self, ciphered: bool, integrity: Integrity) -> Result<Protection, SecurityError> {
        let cipher = if ciphered {
            let key = self.cipher_key.as_ref().ok_or(SecurityError::NoCipherKey)?;
            self.kic.fits("KIc", key.algorithm())?;
            Some(key.clone())
        } else {
            None
        };
        let check = match integrity {
            Integrity::None => Check::None,
            Integrity::Redundancy => {
                let check = self.redundancy.or(self.kid.redundancy());
                Check::Redundancy(check.ok_or(SecurityError::Redundancy { nibble: self.kid.algorithm() })?)
            }
            Integrity::Checksum => {
                let key = self.mac_key.as_ref().ok_or(SecurityError::NoMacKey)?;
                self.kid.fits("KID", key.algorithm())?;
                Check::checksum(key.clone(), self.mac_length)?
            }
            Integrity::Signature => return Err(SecurityError::DigitalSignature),
        };
        Ok(Protection { cipher, check })
    }
}

impl Protection {
    /// Neither ciphered nor checked.
    pub const NONE: Self = Self { cipher: None, check: Check::None };

    /// Octets the ciphered part is a multiple of; 1 when nothing is ciphered.
    pub(crate) fn block_len(&self) -> usize {
        self.cipher.as_ref().map_or(1, CipherKey::block_len)
    }
}

#[cfg(test)]
mod tests;
