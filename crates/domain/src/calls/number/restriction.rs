//! Numbers that no campaign dials, whatever its policy: emergency services, short codes, premium and other rates that
//! the called or the calling party would not expect, satellite networks.
//!
//! The tables hold ranges of the national numbering plans that are plainly one of these. They are a floor: the
//! library of numbering plans used at import knows more ranges of more countries.

use super::E164;

/// Why a number is never dialled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Restriction {
    /// An emergency service. No setting allows it.
    Emergency,
    /// Too short to be a subscriber's number: a service of one network.
    Short,
    /// Charged above the ordinary rate, to the profit of the called party.
    Premium,
    /// Charged in parts, or at a rate that depends on the caller's network.
    SharedCost,
    /// Follows a person or an account; what it costs cannot be seen from the number.
    Personal,
    /// A satellite or an international network.
    Satellite,
    /// No country has it.
    Unassigned,
}

impl Restriction {
    /// Its stable name in verdicts, metrics and the API.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Emergency => "emergency",
            Self::Short => "short",
            Self::Premium => "premium",
            Self::SharedCost => "shared_cost",
            Self::Personal => "personal",
            Self::Satellite => "satellite",
            Self::Unassigned => "unassigned",
        }
    }

    /// What such a number is, for people.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Emergency => "is a number of an emergency service",
            Self::Short => "is a short code, not a subscriber's number",
            Self::Premium => "is charged at a premium rate",
            Self::SharedCost => "is charged at a shared or special rate",
            Self::Personal => "is a personal number of unknown rate",
            Self::Satellite => "belongs to a satellite or international network",
            Self::Unassigned => "belongs to no country",
        }
    }
}

/// Which numbers may be dialled at all. The default refuses every restricted range.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DialRules {
    allow: Vec<String>,
}

impl DialRules {
    /// Rules that let numbers with one of these leading digits through although their range is restricted, for test
    /// beds and for operators who know what they do. Emergency numbers stay refused.
    pub fn allowing(prefixes: impl IntoIterator<Item = String>) -> Self {
        // An empty prefix would allow everything by accident.
        Self { allow: prefixes.into_iter().filter(|prefix| !prefix.is_empty()).collect() }
    }

    /// Why this number must not be dialled; `None` if it may.
    pub fn restriction(&self, number: &E164) -> Option<Restriction> {
        self.judge(number, None)
    }

    /// As [`DialRules::restriction`], where a library of numbering plans knows of a further restriction.
    pub fn judge(&self, number: &E164, known: Option<Restriction>) -> Option<Restriction> {
        let restriction = restriction(number.as_str()).or(known)?;
        let allowed = restriction != Restriction::Emergency
            && self.allow.iter().any(|prefix| number.as_str().starts_with(prefix.as_str()));
        (!allowed).then_some(restriction)
    }
}

/// Fewest digits of a subscriber's number, country code included: Niue has three and four.
const SHORTEST_SUBSCRIBER: usize = 7;

/// Most digits of a short code, without the country code: directory enquiries of the United Kingdom have six.
const LONGEST_SHORT: usize = 6;

/// Emergency numbers in use somewhere. A dialled number that is one of these, alone or after a country code, could
/// reach an emergency service over a trunk that reads it nationally.
const EMERGENCY: &[&str] = &[
    "000", "061", "062", "064", "066", "085", "088", "092", "100", "101", "102", "103", "104", "105", "106",
    "107", "108", "110", "111", "112", "113", "114", "115", "116", "117", "118", "119", "120", "122", "123",
    "127", "128", "129", "131", "132", "133", "140", "144", "147", "150", "155", "158", "160", "166", "177",
    "190", "191", "192", "193", "194", "195", "197", "198", "199", "911", "912", "913", "914", "915", "917",
    "933", "988", "991", "992", "993", "994", "995", "996", "997", "998", "999",
];

fn restriction(digits: &str) -> Option<Restriction> {
    if EMERGENCY.contains(&digits) {
        return Some(Restriction::Emergency);
    }
    let by_range =
        RANGES.iter().filter(|(prefix, _)| digits.starts_with(prefix)).max_by_key(|(prefix, _)| prefix.len());
    let Some(code) = crate::calls::zones::country_code(digits) else {
        let short = (digits.len() < SHORTEST_SUBSCRIBER).then_some(Restriction::Short);
        return by_range.map(|(_, restriction)| *restriction).or(short).or(Some(Restriction::Unassigned));
    };
    let national = &digits[code.len()..];
    if EMERGENCY.contains(&national) || national == "15" || national == "17" || national == "18" {
        return Some(Restriction::Emergency);
    }
    if digits.len() < SHORTEST_SUBSCRIBER || national.len() < 4 {
        return Some(Restriction::Short);
    }
    if code == "1" {
        return nanp(national);
    }
    // Area codes may begin like a short code: 0118 is Reading's, 0180 is Ridderkerk's.
    let fits =
        |restriction: &Restriction| *restriction != Restriction::Short || national.len() <= LONGEST_SHORT;
    by_range.map(|(_, restriction)| *restriction).filter(fits)
}

