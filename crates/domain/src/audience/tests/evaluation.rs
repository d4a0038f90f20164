//! Every operator over every kind of field, by table.

use super::*;

#[track_caller]
fn table(cases: &[(Value, bool)]) {
    let (ada, events) = (ada(), ada_events());
    for (query, expected) in cases {
        assert_matches(&ada, &events, query.clone(), *expected);
    }
}

#[test]
fn e10_groups_are_boolean_algebra() {
    let (yes, no) = (json!({"user.tags": "buyer"}), json!({"user.tags": "absent"}));
    table(&[
        (json!({}), true),
        (json!({"user.tags": "buyer", "user.country": "CHE"}), true),
        (json!({"user.tags": "buyer", "user.country": "DEU"}), false),
        (json!({"$and": [yes, yes]}), true),
        (json!({"$and": [yes, no]}), false),
        (json!({"$and": [{}]}), true),
        (json!({"$or": [no, yes]}), true),
        (json!({"$or": [no, no]}), false),
        (json!({"$nor": [no, no]}), true),
        (json!({"$nor": [no, yes]}), false),
        (json!({"$not": yes}), false),
        (json!({"$not": no}), true),
        (json!({"$not": {"$or": [no, {"$and": [yes, no]}]}}), true),
        (json!({"$or": [no], "$and": [yes]}), false),
    ]);
}

#[test]
fn e10_the_contracts_own_sample() {
    let sample = json!({"$and": [
        {"user.tags": {"$in": ["my_tag_to_target_user"]}},
        {"user.tags": {"$not": {"$in": ["my_tag_to_target_away_from_user"]}}},
    ]});
    let mut customer = blank();
    assert_matches(&customer, &[], sample.clone(), false);
    customer.tags.insert("my_tag_to_target_user".to_owned(), Tag::Counter { count: 1 });
    assert_matches(&customer, &[], sample.clone(), true);
    customer.tags.insert("my_tag_to_target_away_from_user".to_owned(), Tag::Counter { count: 1 });
    assert_matches(&customer, &[], sample, false);
}

#[test]
fn e12_an_expired_tag_does_not_count() {
    table(&[
        (json!({"user.tags": "fresh"}), true),
        (json!({"user.tags": "stale"}), false),
        (json!({"user.tags": {"$ne": "stale"}}), true),
        (json!({"user.tags": {"$in": ["stale"]}}), false),
        (json!({"user.tags": {"$all": ["buyer", "stale"]}}), false),
    ]);
    let mut customer = blank();
    customer.tags.insert("stale".to_owned(), Tag::Expiring { expires_at: NOW });
    assert_matches(&customer, &[], json!({"user.tags": {"$exists": true}}), false);
}

#[test]
fn t1_not_is_logical_negation_on_a_missing_field_too() {
    table(&[
        (json!({"user.last_name": {"$not": {"$eq": "Byron"}}}), true),
        (json!({"user.last_name": {"$not": {"$exists": false}}}), false),
        (json!({"user.last_name": {"$not": {"$not": {"$gt": "A"}}}}), false),
        (json!({"user.country": {"$not": {"$eq": "CHE"}}}), false),
        (json!({"user.country": {"$not": {"$eq": "CHE", "$gt": "D"}}}), true),
        (json!({"user.user_profile.visits": {"$not": {"$gt": "ten"}}}), true),
    ]);
}

#[test]
fn t2_tags_are_a_set() {
    table(&[
        (json!({"user.tags": "buyer"}), true),
        (json!({"user.tags": "seller"}), false),
        (json!({"user.tags": {"$eq": "buyer"}}), true),
        (json!({"user.tags": {"$ne": "buyer"}}), false),
        (json!({"user.tags": {"$ne": "seller"}}), true),
        (json!({"user.tags": {"$in": ["seller", "fresh"]}}), true),
        (json!({"user.tags": {"$in": []}}), false),
        (json!({"user.tags": {"$nin": ["seller", "fresh"]}}), false),
        (json!({"user.tags": {"$nin": ["seller"]}}), true),
        (json!({"user.tags": {"$nin": []}}), true),
        (json!({"user.tags": {"$all": ["buyer", "fresh"]}}), true),
        (json!({"user.tags": {"$all": ["buyer", "seller"]}}), false),
        (json!({"user.tags": {"$exists": true}}), true),
        (json!({"user.tags": {"$exists": false}}), false),
    ]);
    assert_matches(&blank(), &[], json!({"user.tags": {"$exists": false}}), true);
}

