//! Telephone numbers as people write them, read by the rules of their country's numbering plan.

use muster_domain::calls::number::{DialRules, E164, Restriction};
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, PhoneNumberType, Region};

/// What kind of line a number leads to, as far as its plan tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LineKind {
    /// A place.
    Fixed,
    /// A mobile phone.
    Mobile,
    /// One of the two: the plan does not tell them apart.
    FixedOrMobile,
    /// A service that is free for its callers.
    TollFree,
    /// A line over the Internet, at no certain place.
    Voip,
    /// Anything else that may be called.
    Other,
}

/// A number that may be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneNumber {
    /// Its digits.
    pub number: E164,
    /// What it leads to.
    pub kind: LineKind,
    /// ISO 3166-1 alpha-2 code of its country; `None` where several share the range.
    pub country: Option<String>,
}

/// Why a text cannot be called.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// The country of the one who wrote it is not one with a numbering plan.
    #[error("{0:?} is not an ISO 3166 code of a country with telephone numbers")]
    Region(String),
    /// It is not written as a telephone number.
    #[error("{0:?} is not a telephone number")]
    NotANumber(String),
    /// It asks for a line behind a switchboard, which cannot be dialled; without it somebody else would answer.
    #[error("{0:?} has an extension")]
    Extension(String),
    /// No numbering plan has it.
    #[error("{0:?} is in no numbering plan")]
    NotInPlan(String),
    /// It must not be dialled.
    #[error("{text:?} {}", .restriction.reason())]
    Restricted {
        /// As it was written.
        text: String,
        /// Why.
        restriction: Restriction,
    },
}

/// Characters of a text that is looked at: no spelling of a number is longer.
const MAX_CHARS: usize = 64;

/// Reads a number as people write it: nationally as in `region` (ISO 3166-1 alpha-2), or internationally with `+` or
/// the prefix that `region` dials abroad with. Refused is what no plan allows, and what `rules` do not let be dialled.
pub fn normalise(text: &str, region: &str, rules: &DialRules) -> Result<PhoneNumber, NumberError> {
    let region: Region = region
        .to_ascii_uppercase()
        .parse()
        .ok()
        .filter(|region| PHONE_NUMBER_UTIL.get_supported_regions().any(|known| known == *region))
        .ok_or_else(|| NumberError::Region(shown(region)))?;
    let not_a_number = || NumberError::NotANumber(shown(text));
    if text.chars().count() > MAX_CHARS {
        return Err(not_a_number());
    }
    let parsed = PHONE_NUMBER_UTIL.parse(text, Some(region)).map_err(|_| not_a_number())?;
    if !parsed.extension().is_empty() {
        return Err(NumberError::Extension(shown(text)));
    }
    let number = E164::parse(&PHONE_NUMBER_UTIL.format(&parsed, PhoneNumberFormat::E164))
        .map_err(|_| not_a_number())?;
    let kind = PHONE_NUMBER_UTIL.get_number_type(&parsed);
    // Said before that no plan has it: an emergency number is in none, and is the graver mistake.
    if let Some(restriction) = rules.judge(&number, restriction(kind)) {
        return Err(NumberError::Restricted { text: shown(text), restriction });
    }
    if !PHONE_NUMBER_UTIL.is_valid_number(&parsed) {
        return Err(NumberError::NotInPlan(shown(text)));
    }
    let country = PHONE_NUMBER_UTIL.get_region_for_number(&parsed).filter(|region| *region != Region::World);
    Ok(PhoneNumber { number, kind: line_kind(kind), country: country.map(|region| region.to_string()) })
}

fn shown(text: &str) -> String {
    text.chars().take(MAX_CHARS).collect()
}

/// Kinds whose rate is not the ordinary one.
fn restriction(kind: PhoneNumberType) -> Option<Restriction> {
    match kind {
        PhoneNumberType::PremiumRate => Some(Restriction::Premium),
        PhoneNumberType::SharedCost => Some(Restriction::SharedCost),
        PhoneNumberType::PersonalNumber | PhoneNumberType::Pager => Some(Restriction::Personal),
        _ => None,
    }
}

