//! Durations with their unit.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Units from the largest, so that a duration is written in the largest one that divides it.
const UNITS: [(&str, &str, u32); 5] = [
    ("week", "weeks", 604_800),
    ("day", "days", 86_400),
    ("hour", "hours", 3_600),
    ("minute", "minutes", 60),
    ("second", "seconds", 1),
];

/// A duration of whole seconds, written with its unit: `7 days`, `90 minutes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Its length.
    pub seconds: u32,
}

impl Span {
    /// Reads a duration; the error says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parsed = text.trim().split_once(' ').and_then(|(number, unit)| {
            let unit = UNITS.iter().find(|(one, many, _)| unit == *one || unit == *many)?;
            let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| number.parse::<u32>().ok().and_then(|number| number.checked_mul(unit.2)))
        });
        match parsed {
            Some(Some(seconds)) => Ok(Self { seconds }),
            Some(None) => Err(format!("{text:?} is longer than {} seconds", u32::MAX)),
            None => Err(format!(
                "{text:?} is not a duration; write for example \"7 days\", \"24 hours\" or \"90 seconds\""
            )),
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (one, many, unit) = UNITS
            .iter()
            .find(|(_, _, unit)| self.seconds >= *unit && self.seconds.is_multiple_of(*unit))
            .copied()
            .unwrap_or(("second", "seconds", 1));
        let number = self.seconds / unit;
        write!(f, "{number} {}", if number == 1 { one } else { many })
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_are_read_with_their_unit() {
        for (text, seconds) in [
            ("90 seconds", 90),
            ("1 minute", 60),
            ("24 hours", 86_400),
            ("1 day", 86_400),
            ("2 weeks", 1_209_600),
        ] {
            assert_eq!(Span::parse(text), Ok(Span { seconds }), "{text}");
        }
        for text in ["", "7", "7days", "-1 day", "1.5 days", "2 months", " days"] {
            assert!(Span::parse(text).expect_err(text).contains("write for example"), "{text}");
        }
        assert!(Span::parse("99999 weeks").expect_err("too long").contains("longer than"));
    }

    proptest! {
        #[test]
        fn every_duration_reads_back_as_itself(seconds: u32) {
            prop_assert_eq!(Span::parse(&Span { seconds }.to_string()), Ok(Span { seconds }));
        }
    }
}
