//! Where a number may ring: its country, and every time zone its leading digits leave possible. Facts of numbering
//! plans and of the time zone database, kept here so that no list of calls depends on what a host has installed.
//!
//! A number tells its place only as far as its plan does. Mobile numbers of a country with several clocks have all of
//! them, unless they carry an area code as in North America, Brazil and Mexico; ported and roaming numbers are
//! nobody's to know. The caller permits a call only where every candidate permits it.

mod countries;
mod nanp;

use super::number::E164;
use countries::{COUNTRIES, REGIONS};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use std::sync::LazyLock;

/// The zones compiled into the binary: when a phone may ring must not differ between hosts of one store.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The zone of an IANA name; `None` for a name that is not one.
pub fn zone(name: &str) -> Option<TimeZone> {
    ZONES.get(name).ok()
}

/// What a number tells of its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// ISO 3166-1 alpha-2; `None` where the plan is shared and the number does not say.
    pub country: Option<&'static str>,
    /// IANA names of every zone it may lie in; never empty.
    pub zones: &'static [&'static str],
}

/// Where a number may ring; `None` where its leading digits are no country's.
pub fn place(number: &E164) -> Option<Place> {
    let digits = number.as_str();
    if digits.starts_with('1') {
        let area = digits.get(1..4).and_then(|code| code.parse().ok()).and_then(nanp::area);
        return Some(match area {
            Some(area) => Place { country: Some(area.country), zones: area.zones },
            None => Place { country: None, zones: nanp::EVERYWHERE },
        });
    }
    REGIONS
        .iter()
        .filter(|(prefix, ..)| digits.starts_with(prefix))
        .max_by_key(|(prefix, ..)| prefix.len())
        .or_else(|| COUNTRIES.iter().find(|(code, ..)| digits.starts_with(code)))
        .map(|&(_, country, zones)| Place { country: Some(country), zones })
}

/// IANA names of every zone a number may lie in; none where its leading digits are no country's.
pub fn candidate_zones(number: &E164) -> &'static [&'static str] {
    place(number).map_or(&[], |place| place.zones)
}

/// The calling code that digits begin with, if a country has it.
pub(super) fn country_code(digits: &str) -> Option<&'static str> {
    if digits.starts_with('1') {
        return Some("1");
    }
    COUNTRIES.iter().map(|&(code, ..)| code).find(|code| digits.starts_with(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(digits: &str) -> (Option<&'static str>, &'static [&'static str]) {
        let number = E164::parse(digits).expect("test data are numbers");
        place(&number).map_or((None, &[]), |place| (place.country, place.zones))
    }

    #[test]
    fn leading_digits_tell_country_and_zones() {
        let table: &[(&str, Option<&str>, &[&str])] = &[
            ("12125550123", Some("US"), &["America/New_York"]),
            ("18505550123", Some("US"), &["America/Chicago", "America/New_York"]),
            ("19075550123", Some("US"), &["America/Adak", "America/Anchorage"]),
            ("16025550123", Some("US"), &["America/Phoenix"]),
            ("18085550123", Some("US"), &["Pacific/Honolulu"]),
            ("14165550123", Some("CA"), &["America/Toronto"]),
            ("17095550123", Some("CA"), &["America/Halifax", "America/St_Johns"]),
            ("18765550123", Some("JM"), &["America/Jamaica"]),
            ("17875550123", Some("PR"), &["America/Puerto_Rico"]),
            ("447700900123", Some("GB"), &["Europe/London"]),
            ("493023125000", Some("DE"), &["Europe/Berlin"]),
            ("33199001234", Some("FR"), &["Europe/Paris"]),
            ("390612345678", Some("IT"), &["Europe/Rome"]),
            ("34912345678", Some("ES"), &["Europe/Madrid"]),
            ("34928123456", Some("ES"), &["Atlantic/Canary"]),
            ("34612345678", Some("ES"), &["Europe/Madrid", "Atlantic/Canary"]),
            ("351296123456", Some("PT"), &["Atlantic/Azores"]),
            ("74951234567", Some("RU"), &["Europe/Moscow"]),
            ("74231234567", Some("RU"), &["Asia/Vladivostok"]),
            ("77271234567", Some("KZ"), &["Asia/Almaty", "Asia/Aqtobe"]),
            ("61270101234", Some("AU"), &["Australia/Sydney"]),
            ("61891231234", Some("AU"), &["Australia/Perth"]),
            ("61891621234", Some("CC"), &["Indian/Cocos"]),
            ("5511912345678", Some("BR"), &["America/Sao_Paulo"]),
            ("5592912345678", Some("BR"), &["America/Manaus"]),
            ("525512345678", Some("MX"), &["America/Mexico_City"]),
            ("526641234567", Some("MX"), &["America/Tijuana"]),
            ("622112345678", Some("ID"), &["Asia/Jakarta"]),
            ("37212345678", Some("EE"), &["Europe/Tallinn"]),
            ("262639123456", Some("YT"), &["Indian/Mayotte"]),
            ("2101234567", None, &[]),
            ("883510012345", None, &[]),
            ("0123456789", None, &[]),
        ];
        for (digits, country, zones) in table {
            assert_eq!(at(digits), (*country, *zones), "{digits}");
        }
    }

    #[test]
    fn a_mobile_number_of_a_country_with_several_clocks_has_them_all() {
        for (digits, zones) in
            [("79161234567", 11), ("61491570156", 5), ("628123456789", 3), ("56912345678", 3)]
        {
            assert_eq!(at(digits).1.len(), zones, "{digits}");
        }
    }

    #[test]
    fn a_number_of_north_america_without_a_place_may_lie_anywhere_in_it() {
        let (country, zones) = at("18005550123");
        assert_eq!(country, None);
        for zone in ["America/New_York", "Pacific/Honolulu", "America/St_Johns"] {
            assert!(zones.contains(&zone), "{zone}");
        }
    }

    #[test]
    fn every_zone_of_the_tables_exists_and_no_code_hides_another() {
        let named = COUNTRIES.iter().chain(REGIONS).flat_map(|(_, _, zones)| zones.iter());
        let everywhere = nanp::EVERYWHERE.iter();
        for name in named.chain(everywhere) {
            assert!(zone(name).is_some(), "{name}");
        }
        for code in 200..1000 {
            for name in nanp::area(code).map_or(&[] as &[&str], |area| area.zones) {
                assert!(zone(name).is_some(), "{name}");
            }
        }
        for (i, (code, ..)) in COUNTRIES.iter().enumerate() {
            for (other, ..) in &COUNTRIES[i + 1..] {
                assert!(!other.starts_with(code) && !code.starts_with(other), "{code} and {other}");
            }
        }
        for (prefix, country, zones) in REGIONS {
            assert!(!zones.is_empty());
            assert!(country_code(prefix).is_some(), "{prefix} of {country}");
        }
    }
}
