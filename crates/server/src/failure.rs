//! Why a command could not do its work, told in one line.

use std::fmt;

/// What was attempted, why it did not work, and what can be done about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Failure {
    attempted: String,
    reason: String,
    advice: Option<String>,
}

impl Failure {
    /// `attempted` completes the sentence "cannot …" and names the object; `reason` says why not.
    pub fn new(attempted: impl Into<String>, reason: impl fmt::Display) -> Self {
        Self { attempted: attempted.into(), reason: reason.to_string(), advice: None }
    }

    /// Adds what to do about it, as an imperative.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}: {}", self.attempted, self.reason)?;
        match &self.advice {
            Some(advice) => write!(f, " ({advice})"),
            None => Ok(()),
        }
    }
}

/// Result of a command.
pub type Outcome<T> = Result<T, Failure>;
