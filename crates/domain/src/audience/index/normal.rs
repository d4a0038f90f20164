//! Queries in the form that the index wants: conjunctions of parts, each about one field where that is possible.

use crate::audience::field::{Actual, Field, SetField};
use crate::audience::query::{Clause, Operand, Query, Test};
use crate::time::UnixMillis;
use std::sync::Arc;

/// Conjunctions that one query may become; a query that would need more keeps the rest for verification.
const ROWS_MAX: usize = 8;

/// A query with negations pushed down to the clauses.
#[derive(Debug, Clone)]
pub(super) enum Formula {
    True,
    False,
    And(Vec<Formula>),
    Or(Vec<Formula>),
    /// A clause, or its negation.
    Literal(Literal),
    /// The customer has one of these unexpired tags.
    HasTag(TagLiteral),
    /// The customer has none of these unexpired tags.
    LacksTags(TagLiteral),
}

#[derive(Debug, Clone)]
pub(super) struct Literal {
    pub(super) clause: Arc<Clause>,
    pub(super) negated: bool,
}

#[derive(Debug, Clone)]
pub(super) struct TagLiteral {
    pub(super) names: Vec<Box<str>>,
    /// What it came from, for verification.
    origin: Vec<Literal>,
}

impl Formula {
    /// The query, or its negation.
    pub(super) fn of(query: &Query, negated: bool) -> Self {
        let each =
            |queries: &[Query], negated| queries.iter().map(|query| Self::of(query, negated)).collect();
        match (query, negated) {
            (Query::All(queries), false) => Self::and(each(queries, false)),
            (Query::All(queries), true) => Self::or(each(queries, true)),
            (Query::Any(queries), false) | (Query::None(queries), true) => Self::or(each(queries, false)),
            (Query::Any(queries), true) | (Query::None(queries), false) => Self::and(each(queries, true)),
            (Query::Not(query), negated) => Self::of(query, !negated),
            (Query::Clause(clause), negated) => Self::clause(clause, negated),
        }
    }

    fn clause(clause: &Arc<Clause>, negated: bool) -> Self {
        let literal = Literal { clause: Arc::clone(clause), negated };
        match clause.field {
            Field::Unknown => {
                // A field that everybody lacks: the answer does not depend on the customer, nor on the time.
                let holds = clause.accepts(Actual::Missing, UnixMillis(0)) != negated;
                if holds { Self::True } else { Self::False }
            }
            Field::Set(SetField::Tags) => Self::tags(literal),
            _ => Self::Literal(literal),
        }
    }

    fn tags(literal: Literal) -> Self {
        let negated = literal.negated != literal.clause.negated;
        let constant = |holds: bool| if holds { Self::True } else { Self::False };
        let of = |names: Vec<Box<str>>| {
            let tags = TagLiteral { names, origin: vec![literal.clone()] };
            if negated { Self::LacksTags(tags) } else { Self::HasTag(tags) }
        };
        match &literal.clause.test {
            Test::Equals(Operand::Text(name)) => of(vec![name.clone()]),
            Test::Equals(_) => constant(negated),
            Test::OneOf(operands) if operands.texts.is_empty() => constant(negated),
            Test::OneOf(operands) => of(operands.texts.to_vec()),
            Test::AllOf(operands) if !negated => {
                let names = operands.iter().map(|operand| match operand {
                    Operand::Text(name) => of(vec![name.clone()]),
                    _ => Self::False,
                });
                Self::and(names.collect())
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
        let mut tags: Option<TagLiteral> = None;
        let mut take = |part| match part {
            Self::HasTag(more) => match &mut tags {
                None => tags = Some(more),
                Some(tags) => {
                    tags.names.extend(more.names);
                    tags.origin.extend(more.origin);
                }
            },
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
        flat.extend(tags.map(Self::HasTag));
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
    pub(super) fn only_field(&self) -> Option<&Field> {
        match self {
            Self::Literal(literal) => Some(&literal.clause.field),
            Self::And(parts) | Self::Or(parts) => field_of_all(parts),
            Self::True | Self::False | Self::HasTag(_) | Self::LacksTags(_) => None,
        }
    }

    /// The same formula for evaluation clause by clause.
    pub(super) fn to_query(&self) -> Query {
        let each = |parts: &[Self]| parts.iter().map(Self::to_query).collect();
        match self {
            Self::True => Query::All(Box::default()),
            Self::False => Query::Any(Box::default()),
            Self::And(parts) => Query::All(each(parts)),
            Self::Or(parts) => Query::Any(each(parts)),
            Self::Literal(literal) => literal.to_query(),
            Self::HasTag(tags) => Query::Any(tags.origin.iter().map(Literal::to_query).collect()),
            Self::LacksTags(tags) => Query::All(tags.origin.iter().map(Literal::to_query).collect()),
        }
    }
}

impl Literal {
    fn to_query(&self) -> Query {
        let clause = Query::Clause(Arc::clone(&self.clause));
        if self.negated { Query::Not(Box::new(clause)) } else { clause }
    }
}

fn field_of_all(parts: &[Formula]) -> Option<&Field> {
    let field = parts.first()?.only_field()?;
    parts.iter().all(|part| part.only_field() == Some(field)).then_some(field)
}

/// A conjunction without a tag that must be there is hard to narrow down. If it offers a choice between several fields,
/// each of the choices becomes a conjunction of its own.
fn expand_one_choice(mut parts: Vec<Formula>) -> Vec<Vec<Formula>> {
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
