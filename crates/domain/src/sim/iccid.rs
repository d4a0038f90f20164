//! Card serial numbers (ITU-T E.118).

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A card's serial number: 18 to 20 digits, kept as text because leading zeros and length count.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Iccid(String);

/// Why a text is no [`Iccid`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IccidError {
    /// Neither 18, 19 nor 20 digits.
    #[error("an ICCID has 18 to 20 digits")]
    Digits,
    /// The last digit is not the check digit of the others.
    #[error("the check digit of the ICCID is wrong: the last digit should be {expected}")]
    CheckDigit {
        /// The digit that would fit.
        expected: u8,
    },
}

impl Iccid {
    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads one whose last digit must be its check digit (Luhn), as lists from card makers carry it.
    pub fn with_check_digit(text: &str) -> Result<Self, IccidError> {
        let iccid: Self = text.parse()?;
        let (body, last) = iccid.0.split_at(iccid.0.len() - 1);
        let expected = check_digit(body);
        if last.as_bytes() == [b'0' + expected] {
            Ok(iccid)
        } else {
            Err(IccidError::CheckDigit { expected })
        }
    }
}

/// The Luhn check digit that completes `digits`.
fn check_digit(digits: &str) -> u8 {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(digit - b'0');
            if place % 2 == 0 { digit / 5 + digit * 2 % 10 } else { digit }
        })
        .sum();
    ((10 - sum % 10) % 10) as u8
}

impl FromStr for Iccid {
    type Err = IccidError;

    fn from_str(text: &str) -> Result<Self, IccidError> {
        let digits = (18..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        if digits { Ok(Self(text.to_owned())) } else { Err(IccidError::Digits) }
    }
}

impl fmt::Display for Iccid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_digit_is_luhns() {
        // 79927398713 is the textbook number; an ICCID needs 18 digits, so zeros go in front, which change nothing.
        assert!(Iccid::with_check_digit("000000079927398713").is_ok());
        for last in "012456789".chars() {
            assert_eq!(
                Iccid::with_check_digit(&format!("00000007992739871{last}")),
                Err(IccidError::CheckDigit { expected: 3 })
            );
        }
    }

    #[test]
    fn only_18_to_20_ascii_digits_are_an_iccid() {
        for good in ["893577160000000000", "8935771600000000003", "89357716000000000031"] {
            assert!(good.parse::<Iccid>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "89357716000000000",
            "893577160000000000312",
            "8935771600000000O03",
            "٨٩٣٥٧٧١٦٠٠٠٠٠٠٠٠٠٠",
            " 893577160000000000",
        ] {
            assert_eq!(bad.parse::<Iccid>(), Err(IccidError::Digits), "{bad}");
        }
    }
}
