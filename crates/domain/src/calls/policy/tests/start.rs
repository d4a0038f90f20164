use super::super::schema::{AnswerDetection, ConnectAnchor, Policy};
use super::super::{Policies, of_jurisdiction, rules};
use super::{Asked, at, policy};
use crate::calls::number::E164;

#[test]
fn f7_f21_calls_ahead_of_agents_need_a_cap_a_message_and_a_number_to_show() {
    let shown = Some("441134960000");
    let table = [
        ("US-TSR", true, shown, None),
        ("US-TSR", false, shown, Some(rules::PREDICTIVE_MESSAGE)),
        ("US-TSR", true, None, Some(rules::CALLER_ID_REQUIRED)),
        ("STRICT", true, shown, None),
        ("STRICT", false, shown, Some(rules::PREDICTIVE_MESSAGE)),
        ("DE", true, shown, None),
        ("UK", true, shown, Some(rules::PREDICTIVE_FORBIDDEN)),
    ];
    for (name, has_message, caller_id, expected) in table {
        let refused = policy(name).permits_predictive(has_message, caller_id).err();
        assert_eq!(refused.map(|refusal| refusal.rule), expected, "{name} {has_message} {caller_id:?}");
    }
    for cap in [0.0, f64::NAN] {
        let mut none = policy("US-TSR");
        none.abandon.cap = cap;
        let refused = none.permits_predictive(true, shown).expect_err("nothing may be abandoned");
        assert_eq!(refused.rule, rules::PREDICTIVE_CAP);
    }
}

#[test]
fn f21_only_listed_numbers_are_shown() {
    let mut policy = Policy::default();
    policy.caller_id.allowed = vec![E164::parse("441134960000").expect("a number")];
    for (shown, expected) in [
        (Some("441134960000"), None),
        (Some("+441134960000"), None),
        (Some("441134960001"), Some(rules::CALLER_ID_ALLOWED)),
        (Some(""), Some(rules::CALLER_ID_ALLOWED)),
        (None, Some(rules::CALLER_ID_REQUIRED)),
    ] {
        let refused = policy.check_caller_id(shown).err();
        assert_eq!(refused.map(|refusal| refusal.rule), expected, "{shown:?}");
    }
    // And a call is refused too, not only the start.
    let mut asked = Asked::of("442079460123");
    asked.caller_id = Some("441134960001".to_owned());
    let refused = asked.refused(&policy, at("2026-06-01T10:00:00Z"));
    assert_eq!(refused, Some((rules::CALLER_ID_ALLOWED, None)));
    policy.caller_id.required = false;
    assert!(policy.check_caller_id(None).is_ok());
}

#[test]
fn of_several_policies_the_strictest_figure_holds() {
    let (us, strict) = (policy("US-TSR"), policy("STRICT"));
    let both = [&us, &strict];
    let both = Policies::new(&both);
    assert_eq!(both.min_ring_s(), 20);
    assert_eq!(both.connect_limit_ms(), Some(2_000));
    assert_eq!(both.connect_anchor(), ConnectAnchor::Answer);
    assert_eq!(both.target_share(), Some(0.015));
    assert_eq!((both.message_within_ms(), both.message_max_s()), (Some(2_000), Some(20)));
    let spans = both.ledger_spans(100, 90);
    assert_eq!(spans.iter().map(|span| span.first).collect::<Vec<_>>(), [90, 100, 71]);
    let uk = policy("UK");
    assert!(Policies::new(&[&us, &uk]).permits_predictive(true, Some("441134960000")).is_err());
    let none = Policies::new(&[]);
    assert_eq!((none.min_ring_s(), none.connect_limit_ms(), none.target_share()), (0, None, None));
}

#[test]
fn answers_are_classified_only_as_far_as_permitted() {
    let mut policy = Policy::default();
    assert!(policy.permits_detection(AnswerDetection::Off).is_ok());
    assert!(policy.permits_detection(AnswerDetection::AgentFirst).is_err());
    policy.amd = AnswerDetection::AgentFirst;
    assert!(policy.permits_detection(AnswerDetection::AgentFirst).is_ok());
    let refused = Policies::new(&[&policy]).permits_detection(AnswerDetection::DetectFirst);
    assert_eq!(refused.expect_err("not permitted").rule, rules::ANSWER_DETECTION);
}

#[test]
fn a_number_names_the_preset_of_its_country() {
    for (number, name) in [
        ("12125550123", Some("US-TSR")),
        ("442079460123", Some("UK")),
        ("493023125000", Some("DE")),
        ("33199001234", Some("FR")),
        ("14165550123", None),
        ("18005550123", None),
        ("43171234567", None),
        ("999123456789", None),
    ] {
        let number = E164::parse(number).expect("a number");
        assert_eq!(of_jurisdiction(&number).map(|policy| policy.name.as_str()), name, "{number}");
    }
}
