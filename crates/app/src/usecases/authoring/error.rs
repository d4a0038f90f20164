//! Why authoring refused.

use crate::AppError;
use crate::ports::{CatalogRefusal, StoreError};
use muster_domain::campaign::{CampaignError, CampaignStatus};

/// Result of an authoring operation.
pub type AuthoringResult<T> = Result<T, AuthoringError>;

/// Why authoring refused; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum AuthoringError {
    /// The campaign breaks a rule of its own.
    #[error(transparent)]
    Campaign(#[from] CampaignError),
    /// A value outside a campaign breaks a rule.
    #[error("{place}: {reason}")]
    Field {
        /// The field.
        place: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The life cycle does not allow the change.
    #[error("a campaign that is {from} cannot become {to}", from = .from.as_str(), to = .to.as_str())]
    Transition {
        /// Where it is.
        from: CampaignStatus,
        /// Where it was to go.
        to: CampaignStatus,
    },
    /// The object's state does not allow the change.
    #[error("{0}")]
    Conflict(String),
    /// The answer to this request is already remembered: the caller repeats itself and gets that answer.
    #[error("the request was already answered")]
    Repeated,
    /// Any other reason.
    #[error(transparent)]
    App(#[from] AppError),
}

impl AuthoringError {
    /// A value outside a campaign breaks a rule.
    pub fn field(place: &'static str, reason: impl Into<String>) -> Self {
        Self::Field { place, reason: reason.into() }
    }
}

impl AuthoringError {
    /// The caller knows an older state than the stored one.
    pub(super) const fn stale(what: &'static str) -> Self {
        Self::App(AppError::Stale(what))
    }
}

impl From<CatalogRefusal> for AuthoringError {
    fn from(refusal: CatalogRefusal) -> Self {
        match refusal {
            CatalogRefusal::ReplyExists => Self::Repeated,
            other => Self::App(other.into()),
        }
    }
}

impl From<StoreError> for AuthoringError {
    fn from(error: StoreError) -> Self {
        Self::App(AppError::Store(error))
    }
}
