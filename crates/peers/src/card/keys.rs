//! Key sets of a card.

use std::fmt;

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// Triple DES with two keys, 16 octets: nibble 5 of KIc and KID.
    TripleDes2,
    /// Triple DES with three keys, 24 octets: nibble 9.
    TripleDes3,
    /// AES with 16, 24 or 32 octets: nibble 2.
    Aes,
}

impl Algorithm {
    /// The lower nibble that names it in KIc and KID (TS 102 225 §5.1.2, §5.1.3).
    pub fn nibble(self) -> u8 {
        match self {
            Self::TripleDes2 => 5,
            Self::TripleDes3 => 9,
            Self::Aes => 2,
        }
    }

    /// Its name in tables of cards: `3des2`, `3des3` or `aes`.
    pub fn name(self) -> &'static str {
        match self {
            Self::TripleDes2 => "3des2",
            Self::TripleDes3 => "3des3",
            Self::Aes => "aes",
        }
    }

    /// The algorithm of such a name, in either case.
    pub fn named(name: &str) -> Option<Self> {
        [Self::TripleDes2, Self::TripleDes3, Self::Aes]
            .into_iter()
            .find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }

    /// Octets of a block: what ciphered text is a multiple of.
    pub fn block(self) -> usize {
        match self {
            Self::TripleDes2 | Self::TripleDes3 => 8,
            Self::Aes => 16,
        }
    }
}

/// The octets given are no key of the algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key of {} may not have {length} octets", .algorithm.name())]
pub struct KeyLength {
    /// What it was to be for.
    pub algorithm: Algorithm,
    /// How many octets were given.
    pub length: usize,
}

/// A key. Its octets are never shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key {
    algorithm: Algorithm,
    length: u8,
    octets: [u8; 32],
}

impl Key {
    /// A key, if the octets are as many as the algorithm takes.
    pub fn new(algorithm: Algorithm, octets: &[u8]) -> Result<Self, KeyLength> {
        let fits = match algorithm {
            Algorithm::TripleDes2 => octets.len() == 16,
            Algorithm::TripleDes3 => octets.len() == 24,
            Algorithm::Aes => matches!(octets.len(), 16 | 24 | 32),
        };
        if !fits {
            return Err(KeyLength { algorithm, length: octets.len() });
        }
        let mut own = [0; 32];
        own[..octets.len()].copy_from_slice(octets);
        Ok(Self { algorithm, length: octets.len() as u8, octets: own })
    }

    /// What it is for.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The secret itself: for ciphers and for tables of made-up cards.
    pub(crate) fn octets(&self) -> &[u8] {
        &self.octets[..usize::from(self.length)]
    }

    /// Another key of the same kind, as a card of another batch would hold.
    pub(crate) fn mistaken(mut self) -> Self {
        self.octets[0] ^= 0x5A;
        self
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({} ***)", self.algorithm.name())
    }
}

/// Ciphering and integrity key of one version, with the counter that they share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySet {
    /// Key version number, 1 to 15: the upper nibble of KIc and KID.
    pub kvn: u8,
    /// Ciphering key.
    pub kic: Key,
    /// Integrity key.
    pub kid: Key,
    /// The highest counter accepted so far, below 2^40; a fresh card holds 0.
    pub counter: u64,
}
