use super::*;
use proptest::prelude::*;

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9]{0,6}",
        "[a-z]{1,5}@[a-z]{1,5}\\.org",
        Just("DEU".to_owned()),
        Just("f".to_owned()),
        Just("Europe/Berlin".to_owned()),
        Just("1990-01-01".to_owned()),
        Just("with\0nul".to_owned()),
        any::<String>(),
    ]
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(12, 64, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((text(), inner), 0..4).prop_map(|pairs| Value::from(Map::from_iter(pairs))),
        ]
    })
}

/// Objects whose keys are mostly attributes.
fn object() -> impl Strategy<Value = Map<String, Value>> {
    let names = prop::sample::select(vec![
        "external_id",
        "email",
        "first_name",
        "gender",
        "dob",
        "country",
        "time_zone",
        "opted_in",
        "identifiers",
        "phone_numbers",
        "referral",
        "proxy_id",
        "user_profile",
        "profile_photo_url",
        "nonsense",
    ]);
    let value = prop_oneof![
        3 => text().prop_map(Value::from),
        1 => json(),
        1 => text().prop_map(|number| serde_json::json!([{ "phone_number": number, "external_id": number }])),
        1 => text().prop_map(|proxy| serde_json::json!({ "register": proxy })),
    ];
    prop::collection::vec((names.prop_map(str::to_owned), value), 0..6).prop_map(Map::from_iter)
}

proptest! {
    /// Whatever is sent: nothing panics, a refusal changes nothing, and what was accepted is accepted again and then
    /// changes nothing.
    #[test]
    fn a_change_is_whole_and_settles(first in object(), second in object()) {
        let mut customer = someone();
        for object in [first, second] {
            let Ok(patch) = ProfilePatch::from_json(&object) else { continue };
            let before = customer.clone();
            match customer.change(&patch, NOW) {
                Err(_) => prop_assert_eq!(&customer, &before),
                Ok(changed) => {
                    prop_assert_eq!(changed, customer.profile != before.profile);
                    prop_assert_eq!(customer.change(&patch, NOW), Ok(false));
                    let stored = serde_json::to_string(&customer).expect("serializable");
                    prop_assert!(!stored.contains("\\u0000"));
                }
            }
        }
    }

    /// The size that the limits see is the size of the JSON form.
    #[test]
    fn sizes_are_exact(value in json()) {
        if let Ok(bytes) = super::super::json::check_value(&value, usize::MAX) {
            prop_assert_eq!(bytes, value.to_string().len());
        }
    }

    /// A key is its own key.
    #[test]
    fn phone_keys_are_stable(text in "[+0-9 ().-]{0,20}") {
        if let Some(key) = phone_key(&text) {
            prop_assert_eq!(phone_key(&key), Some(key.clone()));
        }
    }
}
