//! Why something asked of the dialler side was not done. It knows no statuses: each face maps it once.

use crate::ports::{CallRefusal, StoreError};

/// Result of a use case of the dialler side.
pub type DiallerResult<T> = Result<T, DiallerError>;

/// Why something was not done. Nothing was changed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DiallerError {
    /// The client account is not there, or the token is not its.
    #[error("a valid token of the client account is required")]
    Unauthorized,
    /// A required part of the request is absent or empty.
    #[error("{0} is missing")]
    Missing(String),
    /// A part of the request breaks a rule.
    #[error("{parameter}: {rule}")]
    Invalid {
        /// Which, in the contract's spelling.
        parameter: String,
        /// What it has to be.
        rule: String,
    },
    /// No client account of that id.
    #[error("the client account does not exist")]
    ClientNotFound,
    /// No organization of that id.
    #[error("the organization does not exist")]
    OrganizationNotFound,
    /// No agent of that name in the client account.
    #[error("the agent does not exist")]
    AgentNotFound,
    /// No prompt of that name in the client account.
    #[error("the prompt does not exist")]
    PromptNotFound,
    /// No policy of that name in the client account.
    #[error("the policy does not exist")]
    PolicyNotFound,
    /// No campaign of that id or name in the client account.
    #[error("the call campaign does not exist")]
    CampaignNotFound,
    /// No contact of that id or key in the client account, or none that is due.
    #[error("the contact does not exist")]
    ContactNotFound,
    /// No result code of that id in the campaign.
    #[error("the result code does not exist")]
    ResultCodeNotFound,
    /// A client account of that id exists.
    #[error("a client account of that id exists")]
    ClientExists,
    /// A campaign of that name exists in the client account.
    #[error("a call campaign of that name exists")]
    CampaignExists,
    /// A campaign of the name that a clone is to have exists in the client account.
    #[error("the destination campaign exists")]
    DestinationExists,
    /// A result code of that export key exists in the campaign.
    #[error("a result code of that export key exists")]
    ResultCodeExists,
    /// The result code may not be deleted, or its export key may not change.
    #[error("the result code cannot go: {0}")]
    ResultCodeKept(&'static str),
    /// Something refers to the prompt or the policy.
    #[error("{0} is in use")]
    InUse(String),
    /// The contact is locked, or somebody has it in hand.
    #[error("the contact is locked")]
    ContactLocked,
    /// The campaign may not be started.
    #[error("the campaign may not be started: {0}")]
    StartForbidden(String),
    /// The object is no longer in the version that the change is meant for.
    #[error("the {0} was changed by somebody else")]
    Stale(&'static str),
    /// Others changed the same object each time; trying again helps.
    #[error("too many simultaneous changes of one object")]
    Contended,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DiallerError {
    /// Shorthand for [`DiallerError::Missing`].
    pub fn missing(parameter: impl Into<String>) -> Self {
        Self::Missing(parameter.into())
    }

    /// Shorthand for [`DiallerError::Invalid`].
    pub fn invalid(parameter: impl Into<String>, rule: impl Into<String>) -> Self {
        Self::Invalid { parameter: parameter.into(), rule: rule.into() }
    }
}

impl From<CallRefusal> for DiallerError {
    fn from(refusal: CallRefusal) -> Self {
        match refusal {
            CallRefusal::Duplicate { what: "client", .. } => Self::ClientExists,
            CallRefusal::Duplicate { what: "campaign", .. } => Self::CampaignExists,
            CallRefusal::Duplicate { what, value } => {
                Self::invalid(what, format!("{value:?} is in use already"))
            }
            // Whoever changes what was read reads again a few times before this is told.
            CallRefusal::Stale { .. } | CallRefusal::NotOwner | CallRefusal::ReplyExists => Self::Contended,
            CallRefusal::NoCampaign | CallRefusal::NotActive => Self::CampaignNotFound,
            CallRefusal::InUse => Self::ResultCodeKept("a contact or a call has it"),
            CallRefusal::Store(error) => Self::Store(error),
        }
    }
}