#[test]
fn t3_values_of_different_types_never_compare() {
    table(&[
        (json!({"user.available_points": "250"}), false),
        (json!({"user.available_points": {"$gte": "0"}}), false),
        (json!({"user.available_points": {"$ne": "250"}}), true),
        (json!({"user.country": 7}), false),
        (json!({"user.country": {"$lt": 7}}), false),
        (json!({"user.opted_in": "true"}), false),
        (json!({"user.opted_in": 1}), false),
        (json!({"user.tags": 1}), false),
        (json!({"user.user_profile.visits": {"$in": ["12", true]}}), false),
        (json!({"user.user_profile.visits": {"$nin": ["12", true]}}), true),
        (json!({"user.user_profile.vip": {"$gte": 0}}), false),
        (json!({"user.created_at": {"$gte": 0}}), false),
        (json!({"user.user_profile.car": "Volvo"}), false),
        (json!({"user.user_profile.visits": {"$gt": {"$date": "2020-01-01"}}}), false),
    ]);
}

#[test]
fn literals_and_orderings_over_single_values() {
    table(&[
        (json!({"user.country": "CHE"}), true),
        (json!({"user.country": {"$eq": "CHE"}}), true),
        (json!({"user.country": {"$ne": "CHE"}}), false),
        (json!({"user.country": {"$in": ["DEU", "CHE"]}}), true),
        (json!({"user.country": {"$nin": ["DEU", "CHE"]}}), false),
        (json!({"user.country": {"$all": ["CHE"]}}), true),
        (json!({"user.country": {"$all": ["CHE", "DEU"]}}), false),
        (json!({"user.country": {"$gte": "CHE", "$lt": "CHF"}}), true),
        (json!({"user.available_points": 250}), true),
        (json!({"user.available_points": 250.0}), true),
        (json!({"user.available_points": {"$gt": 250}}), false),
        (json!({"user.available_points": {"$gte": 250}}), true),
        (json!({"user.available_points": {"$lt": 250.5}}), true),
        (json!({"user.available_points": {"$lte": 249.5}}), false),
        (json!({"user.available_points": {"$between": [250, 300]}}), true),
        (json!({"user.available_points": {"$between": [100, 250]}}), true),
        (json!({"user.available_points": {"$between": [100, 249]}}), false),
        (json!({"user.available_points": {"$between": ["a", 300]}}), false),
        (json!({"user.opted_in": true}), true),
        (json!({"user.opted_in": {"$gt": false}}), true),
        (json!({"user.suspended": false, "user.account_status": "good", "user.test_account": false}), true),
        (json!({"user.activated": true, "user.marketing_ceased": false, "user.test_points": 0}), true),
        (json!({"user.external_id": "crm-7", "user.email": "ada@example.test"}), true),
        (json!({"user.gender": "f", "user.first_name": "Ada"}), true),
    ]);
}

#[test]
fn t7_an_unknown_attribute_is_a_missing_field() {
    table(&[
        (json!({"user.shoe_size": 44}), false),
        (json!({"user.shoe_size": {"$gt": 1}}), false),
        (json!({"user.shoe_size": {"$ne": 44}}), true),
        (json!({"user.shoe_size": {"$nin": [44]}}), true),
        (json!({"user.shoe_size": {"$exists": false}}), true),
        (json!({"user.tags.buyer": {"$exists": true}}), false),
        (json!({"user.user_profile.absent": {"$exists": true}}), false),
        (json!({"user.last_name": {"$exists": false}}), true),
        (json!({"user.first_name": {"$exists": true}}), true),
        (json!({"user.last_name": {"$between": ["A", "Z"]}}), false),
        (json!({"user.last_name": {"$all": ["Byron"]}}), false),
        (json!({"user.referral.none": {"$exists": true}}), false),
    ]);
    assert_matches(&blank(), &[], json!({"user.referral.referral_code": {"$exists": false}}), true);
}

