//! A customer's progress in one behavior.

use super::Behavior;
use serde::{Deserialize, Serialize};

/// The fold's state.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    achieved: u32,
}

impl Progress {
    /// Times achieved.
    pub fn achieved(&self) -> u32 {
        self.achieved
    }
    /// Whether the lifetime cap is reached.
    pub fn is_exhausted(&self, behavior: &Behavior) -> bool {
        behavior.max_times_repeatable.is_some_and(|cap| self.achieved >= 1 && self.achieved >= cap)
    }
    /// Whether anything has counted.
    pub fn has_begun(&self) -> bool {
        self.achieved > 0
    }
}
