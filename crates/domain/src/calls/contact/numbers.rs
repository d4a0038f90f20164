//! The numbers of a contact, and which of them is tried next.

use super::{Contact, Due};
use crate::calls::campaign::NumberStrategy;
use crate::time::UnixMillis;
use serde::{Deserialize, Serialize};

/// How many numbers a contact has at most.
pub const NUMBERS: usize = 6;

/// One of a contact's numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ContactNumber {
    /// Digits of the E.164 number.
    pub number: Option<String>,
    /// `bPhoneNumber<n>Invalid`.
    pub invalid: Option<bool>,
    /// `nTriesPhoneNumber<n>`.
    pub tries: u32,
    /// `nPhoneNumber<n>LastCause`: cause of ITU-T Q.850.
    pub last_cause: Option<u16>,
    /// `PhoneNumber<n>LastAcdAgentEndReasonsID`, kept as given.
    pub last_end_reason: Option<i64>,
    /// When it was last called.
    pub last_try_at: Option<UnixMillis>,
    /// Whether somebody picked up the last time that anybody did.
    pub reached: bool,
    /// Whether its own tries are used up.
    pub exhausted: bool,
}

impl ContactNumber {
    /// Whether it may be called as far as itself tells.
    pub fn is_usable(&self) -> bool {
        self.number.is_some() && self.invalid != Some(true) && !self.exhausted
    }

    /// Forgets what the dialler found out.
    pub(super) fn reset(&mut self) {
        *self = Self { number: self.number.take(), ..Self::default() };
    }
}

/// The mask of a number, from 1; 0 for one that is none of a contact's.
pub(super) fn bit(index: u8) -> u8 {
    if (1..=NUMBERS as u8).contains(&index) { 1 << (index - 1) } else { 0 }
}

impl Contact {
    /// The number to call, from 1, out of those in `open` (a mask): the busy one of a series; else with
    /// [`NumberStrategy::Rotate`] the one where somebody picked up last, then those never tried in their order, then
    /// the one tried longest ago; with [`NumberStrategy::ExhaustFirst`] the first.
    pub fn choose_number(&self, open: u8, strategy: NumberStrategy) -> Option<u8> {
        let candidates = self.callable() & open;
        let mut numbers = (1..=NUMBERS as u8).filter(|index| candidates & bit(*index) != 0);
        if matches!(self.due, Due::BusySeries { .. }) || strategy == NumberStrategy::ExhaustFirst {
            return numbers.next();
        }
        numbers.min_by_key(|index| {
            let number = &self.numbers[usize::from(*index) - 1];
            (!number.reached, number.last_try_at.map_or(i64::MIN, |at| at.0), *index)
        })
    }
}
