//! How counts move with every change of a contact or a call.

use crate::encoding::counter_from_column;
use muster_app::ports::CallCounts;
use muster_domain::calls::call::CallOutcome;
use muster_domain::ids::ResultCodeId;
use std::collections::BTreeMap;

/// What is counted of a campaign. Its number is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum CountKind {
    /// Contacts, by status.
    Status = 1,
    /// Contacts, by the result code recorded last.
    Result = 2,
    /// Calls, by outcome; those that are not over have 0.
    Outcome = 3,
    /// Calls, by the result code recorded for them.
    CallResult = 4,
}

impl CountKind {
    /// Its number in the store. Never changed once given.
    pub(crate) const fn number(self) -> i16 {
        self as i16
    }
}

/// What the changes of one transaction add to counts.
#[derive(Debug, Default)]
pub(crate) struct Deltas(BTreeMap<(i64, CountKind, i64), i64>);

impl Deltas {
    fn add(&mut self, campaign: i64, kind: CountKind, key: i64, by: i64) {
        *self.0.entry((campaign, kind, key)).or_default() += by;
    }

    /// A contact appears (`by` 1) or goes (`by` -1) with this status and result code; one that changes does both.
    pub(crate) fn contact(&mut self, campaign: i64, status: u8, result: Option<i64>, by: i64) {
        self.add(campaign, CountKind::Status, i64::from(status), by);
        if let Some(result) = result {
            self.add(campaign, CountKind::Result, result, by);
        }
    }

    /// Calls appear (`by` above 0) or go (`by` below 0) with this outcome and result code.
    pub(crate) fn call(&mut self, campaign: i64, outcome: Option<u8>, result: Option<i64>, by: i64) {
        self.add(campaign, CountKind::Outcome, i64::from(outcome.unwrap_or(0)), by);
        if let Some(result) = result {
            self.add(campaign, CountKind::CallResult, result, by);
        }
    }

    /// What there is to add, by campaign, kind and key, in an order that is the same for every writer; empty
    /// afterwards.
    pub(crate) fn take(&mut self) -> impl Iterator<Item = (i64, CountKind, i64, i64)> + use<> {
        std::mem::take(&mut self.0)
            .into_iter()
            .filter(|(_, by)| *by != 0)
            .map(|((campaign, kind, key), by)| (campaign, kind, key, by))
    }
}

/// The counts of a campaign from its rows of kind, key and count.
pub(crate) fn told(rows: impl IntoIterator<Item = (i16, i64, i64)>) -> CallCounts {
    let mut counts = CallCounts::default();
    for (kind, key, count) in rows {
        let count = counter_from_column(count);
        if count == 0 {
            continue;
        }
        if kind == CountKind::Status.number() {
            let status = usize::try_from(key).ok().and_then(|key| counts.contacts.get_mut(key));
            if let Some(status) = status {
                *status = count;
            }
        } else if kind == CountKind::Result.number() {
            counts.results.insert(ResultCodeId(key), count);
        } else if kind == CountKind::Outcome.number() {
            match u8::try_from(key).ok().and_then(CallOutcome::from_number) {
                Some(outcome) => drop(counts.outcomes.insert(outcome, count)),
                None => counts.open_calls = count,
            }
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_moves_a_contact_from_one_count_to_another() {
        let mut deltas = Deltas::default();
        deltas.contact(1, 0, None, -1);
        deltas.contact(1, 5, Some(9), 1);
        deltas.contact(1, 2, None, -1);
        deltas.contact(1, 2, None, 1);
        let moved: Vec<_> = deltas.take().collect();
        let expected =
            [(1, CountKind::Status, 0, -1), (1, CountKind::Status, 5, 1), (1, CountKind::Result, 9, 1)];
        assert_eq!(moved, expected);
        assert_eq!(deltas.take().count(), 0);
    }

    #[test]
    fn rows_are_told_by_kind() {
        let rows = [(1, 0, 4), (1, 5, 2), (1, 77, 3), (2, 9, 2), (3, 0, 1), (3, 2, 6), (3, 3, 0), (4, 9, 6)];
        let counts = told(rows);
        assert_eq!((counts.contacts[0], counts.contacts[5], counts.total()), (4, 2, 6));
        assert_eq!(counts.open_calls, 1);
        assert_eq!(counts.outcomes, [(CallOutcome::Busy, 6)].into());
        assert_eq!(counts.results, [(ResultCodeId(9), 2)].into());
    }
}