#[test]
fn t8_strings_order_by_code_points_and_are_not_normalised() {
    table(&[
        (json!({"user.city": {"$gt": "Zz"}}), true),
        (json!({"user.city": {"$lt": "zurich"}}), true),
        (json!({"user.city": "Zu\u{308}rich"}), false),
        (json!({"user.city": {"$lt": "\u{10000}"}}), true),
        (json!({"user.first_name": {"$gt": "ADA"}}), true),
    ]);
    // UTF-16 order would put the astral character first.
    let mut customer = blank();
    customer.profile.city = Some("\u{10000}".to_owned());
    assert_matches(&customer, &[], json!({"user.city": {"$gt": "\u{ffff}"}}), true);
}

#[test]
fn custom_attributes_are_json() {
    table(&[
        (json!({"user.user_profile.tier": "gold"}), true),
        (json!({"user.user_profile.tier": {"$lt": "silver"}}), true),
        (json!({"user.user_profile.score": {"$gt": 7}}), true),
        (json!({"user.user_profile.score": 7.5}), true),
        (json!({"user.user_profile.big": 9_007_199_254_740_993_i64}), true),
        (json!({"user.user_profile.big": 9_007_199_254_740_992_i64}), false),
        (json!({"user.user_profile.big": {"$gt": 9_007_199_254_740_992.0}}), true),
        (json!({"user.user_profile.vip": true}), true),
        (json!({"user.user_profile.cleared": {"$exists": false}}), true),
        (json!({"user.user_profile.car.brand": "Volvo"}), true),
        (json!({"user.user_profile.car.doors": {"$between": [4, 5]}}), true),
        (json!({"user.user_profile.car": {"$exists": true}}), true),
        (json!({"user.user_profile.tier.x": {"$exists": true}}), false),
        (json!({"user.user_profile": {"$exists": true}}), true),
        (json!({"user.referral.referral_code": "FRIEND"}), true),
    ]);
    assert_matches(&blank(), &[], json!({"user.user_profile": {"$exists": true}}), false);
}

#[test]
fn custom_arrays_are_sets() {
    table(&[
        (json!({"user.user_profile.colours": "red"}), true),
        (json!({"user.user_profile.colours": 3}), true),
        (json!({"user.user_profile.colours": "3"}), false),
        (json!({"user.user_profile.colours": {"$ne": "red"}}), false),
        (json!({"user.user_profile.colours": {"$in": ["green", "blue"]}}), true),
        (json!({"user.user_profile.colours": {"$nin": ["green"]}}), true),
        (json!({"user.user_profile.colours": {"$all": ["red", 3]}}), true),
        (json!({"user.user_profile.colours": {"$all": ["red", "green"]}}), false),
        (json!({"user.user_profile.colours": {"$gt": "a"}}), false),
        (json!({"user.user_profile.colours": {"$between": ["a", "z"]}}), false),
        (json!({"user.user_profile.empty": {"$exists": true}}), true),
        (json!({"user.user_profile.empty": {"$in": ["red"]}}), false),
        (json!({"user.user_profile.matrix": "red"}), false),
        (json!({"user.user_profile.matrix": {"$in": ["red"]}}), false),
    ]);
}

