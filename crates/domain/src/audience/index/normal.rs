//! Queries in the form that the index wants: conjunctions of parts, each about one field where that is
//! possible.

use crate::audience::field::{Actual, Field, SetField};
use crate::audience::query::{Clause, Operand, Query, Test};
use crate::time::UnixMillis;
use std::sync::Arc;

/// Conjunctions that one query may become; a query that would need more keeps the rest for verification.
const ROWS_MAX: usize = 8;

/// A query with negations pushed down to the clauses.
#[derive(Debug, Clone)]
pub(super) enum Formula<'a> {
    True,
    False,
    And(Vec<Self>),
    Or(Vec<Self>),
    /// A clause, or its negation.
    Literal(Literal<'a>),
    /// The customer has one of these unexpired tags.
    HasTag(Vec<&'a str>),
    /// The customer has none of these unexpired tags.
    LacksTags(Vec<&'a str>),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Literal<'a> {
    pub(super) clause: &'a Arc<Clause>,
    pub(super) negated: bool,
}

impl<'a> Formula<'a> {
    /// The query, or its negation.
    pub(super) fn of(query: &'a Query, negated: bool) -> Self {
        let each =
            |queries: &'a [Query], negated| queries.iter().map(|query| Self::of(query, negated)).collect();
        match (query, negated) {
            (Query::All(queries), false) => Self::and(each(queries, false)),
            (Query::All(queries), true) => Self::or(each(queries, true)),
            (Query::Any(queries), false) | (Query::None(queries), true) => Self::or(each(queries, false)),
            (Query::Any(queries), true) | (Query::None(queries), false) => Self::and(each(queries, true)),
            (Query::Not(query), negated) => Self::of(query, !negated),
            (Query::Clause(clause), negated) => Self::clause(Literal { clause, negated }),
        }
    }

    fn clause(literal: Literal<'a>) -> Self {
        let Literal { clause, negated } = literal;
        match clause.field {
            // A field that everybody lacks: the answer depends neither on the customer nor on the time.
            Field::Unknown => Self::constant(clause.accepts(Actual::Missing, UnixMillis(0)) != negated),
            Field::Set(SetField::Tags) => Self::tags(literal),
            _ => Self::Literal(literal),
        }
    }

    fn constant(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }

    fn tags(literal: Literal<'a>) -> Self {
        let negated = literal.negated != literal.clause.negated;
        let of = |names| if negated { Self::LacksTags(names) } else { Self::HasTag(names) };
        match &literal.clause.test {
            Test::Equals(Operand::Text(name)) => of(vec![&**name]),
            Test::Equals(_) => Self::constant(negated),
            Test::OneOf(operands) if operands.texts.is_empty() => Self::constant(negated),
            Test::OneOf(operands) => of(operands.texts.iter().map(|name| &**name).collect()),
            Test::AllOf(operands) if !negated => {
                let each = operands.iter().map(|operand| match operand {
                    Operand::Text(name) => of(vec![&**name]),
                    _ => Self::False,
                });
                Self::and(each.collect())
            }
            Test::AllOf(_) | Test::Order(..) | Test::Between(..) | Test::Exists(_) => Self::Literal(literal),
        }
    }

    fn and(parts: Vec<Self>) -> Self {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Self::True => {}
                Self::False => return Self::False,
                Self::And(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        match flat.len() {
            0 => Self::True,
            1 => flat.swap_remove(0),
            _ => Self::And(flat),
        }
    }

    fn or(parts: Vec<Self>) -> Self {
        let mut flat: Vec<Self> = Vec::with_capacity(parts.len());
        let mut tags = Vec::new();
        let mut take = |part| match part {
            Self::HasTag(names) => tags.extend(names),
            other => flat.push(other),
        };
        for part in parts {
            match part {
                Self::False => {}
                Self::True => return Self::True,
                Self::Or(inner) => inner.into_iter().for_each(&mut take),
                other => take(other),
            }
        }
        if !tags.is_empty() {
            flat.push(Self::HasTag(tags));
        }
        match flat.len() {
            0 => Self::False,
            1 => flat.swap_remove(0),
            _ => Self::Or(flat),
        }
    }

    /// The conjunctions of which at least one holds exactly when the formula does.
    pub(super) fn into_rows(self) -> Vec<Vec<Self>> {
        match self {
            Self::False => vec![],
            Self::True => vec![vec![]],
            Self::Or(parts) if parts.len() <= ROWS_MAX && field_of_all(&parts).is_none() => {
                parts.into_iter().map(Self::conjuncts).collect()
            }
            Self::And(parts) => expand_one_choice(parts),
            other => vec![vec![other]],
        }
    }

    fn conjuncts(self) -> Vec<Self> {
        match self {
            Self::And(parts) => parts,
            other => vec![other],
        }
    }

    /// The field that every clause of the formula asks about, if it is one and the same.
    pub(super) fn only_field(&self) -> Option<&'a Field> {
        match self {
            Self::Literal(literal) => Some(&literal.clause.field),
            Self::And(parts) | Self::Or(parts) => field_of_all(parts),
            Self::True | Self::False | Self::HasTag(_) | Self::LacksTags(_) => None,
        }
    }

    /// Calls `visit` on each literal.
    pub(super) fn for_each_literal(&self, visit: &mut impl FnMut(Literal<'a>)) {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.for_each_literal(visit)),
            Self::Literal(literal) => visit(*literal),
            Self::True | Self::False | Self::HasTag(_) | Self::LacksTags(_) => {}
        }
    }
}

fn field_of_all<'a>(parts: &[Formula<'a>]) -> Option<&'a Field> {
    let field = parts.first()?.only_field()?;
    parts.iter().all(|part| part.only_field() == Some(field)).then_some(field)
}

/// A conjunction without a tag that must be there is hard to narrow down. If it offers a choice between
/// several fields, each of the choices becomes a conjunction of its own.
fn expand_one_choice(mut parts: Vec<Formula<'_>>) -> Vec<Vec<Formula<'_>>> {
    if parts.iter().any(|part| matches!(part, Formula::HasTag(_))) {
        return vec![parts];
    }
    let choice = parts.iter().position(
        |part| matches!(part, Formula::Or(choices) if choices.len() <= ROWS_MAX && part.only_field().is_none()),
    );
    match choice.map(|at| parts.swap_remove(at)) {
        Some(Formula::Or(choices)) => choices
            .into_iter()
            .map(|choice| {
                let mut row = parts.clone();
                row.extend(choice.conjuncts());
                row
            })
            .collect(),
        Some(other) => {
            parts.push(other);
            vec![parts]
        }
        None => vec![parts],
    }
}
