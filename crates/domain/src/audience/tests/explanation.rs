//! Explanations: their shape, and that nothing is left out.

use super::*;

#[track_caller]
fn explain(customer: &Customer, query: Value) -> Value {
    let facts = Facts { customer, events: &ada_events(), now: NOW };
    serde_json::to_value(parse(query).explain(&facts)).expect("serializes")
}

#[test]
fn every_clause_is_explained_even_when_the_first_decides() {
    let explanation = explain(
        &ada(),
        json!({"$or": [
            {"user.tags": "buyer"},
            {"user.country": {"$ne": "CHE"}, "user.last_name": {"$exists": true}},
            {"$nor": [{"user.available_points": {"$gte": 100}}]},
            {"user.user_profile.car": {"$not": {"$eq": "Volvo"}}},
        ]}),
    );
    assert_eq!(
        explanation,
        json!({"verdict": true, "any": [
            {"verdict": true, "clause": {"path": "$or[0].user.tags", "field": "user.tags", "operator": "$eq",
                "operand": "buyer", "actual": ["buyer", "fresh"]}},
            {"verdict": false, "all": [
                {"verdict": false, "clause": {"path": "$or[1].user.country.$ne", "field": "user.country",
                    "operator": "$ne", "operand": "CHE", "actual": "CHE"}},
                {"verdict": false, "clause": {"path": "$or[1].user.last_name.$exists", "field": "user.last_name",
                    "operator": "$exists", "operand": true, "actual": null}},
            ]},
            {"verdict": false, "none": [
                {"verdict": true, "clause": {"path": "$or[2].$nor[0].user.available_points.$gte",
                    "field": "user.available_points", "operator": "$gte", "operand": 100, "actual": 250}},
            ]},
            {"verdict": true, "not":
                {"verdict": false, "clause": {"path": "$or[3].user.user_profile.car.$not.$eq",
                    "field": "user.user_profile.car", "operator": "$eq", "operand": "Volvo",
                    "actual": {"brand": "Volvo", "doors": 5}}},
            },
        ]})
    );
}

#[test]
fn dates_are_shown_as_dates_and_relative_ones_resolved() {
    let clause = |query| explain(&ada(), query)["clause"].clone();
    let dob = clause(json!({"user.dob": {"$between": ["30 years ago", "2010-01-01"]}}));
    assert_eq!(dob["actual"], json!("2000-03-31"));
    assert_eq!(dob["resolved"], json!(["1996-03-31T10:20:30.4Z", "2010-01-01"]));
    let created = clause(json!({"user.created_at": {"$lt": "2026-01-01"}}));
    assert_eq!(created["actual"], json!("2025-12-31T23:59:59.5Z"));
    assert_eq!(created.get("resolved"), None);
    let renewed = clause(json!({"user.user_profile.renewed": {"$gt": {"$relative": "1 day ago"}}}));
    assert_eq!(renewed["resolved"], json!("2026-03-30T10:20:30.4Z"));
    assert_eq!(renewed["actual"], json!("2026-03-01T08:00:00+01:00"));
    let plain = clause(json!({"user.city": "1 day ago"}));
    assert_eq!(plain.get("resolved"), None);
}

#[test]
fn an_event_field_shows_the_count() {
    let query = json!({"user.events.purchase": {"$count": {"$gte": 5}, "$within": "30 days"}});
    let explanation = explain(&ada(), query);
    assert_eq!(explanation["verdict"], json!(false));
    assert_eq!(explanation["clause"]["actual"], json!(3));
    assert_eq!(explanation["clause"]["path"], json!("user.events.purchase.$count.$gte"));
}

#[test]
fn of_a_large_set_the_names_asked_about_are_shown() {
    let mut customer = blank();
    customer.tags = (0..200).map(|n| (format!("tag{n}"), Tag::Counter { count: 1 })).collect();
    let explanation = explain(&customer, json!({"user.tags": {"$in": ["tag7", "absent", "tag199"]}}));
    assert_eq!(explanation["clause"]["actual"], json!(["tag7", "tag199"]));
    assert_eq!(explanation["clause"]["actual_total"], json!(200));
    let explanation = explain(&customer, json!({"user.tags": "tag3"}));
    assert_eq!(explanation["clause"]["actual"], json!(["tag3"]));
}

#[test]
fn an_unreadable_query_says_so() {
    let targeting: Targeting = serde_json::from_str(r#"{"city":"Bern"}"#).expect("any JSON loads");
    let explanation = targeting.explain(&Facts { customer: &ada(), events: &[], now: NOW });
    assert_eq!(
        serde_json::to_value(explanation).expect("serializes"),
        json!({"verdict": false, "unreadable": "`city` is not a field; fields begin with `user.`, at city"})
    );
}
