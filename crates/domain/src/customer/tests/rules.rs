use super::*;
use serde_json::json;

/// What the rules say about one attribute of an otherwise good profile.
fn verdict(attributes: &Value) -> Result<(), Reason> {
    let mut profile = Profile::default();
    let object = attributes.as_object().expect("an object");
    match ProfilePatch::from_json(object).and_then(|patch| profile.apply(&patch, NOW)) {
        Ok(()) => Ok(()),
        Err(ProfileError::Attribute { reason, attribute }) => {
            let top = attribute.split('.').next().expect("a name");
            assert!(object.contains_key(top), "{attribute} is blamed for {attributes}");
            assert_eq!(profile, Profile::default(), "a refused change changes nothing");
            Err(reason)
        }
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn e132_each_attribute_is_held_to_its_rule() {
    let age = Err(Reason::Age(13));
    let cases = [
        // The clock stands at 2026-03-01.
        ("age 12", json!({"dob": "2014-01-01"}), age.clone()),
        ("thirteenth birthday", json!({"dob": "2013-03-01"}), age.clone()),
        ("the day after it", json!({"dob": "2013-02-28"}), Ok(())),
        ("age 40", json!({"dob": "1986-01-01"}), Ok(())),
        ("not yet born", json!({"dob": "2030-01-01"}), age),
        ("no such day", json!({"dob": "1990-02-30"}), Err(Reason::Date)),
        ("another date form", json!({"dob": "19900101"}), Err(Reason::Date)),
        ("a date with a time", json!({"dob": "1990-01-01T00:00:00Z"}), Err(Reason::Date)),
        ("gender", json!({"gender": "f"}), Ok(())),
        ("gender in capitals", json!({"gender": "F"}), Err(Reason::Gender)),
        ("gender in words", json!({"gender": "female"}), Err(Reason::Gender)),
        ("country", json!({"country": "DEU"}), Ok(())),
        ("country in small letters", json!({"country": "deu"}), Ok(())),
        ("two-letter country", json!({"country": "DE"}), Err(Reason::Country)),
        ("no country", json!({"country": "ZZZ"}), Err(Reason::Country)),
        ("zone", json!({"time_zone": "Europe/Berlin"}), Ok(())),
        ("no zone", json!({"time_zone": "Mars/Olympus"}), Err(Reason::TimeZone)),
        ("offset for a zone", json!({"time_zone": "+02:00"}), Err(Reason::TimeZone)),
        ("e-mail", json!({"email": "Ada.L+x@example.org"}), Ok(())),
        ("no e-mail", json!({"email": "ada at example"}), Err(Reason::Email)),
        ("e-mail with display name", json!({"email": "Ada <ada@example.org>"}), Err(Reason::Email)),
        ("two at signs", json!({"email": "a@b@c.org"}), Err(Reason::Email)),
        ("NUL in a name", json!({"first_name": "A\0"}), Err(Reason::Nul)),
        ("name at the limit", json!({"first_name": "x".repeat(255)}), Ok(())),
        ("name beyond it", json!({"first_name": "x".repeat(256)}), Err(Reason::Bytes(255))),
        ("number for text", json!({"city": 5}), Err(Reason::Type("text"))),
        ("text for a flag", json!({"opted_in": "true"}), Err(Reason::Type("true or false"))),
        ("phone", json!({"phone_numbers": [{"phone_number": "+49 (30) 901-820", "kind": "home"}]}), Ok(())),
        (
            "phone in letters",
            json!({"phone_numbers": [{"phone_number": "CALL ME"}]}),
            Err(Reason::PhoneNumber),
        ),
        ("phone without number", json!({"phone_numbers": [{}]}), Err(Reason::PhoneNumber)),
        ("phone as text", json!({"phone_numbers": ["+4930"]}), Err(Reason::Type("an object"))),
        ("phones at the limit", json!({"phone_numbers": vec![json!({"phone_number": "123"}); 20]}), Ok(())),
        (
            "one more",
            json!({"phone_numbers": vec![json!({"phone_number": "123"}); 21]}),
            Err(Reason::Count(20)),
        ),
        (
            "identifier twice",
            json!({"identifiers": [{"external_id": "a"}, {"external_id": "a", "external_id_type": "t"}]}),
            Err(Reason::Repeated("a".to_owned())),
        ),
        ("empty identifier", json!({"identifiers": [{"external_id": ""}]}), Err(Reason::Empty)),
        ("proxy", json!({"proxy_id": {"register": "p"}}), Ok(())),
        ("empty proxy", json!({"proxy_id": {"register": ""}}), Err(Reason::Empty)),
        ("NUL in the referral", json!({"referral": {"referral_code": "\0"}}), Err(Reason::Nul)),
        ("referral too large", json!({"referral": {"c": "x".repeat(2048)}}), Err(Reason::Bytes(2048))),
    ];
    for (name, attributes, expected) in cases {
        assert_eq!(verdict(&attributes), expected, "{name}");
    }
}

#[test]
fn a_leap_day_child_is_thirteen_on_the_28th() {
    // 2025-03-01T00:00:00Z and a second before.
    let day_after = UnixMillis(1_740_787_200_000);
    let child = patch(json!({"dob": "2012-02-29"}));
    assert!(Profile::default().apply(&child, day_after).is_ok());
    assert!(Profile::default().apply(&child, day_after.plus_seconds(-1)).is_err());
}

#[test]
fn e132_nobody_is_registered_without_an_identity() {
    for nobody in [json!({}), json!({"first_name": "Ada"}), json!({"email": "", "external_id": null})] {
        let made = Customer::create(&patch(nobody), Uuid::nil(), NOW);
        assert_eq!(made, Err(ProfileError::NoIdentity));
    }
}

#[test]
fn e131_either_identity_suffices_and_loyalty_opt_in_is_the_default() {
    for somebody in [json!({"email": "a@example.org"}), json!({"external_id": "7"})] {
        let made = Customer::create(&patch(somebody), Uuid::nil(), NOW).expect("valid");
        assert!(made.profile.opted_in);
        assert_eq!(made.registered_at, Some(NOW));
    }
}

#[test]
fn absent_attributes_stay_and_cleared_ones_go() {
    let mut customer = someone();
    let set = json!({"first_name": "Ada", "city": "Berlin", "opted_in": false, "dob": "1990-01-01"});
    assert!(customer.change(&patch(set), NOW).expect("valid"));
    assert!(customer.change(&patch(json!({"city": null, "opted_in": null})), NOW).expect("valid"));
    assert_eq!(customer.profile.first_name.as_deref(), Some("Ada"));
    assert_eq!(customer.profile.city, None);
    assert!(customer.profile.opted_in);
    assert!(customer.profile.dob.is_some());
}

#[test]
fn a_registered_customer_cannot_lose_the_last_identity() {
    let mut customer = someone();
    let before = customer.clone();
    assert_eq!(customer.change(&patch(json!({"external_id": null})), NOW), Err(ProfileError::NoIdentity));
    assert_eq!(customer, before);
    assert!(customer.change(&patch(json!({"external_id": null, "email": "a@b.org"})), NOW).is_ok());
}

#[test]
fn an_anonymous_customer_who_gains_an_identity_is_registered() {
    let mut customer = Customer::anonymous(Uuid::nil(), NOW);
    customer.change(&patch(json!({"first_name": "Ada"})), NOW).expect("valid");
    assert!(customer.is_anonymous());
    let later = NOW.plus_seconds(60);
    customer.change(&patch(json!({"email": "a@b.org"})), later).expect("valid");
    assert_eq!(customer.registered_at, Some(later));
}

#[test]
fn the_main_external_id_is_not_repeated_among_the_identifiers() {
    let mut customer = someone();
    let all =
        json!({"identifiers": [{"external_id": "c-1"}, {"external_id": "c-2", "external_id_type": "card"}]});
    customer.change(&patch(all), NOW).expect("valid");
    let ids: Vec<_> = customer.profile.identifiers.iter().map(|each| each.external_id.as_str()).collect();
    assert_eq!(ids, ["c-2"]);
}

#[test]
fn an_unchanged_profile_keeps_its_date() {
    let mut customer = someone();
    let later = NOW.plus_seconds(60);
    assert!(!customer.change(&patch(json!({"external_id": "c-1"})), later).expect("valid"));
    assert_eq!(customer.updated_at, NOW);
}

#[test]
fn spellings_of_one_phone_number_have_one_key() {
    let cases = [
        ("+49 30 901820", Some("+4930901820")),
        (" +49-(30)/901.820 ", Some("+4930901820")),
        ("030 901820", Some("030901820")),
        ("12", None),
        ("+123456789012345", Some("+123456789012345")),
        ("+1234567890123456", None),
        ("++49301", None),
        ("1234x5", None),
        ("", None),
    ];
    for (text, key) in cases {
        assert_eq!(phone_key(text).as_deref(), key, "{text:?}");
    }
}
