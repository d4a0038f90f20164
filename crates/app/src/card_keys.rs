//! Keys of SIM cards at rest: sealed with AES-256-GCM under the server's card key, bound to the card, the key
//! version and the key's use, so that a sealed key cannot be moved to another card.

use crate::ports::Entropy;
use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use muster_domain::sim::{CipherAlgorithm, Iccid, SealedKey};
use std::fmt;
use zeroize::Zeroizing;

const NONCE_OCTETS: usize = 12;

/// What a card's key is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyUse {
    /// Ciphering (KIc).
    Ciphering,
    /// Integrity (KID).
    Integrity,
}

impl KeyUse {
    const fn tag(self) -> u8 {
        match self {
            Self::Ciphering => 1,
            Self::Integrity => 2,
        }
    }

    /// Its name in key files and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ciphering => "kic",
            Self::Integrity => "kid",
        }
    }
}

/// Why a key of a card cannot be used. No text of it holds any octet of a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CardKeyError {
    /// The server has no card key.
    #[error("the server has no key to protect card keys with: set sim.card_key (64 hexadecimal digits)")]
    NoCardKey,
    /// The server's card key is not 32 octets in hexadecimal.
    #[error("sim.card_key must be 64 hexadecimal digits")]
    CardKeyForm,
    /// Not pairs of hexadecimal digits.
    #[error("{0} is not an even number of hexadecimal digits")]
    Hexadecimal(&'static str),
    /// A length that the algorithm does not have.
    #[error("{name} has {octets} octets; {algorithm} takes {expected}")]
    Length {
        /// Which key.
        name: &'static str,
        /// Octets given.
        octets: usize,
        /// The algorithm's name.
        algorithm: &'static str,
        /// Lengths it takes, in words.
        expected: String,
    },
    /// Two parts of a triple DES key are equal, which makes it single DES.
    #[error("{0} is no triple DES key: two of its parts are equal")]
    Degenerate(&'static str),
    /// Single DES.
    #[error("{0} is a single DES key, which is refused (a card profile may allow it with allow_weak)")]
    SingleDes(&'static str),
    /// The server's card key is another one than the key was sealed with, or the store was tampered with.
    #[error("{0} cannot be opened: it was sealed under another sim.card_key, or for another card")]
    Sealed(&'static str),
}

/// The server's card key.
#[derive(Clone)]
pub struct CardKeys {
    cipher: Box<Aes256Gcm>,
}

impl fmt::Debug for CardKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardKeys(***)")
    }
}

impl CardKeys {
    /// Takes the key from configuration: 64 hexadecimal digits.
    pub fn from_hex(text: &str) -> Result<Self, CardKeyError> {
        let octets = octets(text.trim()).ok_or(CardKeyError::CardKeyForm)?;
        let cipher = Aes256Gcm::new_from_slice(&octets).map_err(|_| CardKeyError::CardKeyForm)?;
        Ok(Self { cipher: Box::new(cipher) })
    }

    /// Makes the text of a new key, for a configuration that has none.
    pub fn generate(entropy: &dyn Entropy) -> Zeroizing<String> {
        let mut octets = Zeroizing::new([0; 32]);
        entropy.fill(&mut *octets);
        Zeroizing::new(crate::secrets::hex(&*octets))
    }

    /// Checks a key given in hexadecimal and seals it for its card. Parity bits of DES keys do not count.
    pub fn seal(
        &self,
        entropy: &dyn Entropy,
        card: &Iccid,
        kvn: u8,
        usage: KeyUse,
        algorithm: CipherAlgorithm,
        key_hex: &str,
    ) -> Result<SealedKey, CardKeyError> {
        let key = octets(key_hex).ok_or(CardKeyError::Hexadecimal(usage.name()))?;
        check(&key, usage, algorithm)?;
        let mut sealed = vec![0; NONCE_OCTETS];
        entropy.fill(&mut sealed);
        let nonce = nonce_of(&sealed).ok_or(CardKeyError::CardKeyForm)?;
        let payload = Payload { msg: &key, aad: &binding(card, kvn, usage) };
        let ciphertext =
            self.cipher.encrypt(&nonce, payload).map_err(|_| CardKeyError::Sealed(usage.name()))?;
        sealed.extend(ciphertext);
        Ok(SealedKey(sealed))
    }

    /// Opens a sealed key for as long as one packet takes.
    pub fn open(
        &self,
        card: &Iccid,
        kvn: u8,
        usage: KeyUse,
        sealed: &SealedKey,
    ) -> Result<Zeroizing<Vec<u8>>, CardKeyError> {
        let wrong = || CardKeyError::Sealed(usage.name());
        let nonce = nonce_of(&sealed.0).ok_or_else(wrong)?;
        let payload = Payload { msg: &sealed.0[NONCE_OCTETS..], aad: &binding(card, kvn, usage) };
        self.cipher.decrypt(&nonce, payload).map(Zeroizing::new).map_err(|_| wrong())
    }
}

fn nonce_of(sealed: &[u8]) -> Option<Nonce<aes_gcm::aead::consts::U12>> {
    let octets: [u8; NONCE_OCTETS] = sealed.get(..NONCE_OCTETS)?.try_into().ok()?;
    Some(octets.into())
}

fn binding(card: &Iccid, kvn: u8, usage: KeyUse) -> Vec<u8> {
    let mut binding = card.as_str().as_bytes().to_vec();
    binding.extend([kvn, usage.tag()]);
    binding
}

fn check(key: &[u8], usage: KeyUse, algorithm: CipherAlgorithm) -> Result<(), CardKeyError> {
    let lengths = algorithm.key_lengths();
    if !lengths.contains(&key.len()) {
        let expected: Vec<_> = lengths.iter().map(ToString::to_string).collect();
        return Err(CardKeyError::Length {
            name: usage.name(),
            octets: key.len(),
            algorithm: algorithm.name(),
            expected: expected.join(" or "),
        });
    }
    if matches!(algorithm, CipherAlgorithm::TripleDes2 | CipherAlgorithm::TripleDes3) {
        let parts: Vec<Vec<u8>> =
            key.chunks(8).map(|part| part.iter().map(|octet| octet & 0xFE).collect()).collect();
        // Neighbours that are equal cancel each other out; first and third may be equal, that is the form with two keys.
        if parts.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(CardKeyError::Degenerate(usage.name()));
        }
    }
    Ok(())
}

