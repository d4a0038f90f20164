//! Keys: their algorithms, their lengths, and the block ciphers behind them.

use aes::{Aes128, Aes192, Aes256};
use cbc::cipher::{
    Block, BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, BlockSizeUser,
    InnerIvInit, Iv, KeyInit,
};
use cmac::{Cmac, Mac};
use des::{Des, TdesEde2, TdesEde3};
use std::fmt;
use zeroize::{Zeroize, Zeroizing};

/// The longest key, AES-256, in octets.
const MAX_KEY_LEN: usize = 32;
/// The block of DES and triple DES, in octets.
const DES_BLOCK_LEN: usize = 8;
/// The block of AES, in octets.
const AES_BLOCK_LEN: usize = 16;

/// A block cipher with the length of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyAlgorithm {
    /// Single DES. Broken; see [`WeakKeys`].
    Des,
    /// Triple DES with two keys: encrypt with the first, decrypt with the second, encrypt with the first.
    TripleDes2,
    /// Triple DES with three keys.
    TripleDes3,
    /// AES with a key of 16 octets.
    Aes128,
    /// AES with a key of 24 octets.
    Aes192,
    /// AES with a key of 32 octets.
    Aes256,
}

/// Whether keys that protect nothing may be used.
///
/// Single DES falls to anybody with a day of hardware: a card that signs an error with it gives its key away. Triple
/// DES whose neighbouring keys are equal is single DES. Laboratory cards still come with both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum WeakKeys {
    /// Such keys are refused.
    #[default]
    Refuse,
    /// Such keys are used as they are.
    Allow,
}

/// Octets that are no key for the algorithm. The texts never contain them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The algorithm has keys of one length.
    #[error("a key for {algorithm} has {expected} octets, this one has {len}")]
    Length {
        /// What the key was to be for.
        algorithm: KeyAlgorithm,
        /// Octets it must have.
        expected: usize,
        /// Octets it has.
        len: usize,
    },
    /// AES keys have 16, 24 or 32 octets.
    #[error("an AES key has 16, 24 or 32 octets, this one has {len}")]
    AesLength {
        /// Octets it has.
        len: usize,
    },
    /// Single DES was not allowed.
    #[error("single DES protects nothing and has to be allowed explicitly")]
    SingleDes,
    /// Two neighbouring keys of triple DES are equal, which leaves single DES.
    #[error("keys {first} and {second} of triple DES are equal, which makes it single DES")]
    Degenerate {
        /// Number of the one, from 1.
        first: u8,
        /// Number of the other.
        second: u8,
    },
}

impl KeyAlgorithm {
    /// The AES variant for a key of this length in octets.
    pub fn aes_for(key_len: usize) -> Result<Self, KeyError> {
        match key_len {
            16 => Ok(Self::Aes128),
            24 => Ok(Self::Aes192),
            32 => Ok(Self::Aes256),
            len => Err(KeyError::AesLength { len }),
        }
    }

    /// Length of the key, in octets.
    pub fn key_len(self) -> usize {
        match self {
            Self::Des => 8,
            Self::TripleDes2 | Self::Aes128 => 16,
            Self::TripleDes3 | Self::Aes192 => 24,
            Self::Aes256 => 32,
        }
    }

    /// Length of a block, in octets.
    pub fn block_len(self) -> usize {
        if self.is_aes() { AES_BLOCK_LEN } else { DES_BLOCK_LEN }
    }

    /// The lower nibble of a KIc or KID octet that names this algorithm.
    pub fn nibble(self) -> u8 {
        match self {
            Self::Des => 0x1,
            Self::TripleDes2 => 0x5,
            Self::TripleDes3 => 0x9,
            Self::Aes128 | Self::Aes192 | Self::Aes256 => 0x2,
        }
    }

    /// One of the AES variants.
    pub fn is_aes(self) -> bool {
        matches!(self, Self::Aes128 | Self::Aes192 | Self::Aes256)
    }
}

impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Des => "single DES",
            Self::TripleDes2 => "triple DES with two keys",
            Self::TripleDes3 => "triple DES with three keys",
            Self::Aes128 => "AES-128",
            Self::Aes192 => "AES-192",
            Self::Aes256 => "AES-256",
        })
    }
}

#[derive(Clone)]
struct Key {
    algorithm: KeyAlgorithm,
    octets: Zeroizing<[u8; MAX_KEY_LEN]>,
}

impl Key {
    fn new(algorithm: KeyAlgorithm, octets: &[u8], weak: WeakKeys) -> Result<Self, KeyError> {
        let expected = algorithm.key_len();
        if octets.len() != expected {
            return Err(KeyError::Length { algorithm, expected, len: octets.len() });
        }
        if weak == WeakKeys::Refuse {
            match algorithm {
                KeyAlgorithm::Des => return Err(KeyError::SingleDes),
                KeyAlgorithm::TripleDes2 | KeyAlgorithm::TripleDes3 => refuse_equal_neighbours(octets)?,
                KeyAlgorithm::Aes128 | KeyAlgorithm::Aes192 | KeyAlgorithm::Aes256 => {}
            }
        }
        let mut stored = Zeroizing::new([0; MAX_KEY_LEN]);
        stored[..expected].copy_from_slice(octets);
        Ok(Self { algorithm, octets: stored })
    }

    fn octets(&self) -> &[u8] {
        &self.octets[..self.algorithm.key_len()]
    }
}

/// The lowest bit of each octet is parity, which the cipher does not look at.
fn refuse_equal_neighbours(octets: &[u8]) -> Result<(), KeyError> {
    for (index, pair) in octets.chunks_exact(DES_BLOCK_LEN).collect::<Vec<_>>().windows(2).enumerate() {
        if pair[0].iter().zip(pair[1]).all(|(a, b)| a >> 1 == b >> 1) {
            return Err(KeyError::Degenerate { first: index as u8 + 1, second: index as u8 + 2 });
        }
    }
    Ok(())
}

/// A key that ciphers, in CBC mode with an initial block of zeros.
#[derive(Clone)]
pub struct CipherKey(Key);

/// A key that makes checksums: CBC-MAC for DES and triple DES, CMAC (NIST SP 800-38B) for AES.
#[derive(Clone)]
pub struct MacKey(Key);

impl fmt::Debug for CipherKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CipherKey({:?}, ***)", self.0.algorithm)
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MacKey({:?}, ***)", self.0.algorithm)
    }
}

impl CipherKey {
    /// Takes a copy of the octets that is wiped when dropped; parity bits are kept and not looked at.
    pub fn new(algorithm: KeyAlgorithm, octets: &[u8], weak: WeakKeys) -> Result<Self, KeyError> {
        Key::new(algorithm, octets, weak).map(Self)
    }

    /// What it ciphers with.
    pub fn algorithm(&self) -> KeyAlgorithm {
        self.0.algorithm
    }

    /// Length of a block, in octets.
    pub fn block_len(&self) -> usize {
        self.0.algorithm.block_len()
    }

    /// Ciphers in place. The length is a multiple of the block's.
    pub(crate) fn encrypt(&self, octets: &mut [u8]) {
        let key = self.0.octets();
        match self.0.algorithm {
            KeyAlgorithm::Des => encrypt::<Des>(key, octets),
            KeyAlgorithm::TripleDes2 => encrypt::<TdesEde2>(key, octets),
            KeyAlgorithm::TripleDes3 => encrypt::<TdesEde3>(key, octets),
            KeyAlgorithm::Aes128 => encrypt::<Aes128>(key, octets),
            KeyAlgorithm::Aes192 => encrypt::<Aes192>(key, octets),
            KeyAlgorithm::Aes256 => encrypt::<Aes256>(key, octets),
        }
    }