fn line_kind(kind: PhoneNumberType) -> LineKind {
    match kind {
        PhoneNumberType::FixedLine => LineKind::Fixed,
        PhoneNumberType::Mobile => LineKind::Mobile,
        PhoneNumberType::FixedLineOrMobile => LineKind::FixedOrMobile,
        PhoneNumberType::TollFree => LineKind::TollFree,
        PhoneNumberType::VoIP => LineKind::Voip,
        _ => LineKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str, region: &str) -> Result<PhoneNumber, NumberError> {
        normalise(text, region, &DialRules::default())
    }

    #[test]
    fn numbers_are_read_as_their_country_writes_them() {
        for (region, text, digits, kind, country) in [
            ("DE", "030 23125 000", "493023125000", LineKind::Fixed, "DE"),
            ("DE", "+49 (0)30 23125-000", "493023125000", LineKind::Fixed, "DE"),
            ("DE", "0049 30/23125000", "493023125000", LineKind::Fixed, "DE"),
            ("DE", "tel:+49-30-23125000", "493023125000", LineKind::Fixed, "DE"),
            ("DE", "0152 28817386", "4915228817386", LineKind::Mobile, "DE"),
            ("GB", "(020) 7946 0123", "442079460123", LineKind::Fixed, "GB"),
            ("US", "(212) 555-0123", "12125550123", LineKind::FixedOrMobile, "US"),
            ("US", "011 44 20 7946 0123", "442079460123", LineKind::Fixed, "GB"),
            ("us", "+1 416 555 0123", "14165550123", LineKind::FixedOrMobile, "CA"),
            ("US", "1-800-555-0123", "18005550123", LineKind::TollFree, "US"),
            // Italy keeps its zero, everybody else loses it.
            ("IT", "06 1234 5678", "390612345678", LineKind::Fixed, "IT"),
            ("IT", "312 345 6789", "393123456789", LineKind::Mobile, "IT"),
            ("FR", "01 99 00 12 34", "33199001234", LineKind::Fixed, "FR"),
            ("AR", "011 15 2345 6789", "5491123456789", LineKind::Mobile, "AR"),
        ] {
            let number = read(text, region).unwrap_or_else(|error| panic!("{region} {text}: {error}"));
            let found = (number.number.as_str(), number.kind, number.country.as_deref());
            assert_eq!(found, (digits, kind, Some(country)), "{region} {text}");
        }
    }

    #[test]
    fn what_nobody_can_be_called_by_is_refused() {
        for (region, text) in [
            ("DE", ""),
            ("DE", "abc"),
            ("DE", "+"),
            ("DE", "+999 123456789"),
            ("DE", "123456789012345678901234567890"),
        ] {
            assert_eq!(read(text, region), Err(NumberError::NotANumber(text.to_owned())), "{text}");
        }
        let long = "1".repeat(MAX_CHARS + 1);
        assert!(matches!(read(&long, "DE"), Err(NumberError::NotANumber(text)) if text.len() == MAX_CHARS));
        for (region, text) in
            [("GB", "020 7946 01234"), ("DE", "01234567890123"), ("MX", "+52 1 55 1234 5678")]
        {
            assert_eq!(read(text, region), Err(NumberError::NotInPlan(text.to_owned())), "{text}");
        }
        let text = "212-555-0123 ext. 55";
        assert_eq!(read(text, "US"), Err(NumberError::Extension(text.to_owned())));
        for region in ["", "XX", "DEU", "D", "001", "ZZ", "🦀"] {
            assert_eq!(read("030 23125000", region), Err(NumberError::Region(region.to_owned())));
        }
    }

    #[test]
    fn f17_restricted_numbers_are_refused_with_their_reason() {
        for (region, text, expected) in [
            ("DE", "112", Restriction::Emergency),
            ("DE", "110", Restriction::Emergency),
            ("US", "911", Restriction::Emergency),
            ("GB", "999", Restriction::Emergency),
            ("DE", "0900 1 234567", Restriction::Premium),
            ("GB", "0909 8790000", Restriction::Premium),
            ("DE", "+881 6 12345678", Restriction::Satellite),
            ("DE", "+870 773 123456", Restriction::Satellite),
            // Ranges that only the library knows: premium in Japan and in Denmark.
            ("JP", "0990 123 456", Restriction::Premium),
            ("DK", "90 12 34 56", Restriction::Premium),
        ] {
            let refused = Err(NumberError::Restricted { text: text.to_owned(), restriction: expected });
            assert_eq!(read(text, region), refused, "{text}");
        }
        let allowing = DialRules::allowing(["4990".to_owned(), "8199".to_owned(), "49112".to_owned()]);
        assert!(normalise("0900 1 234567", "DE", &allowing).is_ok());
        assert!(normalise("0990 123 456", "JP", &allowing).is_ok());
        assert!(normalise("112", "DE", &allowing).is_err());
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "\\PC{0,80}", region in "[A-Za-z]{2}") {
            let _ = read(&text, &region);
        }

        #[test]
        fn what_was_read_reads_as_itself(digits in "[1-9][0-9]{6,14}") {
            let text = format!("+{digits}");
            if let Ok(number) = read(&text, "DE") {
                let again = read(&format!("+{}", number.number), "US");
                prop_assert_eq!(again, Ok(number));
            }
        }
    }
}
