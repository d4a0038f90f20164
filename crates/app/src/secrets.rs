//! Keys, secrets and tokens: made from randomness, stored as digests, compared in constant time.

use crate::ports::Entropy;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// SHA-256 in lower-case hexadecimal.
pub fn digest(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}

/// Whether `candidate` is the secret behind `sha256_hex`; takes the same time whatever the answer.
pub fn verify(candidate: &str, sha256_hex: &str) -> bool {
    digest(candidate).as_bytes().ct_eq(sha256_hex.as_bytes()).into()
}

/// A new `api_key`: 40 hexadecimal digits.
pub fn new_api_key(entropy: &dyn Entropy) -> String {
    random_hex::<20>(entropy)
}

/// A new app secret: 256 bits.
pub fn new_secret(entropy: &dyn Entropy) -> String {
    random_hex::<32>(entropy)
}

/// A new bearer token, told apart by its prefix.
pub fn new_bearer(entropy: &dyn Entropy, prefix: &str) -> String {
    format!("{prefix}_{}", random_hex::<32>(entropy))
}

/// A new client token in the shape that clients of the contract know: `v2--<base64url>--<base64url>`.
pub fn new_client_token(entropy: &dyn Entropy) -> String {
    let mut head = [0; 24];
    let mut tail = [0; 24];
    entropy.fill(&mut head);
    entropy.fill(&mut tail);
    format!("v2--{}--{}", URL_SAFE.encode(head), URL_SAFE.encode(tail))
}

fn random_hex<const N: usize>(entropy: &dyn Entropy) -> String {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes);
    hex(&bytes)
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::SeededEntropy;

    #[test]
    fn a_digest_verifies_its_secret_and_no_other() {
        let entropy = SeededEntropy::new(7);
        let secret = new_secret(&entropy);
        let stored = digest(&secret);
        assert!(verify(&secret, &stored));
        assert!(!verify(&new_secret(&entropy), &stored));
        assert!(!verify("", &stored));
    }

    #[test]
    fn client_tokens_have_the_contract_shape_and_differ() {
        let entropy = SeededEntropy::new(7);
        let (one, two) = (new_client_token(&entropy), new_client_token(&entropy));
        assert_ne!(one, two);
        let parts: Vec<_> = one.split("--").collect();
        assert_eq!((parts[0], parts.len()), ("v2", 3));
    }
}