/// The North American plan: area code, exchange and line of ten digits. `N11` codes are services everywhere.
fn nanp(national: &str) -> Option<Restriction> {
    let bytes = national.as_bytes();
    if national.starts_with("911") {
        return Some(Restriction::Emergency);
    }
    if bytes.len() != 10 {
        return Some(if bytes.len() < 10 { Restriction::Short } else { Restriction::Unassigned });
    }
    let (area, exchange) = (&national[..3], &national[3..6]);
    // Follow-me numbers are all codes 5XX with two equal digits behind, and those set aside beside them.
    let follow_me = |area: &str| {
        matches!(
            area,
            "500"
                | "521"
                | "522"
                | "523"
                | "524"
                | "525"
                | "526"
                | "527"
                | "528"
                | "529"
                | "532"
                | "533"
                | "535"
                | "538"
                | "542"
                | "543"
                | "544"
                | "545"
                | "546"
                | "547"
                | "549"
                | "550"
                | "552"
                | "553"
                | "554"
                | "556"
                | "558"
                | "566"
                | "569"
                | "577"
                | "578"
                | "588"
                | "589"
        )
    };
    match area {
        _ if bytes[0] < b'2' => Some(Restriction::Unassigned),
        _ if area.ends_with("11") => Some(Restriction::Short),
        "900" => Some(Restriction::Premium),
        "700" => Some(Restriction::SharedCost),
        "600" | "622" | "633" | "644" | "655" | "677" | "688" | "710" => Some(Restriction::Personal),
        _ if follow_me(area) => Some(Restriction::Personal),
        _ if exchange == "976" => Some(Restriction::Premium),
        _ => None,
    }
}

use Restriction::{Emergency, Personal, Premium, Satellite, SharedCost, Short};