#[test]
fn the_other_sets() {
    table(&[
        (json!({"user.proxy_ids": "p2"}), true),
        (json!({"user.proxy_ids": {"$nin": ["p3"]}}), true),
        (json!({"user.identifiers": "card-9"}), true),
        (json!({"user.identifiers": "crm-7"}), false),
        (json!({"user.phone_numbers": {"$in": ["+41791112233"]}}), true),
        (json!({"user.phone_numbers": {"$exists": true}}), true),
    ]);
    assert_matches(&blank(), &[], json!({"user.phone_numbers": {"$exists": false}}), true);
}

#[test]
fn dates_compare_with_the_stretch_that_the_literal_names() {
    // Created on the last half second of 2025, registered at noon on 15 March 2026.
    table(&[
        (json!({"user.created_at": "2025-12-31"}), true),
        (json!({"user.created_at": "2025-12-31 23:59:59"}), true),
        (json!({"user.created_at": "2025-12-31T23:59:59.499Z"}), false),
        (json!({"user.created_at": {"$lte": "2025-12-31"}}), true),
        (json!({"user.created_at": {"$lt": "2025-12-31"}}), false),
        (json!({"user.created_at": {"$gt": "2025-12-31"}}), false),
        (json!({"user.created_at": {"$gt": "2025-12-30"}}), true),
        (json!({"user.created_at": {"$gte": "2026-01-01"}}), false),
        (json!({"user.created_at": {"$gte": "2026-01-01T00:59:59+01:00"}}), true),
        (json!({"user.created_at": {"$between": ["2025-12-01", "2025-12-31"]}}), true),
        (json!({"user.created_at": {"$between": ["2025-12-31", "2025-12-31"]}}), true),
        (json!({"user.registered_at": {"$in": ["2026-03-14", "2026-03-15"]}}), true),
        (json!({"user.registered_at": {"$nin": ["2026-03-14", "2026-03-15"]}}), false),
        (json!({"user.registered_at": {"$eq": {"$date": "2026-03-15T12:00:00+0000"}}}), true),
        (json!({"user.dob": "2000-03-31"}), true),
        (json!({"user.dob": {"$lt": "2000-03-31"}}), false),
        (json!({"user.dob": {"$between": ["2000-03-31", "2000-04-30"]}}), true),
        (json!({"user.updated_at": {"$lt": "now"}}), true),
    ]);
    assert_matches(&blank(), &[], json!({"user.registered_at": {"$lt": "now"}}), false);
}

#[test]
fn relative_dates_move_with_now() {
    table(&[
        (json!({"user.registered_at": {"$gte": "30 days ago"}}), true),
        (json!({"user.registered_at": {"$gte": "15 days ago"}}), false),
        (json!({"user.registered_at": {"$lt": {"$relative": "2 weeks ago"}}}), true),
        (json!({"user.registered_at": {"$lt": "1 hour from now"}}), true),
        (json!({"user.registered_at": {"$between": ["1 month ago", "now"]}}), true),
        (json!({"user.dob": {"$lte": "26 years ago"}}), true),
        (json!({"user.dob": {"$lte": "27 years ago"}}), false),
        (json!({"user.age": 26}), true),
        (json!({"user.age": {"$gte": 27}}), false),
    ]);
}

#[test]
fn custom_strings_are_dates_only_when_the_query_says_so() {
    table(&[
        (json!({"user.user_profile.renewed": "2026-03-01T07:00:00Z"}), false),
        (json!({"user.user_profile.renewed": {"$eq": {"$date": "2026-03-01T07:00:00Z"}}}), true),
        (json!({"user.user_profile.renewed": {"$gte": {"$relative": "31 days ago"}}}), true),
        (json!({"user.user_profile.renewed": {"$gte": "31 days ago"}}), false),
        (
            json!({"user.user_profile.trial_day": {"$between": [{"$date": "2026-03-20"}, {"$relative": "now"}]}}),
            true,
        ),
        (json!({"user.user_profile.trial_day": {"$in": [{"$date": "2026-03-20"}]}}), true),
        (json!({"user.user_profile.tier": {"$lt": {"$date": "2026-03-20"}}}), false),
        (json!({"user.user_profile.tier": {"$ne": {"$date": "2026-03-20"}}}), true),
    ]);
}

