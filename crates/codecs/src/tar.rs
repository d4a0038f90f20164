//! The address of an application inside a card.

use std::fmt;
use std::str::FromStr;

/// Toolkit application reference (ETSI TS 101 220 annex D): three octets that name the application a packet is for.
/// Which reference serves what is the card maker's choice, so it comes from the card's profile.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tar(pub [u8; 3]);

/// A reference is written as six hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a toolkit application reference is six hexadecimal digits")]
pub struct TarError;

impl fmt::Display for Tar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c] = self.0;
        write!(f, "{a:02X}{b:02X}{c:02X}")
    }
}

impl fmt::Debug for Tar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tar({self})")
    }
}

impl FromStr for Tar {
    type Err = TarError;

    fn from_str(text: &str) -> Result<Self, TarError> {
        // `from_str_radix` alone would take a sign.
        if text.len() != 6 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(TarError);
        }
        let [_, a, b, c] = u32::from_str_radix(text, 16).map_err(|_| TarError)?.to_be_bytes();
        Ok(Self([a, b, c]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_digits_and_nothing_else() {
        assert_eq!("b00001".parse(), Ok(Tar([0xB0, 0, 1])));
        assert_eq!(Tar([0xB0, 0, 1]).to_string(), "B00001");
        for wrong in ["", "B0000", "B000011", "+00001", "B0000G", "é0001"] {
            assert_eq!(wrong.parse::<Tar>(), Err(TarError), "{wrong}");
        }
    }
}
