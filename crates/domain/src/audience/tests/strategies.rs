//! Random customers and random queries that have something to say to each other: both draw from the same few
//! values.

use super::*;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

const NAMES: &[&str] = &["a", "b", "c", "d", "e", "f"];
const TEXTS: &[&str] = &["", "a", "b", "B", "é", "\u{10000}", "2026-03-31", "2026-03-01T12:00:00Z", "3"];
const DATES: &[&str] = &[
    "2026-03-31",
    "2026-03-30",
    "2026-03-31 10:20:30",
    "2026-03-31T10:20:30.400Z",
    "2026-03-31T12:20:30+02:00",
    "2000-03-31",
    "2000-02-29",
    "2026-03-01",
    "2026-03-31T10:20:29+0000",
];
const RELATIVE_DATES: &[&str] = &[
    "now",
    "1 second ago",
    "30 days ago",
    "1 month ago",
    "26 years ago",
    "1 minute from now",
    "2 weeks ago",
    "36 hours ago",
];
const SPANS: &[&str] = &["1 second", "2 days", "30 days", "1 month", "1 year", "90 minutes"];

/// Points in time around the edges of the dates above.
fn instant() -> impl Strategy<Value = UnixMillis> {
    let day = 86_400_000_i64;
    let near =
        select(vec![0, day, 2 * day, 14 * day, 30 * day, 31 * day, 36 * 3_600_000, 37_230_400, 400, -60_000]);
    (near, -2..3_i64).prop_map(|(before, jitter)| UnixMillis(NOW.0 - before + jitter))
}

fn date() -> impl Strategy<Value = jiff::civil::Date> {
    let days = &["2000-03-31", "2000-04-01", "2000-02-29", "2026-03-31", "2026-04-01", "1990-01-01"][..];
    select(days).prop_map(|text| text.parse().expect("a date"))
}

fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        (-2..4_i64).prop_map(Value::from),
        select(vec![0.5, 2.0, -1.5, 1e19, -1e19]).prop_map(Value::from)
    ]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => select(TEXTS).prop_map(Value::from),
        4 => number(),
        1 => any::<bool>().prop_map(Value::from),
    ]
}

fn custom_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        6 => scalar(),
        1 => Just(Value::Null),
        2 => select(DATES).prop_map(Value::from),
        2 => vec(prop_oneof![4 => scalar(), 1 => Just(Value::Null), 1 => vec(scalar(), 0..2).prop_map(Value::from)], 0..4)
            .prop_map(Value::from),
        2 => vec((select(&["x", "y"][..]), scalar()), 0..3)
            .prop_map(|entries| entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
    ]
}

pub(super) fn customer() -> impl Strategy<Value = Customer> {
    let tag = prop_oneof![
        Just(Tag::Counter { count: 1 }),
        (-1..3_i64).prop_map(|ms| Tag::Expiring { expires_at: UnixMillis(NOW.0 + ms) }),
    ];
    let tags = btree_map(select(NAMES).prop_map(str::to_owned), tag, 0..4);
    let names = vec(select(NAMES).prop_map(str::to_owned), 0..3);
    let text = || option::of(select(TEXTS).prop_map(str::to_owned));
    let custom = btree_map(select(&["x", "y", "z"][..]).prop_map(str::to_owned), custom_value(), 0..4);
    (
        tags,
        names,
        text(),
        text(),
        any::<bool>(),
        -2..4_i64,
        option::of(date()),
        instant(),
        option::of(instant()),
        custom,
    )
        .prop_map(
            |(tags, proxy_ids, country, city, opted_in, points, dob, created_at, registered_at, custom)| {
                Customer {
                    profile: Profile {
                        proxy_ids,
                        country,
                        city,
                        opted_in,
                        dob,
                        user_profile: custom.into_iter().collect(),
                        ..Profile::default()
                    },
                    tags,
                    points: Points { available: points, test: 0 },
                    created_at,
                    registered_at,
                    ..blank()
                }
            },
        )
}

pub(super) fn events() -> impl Strategy<Value = Vec<PastEvent>> {
    let past = (select(&["buy", "a.b"][..]), instant(), 1..3_u32);
    vec(past.prop_map(|(name, occurred_at, quantity)| event(name, occurred_at, quantity)), 0..6)
}

/// Kinds of fields, as far as they allow different operands.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Set,
    Date,
    Other,
}

fn operand(kind: Kind) -> BoxedStrategy<Value> {
    let explicit = prop_oneof![
        select(DATES).prop_map(|text| json!({"$date": text})),
        select(RELATIVE_DATES).prop_map(|text| json!({"$relative": text})),
    ];
    let bare_date =
        prop_oneof![select(DATES).prop_map(Value::from), select(RELATIVE_DATES).prop_map(Value::from)];
    let no_text = prop_oneof![number(), any::<bool>().prop_map(Value::from)];
    match kind {
        Kind::Set => {
            prop_oneof![8 => select(NAMES).prop_map(Value::from), 1 => no_text, 1 => explicit].boxed()
        }
        Kind::Date => prop_oneof![6 => bare_date, 3 => explicit, 1 => no_text].boxed(),
        Kind::Other => prop_oneof![8 => scalar(), 2 => explicit].boxed(),
    }
}

