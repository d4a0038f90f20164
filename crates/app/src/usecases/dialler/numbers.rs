//! Telephone numbers as people write them, read for a client account.

use crate::phone_numbers;
use muster_domain::calls::number::{DialRules, E164};

/// Reads a number: nationally as in `region` where the client account has one, or internationally with a `+`. One that
/// no numbering plan has is taken as it is if it is written in E.164 with its `+`; without a region nothing but E.164
/// is taken. Whether a number may be dialled is asked before each call, not here. The error is for people.
pub fn read_number(text: &str, region: &str) -> Result<E164, String> {
    let plain = E164::parse(text);
    if region.is_empty() {
        return plain.map_err(|error| error.to_string());
    }
    // Only emergency numbers are restricted then.
    let rules = DialRules::allowing(('1'..='9').map(String::from));
    match (phone_numbers::normalise(text, region, &rules), plain) {
        (Ok(known), _) => Ok(known.number),
        (Err(_), Ok(number)) if text.starts_with('+') => Ok(number),
        (Err(error), _) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_in_the_region() {
        for (text, region, expected) in [
            ("030 901820", "DE", Some("4930901820")),
            ("+49 (0)30 901820", "DE", Some("4930901820")),
            ("0049 30 901820", "DE", Some("4930901820")),
            ("(212) 736-5000", "US", Some("12127365000")),
            ("+49301000000901", "DE", Some("49301000000901")),
            ("+4930901820", "", Some("4930901820")),
            ("4930901820", "", Some("4930901820")),
            ("030 901820", "", None),
            ("nobody", "DE", None),
            ("12", "DE", None),
        ] {
            let read = read_number(text, region).ok();
            assert_eq!(read.as_ref().map(E164::as_str), expected, "{text} in {region:?}");
        }
    }
}
