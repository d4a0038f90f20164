//! Finding again what a document means among what is stored.

use super::{DocumentError, When};
use muster_domain::time::UnixMillis;
use std::cell::Cell;
use std::collections::BTreeSet;

/// What reading a document needs to know.
pub(crate) struct Reading {
    /// The instant that relative dates are seen from.
    now: UnixMillis,
    /// Whether a relative date leaves alone what is stored.
    settled: bool,
    next_placeholder: Cell<i64>,
}

impl Reading {
    /// Relative dates count from now.
    pub(crate) fn new(now: UnixMillis) -> Self {
        Self { now, settled: false, next_placeholder: Cell::new(-1) }
    }

    /// Relative dates count from now where nothing is stored, and else mean what is stored.
    pub(crate) fn settled(now: UnixMillis) -> Self {
        Self { settled: true, ..Self::new(now) }
    }

    /// The instant that a date means in the place of the one that is stored.
    pub(crate) fn instant(&self, when: When, stored: Option<UnixMillis>) -> UnixMillis {
        let kept = stored.filter(|_| self.settled && matches!(when, When::FromNow { .. }));
        kept.unwrap_or_else(|| when.resolve(self.now))
    }

    /// The id of an entity: the one the document gives, else that of the stored entity that it is recognised as,
    /// else a placeholder below zero.
    pub(crate) fn id(
        &self,
        place: &str,
        given: Option<i64>,
        recognised: Option<i64>,
    ) -> Result<i64, DocumentError> {
        match given {
            Some(id) if id < 1 => Err(DocumentError::at(below(place, "id"), "must be 1 or more")),
            Some(id) => Ok(id),
            None => Ok(recognised.unwrap_or_else(|| {
                let placeholder = self.next_placeholder.get();
                self.next_placeholder.set(placeholder - 1);
                placeholder
            })),
        }
    }
}

/// The stored entities of one list, each to be recognised at most once.
pub(crate) struct Candidates<'a, T> {
    stored: &'a [T],
    taken: BTreeSet<usize>,
}

impl<'a, T> Candidates<'a, T> {
    /// `claimed` says which of them some document names by id: those are spoken for.
    pub(crate) fn new(stored: &'a [T], claimed: impl Fn(&T) -> bool) -> Self {
        let taken =
            stored.iter().enumerate().filter(|(_, entity)| claimed(entity)).map(|(index, _)| index).collect();
        Self { stored, taken }
    }

    /// The first one that fits and has not been recognised yet.
    pub(crate) fn recognise(&mut self, fits: impl Fn(&T) -> bool) -> Option<&'a T> {
        let found =
            (0..self.stored.len()).find(|index| !self.taken.contains(index) && fits(&self.stored[*index]))?;
        self.taken.insert(found);
        Some(&self.stored[found])
    }
}

/// A field below a place; the place is empty for the document itself.
pub(super) fn below(place: &str, field: &str) -> String {
    if place.is_empty() { field.to_owned() } else { format!("{place}.{field}") }
}
