//! The parsed query, and its evaluation: no allocation, no JSON building, nothing looked up by operator name.

use super::Facts;
use super::dates::{self, DateOperand};
use super::field::{Actual, Field};
use crate::number::Number;
use crate::time::UnixMillis;
use serde_json::Value;
use std::sync::Arc;

/// A query, in the order in which it was written.
#[derive(Debug, Clone)]
pub(super) enum Query {
    /// All of them; empty means everyone.
    All(Box<[Query]>),
    /// At least one of them.
    Any(Box<[Query]>),
    /// None of them.
    None(Box<[Query]>),
    /// Not this one.
    Not(Box<Query>),
    /// One question about one field; shared with the index.
    Clause(Arc<Clause>),
}

/// One question about one field.
#[derive(Debug, Clone)]
pub(super) struct Clause {
    pub(super) field: Field,
    pub(super) test: Test,
    /// Whether the answer to `test` is turned round, as in `$ne` and `$nin`.
    pub(super) negated: bool,
    /// Apart, so that evaluation passes over less memory.
    pub(super) wording: Box<Wording>,
}

/// A clause as it was written, for explanations.
#[derive(Debug, Clone)]
pub(super) struct Wording {
    /// Where it stands in the query.
    pub(super) path: Box<str>,
    /// The field's path.
    pub(super) field: Box<str>,
    pub(super) operator: Operator,
    pub(super) operand: Value,
}

/// The operators over one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Eq,
    Ne,
    Gt,
    Gte,
    Lt,
    Lte,
    In,
    Nin,
    All,
    Between,
    Exists,
}

impl Operator {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Eq => "$eq",
            Self::Ne => "$ne",
            Self::Gt => "$gt",
            Self::Gte => "$gte",
            Self::Lt => "$lt",
            Self::Lte => "$lte",
            Self::In => "$in",
            Self::Nin => "$nin",
            Self::All => "$all",
            Self::Between => "$between",
            Self::Exists => "$exists",
        }
    }
}

/// What is asked of the field's value, compiled. Every test but `Exists` is false for a missing field.
#[derive(Debug, Clone)]
pub(super) enum Test {
    Equals(Operand),
    OneOf(OperandSet),
    AllOf(Box<[Operand]>),
    Order(Relation, Operand),
    Between(Operand, Operand),
    Exists(bool),
}

/// The orderings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A value to compare with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Operand {
    Bool(bool),
    Number(Number),
    Text(Box<str>),
    Date(DateOperand),
}

/// Values to look for, by type, each sorted for binary search.
#[derive(Debug, Clone, Default)]
pub(super) struct OperandSet {
    pub(super) has_false: bool,
    pub(super) has_true: bool,
    pub(super) numbers: Box<[Number]>,
    pub(super) texts: Box<[Box<str>]>,
    pub(super) dates: Box<[DateOperand]>,
}

impl FromIterator<Operand> for OperandSet {
    fn from_iter<I: IntoIterator<Item = Operand>>(operands: I) -> Self {
        let (mut numbers, mut texts, mut dates) = (Vec::new(), Vec::new(), Vec::new());
        let mut set = Self::default();
        for operand in operands {
            match operand {
                Operand::Bool(false) => set.has_false = true,
                Operand::Bool(true) => set.has_true = true,
                Operand::Number(number) => numbers.push(number),
                Operand::Text(text) => texts.push(text),
                Operand::Date(date) => dates.push(date),
            }
        }
        numbers.sort_unstable();
        numbers.dedup();
        texts.sort_unstable();
        texts.dedup();
        dates.sort_unstable();
        dates.dedup();
        Self { numbers: numbers.into(), texts: texts.into(), dates: dates.into(), ..set }
    }
}

impl Query {
    /// Recursion is bounded by `limits::LEVELS_MAX`.
    pub(super) fn matches(&self, facts: &Facts<'_>) -> bool {
        match self {
            Self::All(queries) => queries.iter().all(|query| query.matches(facts)),
            Self::Any(queries) => queries.iter().any(|query| query.matches(facts)),
            Self::None(queries) => !queries.iter().any(|query| query.matches(facts)),
            Self::Not(query) => !query.matches(facts),
            Self::Clause(clause) => clause.matches(facts),
        }
    }

    /// Calls `visit` on each clause.
    pub(super) fn for_each_clause<'a>(&'a self, visit: &mut impl FnMut(&'a Arc<Clause>)) {
        match self {
            Self::All(queries) | Self::Any(queries) | Self::None(queries) => {
                for query in queries {
                    query.for_each_clause(visit);
                }
            }
            Self::Not(query) => query.for_each_clause(visit),
            Self::Clause(clause) => visit(clause),
        }
    }
}

