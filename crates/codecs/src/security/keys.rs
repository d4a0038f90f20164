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

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        hex::decode(text).unwrap()
    }

    fn weak(algorithm: KeyAlgorithm, octets: &[u8]) -> CipherKey {
        CipherKey::new(algorithm, octets, WeakKeys::Allow).unwrap()
    }

    #[test]
    fn lengths_are_the_algorithms() {
        for (algorithm, right) in [
            (KeyAlgorithm::Des, 8),
            (KeyAlgorithm::TripleDes2, 16),
            (KeyAlgorithm::TripleDes3, 24),
            (KeyAlgorithm::Aes128, 16),
            (KeyAlgorithm::Aes192, 24),
            (KeyAlgorithm::Aes256, 32),
        ] {
            let octets: Vec<u8> = (0..40).map(|octet| octet * 5 + 1).collect();
            for len in 0..=octets.len() {
                let made = MacKey::new(algorithm, &octets[..len], WeakKeys::Allow);
                assert_eq!(made.is_ok(), len == right, "{algorithm:?} {len}");
            }
        }
        assert_eq!(KeyAlgorithm::aes_for(24), Ok(KeyAlgorithm::Aes192));
        assert_eq!(KeyAlgorithm::aes_for(8), Err(KeyError::AesLength { len: 8 }));
    }

    #[test]
    fn weak_keys_need_to_be_allowed() {
        let (a, b, c) = ("0123456789ABCDEF", "1122334455667788", "FEDCBA9876543210");
        // The same as `a` but for parity bits.
        let a_parity = "0022446688AACCEE";
        let degenerate = |first, second| Some(KeyError::Degenerate { first, second });
        for (algorithm, parts, refusal) in [
            (KeyAlgorithm::Des, vec![a], Some(KeyError::SingleDes)),
            (KeyAlgorithm::TripleDes2, vec![a, b], None),
            (KeyAlgorithm::TripleDes2, vec![a, a], degenerate(1, 2)),
            (KeyAlgorithm::TripleDes2, vec![a, a_parity], degenerate(1, 2)),
            (KeyAlgorithm::TripleDes3, vec![a, b, c], None),
            // Two keys' worth, which is what the two-key form is.
            (KeyAlgorithm::TripleDes3, vec![a, b, a], None),
            (KeyAlgorithm::TripleDes3, vec![a, a, b], degenerate(1, 2)),
            (KeyAlgorithm::TripleDes3, vec![b, a, a_parity], degenerate(2, 3)),
            (KeyAlgorithm::Aes128, vec![a, a], None),
        ] {
            let octets = hex(&parts.concat());
            assert_eq!(CipherKey::new(algorithm, &octets, WeakKeys::Refuse).err(), refusal, "{parts:?}");
            assert!(CipherKey::new(algorithm, &octets, WeakKeys::Allow).is_ok());
        }
    }

    /// NIST SP 800-38A, F.1: with zeros as initial block the first block of CBC is that of ECB.
    #[test]
    fn published_aes_blocks() {
        let clear = hex("6bc1bee22e409f96e93d7e117393172a");
        for (key, ciphered) in [
            ("2b7e151628aed2a6abf7158809cf4f3c", "3ad77bb40d7a3660a89ecaf32466ef97"),
            ("8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b", "bd334f1d6e45f25ff712a214571fa5cc"),
            (
                "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
                "f3eed1bdb5d2a03c064b5a7e3db181f8",
            ),
        ] {
            let key = hex(key);
            let key = weak(KeyAlgorithm::aes_for(key.len()).unwrap(), &key);
            let mut octets = clear.clone();
            key.encrypt(&mut octets);
            assert_eq!(hex::encode(&octets), ciphered);
            key.decrypt(&mut octets);
            assert_eq!(octets, clear);
        }
    }

    /// NIST SP 800-38B, D.1 to D.3, messages of 16 and of 40 octets, cut to 8 octets.
    #[test]
    fn published_aes_checksums() {
        let message = hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411");
        let (head, tail) = message.split_first_chunk::<16>().unwrap();
        for (key, short, long) in [
            ("2b7e151628aed2a6abf7158809cf4f3c", "070a16b46b4d4144", "dfa66747de9ae630"),
            ("8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b", "9e99a7bf31e71090", "8a1de5be2eb31aad"),
            (
                "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
                "28a7023f452e8f82",
                "aaf3d8f1de5640c2",
            ),
        ] {
            let key = hex(key);
            let key = MacKey::new(KeyAlgorithm::aes_for(key.len()).unwrap(), &key, WeakKeys::Refuse).unwrap();
            assert_eq!(hex::encode(key.mac(head, &[])), short);
            assert_eq!(hex::encode(key.mac(head, tail)), long);
        }
    }

    /// The classic DES block, and what triple DES is made of: equal keys leave single DES, and the two-key form is
    /// the three-key form with the first key again.
    #[test]
    fn triple_des_by_what_it_is_made_of() {
        let (first, second) = ("133457799BBCDFF1", "0E329232EA6D0D73");
        let run = |algorithm, key: &str| {
            let mut octets = hex("0123456789ABCDEF0123456789ABCDEF");
            weak(algorithm, &hex(key)).encrypt(&mut octets);
            octets
        };
        let single = run(KeyAlgorithm::Des, first);
        assert_eq!(hex::encode_upper(&single[..8]), "85E813540F0AB405");
        assert_eq!(run(KeyAlgorithm::TripleDes2, &first.repeat(2)), single);
        assert_eq!(run(KeyAlgorithm::TripleDes3, &first.repeat(3)), single);
        let two = run(KeyAlgorithm::TripleDes2, &[first, second].concat());
        assert_ne!(two, single);
        assert_eq!(run(KeyAlgorithm::TripleDes3, &[first, second, first].concat()), two);
    }

    #[test]
    fn a_checksum_is_the_last_block_over_zero_padding() {
        for algorithm in [KeyAlgorithm::Des, KeyAlgorithm::TripleDes2, KeyAlgorithm::TripleDes3] {
            let octets: Vec<u8> = (0..algorithm.key_len() as u8).map(|octet| octet * 9 + 1).collect();
            let mac = MacKey::new(algorithm, &octets, WeakKeys::Allow).unwrap().mac(&[3; 16], &[5; 11]);
            let mut ciphered = [&[3; 16][..], &[5; 11], &[0; 5]].concat();
            weak(algorithm, &octets).encrypt(&mut ciphered);
            assert_eq!(mac[..], ciphered[24..]);
        }
    }
}
