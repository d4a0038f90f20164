//! Errors told with what was attempted.

use muster_app::ports::StoreError;

/// The same kind of error with what was attempted, on which object, in front of its message.
pub(crate) fn about(error: StoreError, attempt: &str) -> StoreError {
    let with = |text: String| format!("{attempt}: {text}");
    match error {
        StoreError::Locked(text) => StoreError::Locked(with(text)),
        StoreError::Full(text) => StoreError::Full(with(text)),
        StoreError::ReadOnly(text) => StoreError::ReadOnly(with(text)),
        StoreError::Unreachable(text) => StoreError::Unreachable(with(text)),
        StoreError::Corrupt(text) => StoreError::Corrupt(with(text)),
        StoreError::Unknown(text) => StoreError::Unknown(with(text)),
        StoreError::Internal(text) => StoreError::Internal(with(text)),
        told @ (StoreError::NewerSchema { .. } | StoreError::Overloaded { .. }) => told,
    }
}