impl Clause {
    pub(super) fn matches(&self, facts: &Facts<'_>) -> bool {
        self.accepts(self.field.read(facts), facts.now)
    }

    /// The clause's answer for a value of its field.
    pub(super) fn accepts(&self, actual: Actual<'_>, now: UnixMillis) -> bool {
        self.test.holds(actual, now) != self.negated
    }
}

impl Test {
    fn holds(&self, actual: Actual<'_>, now: UnixMillis) -> bool {
        match self {
            Self::Equals(operand) => operand.equals(actual, now),
            Self::OneOf(operands) => operands.intersects(actual, now),
            Self::AllOf(operands) => operands.iter().all(|operand| operand.equals(actual, now)),
            Self::Order(relation, operand) => operand.compare(actual, now, *relation),
            Self::Between(low, high) => {
                low.compare(actual, now, Relation::GreaterOrEqual)
                    && high.compare(actual, now, Relation::LessOrEqual)
            }
            Self::Exists(expected) => actual.exists() == *expected,
        }
    }
}

impl Operand {
    /// Equality for one value, membership for several.
    fn equals(&self, actual: Actual<'_>, now: UnixMillis) -> bool {
        match (self, actual) {
            (_, Actual::List(items)) => items.iter().any(|item| match Actual::from_json(item) {
                // Members are compared as they are: a list within a list is a value of another type.
                Actual::List(_) => false,
                item => self.equals(item, now),
            }),
            (Self::Text(text), Actual::Set(set)) => set.contains(text),
            (Self::Text(text), Actual::Text(own)) => **text == *own,
            (Self::Number(number), Actual::Number(own)) => *number == own,
            (Self::Bool(value), Actual::Bool(own)) => *value == own,
            (Self::Date(date), actual) => date_equals(*date, actual, now),
            _ => false,
        }
    }

    /// Whether the value stands in the relation to this operand; never across types, never for several
    /// values.
    fn compare(&self, actual: Actual<'_>, now: UnixMillis, relation: Relation) -> bool {
        match (self, actual) {
            (Self::Text(text), Actual::Text(own)) => relation.admits(own.cmp(text)),
            (Self::Number(number), Actual::Number(own)) => relation.admits(own.cmp(number)),
            (Self::Bool(value), Actual::Bool(own)) => relation.admits(own.cmp(value)),
            (Self::Date(date), actual) => instant(actual).is_some_and(|at| {
                let stretch = date.resolve(now);
                match relation {
                    Relation::Less => at < stretch.start,
                    Relation::LessOrEqual => at < stretch.end,
                    Relation::Greater => at >= stretch.end,
                    Relation::GreaterOrEqual => at >= stretch.start,
                }
            }),
            _ => false,
        }
    }
}

impl OperandSet {
    fn intersects(&self, actual: Actual<'_>, now: UnixMillis) -> bool {
        match actual {
            Actual::Missing | Actual::Object(_) => false,
            Actual::Bool(own) => {
                if own {
                    self.has_true
                } else {
                    self.has_false
                }
            }
            Actual::Number(own) => self.numbers.binary_search(&own).is_ok(),
            Actual::Text(own) => {
                self.texts.binary_search_by(|text| (**text).cmp(own)).is_ok() || self.has_date(actual, now)
            }
            Actual::Instant(_) => self.has_date(actual, now),
            Actual::Set(set) => self.texts.iter().any(|text| set.contains(text)),
            Actual::List(items) => items.iter().any(|item| match Actual::from_json(item) {
                Actual::List(_) => false,
                item => self.intersects(item, now),
            }),
        }
    }

    fn has_date(&self, actual: Actual<'_>, now: UnixMillis) -> bool {
        self.dates.iter().any(|date| date_equals(*date, actual, now))
    }
}

impl Relation {
    fn admits(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

fn date_equals(date: DateOperand, actual: Actual<'_>, now: UnixMillis) -> bool {
    instant(actual).is_some_and(|at| {
        let stretch = date.resolve(now);
        stretch.start <= at && at < stretch.end
    })
}

/// The point in time that a value is: an attribute of that type, or a custom attribute's string that is a
/// date literal.
fn instant(actual: Actual<'_>) -> Option<i64> {
    match actual {
        Actual::Instant(at) => Some(at),
        Actual::Text(text) => dates::parse_literal(text).map(|stretch| stretch.start),
        _ => None,
    }
}
