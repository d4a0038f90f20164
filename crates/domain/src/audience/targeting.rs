//! A targeting query as campaigns hold it.

use super::error::{Position, Reason, TargetingError};
use super::explain::{self, Explanation, Grounds};
use super::field::Field;
use super::query::Query;
use super::{Facts, limits, parse, text};
use crate::time::UnixMillis;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A targeting query: the JSON as it was given, and its parsed form.
///
/// Stored and answered as the JSON alone, key order kept. A stored query that no longer parses still loads:
/// it keeps its JSON and matches nobody (contract §2.8). Cloning is cheap.
#[derive(Clone)]
pub struct Targeting(Arc<Inner>);

struct Inner {
    source: Value,
    parsed: Result<Query, TargetingError>,
}

/// Past events that a query counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventDemand {
    /// The event's name.
    pub name: String,
    /// How far back the query looks at most; `None` is the whole log. Calendar spans are rounded up.
    pub within_ms: Option<i64>,
}

impl EventDemand {
    /// Events that occurred at this instant or before cannot matter at `now`.
    pub fn since(&self, now: UnixMillis) -> Option<UnixMillis> {
        self.within_ms.map(|ms| UnixMillis(now.0.saturating_sub(ms)))
    }
}

impl Targeting {
    /// Parses a query.
    pub fn parse(source: Value) -> Result<Self, TargetingError> {
        let query = parse::query(&source)?;
        Ok(Self(Arc::new(Inner { source, parsed: Ok(query) })))
    }

    /// Parses a query from text; an error carries line and column.
    ///
    /// Stricter than parsing JSON first: the size limit holds for the text as it is, white space included,
    /// and a key that stands twice in one object is refused, where a JSON parser silently keeps the last.
    pub fn parse_str(text: &str) -> Result<Self, TargetingError> {
        let failed = |reason, position| TargetingError { reason, path: String::new(), position };
        if text.len() > limits::BYTES_MAX {
            return Err(failed(Reason::TooLarge, None));
        }
        if text::is_nested_beyond(text, limits::LEVELS_MAX) {
            return Err(failed(Reason::TooDeep, None));
        }
        let source: Value = serde_json::from_str(text).map_err(|error| {
            let position = Position { line: error.line(), column: error.column().max(1) };
            failed(Reason::NotJson(without_position(&error)), Some(position))
        })?;
        if let Some((reason, position)) = text::duplicate_key(text) {
            return Err(failed(reason, Some(position)));
        }
        match parse::query(&source) {
            Ok(query) => Ok(Self(Arc::new(Inner { source, parsed: Ok(query) }))),
            Err(failure) => {
                let beyond_a_limit = matches!(failure.reason, Reason::TooDeep | Reason::TooLarge);
                let position = if beyond_a_limit { None } else { text::locate(text, &failure.path) };
                Err(TargetingError { position, ..failure.into() })
            }
        }
    }

    /// The JSON as it was given; answers print it verbatim.
    pub fn source(&self) -> &Value {
        &self.0.source
    }

    /// Why a stored query matches nobody; `None` for one that parses.
    pub fn error(&self) -> Option<&TargetingError> {
        self.0.parsed.as_ref().err()
    }

    /// Whether the customer matches. Standing (suspended, ceased marketing) is not asked here, see
    /// [`may_qualify`](crate::campaign::may_qualify).
    pub fn matches(&self, facts: &Facts<'_>) -> bool {
        self.query().is_some_and(|query| query.matches(facts))
    }

    /// The verdict with every clause behind it, each with what the customer has.
    pub fn explain(&self, facts: &Facts<'_>) -> Explanation {
        match &self.0.parsed {
            Ok(query) => explain::explain(query, facts),
            Err(error) => Explanation { verdict: false, grounds: Grounds::Unreadable(error.to_string()) },
        }
    }

    /// The events that must be in [`Facts::events`] for this query, by name, each with the longest look back.
    /// Facts may hold more.
    pub fn event_names(&self) -> Vec<EventDemand> {
        let mut demands = BTreeMap::new();
        if let Some(query) = self.query() {
            query.for_each_clause(&mut |clause| {
                if let Field::Events(name, within) = &clause.field {
                    let within_ms = within.map(super::dates::Span::upper_bound_ms);
                    demands
                        .entry(&**name)
                        .and_modify(|known: &mut Option<i64>| {
                            *known = known.zip(within_ms).map(|(a, b)| a.max(b));
                        })
                        .or_insert(within_ms);
                }
            });
        }
        let demand = |(name, within_ms): (&str, _)| EventDemand { name: name.to_owned(), within_ms };
        demands.into_iter().map(demand).collect()
    }

    pub(super) fn query(&self) -> Option<&Query> {
        self.0.parsed.as_ref().ok()
    }
}

/// The parser's message without its own "at line … column …", which the error prints itself.
fn without_position(error: &serde_json::Error) -> String {
    let message = error.to_string();
    message.rsplit_once(" at line ").map_or(message.as_str(), |(words, _)| words).to_owned()
}

impl std::fmt::Debug for Targeting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Targeting").field(&self.0.source).finish()
    }
}

/// Two queries are equal when their JSON is.
impl PartialEq for Targeting {
    fn eq(&self, other: &Self) -> bool {
        self.0.source == other.0.source
    }
}

impl Serialize for Targeting {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.source.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Targeting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let source = Value::deserialize(deserializer)?;
        let parsed = parse::query(&source).map_err(TargetingError::from);
        Ok(Self(Arc::new(Inner { source, parsed })))
    }
}
