//! What is no query, with the place and the words (contract rows E10 and E40).

use super::*;
use crate::audience::{Position, Reason, limits};

#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "tables write the query in place")]
fn refusal(query: Value) -> crate::audience::TargetingError {
    match Targeting::parse(query.clone()) {
        Err(error) => error,
        Ok(_) => panic!("{query} should be refused"),
    }
}

#[test]
fn e40_malformed_queries_are_refused_with_place_and_reason() {
    let cases = [
        (json!([]), "an object is expected here, not an array"),
        (json!("x"), "an object is expected here, not a string"),
        (
            json!({"user.tags": {"$foo": 1}}),
            "unknown operator $foo; known here are $eq, $ne, $gt, $gte, $lt, $lte, $in, $nin, $not, $exists, $all, $between, at user.tags.$foo",
        ),
        (json!({"$xor": []}), "unknown operator $xor; known here are $and, $or, $nor, $not, at $xor"),
        (
            json!({"$and": [{"user.city": "a"}, {"user.tags": {"$nin": "b"}}]}),
            "$nin takes an array, not a string, at $and[1].user.tags.$nin",
        ),
        (
            json!({"user.city": {"eq": 1}}),
            "`eq` is not an operator; operators begin with `$`, nested attributes are written with dots, at user.city.eq",
        ),
        (
            json!({"user.created_at": {"$gt": "yesterday"}}),
            "`yesterday` is not a date; write for example \"2026-03-01\", \"2026-03-01T12:00:00Z\" or \"30 days ago\", at user.created_at.$gt",
        ),
        (
            json!({"user.user_profile.a": {"$gt": {"$date": "1 day ago"}}}),
            "`1 day ago` is not a date; write for example \"2026-03-01\", \"2026-03-01T12:00:00Z\" or \"30 days ago\", at user.user_profile.a.$gt",
        ),
        (
            json!({"user.user_profile.a": {"$gt": {"$relative": "2026-01-01"}}}),
            "`2026-01-01` is not a relative date; write for example \"now\", \"30 days ago\" or \"2 weeks from now\", at user.user_profile.a.$gt",
        ),
        (
            json!({"user.user_profile.a": {"$gt": {"$date": 5}}}),
            "`a number` is not a date; write for example \"2026-03-01\", \"2026-03-01T12:00:00Z\" or \"30 days ago\", at user.user_profile.a.$gt",
        ),
        (json!({"user.age": {"$between": [1]}}), "$between takes two bounds, not 1, at user.age.$between"),
        (
            json!({"user.age": {"$between": [2, 1]}}),
            "the lower bound of $between is above the upper one, at user.age.$between",
        ),
        (json!({"user.age": {"$between": 2}}), "$between takes an array, not a number, at user.age.$between"),
        (
            json!({"user.dob": {"$between": ["2001-01-01", "2000-01-01"]}}),
            "the lower bound of $between is above the upper one, at user.dob.$between",
        ),
        (json!({"user.age": {"$all": []}}), "$all needs at least one element, at user.age.$all"),
        (
            json!({"user.events.": {"$count": 1}}),
            "the name of the event is missing after `user.events.`, at user.events.",
        ),
        (
            json!({"user.events.buy": {"$gte": 1}}),
            "unknown operator $gte; known here are $count, $within, $not, at user.events.buy.$gte",
        ),
        (
            json!({"user.events.buy": {"$within": "30 days"}}),
            "an event field takes {\"$count\": …}, with or without {\"$within\": …}, at user.events.buy",
        ),
        (
            json!({"user.events.buy": {"$count": 1, "$within": "30 d"}}),
            "`30 d` is not a span of time; write for example \"30 days\", at user.events.buy.$within",
        ),
        (
            json!({"user.events.buy": {"$count": 1, "$within": 30}}),
            "`a number` is not a span of time; write for example \"30 days\", at user.events.buy.$within",
        ),
        (
            json!({"user.events.buy": {"$count": {"$foo": 1}}}),
            "unknown operator $foo; known here are $eq, $ne, $gt, $gte, $lt, $lte, $in, $nin, $not, $exists, $all, $between, at user.events.buy.$count.$foo",
        ),
        (json!({"user.events.buy": 3}), "an object is expected here, not a number, at user.events.buy"),
    ];
    for (query, message) in cases {
        assert_eq!(refusal(query.clone()).to_string(), message, "{query}");
    }
}

