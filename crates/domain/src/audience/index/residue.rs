//! What planes cannot settle, checked row by row; still mostly against what the look-up has already found
//! out.

use super::classes::Stretches;
use super::planes::{self, Plane};
use crate::audience::Facts;
use crate::audience::query::Clause;
use std::sync::Arc;

/// A formula over tags and classes by number.
#[derive(Debug)]
pub(super) enum Residue {
    All(Box<[Residue]>),
    Any(Box<[Residue]>),
    /// Has one of the tags.
    HasTag(Box<[u32]>),
    LacksTags(Box<[u32]>),
    /// The value of an indexed field is of one of the classes.
    Class {
        field: u32,
        accepted: Stretches,
    },
    /// A clause that needs the customer's record, or its negation.
    Clause {
        clause: Arc<Clause>,
        negated: bool,
    },
}

/// What a look-up knows of the customer.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) facts: &'a Facts<'a>,
    /// The customer's tags, a bit each.
    pub(super) tags: &'a Plane,
    /// The class of each indexed field's value.
    pub(super) classes: &'a [u32],
}

impl Residue {
    pub(super) fn holds(&self, known: Known<'_>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(known)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(known)),
            Self::HasTag(tags) => tags.iter().any(|tag| planes::is_set(known.tags, *tag)),
            Self::LacksTags(tags) => !tags.iter().any(|tag| planes::is_set(known.tags, *tag)),
            Self::Class { field, accepted } => accepted.contain(known.classes[*field as usize]),
            Self::Clause { clause, negated } => clause.matches(known.facts) != *negated,
        }
    }
}
