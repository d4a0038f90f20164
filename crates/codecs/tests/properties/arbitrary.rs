//! Any security there can be: all algorithms, checks, counter modes and ways to answer.

use muster_codecs::Tar;
use muster_codecs::counter::{Counter, CounterMode};
use muster_codecs::security::{
    CipherKey, Integrity, KeyAlgorithm, KeyReference, KeyVersions, MacKey, MacLength, PorMode, PorVia,
    Redundancy, Security, SecurityParts, Spi, WeakKeys,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

pub(crate) fn algorithm() -> impl Strategy<Value = KeyAlgorithm> {
    select(vec![
        KeyAlgorithm::Des,
        KeyAlgorithm::TripleDes2,
        KeyAlgorithm::TripleDes3,
        KeyAlgorithm::Aes128,
        KeyAlgorithm::Aes192,
        KeyAlgorithm::Aes256,
    ])
}

fn integrity() -> impl Strategy<Value = Integrity> {
    select(vec![Integrity::None, Integrity::Redundancy, Integrity::Checksum])
}

pub(crate) fn spi() -> impl Strategy<Value = Spi> {
    (
        select(vec![CounterMode::None, CounterMode::NotChecked, CounterMode::Higher, CounterMode::Increment]),
        any::<bool>(),
        integrity(),
        select(vec![PorMode::Never, PorMode::Always, PorMode::OnError]),
        integrity(),
        any::<bool>(),
        select(vec![PorVia::DeliverReport, PorVia::Submit]),
    )
        .prop_map(|(counter_mode, ciphered, integrity, por, por_integrity, por_ciphered, por_via)| Spi {
            counter_mode,
            ciphered,
            integrity,
            por,
            por_integrity,
            por_ciphered,
            por_via,
        })
}

/// Keys octets that name the algorithm where they can, and leave it open where check and checksum disagree about
/// the lower nibble.
pub(crate) fn security_with(spi: impl Strategy<Value = Spi>) -> impl Strategy<Value = Security> {
    (
        spi,
        algorithm(),
        algorithm(),
        vec(any::<u8>(), 64),
        any::<bool>(),
        any::<bool>(),
        1..16_u8,
        any::<[u8; 3]>(),
    )
        .prop_map(|(spi, cipher, mac, octets, short, crc16, version, tar)| {
            let redundancy = if crc16 { Redundancy::Crc16 } else { Redundancy::Crc32 };
            let kid = match spi.integrity {
                Integrity::Redundancy => KeyReference::from_octet(version << 4),
                _ => KeyReference::new(version, mac),
            };
            Security::new(SecurityParts {
                spi,
                kic: KeyReference::new(version, cipher),
                kid,
                tar: Tar(tar),
                cipher_key: Some(
                    CipherKey::new(cipher, &octets[..cipher.key_len()], WeakKeys::Allow).unwrap(),
                ),
                mac_key: Some(MacKey::new(mac, &octets[32..32 + mac.key_len()], WeakKeys::Allow).unwrap()),
                mac_length: if short && mac.is_aes() { MacLength::Four } else { MacLength::Eight },
                redundancy: Some(redundancy),
                key_versions: KeyVersions::SameAndReal,
            })
            .unwrap()
        })
}

pub(crate) fn security() -> impl Strategy<Value = Security> {
    security_with(spi())
}

/// A checksum both ways.
pub(crate) fn authenticated() -> impl Strategy<Value = Security> {
    security_with(spi().prop_map(|spi| Spi {
        integrity: Integrity::Checksum,
        por: PorMode::Always,
        por_integrity: Integrity::Checksum,
        ..spi
    }))
}

pub(crate) fn counter() -> impl Strategy<Value = Counter> {
    prop_oneof![
        Just(Counter::ZERO),
        Just(Counter::LAST),
        (0..=Counter::LAST.value()).prop_map(|value| Counter::new(value).unwrap()),
    ]
}

/// Mostly what fits into a few short messages, sometimes far more.
pub(crate) fn data() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![8 => vec(any::<u8>(), 0..64), 4 => vec(any::<u8>(), 0..700), 1 => vec(any::<u8>(), 0..9_000)]
}
