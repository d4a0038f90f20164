//! Why there is no answer to an object.

use super::Answer;
use muster_codecs::script::ScriptError;
use muster_codecs::security::{KeyError, SecurityError, SpiError};
use muster_codecs::{DecodeError, EncodeError};

/// A class for programs, a text for people. Neither ever holds what stood in a field: it might be a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    class: &'static str,
    detail: String,
}

/// The object itself cannot be understood, which is nobody's expectation.
const INPUT: &str = "input";

impl Refusal {
    pub(super) fn new(class: &'static str, detail: impl Into<String>) -> Self {
        Self { class, detail: detail.into() }
    }

    pub(super) fn input(detail: impl Into<String>) -> Self {
        Self::new(INPUT, detail)
    }

    pub(super) fn missing(field: &str) -> Self {
        Self::input(format!("{field} is missing"))
    }

    /// The same text under another class.
    pub(super) fn into_class(self, class: &'static str) -> Self {
        Self { class, ..self }
    }

    #[cfg(test)]
    pub(super) fn class(&self) -> &'static str {
        self.class
    }

    pub(super) fn is_about_input(&self) -> bool {
        self.class == INPUT
    }

    pub(super) fn to_answer(&self) -> Answer {
        Answer::from_iter([
            ("error_class".to_owned(), self.class.into()),
            ("detail".to_owned(), self.detail.clone().into()),
        ])
    }
}

impl From<DecodeError> for Refusal {
    fn from(error: DecodeError) -> Self {
        Self::new(error.class(), error.detail())
    }
}

impl From<EncodeError> for Refusal {
    fn from(error: EncodeError) -> Self {
        Self::new("length", error.to_string())
    }
}

impl From<ScriptError> for Refusal {
    fn from(error: ScriptError) -> Self {
        Self::new(error.class(), error.to_string())
    }
}

impl From<SecurityError> for Refusal {
    fn from(error: SecurityError) -> Self {
        Self::new("security", error.to_string())
    }
}

impl From<SpiError> for Refusal {
    fn from(error: SpiError) -> Self {
        Self::new("security", error.to_string())
    }
}

impl From<KeyError> for Refusal {
    fn from(error: KeyError) -> Self {
        Self::new("security", error.to_string())
    }
}
