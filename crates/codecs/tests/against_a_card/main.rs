//! Packets of ours in a card that was written without looking at our code, and its answers in ours.

mod commands;
mod packets;

use muster_codecs::security::{
    CipherKey, Integrity, KeyAlgorithm, KeyReference, KeyVersions, MacKey, MacLength, Redundancy, Security,
    SecurityParts, Spi, WeakKeys,
};
use muster_codecs::tar::Tar;
use muster_peers::card::{Algorithm, Card, CardProfile, CardSpec, Key, KeySet, Kind};

const KVN: u8 = 3;

/// One way to protect, in the words of both sides.
#[derive(Debug, Clone, Copy)]
struct Case {
    ours: KeyAlgorithm,
    theirs: Algorithm,
    spi: [u8; 2],
    redundancy: Redundancy,
}

fn security(case: Case, tar: Tar, kic: &[u8], kid: &[u8]) -> Security {
    let spi = Spi::from_octets(case.spi).unwrap();
    let redundant = [spi.integrity, spi.por_integrity].contains(&Integrity::Redundancy);
    let kid_octet = match (redundant, case.redundancy) {
        (true, Redundancy::Crc16) => KVN << 4 | 1,
        (true, Redundancy::Crc32) => KVN << 4 | 5,
        (false, _) => KVN << 4 | case.ours.nibble(),
    };
    Security::new(SecurityParts {
        spi,
        kic: KeyReference::new(KVN, case.ours),
        kid: KeyReference::from_octet(kid_octet),
        tar,
        cipher_key: Some(CipherKey::new(case.ours, kic, WeakKeys::Refuse).unwrap()),
        mac_key: Some(MacKey::new(case.ours, kid, WeakKeys::Refuse).unwrap()),
        mac_length: MacLength::Eight,
        redundancy: None,
        key_versions: KeyVersions::SameAndReal,
    })
    .unwrap()
}

fn card(case: Case, kic: &[u8], kid: &[u8], counter: u64) -> Card {
    let key = |octets: &[u8]| Key::new(case.theirs, octets).unwrap();
    let profile = CardProfile::lab();
    let spec = CardSpec {
        iccid: "8949000000000000018".into(),
        imsi: "262990000000001".into(),
        msisdn: "491500000001".into(),
        key_sets: vec![KeySet { kvn: KVN, kic: key(kic), kid: key(kid), counter }],
        profile: profile.clone(),
    };
    Card::new(&spec, Kind::new(profile))
}

fn octets(length: usize, seed: u8) -> Vec<u8> {
    // Keys whose parts differ, so that triple DES is not single DES.
    (0..length).map(|at| (at as u8).wrapping_mul(37).wrapping_add(seed)).collect()
}

/// The applet of the card's profile that takes any data.
const APPLET: Tar = Tar([0xA0, 0x00, 0x01]);
/// File management of the USIM.
const FILES: Tar = Tar([0xB0, 0x00, 0x01]);
