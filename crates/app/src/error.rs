//! Why a use case did not do what was asked. It knows no status codes; each face maps it to its envelope once.

use crate::ports::{CatalogRefusal, CommitRefusal, StoreError};
use muster_domain::campaign::OptInRefusal;
use muster_domain::customer::{ProfileError, TagError};

/// Result of a use case.
pub type AppResult<T> = Result<T, AppError>;

/// Why a use case did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// No customer of that id, external id or e-mail.
    #[error("no customer was found for the given id")]
    CustomerNotFound,
    /// No campaign of that id or permalink.
    #[error("no campaign was found for the given id")]
    CampaignNotFound,
    /// The campaign exists but is not running, or not for this customer.
    #[error("the campaign is not available to this customer")]
    NotAvailable,
    /// Nothing active for the customer.
    #[error("no active campaign was found")]
    NoActiveCampaign,
    /// Another object does not exist.
    #[error("no {what} was found for {id:?}")]
    NotFound {
        /// Kind of object.
        what: &'static str,
        /// As asked for.
        id: String,
    },
    /// A parent named in the request does not exist.
    #[error("parent model not found: {0}")]
    ParentNotFound(String),
    /// A parent named in the request belongs to another organization.
    #[error("parent model not in same organization: {0}")]
    ParentElsewhere(String),
    /// The opt-in or opt-out is refused.
    #[error("{}", opt_in_text(*.0))]
    OptIn(OptInRefusal),
    /// A required part of the request is absent or empty.
    #[error("{0} is missing")]
    Missing(String),
    /// The request is understood and breaks a rule.
    #[error("{0}")]
    Invalid(String),
    /// Attributes that the operation does not know.
    #[error("Unknown campaign attributes {}.", .0.join(", "))]
    UnknownAttributes(Vec<String>),
    /// A parameter has an unexpected type or format.
    #[error("{0}")]
    Argument(String),
    /// A unique value is taken.
    #[error("{what} {value:?} is already in use")]
    Duplicate {
        /// Which attribute.
        what: &'static str,
        /// The value.
        value: String,
    },
    /// Somebody else changed the object since it was read.
    #[error("the {0} was changed in the meantime: read it again and repeat the change")]
    Stale(&'static str),
    /// The idempotency key was used for a different request.
    #[error("the idempotency key was used for a different request")]
    IdempotencyMismatch,
    /// A stored page cannot be rendered for this customer; its author has to mend it.
    #[error("the page cannot be rendered: {0}")]
    BrokenPage(String),
    /// The client token cannot be read, is unknown, or has expired.
    #[error("the auth_token is invalid or has expired")]
    InvalidAuthToken,
    /// An anonymous customer asked for what only a registered one may have.
    #[error("a registered customer is required")]
    RegisteredCustomerRequired,
    /// So many others write to the same customer that the bounded number of tries ran out. Trying again helps.
    #[error("too many simultaneous changes of one customer")]
    Contended,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

const fn opt_in_text(refusal: OptInRefusal) -> &'static str {
    match refusal {
        OptInRefusal::NotRequired => "the campaign takes no opt-ins",
        OptInRefusal::Ineligible => "the customer is not eligible for the campaign",
        OptInRefusal::NotStarted => "opt-in has not started",
        OptInRefusal::Ended => "opt-in has ended",
        OptInRefusal::LimitReached => "the campaign has no place left",
    }
}

impl AppError {
    /// Shorthand for [`AppError::Invalid`].
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid(message.into())
    }
}

impl From<ProfileError> for AppError {
    fn from(error: ProfileError) -> Self {
        match error {
            ProfileError::NoIdentity => Self::Missing("external_id or email".to_owned()),
            ProfileError::Attribute { .. } => Self::Invalid(error.to_string()),
        }
    }
}

impl From<TagError> for AppError {
    fn from(error: TagError) -> Self {
        Self::Invalid(error.to_string())
    }
}

impl From<CatalogRefusal> for AppError {
    fn from(refusal: CatalogRefusal) -> Self {
        match refusal {
            CatalogRefusal::Duplicate { what, value } => Self::Duplicate { what, value },
            CatalogRefusal::Stale { what } => Self::Stale(what),
            CatalogRefusal::NoOrganization => Self::NotFound { what: "organization", id: String::new() },
            CatalogRefusal::ReplyExists => Self::Stale("idempotent request"),
            CatalogRefusal::Store(error) => Self::Store(error),
        }
    }
}

impl From<CommitRefusal> for AppError {
    fn from(refusal: CommitRefusal) -> Self {
        use crate::ports::CustomerName;
        match refusal {
            CommitRefusal::Stale => Self::Contended,
            CommitRefusal::NameTaken(CustomerName::External(value)) => {
                Self::Duplicate { what: "external_id", value }
            }
            CommitRefusal::NameTaken(CustomerName::Email(value)) => Self::Duplicate { what: "email", value },
            CommitRefusal::NameTaken(CustomerName::Phone(value)) => {
                Self::Duplicate { what: "phone_number", value }
            }
            CommitRefusal::LimitReached(_) => Self::OptIn(OptInRefusal::LimitReached),
            CommitRefusal::ReplyExists => Self::Stale("idempotent request"),
            CommitRefusal::Store(error) => Self::Store(error),
        }
    }
}
