//! Telephone numbers: their one stored form, and those that are never dialled.

mod restriction;

pub use restriction::{DialRules, Restriction};

use serde::{Deserialize, Serialize};
use std::fmt::{self, Display};

/// A telephone number as digits of E.164, country code first, without `+`: the key under which attempts on it are
/// counted, and its form on the wire and in the store.
///
/// It is a form, not a promise that anybody may be reached under it: three digits suffice (dialler contract 2.4).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct E164(String);

/// Fewest digits of a number.
pub const MIN_DIGITS: usize = 3;
/// Most digits of a number (ITU-T E.164).
pub const MAX_DIGITS: usize = 15;

/// The text is not a number: 3 to 15 digits, after a `+` where one is written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a telephone number of {MIN_DIGITS} to {MAX_DIGITS} digits")]
pub struct NotANumber(pub String);

impl E164 {
    /// Reads digits with or without a leading `+`. Nothing else is taken: spellings for people are the business of
    /// the import, which knows the country they were written in.
    pub fn parse(text: &str) -> Result<Self, NotANumber> {
        let digits = text.strip_prefix('+').unwrap_or(text);
        let fits = (MIN_DIGITS..=MAX_DIGITS).contains(&digits.len());
        if fits && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(digits.to_owned()))
        } else {
            Err(NotANumber(text.chars().take(40).collect()))
        }
    }

    /// Its digits, without `+`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Display for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for E164 {
    type Error = NotANumber;

    fn try_from(text: String) -> Result<Self, NotANumber> {
        Self::parse(&text)
    }
}

impl From<E164> for String {
    fn from(number: E164) -> Self {
        number.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_kept_and_a_plus_is_dropped() {
        for (text, digits) in [
            ("+441134960000", "441134960000"),
            ("441134960000", "441134960000"),
            ("112", "112"),
            ("123456789012345", "123456789012345"),
        ] {
            assert_eq!(E164::parse(text).map(String::from), Ok(digits.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", "+", "12", "+12", "1234567890123456", "++123", "12 34", "12a4", "０１２３", "123+"]
        {
            assert!(E164::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn it_is_a_text_in_json() {
        let number: E164 = serde_json::from_str("\"+12025550123\"").expect("a number");
        assert_eq!(serde_json::to_string(&number).expect("a text"), "\"12025550123\"");
        assert!(serde_json::from_str::<E164>("\"x\"").is_err());
    }
}
