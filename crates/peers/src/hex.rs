//! Octets as text.

use std::fmt::Write as _;

/// Octets in upper case, without separators.
pub fn encode(octets: &[u8]) -> String {
    octets.iter().fold(String::with_capacity(octets.len() * 2), |mut text, octet| {
        let _ = write!(text, "{octet:02X}");
        text
    })
}

/// Octets from digits of either case; blanks are skipped. `None` for anything else and for an odd number of digits.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(text.len() / 2);
    let mut upper = None;
    for c in text.chars().filter(|c| !c.is_ascii_whitespace()) {
        let digit = c.to_digit(16)? as u8;
        match upper.take() {
            None => upper = Some(digit),
            Some(high) => octets.push(high << 4 | digit),
        }
    }
    upper.is_none().then_some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_octets() {
        assert_eq!(decode("00 aF\n10"), Some(vec![0x00, 0xAF, 0x10]));
        assert_eq!(encode(&[0x00, 0xAF, 0x10]), "00AF10");
        assert_eq!(decode("123"), None);
        assert_eq!(decode("0g"), None);
        assert_eq!(decode("é0"), None);
    }
}
