use super::*;
use serde_json::json;

#[test]
fn a_whole_profile_sent_back_changes_nothing_it_may_not() {
    let sent = json!({
        "id": "x", "external_id": "c-1", "available_points": 1_000_000, "suspended": true, "created_at": "2020-01-01",
        "tier": "gold", "what is this": 1,
    });
    assert_eq!(patch(sent.clone()), ProfilePatch::with_external_id("c-1"));
    let unknown = ProfilePatch::unknown_attributes(sent.as_object().expect("an object"));
    assert_eq!(unknown, ["what is this"]);
}

#[test]
fn every_writable_attribute_is_read() {
    let everything = json!({
        "external_id": "c-1", "external_id_type": "crm", "identifiers": [{"external_id": "c-2"}],
        "email": "ada@example.org", "opted_in": false, "first_name": "Ada", "last_name": "L", "gender": "f",
        "dob": "1990-12-10", "address": "1 St", "address2": "back", "city": "London", "state": "LND", "zip": "N1",
        "country": "gbr", "dma": "1", "locale": "en-GB", "ip": "192.0.2.1",
        "phone_numbers": [{"phone_number": "+441234567"}], "time_zone": "Europe/London", "referrer_code": "R",
        "referral": {"referral_code": "Q"}, "proxy_id": {"register": ["p", "q"]},
        "profile_photo_url": "https://example.org/a.png", "user_profile": {"shoe": 43},
    });
    let mut profile = Profile::default();
    profile.apply(&patch(everything), NOW).expect("valid");
    let expected = Profile {
        external_id: Some("c-1".into()),
        external_id_type: Some("crm".into()),
        identifiers: vec![ExternalIdentifier { external_id: "c-2".into(), external_id_type: None }],
        email: Some("ada@example.org".into()),
        opted_in: false,
        first_name: Some("Ada".into()),
        last_name: Some("L".into()),
        gender: Some("f".into()),
        dob: Some(jiff::civil::date(1990, 12, 10)),
        address: Some("1 St".into()),
        address2: Some("back".into()),
        city: Some("London".into()),
        state: Some("LND".into()),
        zip: Some("N1".into()),
        country: Some("GBR".into()),
        dma: Some("1".into()),
        locale: Some("en-GB".into()),
        ip: Some("192.0.2.1".into()),
        phone_numbers: vec![Map::from_iter([("phone_number".to_owned(), json!("+441234567"))])],
        time_zone: Some("Europe/London".into()),
        referrer_code: Some("R".into()),
        referral: Some(Map::from_iter([("referral_code".to_owned(), json!("Q"))])),
        proxy_ids: vec!["p".into(), "q".into()],
        profile_photo_url: Some("https://example.org/a.png".into()),
        user_profile: Map::from_iter([("shoe".to_owned(), json!(43))]),
        user_profile_version: 1,
    };
    assert_eq!(profile, expected);
    let drop = patch(json!({"proxy_id": {"unregister": "p"}}));
    profile.apply(&drop, NOW).expect("valid");
    assert_eq!(profile.proxy_ids, ["q"]);
}

#[test]
fn table_cells_are_read_by_column() {
    let mut read = ProfilePatch::default();
    let cells = [
        ("external_id", "c-1"),
        ("city", ""),
        ("opted_in", "false"),
        ("dob", "1990-12-10"),
        ("phone_number", "+49 30 1"),
        ("user_profile.shoe", "43"),
        ("user_profile.vip", "true"),
        ("user_profile.color", "red"),
        ("user_profile.card", "00012"),
        ("user_profile.number", "12345678901234567890123"),
        ("user_profile.none", ""),
    ];
    for (column, cell) in cells {
        assert_eq!(read.set_text(column, cell), Ok(true), "{column}");
    }
    let expected = patch(json!({
        "external_id": "c-1", "opted_in": false, "dob": "1990-12-10",
        "phone_numbers": [{"phone_number": "+49 30 1"}],
        "user_profile": {
            "shoe": 43, "vip": true, "color": "red", "card": "00012", "number": "12345678901234567890123"
        },
    }));
    assert_eq!(read, expected);
    assert_eq!(read.set_text("shoe", "43"), Ok(false));
    assert!(read.set_text("opted_in", "yes").is_err());
    assert!(read.set_text("dob", "10.12.1990").is_err());
}
