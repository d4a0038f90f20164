//! A second reading of the contract: slow, plain, over JSON documents, sharing no code with the evaluator.

use super::*;

/// What a field holds for a customer.
enum Held {
    Nothing,
    Names(Vec<String>),
    Moment(i64),
    Json(Value),
}

pub(super) fn matches(query: &Value, facts: &Facts<'_>) -> bool {
    query.as_object().expect("a query is an object").iter().all(|(key, value)| {
        let queries = || value.as_array().expect("an array of queries").iter();
        match key.as_str() {
            "$and" => queries().all(|query| matches(query, facts)),
            "$or" => queries().any(|query| matches(query, facts)),
            "$nor" => !queries().any(|query| matches(query, facts)),
            "$not" => !matches(value, facts),
            path => field(path.strip_prefix("user.").expect("a user path"), value, facts),
        }
    })
}

fn field(attribute: &str, value: &Value, facts: &Facts<'_>) -> bool {
    if let Some(event) = attribute.strip_prefix("events.") {
        let operators = value.as_object().expect("an event object");
        let not = operators.get("$not").is_none_or(|inner| !field(attribute, inner, facts));
        let count = operators.get("$count").is_none_or(|count| {
            let since = operators.get("$within").map_or(i64::MIN, |within| {
                shifted(&format!("{} ago", within.as_str().expect("a span")), facts.now)
            });
            let happened: u64 = (facts.events.iter())
                .filter(|past| past.name == event)
                .filter(|past| since < past.occurred_at.0 && past.occurred_at.0 <= facts.now.0)
                .map(|past| u64::from(past.quantity))
                .sum();
            operators_hold(&Held::Json(happened.into()), false, count, facts.now)
        });
        return not && count;
    }
    let dated = ["dob", "created_at", "updated_at", "registered_at"].contains(&attribute);
    operators_hold(&held(attribute, facts), dated, value, facts.now)
}

fn operators_hold(held: &Held, dated: bool, value: &Value, now: UnixMillis) -> bool {
    let Some(operators) = value.as_object() else { return equals(held, dated, value, now) };
    let compare =
        |operand: &Value, admits: fn(i8) -> bool| order(held, dated, operand, now).is_some_and(admits);
    operators.iter().all(|(operator, operand)| {
        let each = || operand.as_array().expect("an array of operands").iter();
        match operator.as_str() {
            "$eq" => equals(held, dated, operand, now),
            "$ne" => !equals(held, dated, operand, now),
            "$in" => each().any(|operand| equals(held, dated, operand, now)),
            "$nin" => !each().any(|operand| equals(held, dated, operand, now)),
            "$all" => each().all(|operand| equals(held, dated, operand, now)),
            "$gt" => compare(operand, |sign| sign > 0),
            "$gte" => compare(operand, |sign| sign >= 0),
            "$lt" => compare(operand, |sign| sign < 0),
            "$lte" => compare(operand, |sign| sign <= 0),
            "$between" => compare(&operand[0], |sign| sign >= 0) && compare(&operand[1], |sign| sign <= 0),
            "$exists" => {
                let exists = match held {
                    Held::Nothing => false,
                    Held::Names(names) => !names.is_empty(),
                    Held::Moment(_) | Held::Json(_) => true,
                };
                operand == &json!(exists)
            }
            "$not" => !operators_hold(held, dated, operand, now),
            other => panic!("{other} is no operator"),
        }
    })
}

fn equals(held: &Held, dated: bool, operand: &Value, now: UnixMillis) -> bool {
    match held {
        Held::Names(names) => names.iter().any(|name| operand == name),
        Held::Json(Value::Array(items)) => items.iter().any(|item| {
            !item.is_array() && !item.is_null() && equals(&Held::Json(item.clone()), dated, operand, now)
        }),
        single => order(single, dated, operand, now) == Some(0),
    }
}

