//! Ciphers, checks and check sums of secured packets (TS 102 225 §5.1), over octets that are in place.

use super::keys::{Algorithm, Key};
use aes::cipher::{Array, Block, BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt};
use aes::cipher::{KeyInit, KeyIvInit};
use aes::{Aes128, Aes192, Aes256};
use cmac::{Cmac, Mac};
use crc::{CRC_16_IBM_SDLC, CRC_32_ISO_HDLC, Crc};
use des::TdesEde3;

const CRC_16: Crc<u16> = Crc::<u16>::new(&CRC_16_IBM_SDLC);
const CRC_32: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// CBC with a zero initial vector. The octets must be whole blocks.
pub(super) fn encrypt(key: &Key, octets: &mut [u8]) {
    match (key.algorithm(), key.octets().len()) {
        (Algorithm::Aes, 16) => encrypt_with::<Aes128>(key.octets(), octets),
        (Algorithm::Aes, 24) => encrypt_with::<Aes192>(key.octets(), octets),
        (Algorithm::Aes, _) => encrypt_with::<Aes256>(key.octets(), octets),
        _ => encrypt_with::<TdesEde3>(&three_keys(key), octets),
    }
}

/// The way back from [`encrypt`].
pub(super) fn decrypt(key: &Key, octets: &mut [u8]) {
    match (key.algorithm(), key.octets().len()) {
        (Algorithm::Aes, 16) => decrypt_with::<Aes128>(key.octets(), octets),
        (Algorithm::Aes, 24) => decrypt_with::<Aes192>(key.octets(), octets),
        (Algorithm::Aes, _) => decrypt_with::<Aes256>(key.octets(), octets),
        _ => decrypt_with::<TdesEde3>(&three_keys(key), octets),
    }
}

/// The cryptographic check of 8 octets: AES-CMAC cut to its left half, or the last block of a triple DES CBC chain
/// over the zero-padded input.
pub(super) fn check(key: &Key, input: &[u8]) -> [u8; 8] {
    match (key.algorithm(), key.octets().len()) {
        (Algorithm::Aes, 16) => cmac_of::<Cmac<Aes128>>(key.octets(), input),
        (Algorithm::Aes, 24) => cmac_of::<Cmac<Aes192>>(key.octets(), input),
        (Algorithm::Aes, _) => cmac_of::<Cmac<Aes256>>(key.octets(), input),
        _ => {
            let mut padded = input.to_vec();
            padded.resize(input.len().next_multiple_of(8).max(8), 0);
            encrypt(key, &mut padded);
            let mut last = [0; 8];
            last.copy_from_slice(&padded[padded.len() - 8..]);
            last
        }
    }
}

/// CRC-16 as nibble 1 of KID asks for, most significant octet first.
pub(super) fn crc_16(input: &[u8]) -> [u8; 2] {
    CRC_16.checksum(input).to_be_bytes()
}

/// CRC-32 as nibble 5 of KID asks for, most significant octet first.
pub(super) fn crc_32(input: &[u8]) -> [u8; 4] {
    CRC_32.checksum(input).to_be_bytes()
}

fn three_keys(key: &Key) -> [u8; 24] {
    let mut octets = [0; 24];
    let own = key.octets();
    octets[..own.len()].copy_from_slice(own);
    if own.len() == 16 {
        octets[16..].copy_from_slice(&own[..8]);
    }
    octets
}

const SIZES: &str = "a key has the size of its algorithm, and a zero block that of its cipher";

fn encrypt_with<C: BlockCipherEncrypt + KeyInit>(key: &[u8], octets: &mut [u8]) {
    let zero = Block::<C>::default();
    let mut chain = cbc::Encryptor::<C>::new_from_slices(key, &zero).expect(SIZES);
    let (blocks, rest) = Array::slice_as_chunks_mut(octets);
    debug_assert!(rest.is_empty());
    chain.encrypt_blocks(blocks);
}

fn decrypt_with<C: BlockCipherDecrypt + KeyInit>(key: &[u8], octets: &mut [u8]) {
    let zero = Block::<C>::default();
    let mut chain = cbc::Decryptor::<C>::new_from_slices(key, &zero).expect(SIZES);
    let (blocks, rest) = Array::slice_as_chunks_mut(octets);
    debug_assert!(rest.is_empty());
    chain.decrypt_blocks(blocks);
}

fn cmac_of<M: Mac + cmac::KeyInit>(key: &[u8], input: &[u8]) -> [u8; 8] {
    let mut mac = <M as cmac::KeyInit>::new_from_slice(key).expect(SIZES);
    mac.update(input);
    let whole = mac.finalize().into_bytes();
    let mut left = [0; 8];
    left.copy_from_slice(&whole[..8]);
    left
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hex;

    #[test]
    fn check_sums_of_the_standard() {
        assert_eq!(crc_16(&[1, 2, 3, 4, 5]), [0x22, 0xEC]);
        assert_eq!(crc_32(&[1, 2, 3, 4, 5]), [0x47, 0x0B, 0x99, 0xF4]);
    }

    /// NIST SP 800-38B, appendix D.1 and D.3.
    #[test]
    fn cmac_of_the_standard() {
        let short =
            Key::new(Algorithm::Aes, &hex::decode("2b7e151628aed2a6abf7158809cf4f3c").unwrap()).unwrap();
        assert_eq!(check(&short, b"").to_vec(), hex::decode("bb1d6929e9593728").unwrap());
        let long = Key::new(
            Algorithm::Aes,
            &hex::decode("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4").unwrap(),
        )
        .unwrap();
        assert_eq!(
            check(&long, &hex::decode("6bc1bee22e409f96e93d7e117393172a").unwrap()).to_vec(),
            hex::decode("28a7023f452e8f82").unwrap()
        );
    }

    #[test]
    fn there_and_back() {
        for (algorithm, length) in [
            (Algorithm::TripleDes2, 16),
            (Algorithm::TripleDes3, 24),
            (Algorithm::Aes, 16),
            (Algorithm::Aes, 24),
            (Algorithm::Aes, 32),
        ] {
            let key = Key::new(algorithm, &(1..=length).collect::<Vec<u8>>()).unwrap();
            let plain: Vec<u8> = (0..48).collect();
            let mut octets = plain.clone();
            encrypt(&key, &mut octets);
            assert_ne!(octets, plain);
            decrypt(&key, &mut octets);
            assert_eq!(octets, plain, "{algorithm:?} {length}");
        }
    }
}