#[test]
fn past_events_are_counted_by_quantity_within_the_window() {
    table(&[
        // The event at the far edge of 30 days is outside, like the one after now.
        (json!({"user.events.purchase": {"$count": 3, "$within": "30 days"}}), true),
        (json!({"user.events.purchase": {"$count": 7, "$within": "31 days"}}), true),
        (json!({"user.events.purchase": {"$count": 7}}), true),
        (json!({"user.events.purchase": {"$count": {"$gte": 3, "$lt": 7}, "$within": "30 days"}}), true),
        (json!({"user.events.purchase": {"$within": "1 second", "$count": {"$in": [1, 2]}}}), true),
        (json!({"user.events.purchase": {"$not": {"$count": {"$gte": 8}}}}), true),
        (json!({"user.events.purchase": {"$count": {"$not": {"$gte": 7}}}}), false),
        (json!({"user.events.refund": {"$count": 0}}), true),
        (json!({"user.events.refund": {"$count": {"$gt": 0}}}), false),
        (json!({"user.events.campaigns.5.loaded": {"$count": 1, "$within": "1 week"}}), true),
        (json!({"user.events.purchase": {"$count": "7"}}), false),
    ]);
}

#[test]
fn event_names_carry_the_longest_window() {
    let targeting = parse(json!({"$or": [
        {"user.events.purchase": {"$count": 1, "$within": "30 days"}},
        {"user.events.visit": {"$count": 1, "$within": "1 month"}},
        {"user.events.login": {"$count": 1, "$within": "2 hours"}},
        {"$nor": [
            {"user.events.purchase": {"$not": {"$count": 1, "$within": "40 days"}}},
            {"user.events.visit": {"$count": {"$gt": 4}}},
        ]},
    ]}));
    let day = 86_400_000;
    let demands: Vec<_> =
        targeting.event_names().into_iter().map(|demand| (demand.name, demand.within_ms)).collect();
    assert_eq!(
        demands,
        [
            ("login".to_owned(), Some(7_200_000)),
            ("purchase".to_owned(), Some(40 * day)),
            ("visit".to_owned(), None)
        ]
    );
    assert!(parse(json!({"user.tags": "a"})).event_names().is_empty());

    let eternal = parse(json!({"user.events.visit": {"$count": 1, "$within": "999999999 years"}}));
    assert!(eternal.event_names()[0].since(NOW).is_some_and(|since| since < UnixMillis(0)));
    assert_matches(&ada(), &[event("visit", UnixMillis(0), 1)], eternal.source().clone(), true);
}

#[test]
fn a_stored_query_that_no_longer_parses_loads_and_matches_nobody() {
    let stored = r#"{"user.tags":{"$regex":"^a"}}"#;
    let targeting: Targeting = serde_json::from_str(stored).expect("any JSON loads");
    assert!(targeting.error().is_some());
    assert!(!targeting.matches(&Facts { customer: &ada(), events: &[], now: NOW }));
    assert!(targeting.event_names().is_empty());
    assert_eq!(serde_json::to_string(&targeting).expect("serializes"), stored);
}

#[test]
fn the_json_is_kept_verbatim_with_its_key_order() {
    let stored = r#"{"user.zip":"8000","user.age":{"$lt":40,"$gte":1.5},"user.city":{"$ne":"Bern"}}"#;
    let targeting: Targeting = serde_json::from_str(stored).expect("parses");
    assert_eq!(targeting.error(), None);
    assert_eq!(serde_json::to_string(&targeting).expect("serializes"), stored);
    let packed = rmp_serde::to_vec_named(&targeting).expect("packs");
    let unpacked: Targeting = rmp_serde::from_slice(&packed).expect("unpacks");
    assert_eq!(serde_json::to_string(&unpacked).expect("serializes"), stored);
    assert_eq!(unpacked, targeting);
}