fn operator(kind: Kind) -> BoxedStrategy<(&'static str, Value)> {
    let operands = |least| vec(operand(kind), least..4).prop_map(Value::from);
    let plain = prop_oneof![
        (select(&["$eq", "$ne"][..]), operand(kind)),
        (select(&["$in", "$nin"][..]), operands(0)),
        (Just("$all"), operands(1)),
        (Just("$exists"), any::<bool>().prop_map(Value::from)),
    ];
    if kind == Kind::Set {
        return plain.boxed();
    }
    let bounds = (operand(kind), operand(kind)).prop_map(|(a, b)| json!([a, b]));
    let ordered = prop_oneof![
        4 => (select(&["$gt", "$gte", "$lt", "$lte"][..]), operand(kind)),
        1 => (Just("$between"), bounds),
    ];
    prop_oneof![plain, ordered].boxed()
}

/// A literal or an operator object.
fn comparison(kind: Kind) -> BoxedStrategy<Value> {
    let object = |entries: Vec<(&'static str, Value)>| -> Value {
        entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    };
    let operators = vec(operator(kind), 1..3).prop_map(object);
    let negated =
        operators.clone().prop_recursive(2, 4, 1, |inner| inner.prop_map(|inner| json!({"$not": inner})));
    prop_oneof![2 => operand(kind).prop_filter("a bare literal", |value| !value.is_object()), 4 => operators, 2 => negated]
        .boxed()
}

fn clause() -> impl Strategy<Value = Value> {
    let field = |names: &'static [&'static str], kind| {
        (select(names), comparison(kind)).prop_map(|(name, comparison)| json!({name: comparison}))
    };
    let count = (
        select(&["user.events.buy", "user.events.a.b"][..]),
        comparison(Kind::Other),
        option::of(select(SPANS)),
    )
        .prop_map(|(name, count, within)| match within {
            None => json!({name: {"$count": count}}),
            Some(within) => json!({name: {"$not": {"$within": within, "$count": count}}}),
        });
    prop_oneof![
        6 => field(&["user.tags", "user.tags", "user.proxy_ids"], Kind::Set),
        4 => field(&["user.country", "user.city", "user.opted_in", "user.available_points", "user.age"], Kind::Other),
        3 => field(&["user.created_at", "user.registered_at", "user.dob"], Kind::Date),
        5 => field(
            &["user.user_profile.x", "user.user_profile.y", "user.user_profile.z.x", "user.unknown"],
            Kind::Other,
        ),
        1 => count,
    ]
}

fn merge(queries: Vec<Value>) -> Value {
    queries.into_iter().filter_map(|query| query.as_object().cloned()).flatten().collect()
}

/// Mostly valid queries: `$between` with reversed bounds is refused, and drawn all the same.
pub(super) fn query() -> impl Strategy<Value = Value> {
    prop_oneof![
        1 => Just(json!({})),
        20 => clause().prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                3 => (select(&["$and", "$or", "$nor"][..]), vec(inner.clone(), 1..4))
                    .prop_map(|(group, queries)| json!({group: queries})),
                1 => inner.clone().prop_map(|query| json!({"$not": query})),
                2 => vec(inner, 1..4).prop_map(merge),
            ]
        }),
    ]
}

pub(super) fn targeting() -> impl Strategy<Value = Targeting> {
    query().prop_filter_map("bounds of $between reversed", |query| Targeting::parse(query).ok())
}

/// Any JSON, often with the language's own keys.
pub(super) fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        // Not any double: reading a long fraction back from text may miss it by its last bit.
        any::<i32>().prop_map(|eighths| Value::from(f64::from(eighths) / 8.0)),
        ".*".prop_map(Value::from),
        select(DATES).prop_map(Value::from),
        select(RELATIVE_DATES).prop_map(Value::from),
        select(SPANS).prop_map(Value::from),
    ];
    let key = prop_oneof![
        select(
            &[
                "$and",
                "$or",
                "$nor",
                "$not",
                "$eq",
                "$ne",
                "$gt",
                "$lte",
                "$in",
                "$nin",
                "$all",
                "$between",
                "$exists",
                "$date",
                "$relative",
                "$count",
                "$within",
                "user.tags",
                "user.age",
                "user.dob",
                "user.created_at",
                "user.user_profile.x",
                "user.events.buy",
                "user.",
                "user.events.",
            ][..]
        )
        .prop_map(str::to_owned),
        ".*",
    ];
    leaf.prop_recursive(6, 64, 4, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((key.clone(), inner), 0..4).prop_map(|entries| entries.into_iter().collect()),
        ]
    })
}