#[test]
fn t2_a_set_has_no_order() {
    for field in ["user.tags", "user.proxy_ids", "user.identifiers", "user.phone_numbers"] {
        for operator in ["$gt", "$gte", "$lt", "$lte"] {
            let error = refusal(json!({field: {operator: "a"}}));
            assert_eq!(error.reason, Reason::OrderOnSet { operator });
            assert_eq!(error.path, format!("{field}.{operator}"));
        }
        let error = refusal(json!({field: {"$between": ["a", "b"]}}));
        assert_eq!(error.reason, Reason::OrderOnSet { operator: "$between" });
    }
    assert_eq!(refusal(json!({"user.tags": {"$not": {"$gt": "a"}}})).path, "user.tags.$not.$gt");
}

#[test]
fn t4_null_is_no_operand() {
    for (query, path) in [
        (json!(null), ""),
        (json!({"user.city": null}), "user.city"),
        (json!({"user.city": {"$eq": null}}), "user.city.$eq"),
        (json!({"user.city": {"$lt": null}}), "user.city.$lt"),
        (json!({"user.city": {"$in": ["a", null]}}), "user.city.$in[1]"),
        (json!({"user.city": {"$in": null}}), "user.city.$in"),
        (json!({"user.city": {"$all": [null]}}), "user.city.$all[0]"),
        (json!({"user.age": {"$between": [1, null]}}), "user.age.$between[1]"),
        (json!({"user.city": {"$not": null}}), "user.city.$not"),
        (json!({"$and": null}), "$and"),
        (json!({"$not": null}), "$not"),
        (json!({"user.age": {"$gt": {"$date": null}}}), "user.age.$gt"),
        (json!({"user.events.buy": {"$count": null}}), "user.events.buy.$count"),
        (json!({"user.events.buy": {"$count": 1, "$within": null}}), "user.events.buy.$within"),
    ] {
        let error = refusal(query.clone());
        assert_eq!((error.reason, error.path.as_str()), (Reason::NullOperand, path), "{query}");
    }
    assert!(matches!(
        refusal(json!({"user.city": {"$exists": null}})).reason,
        Reason::BooleanExpected { found: "null" }
    ));
}

#[test]
fn t5_empty_groups_and_operator_objects_are_refused() {
    for operator in ["$and", "$or", "$nor"] {
        assert_eq!(refusal(json!({operator: []})).reason, Reason::EmptyArray(operator));
    }
    for query in [
        json!({"user.city": {}}),
        json!({"user.city": {"$not": {}}}),
        json!({"$not": {}}),
        json!({"user.events.buy": {}}),
        json!({"user.events.buy": {"$not": {}}}),
        json!({"user.events.buy": {"$count": {}}}),
    ] {
        assert_eq!(refusal(query.clone()).reason, Reason::EmptyOperators, "{query}");
    }
}

#[test]
fn t6_exists_takes_a_boolean_and_literals_are_scalars() {
    for value in [json!(1), json!("true"), json!([true]), json!({"$eq": true})] {
        let error = refusal(json!({"user.city": {"$exists": value}}));
        assert!(matches!(error.reason, Reason::BooleanExpected { .. }), "{error}");
    }
    for query in [
        json!({"user.city": ["Bern"]}),
        json!({"user.city": {"$eq": ["Bern"]}}),
        json!({"user.city": {"$ne": {"a": 1}}}),
        json!({"user.city": {"$in": [["Bern"]]}}),
        json!({"user.city": {"$in": [{}]}}),
        json!({"user.city": {"$gt": {"$date": "2026-01-01", "$relative": "now"}}}),
    ] {
        assert!(matches!(refusal(query.clone()).reason, Reason::LiteralExpected { .. }), "{query}");
    }
}