    /// Deciphers in place. The length is a multiple of the block's.
    pub(crate) fn decrypt(&self, octets: &mut [u8]) {
        let key = self.0.octets();
        match self.0.algorithm {
            KeyAlgorithm::Des => decrypt::<Des>(key, octets),
            KeyAlgorithm::TripleDes2 => decrypt::<TdesEde2>(key, octets),
            KeyAlgorithm::TripleDes3 => decrypt::<TdesEde3>(key, octets),
            KeyAlgorithm::Aes128 => decrypt::<Aes128>(key, octets),
            KeyAlgorithm::Aes192 => decrypt::<Aes192>(key, octets),
            KeyAlgorithm::Aes256 => decrypt::<Aes256>(key, octets),
        }
    }
}

impl MacKey {
    /// Takes a copy of the octets that is wiped when dropped; parity bits are kept and not looked at.
    pub fn new(algorithm: KeyAlgorithm, octets: &[u8], weak: WeakKeys) -> Result<Self, KeyError> {
        Key::new(algorithm, octets, weak).map(Self)
    }

    /// What it makes checksums with.
    pub fn algorithm(&self) -> KeyAlgorithm {
        self.0.algorithm
    }

    /// The 8 octets of checksum over both parts, one after the other.
    pub(crate) fn mac(&self, head: &[u8; 16], tail: &[u8]) -> [u8; 8] {
        let key = self.0.octets();
        match self.0.algorithm {
            KeyAlgorithm::Des => cbc_mac::<Des>(key, head, tail),
            KeyAlgorithm::TripleDes2 => cbc_mac::<TdesEde2>(key, head, tail),
            KeyAlgorithm::TripleDes3 => cbc_mac::<TdesEde3>(key, head, tail),
            KeyAlgorithm::Aes128 => cmac::<Cmac<Aes128>>(key, head, tail),
            KeyAlgorithm::Aes192 => cmac::<Cmac<Aes192>>(key, head, tail),
            KeyAlgorithm::Aes256 => cmac::<Cmac<Aes256>>(key, head, tail),
        }
    }
}

fn cipher<C: KeyInit>(key: &[u8]) -> C {
    C::new_from_slice(key).expect("the length was checked against the algorithm's")
}

fn encrypt<C: BlockCipherEncrypt + KeyInit>(key: &[u8], octets: &mut [u8]) {
    let (blocks, rest) = Block::<C>::slice_as_chunks_mut(octets);
    debug_assert!(rest.is_empty(), "padded before");
    cbc::Encryptor::<C>::inner_iv_init(cipher(key), &Iv::<cbc::Encryptor<C>>::default())
        .encrypt_blocks(blocks);
}

fn decrypt<C: BlockCipherDecrypt + KeyInit>(key: &[u8], octets: &mut [u8]) {
    let (blocks, rest) = Block::<C>::slice_as_chunks_mut(octets);
    debug_assert!(rest.is_empty(), "checked before");
    cbc::Decryptor::<C>::inner_iv_init(cipher(key), &Iv::<cbc::Decryptor<C>>::default())
        .decrypt_blocks(blocks);
}

/// The whole cipher on every block and the whole last block: not the retail variant, which saves two thirds of it.
fn cbc_mac<C: BlockCipherEncrypt + KeyInit + BlockSizeUser>(
    key: &[u8],
    head: &[u8; 16],
    tail: &[u8],
) -> [u8; 8] {
    let cipher: C = cipher(key);
    let mut state = Block::<C>::default();
    // The head is two whole blocks; the end of the tail is filled up with zeros, which change nothing here.
    for chunk in head.chunks(DES_BLOCK_LEN).chain(tail.chunks(DES_BLOCK_LEN)) {
        for (state, octet) in state.iter_mut().zip(chunk) {
            *state ^= octet;
        }
        cipher.encrypt_block(&mut state);
    }
    let mut mac = [0; 8];
    mac.copy_from_slice(&state[..8]);
    state.zeroize();
    mac
}

fn cmac<M: Mac + KeyInit>(key: &[u8], head: &[u8; 16], tail: &[u8]) -> [u8; 8] {
    let whole = cipher::<M>(key).chain_update(head).chain_update(tail).finalize().into_bytes();
    let mut mac = [0; 8];
    mac.copy_from_slice(&whole[..8]);
    mac
}
