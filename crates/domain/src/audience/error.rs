//! Why a targeting query is refused, and where.

use super::limits;
use std::fmt;

/// A targeting query that cannot be understood: the reason, the place, and for a query given as text the line
/// and column. The contract's `validation` (rows E10, E40).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetingError {
    /// What is wrong.
    pub reason: Reason,
    /// Where, from the root of the query, such as `$and[1].user.tags.$nin`; empty for the query itself.
    pub path: String,
    /// Where in the text; `None` when the query was given as a value.
    pub position: Option<Position>,
}

/// A place in a text, as editors count: both from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Line.
    pub line: usize,
    /// Column.
    pub column: usize,
}

impl fmt::Display for TargetingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)?;
        if !self.path.is_empty() {
            write!(f, ", at {}", self.path)?;
        }
        if let Some(Position { line, column }) = self.position {
            write!(f, " (line {line}, column {column})")?;
        }
        Ok(())
    }
}

impl std::error::Error for TargetingError {}

/// What can be wrong with a targeting query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// The text is not JSON; the parser's own words.
    #[error("not JSON: {0}")]
    NotJson(String),
    /// A key stands twice in one object, so one of its two values would be lost. Seen in texts only.
    #[error("key `{0}` stands twice in one object")]
    DuplicateKey(String),
    /// A query, or the operand of `$not`, is something else than an object.
    #[error("an object is expected here, not {found}")]
    ObjectExpected {
        /// The JSON type that was found.
        found: &'static str,
    },
    /// `$and`, `$or`, `$nor`, `$in`, `$nin`, `$all` or `$between` without an array.
    #[error("{operator} takes an array, not {found}")]
    ArrayExpected {
        /// The operator.
        operator: &'static str,
        /// The JSON type that was found.
        found: &'static str,
    },
    /// `$exists` without a boolean.
    #[error("$exists takes true or false, not {found}")]
    BooleanExpected {
        /// The JSON type that was found.
        found: &'static str,
    },
    /// A literal is an object or an array.
    #[error(
        "a string, a number, a boolean, {{\"$date\": …}} or {{\"$relative\": …}} is expected here, not {found}"
    )]
    LiteralExpected {
        /// The JSON type that was found.
        found: &'static str,
    },
    /// An operand is `null`.
    #[error("null cannot be compared with; to ask for a missing field use {{\"$exists\": false}}")]
    NullOperand,
    /// `$and`, `$or`, `$nor`, `$all` over nothing.
    #[error("{0} needs at least one element")]
    EmptyArray(&'static str),
    /// An operator object, or the object of `$not`, without a key.
    #[error("an operator object needs at least one operator")]
    EmptyOperators,
    /// A `$…` key that does not exist, or not here.
    #[error("unknown operator {name}; known here are {known}")]
    UnknownOperator {
        /// As given.
        name: String,
        /// What could have stood there.
        known: &'static str,
    },
    /// An operator object holds a key without `$`.
    #[error("`{0}` is not an operator; operators begin with `$`, nested attributes are written with dots")]
    NotAnOperator(String),
    /// A path that does not begin with `user.`, or ends there.
    #[error("`{0}` is not a field; fields begin with `user.`")]
    OutsideUser(String),
    /// `user.events.` without a name.
    #[error("the name of the event is missing after `user.events.`")]
    EventNameMissing,
    /// An event field without `$count`.
    #[error("an event field takes {{\"$count\": …}}, with or without {{\"$within\": …}}")]
    CountMissing,
    /// `$within` is not a span of time.
    #[error("`{0}` is not a span of time; write for example \"30 days\"")]
    BadSpan(String),
    /// An ordering over a set.
    #[error("{operator} needs an order, and a set has none")]
    OrderOnSet {
        /// The operator.
        operator: &'static str,
    },
    /// A date attribute, or `$date`, against something that is no date.
    #[error(
        "`{0}` is not a date; write for example \"2026-03-01\", \"2026-03-01T12:00:00Z\" or \"30 days ago\""
    )]
    BadDate(String),
    /// `$relative` against something else than a relative date.
    #[error(
        "`{0}` is not a relative date; write for example \"now\", \"30 days ago\" or \"2 weeks from now\""
    )]
    BadRelative(String),
    /// `$between` without exactly two bounds.
    #[error("$between takes two bounds, not {0}")]
    BoundsExpected(usize),
    /// `$between` whose lower bound is above the upper one.
    #[error("the lower bound of $between is above the upper one")]
    BoundsReversed,
    /// More levels than the limit.
    #[error("a query may be nested {} levels deep at most", limits::LEVELS_MAX)]
    TooDeep,
    /// More bytes than the limit.
    #[error("a query may be {} KB long at most ({} bytes)", limits::BYTES_MAX / 1024, limits::BYTES_MAX)]
    TooLarge,
}
