//! From the fields of an object to keys and checks. Key octets are taken as they are: this is a tool to look at what
//! others made, weak or strange as it may be.

use super::refusal::Refusal;
use super::vector::{Hex, Octet, SecurityFields};
use muster_codecs::Tar;
use muster_codecs::counter::{Counter, CounterMode};
use muster_codecs::security::{
    Check, CipherKey, CommandSecurity, Integrity, KeyAlgorithm, KeyError, KeyReference, KeyVersions, MacKey,
    MacLength, PorMode, Protection, Redundancy, Security, SecurityParts, Spi, WeakKeys,
};

/// What a command is protected with.
pub(super) fn command(fields: &SecurityFields) -> Result<CommandSecurity, Refusal> {
    let spi = spi(required(fields.spi.as_ref(), "security.spi")?)?;
    let check = match (&fields.integrity, spi.integrity) {
        (Some(name), _) => check(fields, name, fields.integrity_len)?,
        (None, kind) => check_of_kind(fields, kind, fields.integrity_len)?,
    };
    let cipher = spi.ciphered.then(|| cipher_key(fields, WeakKeys::Allow)).transpose()?;
    let [kic, kid] = [fields.kic_byte, fields.kid_byte].map(reference);
    Ok(CommandSecurity::as_given(spi, kic, kid, tar(fields)?, Protection { cipher, check })?)
}

/// The same, for those who want to be told what a card's profile would refuse: weak keys, key octets that do not fit,
/// AES without a counter that is checked.
pub(super) fn strict(fields: &SecurityFields) -> Result<(), Refusal> {
    let policy = |error: &dyn std::fmt::Display| Refusal::new("policy", error.to_string());
    let spi = spi(required(fields.spi.as_ref(), "security.spi")?)?;
    let cipher_key = fields.kic.as_ref().map(|_| cipher_key(fields, WeakKeys::Refuse));
    let mac_key = fields.kid.as_ref().map(|_| mac_key(fields, WeakKeys::Refuse));
    let cipher_key = cipher_key.transpose().map_err(|error| error.into_class("policy"))?;
    let mac_key = mac_key.transpose().map_err(|error| error.into_class("policy"))?;
    let aes = cipher_key.as_ref().is_some_and(|key| key.algorithm().is_aes())
        || mac_key.as_ref().is_some_and(|key| key.algorithm().is_aes());
    if aes && matches!(spi.counter_mode, CounterMode::None | CounterMode::NotChecked) {
        return Err(policy(&"AES is tied to a counter that the card checks"));
    }
    let redundancy = match fields.integrity.as_deref() {
        Some("crc16") => Some(Redundancy::Crc16),
        Some("crc32") => Some(Redundancy::Crc32),
        _ => None,
    };
    Security::new(SecurityParts {
        spi,
        kic: reference(fields.kic_byte),
        kid: reference(fields.kid_byte),
        tar: tar(fields)?,
        cipher_key,
        mac_key,
        mac_length: mac_length(fields.integrity_len)?,
        redundancy,
        key_versions: KeyVersions::SameAndReal,
    })
    .map(|_| ())
    .map_err(|error| policy(&error))
}

/// What an answer carries, and what was asked for.
pub(super) struct Answered {
    pub(super) protection: Protection,
    /// More was asked for than this answer is said to carry.
    pub(super) less_than_asked: bool,
}

/// What an answer is protected with: what the object says of this very answer, else what the command asked for.
pub(super) fn response(fields: &SecurityFields, requested_spi: Option<&Hex>) -> Result<Answered, Refusal> {
    let asked =
        requested_spi.or(fields.requested_spi.as_ref()).or(fields.spi.as_ref()).map(spi).transpose()?;
    let asked = asked.filter(|spi| spi.por != PorMode::Never);
    let ciphered = fields.por_ciphered.or(asked.map(|spi| spi.por_ciphered)).unwrap_or(false);
    let len = fields.por_integrity_len.or(fields.integrity_len);
    let check = match (&fields.por_integrity, asked) {
        (Some(name), _) => check(fields, name, len)?,
        (None, Some(spi)) => check_of_kind(fields, spi.por_integrity, len)?,
        (None, None) => Check::None,
    };
    let cipher = ciphered.then(|| cipher_key(fields, WeakKeys::Allow)).transpose()?;
    let less_than_asked = asked.is_some_and(|spi| {
        let strength = |kind| match kind {
            Integrity::None => 0,
            Integrity::Redundancy => 1,
            Integrity::Checksum | Integrity::Signature => 2,
        };
        (spi.por_ciphered && cipher.is_none()) || strength(spi.por_integrity) > strength(check.kind())
    });
    Ok(Answered { protection: Protection { cipher, check }, less_than_asked })
}

/// The application addressed, where it is said.
pub(super) fn tar(fields: &SecurityFields) -> Result<Tar, Refusal> {
    let octets = &required(fields.tar.as_ref(), "security.tar")?.0;
    octets.as_slice().try_into().map(Tar).map_err(|_| Refusal::input("security.tar has not 3 octets"))
}