fn octets(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    if text.is_empty() || !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    let mut octets = Zeroizing::new(Vec::with_capacity(text.len() / 2));
    for pair in text.as_bytes().chunks_exact(2) {
        let digit = |byte: u8| char::from(byte).to_digit(16);
        octets.push((digit(pair[0])? << 4 | digit(pair[1])?) as u8);
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::SeededEntropy;

    const KEY: &str = "0F1E2D3C4B5A69788796A5B4C3D2E1F0";

    fn iccid(text: &str) -> Iccid {
        text.parse().unwrap()
    }

    fn ring(seed: u64) -> CardKeys {
        CardKeys::from_hex(&CardKeys::generate(&SeededEntropy::new(seed))).unwrap()
    }

    fn seal(key: &str, algorithm: CipherAlgorithm) -> Result<SealedKey, CardKeyError> {
        let card = iccid("8935771600000000003");
        ring(1).seal(&SeededEntropy::new(2), &card, 1, KeyUse::Ciphering, algorithm, key)
    }

    #[test]
    fn a_sealed_key_opens_for_its_card_version_and_use_only() {
        let card = iccid("8935771600000000003");
        let sealed = seal(KEY, CipherAlgorithm::TripleDes2).unwrap();
        assert!(!sealed.0.windows(4).any(|window| window == [0x0F, 0x1E, 0x2D, 0x3C]));
        let opened = ring(1).open(&card, 1, KeyUse::Ciphering, &sealed).unwrap();
        assert_eq!(crate::secrets::hex(&opened).to_uppercase(), KEY);
        assert!(ring(1).open(&iccid("8935771600000000052"), 1, KeyUse::Ciphering, &sealed).is_err());
        assert!(ring(1).open(&card, 2, KeyUse::Ciphering, &sealed).is_err());
        assert!(ring(1).open(&card, 1, KeyUse::Integrity, &sealed).is_err());
        assert!(ring(3).open(&card, 1, KeyUse::Ciphering, &sealed).is_err());
        assert!(ring(1).open(&card, 1, KeyUse::Ciphering, &SealedKey(vec![1, 2, 3])).is_err());
    }

    #[test]
    fn keys_that_are_none_are_refused_without_being_shown() {
        use CipherAlgorithm::{Aes, TripleDes2, TripleDes3};
        let half = &KEY[..16];
        let same_but_parity = "0F1E2D3C4B5A69780E1F2C3D4A5B6879";
        let table = [
            ("", Aes, "kic is not an even number of hexadecimal digits"),
            (&KEY[1..], Aes, "kic is not an even number of hexadecimal digits"),
            ("0G", Aes, "kic is not an even number of hexadecimal digits"),
            (half, Aes, "kic has 8 octets; aes takes 16 or 24 or 32"),
            (half, TripleDes2, "kic has 8 octets; 3des2 takes 16"),
            (KEY, TripleDes3, "kic has 16 octets; 3des3 takes 24"),
            (same_but_parity, TripleDes2, "kic is no triple DES key: two of its parts are equal"),
        ];
        for (key, algorithm, message) in table {
            let error = seal(key, algorithm).unwrap_err();
            assert_eq!(error.to_string(), message);
            assert!(key.len() < 8 || !format!("{error:?}").contains(&key[..8]));
        }
        assert!(CardKeys::from_hex("00").is_err());
        assert_eq!(format!("{:?}", ring(1)), "CardKeys(***)");
    }
}