#[test]
fn t7_a_path_outside_user_is_refused() {
    for path in ["tags", "users.tags", "user", "user.", "", "User.tags", "customer.city", "$user.tags"] {
        let reason = refusal(json!({path: "x"})).reason;
        assert!(matches!(reason, Reason::OutsideUser(_)) || path.starts_with('$'), "{path}: {reason}");
    }
}

fn nested(levels: usize) -> Value {
    // The innermost object is one level, each `$and` adds an array and an object.
    assert!(levels % 2 == 1, "a query nests by two levels at a time");
    (1..levels).step_by(2).fold(json!({"user.city": "Bern"}), |inner, _| json!({"$and": [inner]}))
}

#[test]
fn t9_sixty_four_levels_are_the_limit() {
    assert!(Targeting::parse(nested(63)).is_ok());
    let deepest = json!({"$not": nested(63)});
    assert!(Targeting::parse(deepest.clone()).is_ok());
    assert!(Targeting::parse_str(&deepest.to_string()).is_ok());
    for query in [nested(65), nested(127), nested(1001)] {
        let text = query.to_string();
        let error = refusal(query);
        assert_eq!(error.to_string(), "a query may be nested 64 levels deep at most");
        assert_eq!(Targeting::parse_str(&text).expect_err("too deep").reason, Reason::TooDeep);
    }
    let hostile = "[".repeat(60_000);
    assert_eq!(Targeting::parse_str(&hostile).expect_err("too deep").reason, Reason::TooDeep);
}

#[test]
fn t9_sixty_four_kilobytes_are_the_limit() {
    let frame = json!({"user.city": ""}).to_string().len();
    let fits = json!({"user.city": "x".repeat(limits::BYTES_MAX - frame)});
    assert_eq!(fits.to_string().len(), 65_536);
    assert!(Targeting::parse(fits.clone()).is_ok());
    assert!(Targeting::parse_str(&fits.to_string()).is_ok());
    let too_large = json!({"user.city": "x".repeat(limits::BYTES_MAX - frame + 1)});
    let error = refusal(too_large.clone());
    assert_eq!(error.to_string(), "a query may be 64 KB long at most (65536 bytes)");
    assert_eq!(Targeting::parse_str(&too_large.to_string()).expect_err("too large").reason, Reason::TooLarge);
}

#[test]
fn texts_are_refused_with_line_and_column() {
    let cases = [
        (
            "{\n  \"$and\": [\n    {\"user.city\": \"Bern\"},\n    {\"user.tags\": {\"$nin\": \"b\"}}\n  ]\n}",
            4,
            20,
        ),
        ("{\"user.tags\": {\"$in\": [\"é\", null]}}", 1, 29),
        ("{\"user.tags\": {\"$in\": [\"a\\\"\\\\\", 1, null]}}", 1, 36),
        ("{\"$or\":\n[\n{}, {\"a\": 1}]}", 3, 6),
        ("{\"user.city\": \"Bern\",\n \"user.city\": \"Basel\"}", 2, 2),
        ("{\"user.city\": {\"$gt\": 1, \"$lt\": 2, \"$\\u0067t\": 3}}", 1, 36),
    ];
    for (text, line, column) in cases {
        let error = Targeting::parse_str(text).expect_err(text);
        assert_eq!(error.position, Some(Position { line, column }), "{text}: {error}");
    }
    let error = Targeting::parse_str("{\"user.city\": }").expect_err("not JSON");
    assert_eq!(error.to_string(), "not JSON: expected value (line 1, column 15)");
    let error = Targeting::parse_str("").expect_err("not JSON");
    assert!(matches!(error.reason, Reason::NotJson(_)), "{error}");
    let error = Targeting::parse_str("{\"user.a\":1,\"user.a\":2}").expect_err("key twice");
    assert_eq!(error.to_string(), "key `user.a` stands twice in one object (line 1, column 13)");
}
