use super::super::{Policy, presets, rules};

const BOOK: &str = include_str!("../../../../../../docs/calling-policies.md");

#[test]
fn the_sample_in_the_documentation_is_a_policy() {
    let (_, sample) = BOOK.split_once("```json\n").expect("a sample");
    let (sample, _) = sample.split_once("```").expect("its end");
    let policy = Policy::from_value(serde_json::from_str(sample).expect("JSON")).expect("a policy");
    assert_eq!((policy.name.as_str(), policy.per_number.per_day), ("New Jersey", Some(2)));
    assert_eq!(policy.caller_id.allowed.len(), 1);
}

#[test]
fn every_field_preset_and_rule_is_documented() {
    let document = serde_json::to_value(Policy::default()).expect("a document");
    for (field, value) in document.as_object().expect("an object") {
        assert!(BOOK.contains(&format!("`{field}")), "{field}");
        for member in value.as_object().into_iter().flatten().map(|(member, _)| member) {
            let named =
                BOOK.contains(&format!("`{field}.{member}`")) || BOOK.contains(&format!("`.{member}`"));
            assert!(named, "{field}.{member}");
        }
    }
    for preset in presets() {
        assert!(BOOK.contains(&format!("| `{}` |", preset.name)), "{}", preset.name);
    }
    for rule in rules::ALL {
        assert!(BOOK.contains(&format!("`{rule}`")), "{rule}");
    }
}
