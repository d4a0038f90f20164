//! Programs to packets.

use super::{Body, Program, Step};
use crate::card_keys::{CardKeyError, CardKeys, KeyUse};
use muster_codecs::command_packet;
use muster_codecs::concat;
use muster_codecs::counter::{Counter, CounterMode as WireCounterMode};
use muster_codecs::error::EncodeError;
use muster_codecs::script::expanded::{self, CommandObject, Framing};
use muster_codecs::script::{ScriptError, compact};
use muster_codecs::security::{
    CipherKey, Integrity as WireIntegrity, KeyAlgorithm, KeyError, KeyReference, KeyVersions, MacKey,
    MacLength, PorMode, PorVia, Redundancy, Security, SecurityError, SecurityParts, Spi, WeakKeys,
};
use muster_domain::participant::{Packet, Purpose, Segment};
use muster_domain::sim::{
    CardProfile, CipherAlgorithm, CounterMode, Iccid, Integrity, KeySet, PorRequest, ScriptFormat,
};

/// Why no packet can be made for a card. No text of it holds octets of a key or of a script.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PacketError {
    /// The card has no key set of the version that its profile uses.
    #[error("the card has no key set of version {0}")]
    NoKeys(u8),
    /// The key set cannot be used any more.
    #[error("key set {0} of the card is blocked or its counter is used up")]
    Blocked(u8),
    /// The profile asks for AES where the counter is not checked.
    #[error("AES is tied to a counter that the card checks; a profile may allow it with allow_weak")]
    AesWithoutCounter,
    /// A key cannot be opened.
    #[error(transparent)]
    Key(#[from] CardKeyError),
    /// A key does not fit its algorithm.
    #[error(transparent)]
    KeyForm(#[from] KeyError),
    /// Keys and profile do not fit.
    #[error(transparent)]
    Security(#[from] SecurityError),
    /// Something does not fit into a packet.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The script cannot be put together.
    #[error("the script cannot be put together ({})", .0.class())]
    Script(ScriptError),
}

/// Which packet is wanted.
#[derive(Debug, Clone, Copy)]
pub struct PacketRequest<'a> {
    /// The card.
    pub card: &'a Iccid,
    /// How it wants to be spoken to.
    pub profile: &'a CardProfile,
    /// Its keys. The packet takes `next_counter`.
    pub keys: &'a KeySet,
    /// What is done to it.
    pub program: &'a Program,
    /// Which step.
    pub step: u32,
    /// To do it, or to find out whether it was done.
    pub purpose: Purpose,
    /// Reference of the messages it is cut into; not one that a packet to the card had lately.
    pub reference: u8,
}

/// What protects packets to an application of a card, and its answers.
pub fn security(
    ring: &CardKeys,
    card: &Iccid,
    profile: &CardProfile,
    keys: &KeySet,
    step: &Step,
) -> Result<Security, PacketError> {
    let checked = profile.counter_mode.protects_from_replay();
    let aes = [keys.kic_algorithm, keys.kid_algorithm].contains(&CipherAlgorithm::Aes);
    if aes && !checked && !profile.allow_weak {
        return Err(PacketError::AesWithoutCounter);
    }
    let weak = if profile.allow_weak { WeakKeys::Allow } else { WeakKeys::Refuse };
    let answers = profile.por != PorRequest::None;
    let ciphers = profile.ciphered || (answers && profile.por_ciphered);
    let signs = profile.integrity == Integrity::Cc || (answers && profile.por_integrity == Integrity::Cc);
    let cipher_key = if ciphers {
        let key = ring.open(card, keys.kvn, KeyUse::Ciphering, &keys.kic)?;
        Some(CipherKey::new(algorithm(keys.kic_algorithm, key.len())?, &key, weak)?)
    } else {
        None
    };
    let mac_key = if signs {
        let key = ring.open(card, keys.kvn, KeyUse::Integrity, &keys.kid)?;
        Some(MacKey::new(algorithm(keys.kid_algorithm, key.len())?, &key, weak)?)
    } else {
        None
    };
    let redundancy =
        [profile.integrity, profile.por_integrity].into_iter().find_map(|integrity| match integrity {
            Integrity::Crc16 => Some(Redundancy::Crc16),
            Integrity::Crc32 => Some(Redundancy::Crc32),
            Integrity::None | Integrity::Cc => None,
        });
    // The lower nibble of KID names what protects the command: the check's own code, or the key's algorithm.
    let kid_nibble = match profile.integrity {
        Integrity::Crc16 => 0x1,
        Integrity::Crc32 => 0x5,
        Integrity::Cc | Integrity::None => keys.kid_algorithm.nibble(),
    };
    let octet = |nibble: u8| KeyReference::from_octet(keys.kvn << 4 | nibble);
    Ok(Security::new(SecurityParts {
        spi: spi(profile),
        kic: octet(keys.kic_algorithm.nibble()),
        kid: octet(kid_nibble),
        tar: step.tar,
        cipher_key,
        mac_key,
        mac_length: if profile.cmac_length == 4 { MacLength::Four } else { MacLength::Eight },
        redundancy,
        key_versions: KeyVersions::SameAndReal,
    })?)
}

fn algorithm(algorithm: CipherAlgorithm, octets: usize) -> Result<KeyAlgorithm, KeyError> {
    match algorithm {
        CipherAlgorithm::Des => Ok(KeyAlgorithm::Des),
        CipherAlgorithm::TripleDes2 => Ok(KeyAlgorithm::TripleDes2),
        CipherAlgorithm::TripleDes3 => Ok(KeyAlgorithm::TripleDes3),
        CipherAlgorithm::Aes => KeyAlgorithm::aes_for(octets),
    }
}

fn spi(profile: &CardProfile) -> Spi {
    let integrity = |integrity| match integrity {
        Integrity::None => WireIntegrity::None,
        Integrity::Crc16 | Integrity::Crc32 => WireIntegrity::Redundancy,
        Integrity::Cc => WireIntegrity::Checksum,
    };
    Spi {
        counter_mode: match profile.counter_mode {
            CounterMode::None => WireCounterMode::None,
            CounterMode::NotChecked => WireCounterMode::NotChecked,
            CounterMode::Higher => WireCounterMode::Higher,
            CounterMode::Increment => WireCounterMode::Increment,
        },
        ciphered: profile.ciphered,
        integrity: integrity(profile.integrity),
        por: match profile.por {
            PorRequest::None => PorMode::Never,
            PorRequest::Always => PorMode::Always,
            PorRequest::OnError => PorMode::OnError,
        },
        por_integrity: integrity(profile.por_integrity),
        por_ciphered: profile.por_ciphered,
        por_via: if profile.por_by_submit { PorVia::Submit } else { PorVia::DeliverReport },
    }
}

/// The secured data of a packet.
fn secured_data(body: &Body) -> Result<zeroize::Zeroizing<Vec<u8>>, PacketError> {
    match body {
        Body::Raw(octets, _) => Ok(octets.clone().into()),
        Body::Script { format: ScriptFormat::Compact, commands } => {
            let commands: Vec<_> = commands.iter().map(|(apdu, _)| apdu.clone()).collect();
            Ok(compact::build(&commands))
        }
        Body::Script { format: ScriptFormat::Expanded, commands } => {
            let objects: Vec<_> =
                commands.iter().map(|(apdu, _)| CommandObject::Apdu(apdu.clone())).collect();
            expanded::build(&objects, Framing::Definite).map_err(PacketError::Script)
        }
    }
}

/// Makes the packet, cut into messages. It takes the key set's next counter: whoever sends it reserves that first.
pub fn make_packet(ring: &CardKeys, request: &PacketRequest<'_>) -> Result<Packet, PacketError> {
    let PacketRequest { card, profile, keys, program, step, purpose, reference } = *request;
    if !keys.is_usable() {
        return Err(PacketError::Blocked(keys.kvn));
    }
    let at = program.steps.get(step as usize).or(program.steps.last());
    let Some(step_body) = at else { return Err(PacketError::NoKeys(keys.kvn)) };
    let security = security(ring, card, profile, keys, step_body)?;
    let counter = match profile.counter_mode {
        CounterMode::None => 0,
        _ => keys.next_counter,
    };
    let wire_counter = Counter::new(counter).map_err(|_| PacketError::Blocked(keys.kvn))?;
    let data = secured_data(step_body.body(purpose))?;
    let octets = command_packet::encode(&security, wire_counter, &data)?;
    let segments = concat::segments(&octets, reference)?;
    let idempotent = purpose == Purpose::ReadBack || step_body.idempotent;
    let replay_safe = profile.counter_mode.protects_from_replay();
    Ok(Packet {
        purpose,
        step,
        kvn: keys.kvn,
        counter,
        tar: step_body.tar.0,
        segments: segments
            .into_iter()
            .map(|user_data| Segment { user_data, message_id: None, delivered: false })
            .collect(),
        route: String::new(),
        sends: 0,
        replay_safe,
        idempotent,
        // Under mode 11 the very next counter must arrive first; and what would harm when run twice must be known.
        sticky: profile.counter_mode == CounterMode::Increment || !idempotent,
        por: profile.por,
    })
}
