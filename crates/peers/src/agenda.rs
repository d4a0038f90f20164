//! What is to be done at a later time.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// In order of time, then of planning.
#[derive(Debug)]
struct Entry<W> {
    at_ms: u64,
    number: u64,
    work: W,
}

impl<W> PartialEq for Entry<W> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<W> Eq for Entry<W> {}

impl<W> PartialOrd for Entry<W> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<W> Ord for Entry<W> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at_ms, self.number).cmp(&(other.at_ms, other.number))
    }
}

/// Work by time.
#[derive(Debug)]
pub(crate) struct Agenda<W> {
    entries: BinaryHeap<Reverse<Entry<W>>>,
    number: u64,
}

impl<W> Default for Agenda<W> {
    fn default() -> Self {
        Self { entries: BinaryHeap::new(), number: 0 }
    }
}

impl<W> Agenda<W> {
    /// Plans work.
    pub(crate) fn plan(&mut self, at_ms: u64, work: W) {
        self.number += 1;
        self.entries.push(Reverse(Entry { at_ms, number: self.number, work }));
    }

    /// When there is something to do.
    pub(crate) fn next_ms(&self) -> Option<u64> {
        self.entries.peek().map(|Reverse(entry)| entry.at_ms)
    }

    /// The next work that is due.
    pub(crate) fn due(&mut self, now_ms: u64) -> Option<W> {
        if self.next_ms()? > now_ms {
            return None;
        }
        self.entries.pop().map(|Reverse(entry)| entry.work)
    }
}
