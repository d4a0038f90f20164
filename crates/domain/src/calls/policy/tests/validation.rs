use super::super::schema::{AbandonWindow, AnswerDetection, Policy};
use super::super::{limits, presets};
use serde_json::{Value, json};

fn error(document: Value) -> String {
    Policy::from_value(document).expect_err("must be refused").to_string()
}

#[test]
fn every_preset_is_valid_and_says_what_it_rests_on() {
    for preset in presets() {
        preset.policy.validate().unwrap_or_else(|error| panic!("{}: {error}", preset.name));
        assert_eq!(preset.policy.name, preset.name);
        let value = serde_json::to_value(&preset.policy).expect("a document");
        for (field, source) in preset.sources {
            let place = format!("/{}", field.replace('.', "/"));
            assert!(value.pointer(&place).is_some(), "{}: {field}", preset.name);
            assert!(!source.is_empty());
        }
        for field in ["hours", "abandon", "min_ring_s", "per_number"] {
            let named = preset.sources.iter().any(|(source, _)| source.starts_with(field));
            // The one about debts takes them from its base.
            assert!(named || preset.name == "US-DEBT", "{}: {field}", preset.name);
        }
        assert_eq!(Policy::from_value(value), Ok(preset.policy));
    }
}

#[test]
fn a_document_replaces_members_of_its_preset() {
    assert_eq!(Policy::from_value(json!({})), Ok(Policy::default()));
    let policy = Policy::from_value(json!({
        "preset": "us-tsr",
        "name": "New Jersey",
        "hours": [{"days": ["mon", "sat"], "from": "09:00", "to": "20:00"}],
        "abandon": {"target_factor": 0.5, "windows": ["day_local", {"rolling_days": 7}, "campaign_or_30d"]},
        "per_number": {"per_day": null},
    }))
    .expect("a policy");
    assert_eq!((policy.name.as_str(), policy.min_ring_s), ("New Jersey", 15));
    assert_eq!((policy.hours.len(), policy.hours[0].days.len()), (1, 2));
    assert_eq!((policy.abandon.cap, policy.abandon.target_factor), (0.03, 0.5));
    let windows = [AbandonWindow::DayLocal, AbandonWindow::RollingDays(7), AbandonWindow::CampaignOr30d];
    assert_eq!(policy.abandon.windows, windows);
    assert_eq!((policy.per_number.per_day, policy.per_number.per_7d), (None, Some(7)));
}

#[test]
fn faults_name_their_field() {
    let long = "x".repeat(limits::MAX_NAME_CHARS + 1);
    let hours = |from: &str, to: &str| json!([{"days": ["mon"], "from": from, "to": to}]);
    for (document, field) in [
        (json!([]), "policy:"),
        (json!({"preset": "XX"}), "preset:"),
        (json!({"preset": 1}), "preset:"),
        (json!({"nonsense": 1}), "nonsense: "),
        (json!({"name": " "}), "name:"),
        (json!({ "name": long }), "name:"),
        (json!({"hours": []}), "hours:"),
        (json!({"hours": hours("9:00", "20:00")}), "hours[0].from:"),
        (json!({"hours": hours("09:00", "24:01")}), "hours[0].to:"),
        (json!({"hours": hours("20:00", "09:00")}), "hours[0].to:"),
        (json!({"hours": hours("09:00", "09:00")}), "hours[0].to:"),
        (json!({"hours": [{"days": [], "from": "09:00", "to": "20:00"}]}), "hours[0].days:"),
        (json!({"hours": [{"days": ["monday"], "from": "09:00", "to": "20:00"}]}), "hours[0].days[0]:"),
        (json!({"holidays": "open"}), "holidays:"),
        (json!({"min_ring_s": 0}), "min_ring_s:"),
        (json!({"min_ring_s": 121}), "min_ring_s:"),
        (json!({"min_ring_s": -1}), "min_ring_s:"),
        (json!({"connect_limit_ms": 99}), "connect_limit_ms:"),
        (json!({"abandon": {"cap": 1.01}}), "abandon.cap:"),
        (json!({"abandon": {"cap": -0.01}}), "abandon.cap:"),
        (json!({"abandon": {"cap": "3 %"}}), "abandon.cap:"),
        (json!({"abandon": {"target_factor": 0}}), "abandon.target_factor:"),
        (json!({"abandon": {"windows": []}}), "abandon.windows:"),
        (json!({"abandon": {"windows": [{"rolling_days": 0}]}}), "abandon.windows[0].rolling_days:"),
        (json!({"message": {"opt_out_key": "x"}}), "message.opt_out_key:"),
        (json!({"message": {"max_s": 0}}), "message.max_s:"),
        (json!({"redial_after_abandon": {"hours": 87_601}}), "redial_after_abandon.hours:"),
        (json!({"per_number": {"per_day": 0}}), "per_number.per_day:"),
        (json!({"per_number": {"per_30d": 101}}), "per_number.per_30d:"),
        (json!({"per_number": {"after_refusal_days": 3_651}}), "per_number.after_refusal_days:"),
        (json!({"caller_id": {"allowed": ["none"]}}), "caller_id.allowed[0]:"),
        (json!({"amd": "detect_first"}), "amd_false_positive_rate:"),
        (json!({"amd_false_positive_rate": 1.5}), "amd_false_positive_rate:"),
        (json!({"records_retention_days": 0}), "records_retention_days:"),
    ] {
        let text = error(document.clone());
        assert!(text.starts_with(field), "{document}: {text}");
    }
}

#[test]
fn figures_at_the_edge_are_taken() {
    let policy = Policy::from_value(json!({
        "name": "x".repeat(limits::MAX_NAME_CHARS),
        "hours": [{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "00:00", "to": "24:00"}],
        "min_ring_s": limits::MAX_RING_S,
        "abandon": {"cap": 1, "target_factor": 1, "windows": [{"rolling_days": limits::MAX_WINDOW_DAYS}]},
        "per_number": {"per_day": limits::MAX_CALLS, "after_refusal_days": limits::MAX_PAUSE_DAYS},
        "amd": "detect_first",
        "amd_false_positive_rate": 0.2,
    }));
    assert_eq!(policy.expect("at the edge").amd, AnswerDetection::DetectFirst);
}