/// The sign of value minus operand; `None` across types and for several values.
fn order(held: &Held, dated: bool, operand: &Value, now: UnixMillis) -> Option<i8> {
    let date = match operand {
        Value::Object(object) => object.values().next()?.as_str(),
        Value::String(text) if dated => Some(text.as_str()),
        _ => None,
    };
    if let Some(date) = date {
        let moment = match held {
            Held::Moment(moment) => *moment,
            Held::Json(Value::String(text)) => literal(text)?.0,
            _ => return None,
        };
        let (start, end) = literal(date).unwrap_or_else(|| {
            let at = shifted(date, now);
            (at, at + 1)
        });
        return Some(if moment < start { -1 } else { i8::from(moment >= end) });
    }
    let Held::Json(value) = held else { return None };
    let ordering = match (value, operand) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::String(a), Value::String(b)) => a.chars().cmp(b.chars()),
        // The strategies draw numbers that a double holds exactly.
        (Value::Number(a), Value::Number(b)) => a.as_f64()?.partial_cmp(&b.as_f64()?)?,
        _ => return None,
    };
    Some(ordering as i8)
}

fn literal(text: &str) -> Option<(i64, i64)> {
    let ms = |civil: jiff::civil::DateTime| {
        Some(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_millisecond())
    };
    if text.len() == 10 {
        let start = ms(jiff::civil::Date::strptime("%Y-%m-%d", text)
            .ok()?
            .to_datetime(jiff::civil::Time::midnight()))?;
        return Some((start, start + 86_400_000));
    }
    let start = jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", text)
        .ok()
        .and_then(ms)
        .or_else(|| {
            jiff::Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", text)
                .ok()
                .map(jiff::Timestamp::as_millisecond)
        })
        .or_else(|| {
            text.contains('T')
                .then(|| text.parse::<jiff::Timestamp>().ok())
                .flatten()
                .map(jiff::Timestamp::as_millisecond)
        })?;
    Some((start, start + if text.contains('.') { 1 } else { 1000 }))
}

fn shifted(text: &str, now: UnixMillis) -> i64 {
    if text == "now" {
        return now.0;
    }
    let mut words = text.split(' ');
    let count: i64 = words.next().expect("a number").parse().expect("a number");
    let span = match words.next().expect("a unit").trim_end_matches('s') {
        "second" => jiff::Span::new().seconds(count),
        "minute" => jiff::Span::new().minutes(count),
        "hour" => jiff::Span::new().hours(count),
        "day" => jiff::Span::new().days(count),
        "week" => jiff::Span::new().weeks(count),
        "month" => jiff::Span::new().months(count),
        "year" => jiff::Span::new().years(count),
        unit => panic!("{unit} is no unit"),
    };
    let span = if text.ends_with("ago") { span.negate() } else { span };
    let now = now.to_jiff().expect("in range").to_zoned(jiff::tz::TimeZone::UTC);
    now.checked_add(span).expect("in range").timestamp().as_millisecond()
}

fn held(attribute: &str, facts: &Facts<'_>) -> Held {
    let (customer, now) = (facts.customer, facts.now);
    let text = |value: &Option<String>| value.clone().map_or(Held::Nothing, |text| Held::Json(text.into()));
    match attribute {
        "tags" => Held::Names(
            (customer.tags.iter())
                .filter(|(_, tag)| match tag {
                    Tag::Counter { .. } => true,
                    Tag::Expiring { expires_at } => now.0 < expires_at.0,
                })
                .map(|(name, _)| name.clone())
                .collect(),
        ),
        "proxy_ids" => Held::Names(customer.profile.proxy_ids.clone()),
        "country" => text(&customer.profile.country),
        "city" => text(&customer.profile.city),
        "opted_in" => Held::Json(customer.profile.opted_in.into()),
        "available_points" => Held::Json(customer.points.available.into()),
        "age" => customer.profile.dob.map_or(Held::Nothing, |born| {
            let today = now.to_jiff().expect("in range").to_zoned(jiff::tz::TimeZone::UTC).date();
            let age = born.until((jiff::Unit::Year, today)).expect("a span").get_years();
            if born > today { Held::Nothing } else { Held::Json(age.into()) }
        }),
        "dob" => customer
            .profile
            .dob
            .map_or(Held::Nothing, |born| Held::Moment(literal(&born.to_string()).expect("a date").0)),
        "created_at" => Held::Moment(customer.created_at.0),
        "registered_at" => customer.registered_at.map_or(Held::Nothing, |at| Held::Moment(at.0)),
        path => {
            let Some(path) = path.strip_prefix("user_profile.") else { return Held::Nothing };
            let mut value = Value::Object(customer.profile.user_profile.clone());
            for key in path.split('.') {
                value = value.get_mut(key).map_or(Value::Null, Value::take);
            }
            if value.is_null() { Held::Nothing } else { Held::Json(value) }
        }
    }
}