/// Leading digits, country code included; the longest that fits decides.
const RANGES: &[(&str, Restriction)] = &[
    // International: shared cost, Inmarsat, personal, satellite and global networks, premium.
    ("808", SharedCost),
    ("870", Satellite),
    ("871", Satellite),
    ("872", Satellite),
    ("873", Satellite),
    ("874", Satellite),
    ("878", Personal),
    ("881", Satellite),
    ("882", Satellite),
    ("883", Satellite),
    ("979", Premium),
    // United Kingdom: 084 and 087 carry a service charge, 070 are personal, 076 pagers but for Manx mobiles in 0762.
    ("4484", SharedCost),
    ("4487", SharedCost),
    ("449", Premium),
    ("4470", Personal),
    ("44760", Personal),
    ("44761", Personal),
    ("44763", Personal),
    ("44764", Personal),
    ("44765", Personal),
    ("44766", Personal),
    ("44767", Personal),
    ("44768", Personal),
    ("44769", Personal),
    ("44118", Short),
    // Germany.
    ("49110", Emergency),
    ("49112", Emergency),
    ("4911", Short),
    ("49137", Premium),
    ("49138", Premium),
    ("49180", SharedCost),
    ("4918", SharedCost),
    ("4919", Premium),
    ("49700", Personal),
    ("49900", Premium),
    // France: special services 08, but for free numbers.
    ("3381", SharedCost),
    ("3382", SharedCost),
    ("3383", SharedCost),
    ("3384", SharedCost),
    ("3388", SharedCost),
    ("3389", Premium),
    // Austria.
    ("43118", Short),
    ("43810", SharedCost),
    ("4382", SharedCost),
    ("43900", Premium),
    ("43901", Premium),
    ("43930", Premium),
    ("43931", Premium),
    ("43939", Premium),
    // Switzerland.
    ("4118", Short),
    ("4184", SharedCost),
    ("41878", Personal),
    ("4190", Premium),
    // Netherlands.
    ("3114", Short),
    ("3118", Short),
    ("3184", Personal),
    ("3187", Personal),
    ("3190", Premium),
    // Italy.
    ("39144", Premium),
    ("39166", Premium),
    ("39178", Personal),
    ("39199", SharedCost),
    ("39840", SharedCost),
    ("39841", SharedCost),
    ("39847", SharedCost),
    ("39848", SharedCost),
    ("3989", Premium),
    // Spain.
    ("34118", Short),
    ("3470", Personal),
    ("34803", Premium),
    ("34806", Premium),
    ("34807", Premium),
    ("34901", SharedCost),
    ("34902", SharedCost),
    ("34905", Premium),
    ("34907", Premium),
    // Belgium.
    ("3270", SharedCost),
    ("3278", SharedCost),
    ("3290", Premium),
    // Ireland.
    ("35315", Premium),
    ("3531850", SharedCost),
    ("3531890", SharedCost),
    ("353700", Personal),
    // Sweden and Poland.
    ("46900", Premium),
    ("46939", Premium),
    ("46944", Premium),
    ("4870", Premium),
    ("4880", SharedCost),
    // Australia.
    ("6113", SharedCost),
    ("6119", Premium),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn of(digits: &str) -> Option<Restriction> {
        DialRules::default().restriction(&E164::parse(digits).expect("test data are numbers"))
    }

    #[test]
    fn f17_emergency_short_premium_and_satellite_numbers_are_never_dialled() {
        for (digits, expected) in [
            // Emergency, alone and behind a country code.
            ("112", Some(Restriction::Emergency)),
            ("911", Some(Restriction::Emergency)),
            ("999", Some(Restriction::Emergency)),
            ("49112", Some(Restriction::Emergency)),
            ("49110", Some(Restriction::Emergency)),
            ("44999", Some(Restriction::Emergency)),
            ("1911", Some(Restriction::Emergency)),
            ("19115550123", Some(Restriction::Emergency)),
            ("3315", Some(Restriction::Emergency)),
            ("41144", Some(Restriction::Emergency)),
            // Short codes.
            ("333", Some(Restriction::Short)),
            ("222333", Some(Restriction::Short)),
            ("49115", Some(Restriction::Emergency)),
            ("4911833", Some(Restriction::Short)),
            ("44118500", Some(Restriction::Short)),
            // Area codes that begin like one.
            ("441184960645", None),
            ("31180123456", None),
            ("12125550", Some(Restriction::Short)),
            ("14115550123", Some(Restriction::Short)),
            // Rates.
            ("19005550123", Some(Restriction::Premium)),
            ("12129760123", Some(Restriction::Premium)),
            ("15005550123", Some(Restriction::Personal)),
            ("17005550123", Some(Restriction::SharedCost)),
            ("449098790000", Some(Restriction::Premium)),
            ("448081570000", None),
            ("448431570000", Some(Restriction::SharedCost)),
            ("447000000000", Some(Restriction::Personal)),
            ("499001234567", Some(Restriction::Premium)),
            ("491801234567", Some(Restriction::SharedCost)),
            ("491371234567", Some(Restriction::Premium)),
            ("33899123456", Some(Restriction::Premium)),
            ("33820123456", Some(Restriction::SharedCost)),
            ("33800123456", None),
            ("43900123456", Some(Restriction::Premium)),
            ("43820123456", Some(Restriction::SharedCost)),
            ("41900123456", Some(Restriction::Premium)),
            ("41848123456", Some(Restriction::SharedCost)),
            ("319001234", Some(Restriction::Premium)),
            ("39899123456", Some(Restriction::Premium)),
            ("39199123456", Some(Restriction::SharedCost)),
            ("34806123456", Some(Restriction::Premium)),
            ("34902123456", Some(Restriction::SharedCost)),
            // Networks above countries.
            ("881612345678", Some(Restriction::Satellite)),
            ("882161234567", Some(Restriction::Satellite)),
            ("883510012345", Some(Restriction::Satellite)),
            ("870773123456", Some(Restriction::Satellite)),
            ("979112345678", Some(Restriction::Premium)),
            ("0123456789", Some(Restriction::Unassigned)),
            ("2101234567", Some(Restriction::Unassigned)),
            ("10125550123", Some(Restriction::Unassigned)),
            // Ordinary subscribers, numbers set aside for fiction where a plan has such.
            ("12025550123", None),
            ("14165550123", None),
            ("447700900123", None),
            ("441134960123", None),
            ("493023125000", None),
            ("4915228817386", None),
            ("33199001234", None),
            ("33639981234", None),
            ("43171234567", None),
            ("41441234567", None),
            ("31201234567", None),
            ("390612345678", None),
            ("393123456789", None),
            ("34911234567", None),
            ("34612345678", None),
            ("6834002", None),
        ] {
            assert_eq!(of(digits), expected, "{digits}");
        }
    }

    #[test]
    fn f17_an_allowed_range_never_opens_an_emergency_number() {
        let rules = DialRules::allowing(["49".to_owned(), "9".to_owned(), String::new()]);
        let of = |digits: &str| rules.restriction(&E164::parse(digits).expect("test data are numbers"));
        assert_eq!(of("499001234567"), None);
        assert_eq!(of("49112"), Some(Restriction::Emergency));
        assert_eq!(of("911"), Some(Restriction::Emergency));
        assert_eq!(of("449098790000"), Some(Restriction::Premium));
    }

    #[test]
    fn every_range_is_reached() {
        for (prefix, restriction) in RANGES {
            // Short codes are told from area codes by their length; four digits stand behind the country's two.
            let length = if *restriction == Restriction::Short { 7 } else { 12 };
            let number = format!("{prefix}{}", &"6789012345"[..(length - prefix.len()).min(10)]);
            assert_eq!(of(&number), Some(*restriction), "{number}");
        }
    }
}
