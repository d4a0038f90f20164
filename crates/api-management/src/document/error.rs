//! A document that cannot be read.

use std::fmt;

/// Where a document is wrong, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentError {
    /// The place, such as `behaviors[0].goals[1].event`; `.` is the document itself.
    pub place: String,
    /// What is wrong there.
    pub reason: String,
}

impl DocumentError {
    /// An error at a place.
    pub fn at(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { place: place.into(), reason: reason.into() }
    }
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.reason)
    }
}

impl std::error::Error for DocumentError {}

impl<E: fmt::Display> From<serde_path_to_error::Error<E>> for DocumentError {
    fn from(error: serde_path_to_error::Error<E>) -> Self {
        Self::at(error.path().to_string(), error.inner().to_string())
    }
}
