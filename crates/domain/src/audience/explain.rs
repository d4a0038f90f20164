//! Why a customer matches a query or not: every clause with what the customer has, nothing short-circuited.

use super::Facts;
use super::dates::{self, Relative};
use super::field::{Actual, Attribute, Field, NameSet};
use super::query::{Clause, Query};
use crate::number::Number;
use crate::time::UnixMillis;
use serde::Serialize;
use serde_json::Value;

/// Names of a set that an explanation lists in full; of a larger set it lists those that the query asks
/// about.
const NAMES_LISTED_MAX: usize = 50;

/// The verdict on one part of a query, and what it rests on. Serializes as an object with `verdict` and one
/// more key, the snake-case name of the [`Grounds`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// Whether the customer matches this part.
    pub verdict: bool,
    /// What the verdict rests on.
    #[serde(flatten)]
    pub grounds: Grounds,
}

/// What a verdict rests on.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Grounds {
    /// True when all parts are; without parts the query means everyone.
    All(Vec<Explanation>),
    /// True when a part is.
    Any(Vec<Explanation>),
    /// True when no part is.
    None(Vec<Explanation>),
    /// True when the part is not.
    Not(Box<Explanation>),
    /// One question about one field.
    Clause(Box<ClauseExplanation>),
    /// The stored query does not parse and therefore matches nobody; the parser's message.
    Unreadable(String),
}

/// One question about one field, and what the customer has there.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClauseExplanation {
    /// Where the clause stands in the query, such as `$and[1].user.tags.$nin`.
    pub path: String,
    /// The field as written, such as `user.tags`.
    pub field: String,
    /// The operator; `$eq` where the query has a bare literal.
    pub operator: &'static str,
    /// The operand as written.
    pub operand: Value,
    /// The operand with its relative dates as time stamps; absent when it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved: Option<Value>,
    /// What the customer has: `null` for a missing field, the number of past events for an event field, the
    /// unexpired names for tags.
    pub actual: Value,
    /// Size of a set of which `actual` lists only the names that the operand asks about; absent when it lists
    /// all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual_total: Option<usize>,
}

pub(super) fn explain(query: &Query, facts: &Facts<'_>) -> Explanation {
    let each = |queries: &[Query]| queries.iter().map(|query| explain(query, facts)).collect::<Vec<_>>();
    match query {
        Query::All(queries) => {
            let parts = each(queries);
            Explanation { verdict: parts.iter().all(|part| part.verdict), grounds: Grounds::All(parts) }
        }
        Query::Any(queries) => {
            let parts = each(queries);
            Explanation { verdict: parts.iter().any(|part| part.verdict), grounds: Grounds::Any(parts) }
        }
        Query::None(queries) => {
            let parts = each(queries);
            Explanation { verdict: !parts.iter().any(|part| part.verdict), grounds: Grounds::None(parts) }
        }
        Query::Not(query) => {
            let part = explain(query, facts);
            Explanation { verdict: !part.verdict, grounds: Grounds::Not(Box::new(part)) }
        }
        Query::Clause(clause) => explain_clause(clause, facts),
    }
}

fn explain_clause(clause: &Clause, facts: &Facts<'_>) -> Explanation {
    let wording = &clause.wording;
    let actual = clause.field.read(facts);
    let (shown, actual_total) = show(clause, actual);
    Explanation {
        verdict: clause.accepts(actual, facts.now),
        grounds: Grounds::Clause(Box::new(ClauseExplanation {
            path: wording.path.to_string(),
            field: wording.field.to_string(),
            operator: wording.operator.as_str(),
            operand: wording.operand.clone(),
            resolved: resolve(&clause.field, &wording.operand, facts.now),
            actual: shown,
            actual_total,
        })),
    }
}

fn show(clause: &Clause, actual: Actual<'_>) -> (Value, Option<usize>) {
    let value = match actual {
        Actual::Missing => Value::Null,
        Actual::Bool(value) => value.into(),
        Actual::Number(Number::Int(number)) => number.into(),
        Actual::Number(Number::Large(number)) => number.into(),
        Actual::Number(Number::Float(number)) => number.into(),
        Actual::Text(text) => text.into(),
        Actual::Instant(at) if clause.field == Field::Standard(Attribute::Dob) => {
            dates::utc_date(UnixMillis(at)).map_or(Value::Null, |date| date.to_string().into())
        }
        Actual::Instant(at) => stamp(at),
        Actual::Set(set) => return show_names(clause, set),
        Actual::List(items) => items.into(),
        Actual::Object(map) => map.clone().into(),
    };
    (value, None)
}

fn show_names(clause: &Clause, set: NameSet<'_>) -> (Value, Option<usize>) {
    let total = set.names().count();
    if total <= NAMES_LISTED_MAX {
        return (set.names().map(Value::from).collect(), None);
    }
    let asked = match &clause.wording.operand {
        Value::Array(items) => items.iter().collect(),
        literal => vec![literal],
    };
    let named = asked.into_iter().filter(|name| name.as_str().is_some_and(|name| set.contains(name)));
    (named.cloned().collect(), Some(total))
}

fn resolve(field: &Field, operand: &Value, now: UnixMillis) -> Option<Value> {
    let expression = match operand {
        Value::Array(items) => {
            let resolved: Vec<_> = items.iter().map(|item| resolve(field, item, now)).collect();
            return resolved.iter().any(Option::is_some).then(|| {
                resolved.into_iter().zip(items).map(|(new, old)| new.unwrap_or_else(|| old.clone())).collect()
            });
        }
        Value::String(text) if field.is_date() => text.as_str(),
        other => other.get("$relative")?.as_str()?,
    };
    Some(stamp(Relative::parse(expression)?.resolve(now)))
}

/// RFC 3339; `null` for an instant that no calendar holds.
fn stamp(at: i64) -> Value {
    UnixMillis(at).to_jiff().map_or(Value::Null, |at| at.to_string().into())
}
