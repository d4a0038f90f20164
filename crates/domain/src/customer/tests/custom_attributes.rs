use super::*;
use serde_json::json;

fn set(profile: &mut Profile, attributes: &Value) -> Result<(), ProfileError> {
    profile.apply(&patch(json!({ "user_profile": attributes })), NOW)
}

fn nested(levels: usize) -> Value {
    (1..levels).fold(json!(1), |inner, _| json!([inner]))
}

fn refusal(attribute: &str, reason: Reason) -> Result<(), ProfileError> {
    Err(ProfileError::Attribute { attribute: attribute.to_owned(), reason })
}

#[test]
fn e134_attributes_are_added_and_null_drops_one() {
    let mut profile = Profile::default();
    set(&mut profile, &json!({"shoe": 43, "color": "red"})).expect("valid");
    set(&mut profile, &json!({"shoe": null, "pets": ["cat"], "_version": 9})).expect("valid");
    assert_eq!(Value::Object(profile.user_profile.clone()), json!({"color": "red", "pets": ["cat"]}));
    assert_eq!(profile.user_profile_version, 2);
    profile.apply(&patch(json!({"user_profile": null})), NOW).expect("valid");
    assert!(profile.user_profile.is_empty());
}

#[test]
fn the_version_stands_still_when_nothing_changes() {
    let mut profile = Profile::default();
    set(&mut profile, &json!({"shoe": 43})).expect("valid");
    set(&mut profile, &json!({"shoe": 43, "gone": null})).expect("valid");
    assert_eq!(profile.user_profile_version, 1);
}

#[test]
fn every_limit_holds_at_its_edge() {
    let many = |count: usize| (0..count).map(|at| (format!("a{at}"), json!(1))).collect::<Map<_, _>>();
    // Two bytes of a text value are its quotes.
    let long = |bytes: usize| json!("x".repeat(bytes - 2));
    let cases = [
        ("200 attributes", Value::Object(many(200)), Ok(())),
        ("201 attributes", Value::Object(many(201)), refusal("user_profile", Reason::Count(200))),
        ("8 levels", json!({"a": nested(8)}), Ok(())),
        ("9 levels", json!({"a": nested(9)}), refusal("user_profile.a", Reason::Levels(8))),
        ("a large value", json!({"a": long(16_384)}), Ok(())),
        ("too large a value", json!({"a": long(16_385)}), refusal("user_profile.a", Reason::Bytes(16_384))),
        (
            "too much altogether",
            json!({"a": long(16_384), "b": long(16_384), "c": long(16_384), "d": long(16_384)}),
            refusal("user_profile", Reason::Bytes(65_536)),
        ),
        ("a name of 128 bytes", json!({"n".repeat(128): 1}), Ok(())),
        ("an empty name", json!({"": 1}), refusal("user_profile.", Reason::Empty)),
        ("NUL in a name", json!({"a\0": 1}), refusal("user_profile.a\0", Reason::Nul)),
        ("NUL deep inside", json!({"a": [{"b": "\0"}]}), refusal("user_profile.a", Reason::Nul)),
    ];
    for (name, attributes, expected) in cases {
        let mut profile = Profile::default();
        assert_eq!(set(&mut profile, &attributes), expected, "{name}");
        assert_eq!(profile.user_profile.is_empty(), expected.is_err(), "{name}");
    }
}

#[test]
fn the_limit_counts_what_was_there_before() {
    let mut profile = Profile::default();
    let first: Map<_, _> = (0..200).map(|at| (format!("a{at}"), json!(1))).collect();
    set(&mut profile, &Value::Object(first)).expect("valid");
    assert!(set(&mut profile, &json!({"one more": 1})).is_err());
    set(&mut profile, &json!({"a0": null, "one more": 1})).expect("one goes, one comes");
}