/// The counter, where it is said.
pub(super) fn counter(fields: &SecurityFields) -> Option<Counter> {
    fields.cntr.map(|field| Counter::from_octets(field.0))
}

fn required<'a, T>(field: Option<&'a T>, name: &str) -> Result<&'a T, Refusal> {
    field.ok_or_else(|| Refusal::missing(name))
}

fn spi(hex: &Hex) -> Result<Spi, Refusal> {
    let octets = hex.0.as_slice().try_into().map_err(|_| Refusal::input("an indicator has not 2 octets"))?;
    Ok(Spi::from_octets(octets)?)
}

fn reference(octet: Option<Octet>) -> KeyReference {
    KeyReference::from_octet(octet.map_or(0, |octet| octet.0))
}

fn check(fields: &SecurityFields, name: &str, len: Option<usize>) -> Result<Check, Refusal> {
    match name.to_ascii_lowercase().as_str() {
        "none" => Ok(Check::None),
        "crc16" => Ok(Check::Redundancy(Redundancy::Crc16)),
        "crc32" => Ok(Check::Redundancy(Redundancy::Crc32)),
        "rc" => check_of_kind(fields, Integrity::Redundancy, len),
        "cc" => check_of_kind(fields, Integrity::Checksum, len),
        "ds" => check_of_kind(fields, Integrity::Signature, len),
        _ => Err(Refusal::input("an integrity is none, crc16, crc32 or cc")),
    }
}

fn check_of_kind(fields: &SecurityFields, kind: Integrity, len: Option<usize>) -> Result<Check, Refusal> {
    match kind {
        Integrity::None => Ok(Check::None),
        Integrity::Redundancy => {
            let named = reference(fields.kid_byte).redundancy();
            named.map(Check::Redundancy).ok_or_else(|| Refusal::input("which redundancy check is not said"))
        }
        Integrity::Checksum => Ok(Check::checksum(mac_key(fields, WeakKeys::Allow)?, mac_length(len)?)?),
        Integrity::Signature => Err(Refusal::new("security", "digital signatures are not supported")),
    }
}

fn mac_length(len: Option<usize>) -> Result<MacLength, Refusal> {
    match len {
        Some(4) => Ok(MacLength::Four),
        // None is said of an answer that carries none.
        None | Some(0 | 8) => Ok(MacLength::Eight),
        Some(_) => Err(Refusal::new("security", "a checksum has 4 or 8 octets")),
    }
}

fn cipher_key(fields: &SecurityFields, weak: WeakKeys) -> Result<CipherKey, Refusal> {
    let octets = &required(fields.kic.as_ref(), "security.kic")?.0;
    let algorithm = algorithm(fields.kic_alg.as_deref(), fields.kic_byte, octets.len())?;
    Ok(CipherKey::new(algorithm, octets, weak)?)
}

fn mac_key(fields: &SecurityFields, weak: WeakKeys) -> Result<MacKey, Refusal> {
    let octets = &required(fields.kid.as_ref(), "security.kid")?.0;
    let algorithm = algorithm(fields.kid_alg.as_deref(), fields.kid_byte, octets.len())?;
    Ok(MacKey::new(algorithm, octets, weak)?)
}

/// By name, else by the octet that names the key.
fn algorithm(name: Option<&str>, octet: Option<Octet>, key_len: usize) -> Result<KeyAlgorithm, Refusal> {
    let aes = || KeyAlgorithm::aes_for(key_len).map_err(|error: KeyError| Refusal::from(error));
    let unknown = || Refusal::new("security", "the algorithm of a key is not known");
    match (name.map(str::to_ascii_lowercase).as_deref(), octet) {
        (Some("des"), _) => Ok(KeyAlgorithm::Des),
        (Some("3des" | "tdes"), _) if key_len == 24 => Ok(KeyAlgorithm::TripleDes3),
        (Some("3des" | "tdes" | "3des2" | "tdes2"), _) => Ok(KeyAlgorithm::TripleDes2),
        (Some("3des3" | "tdes3"), _) => Ok(KeyAlgorithm::TripleDes3),
        (Some("aes"), _) => aes(),
        (Some("aes128"), _) => Ok(KeyAlgorithm::Aes128),
        (Some("aes192"), _) => Ok(KeyAlgorithm::Aes192),
        (Some("aes256"), _) => Ok(KeyAlgorithm::Aes256),
        (None, Some(Octet(octet))) => match octet & 0x0F {
            0x1 => Ok(KeyAlgorithm::Des),
            0x2 => aes(),
            0x5 => Ok(KeyAlgorithm::TripleDes2),
            0x9 => Ok(KeyAlgorithm::TripleDes3),
            _ => Err(unknown()),
        },
        (Some(_), _) | (None, None) => Err(unknown()),
    }
}
