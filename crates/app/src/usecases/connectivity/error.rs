//! Why something asked of the connectivity side was not done. It knows no codes: each face maps it once.

use crate::passwords::PasswordError;
use crate::ports::{SimRefusal, StoreError};
use muster_domain::sim_campaign::{NotAllowed, SimCampaignStatus};

/// Result of a use case of the connectivity side.
pub type ConnectivityResult<T> = Result<T, ConnectivityError>;

/// Why something was not done. Nothing was changed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ConnectivityError {
    /// No token, or one that is unknown or has expired.
    #[error("a valid token is required")]
    Unauthenticated,
    /// No user has this name with this password.
    #[error("the user name or the password is wrong")]
    InvalidCredentials,
    /// The requestor sees the object and may not do this to it.
    #[error("not permitted: {0}")]
    NotPermitted(&'static str),
    /// A part of the request breaks a rule.
    #[error("{parameter}: {rule}")]
    Invalid {
        /// Which, in the contract's spelling.
        parameter: String,
        /// What it has to be.
        rule: String,
    },
    /// No account of that id, or none that the requestor sees.
    #[error("the customer does not exist")]
    CustomerNotFound,
    /// The account exists and what hangs on it cannot be read.
    #[error("the customer's data cannot be read: {0}")]
    CustomerUnreadable(#[source] StoreError),
    /// No campaign of that id, or none connected to the account.
    #[error("the campaign does not exist")]
    CampaignNotFound,
    /// No template of that id in the account.
    #[error("the campaign template does not exist")]
    TemplateNotFound,
    /// The campaign cannot do that in its status.
    #[error("a campaign in status {} cannot do that", .0.name())]
    TransitionNotAllowed(SimCampaignStatus),
    /// No package of that id that the requestor may know of.
    #[error("the package does not exist")]
    PackageNotFound,
    /// The account has another package of that name.
    #[error("a package of that name exists")]
    PackageNameTaken,
    /// The package was attached once, so its offers stay as they are.
    #[error("the offers of a package that was ever attached cannot change")]
    NestedOffersFrozen,
    /// A SIM has the package.
    #[error("the package is attached to a SIM")]
    PackageInUse,
    /// No offer of that id in the account.
    #[error("no offer {0} was found")]
    OfferNotFound(String),
    /// No direct sub-account of that id.
    #[error("no sub-account {0} was found")]
    SubAccountNotFound(String),
    /// No SIM of that name, or none that the requestor sees.
    #[error("the SIM does not exist")]
    SimNotFound,
    /// The SIM exists and its status could not be changed.
    #[error("the SIM's status could not be changed: {0}")]
    SimNotUpdated(#[source] StoreError),
    /// The SIM does not have the package.
    #[error("the package is not attached to the SIM")]
    NotAttached,
    /// The SIM has a package already.
    #[error("the SIM has a package already")]
    PackageAttached,
    /// The SIM takes part in the campaign already.
    #[error("the SIM takes part already")]
    AlreadyParticipates,
    /// No request of that id by the account.
    #[error("the account made no such request")]
    RequestNotFound,
    /// The user name is taken, by whatever account.
    #[error("the user name {0:?} is taken")]
    UsernameTaken(String),
    /// Entries of a bulk call that cannot be done; none of the others was done either.
    #[error("{} entries cannot be done", .0.len())]
    Bulk(Vec<EntryFault>),
    /// So many passwords are being checked that this one has to wait outside.
    #[error("too many passwords are being checked")]
    Busy,
    /// A password could not be hashed.
    #[error("{0}")]
    Password(String),
    /// Others changed the same object each time; trying again helps.
    #[error("too many simultaneous changes of one object")]
    Contended,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is wrong with one entry of a bulk call.
#[derive(Debug, Clone)]
pub struct EntryFault {
    /// Its place, from 0.
    pub place: usize,
    /// What it names, as `ICCID 8935771600000000003`.
    pub name: String,
    /// Why it cannot be done.
    pub error: ConnectivityError,
}

impl ConnectivityError {
    /// Shorthand for [`ConnectivityError::Invalid`].
    pub fn invalid(parameter: impl Into<String>, rule: impl Into<String>) -> Self {
        Self::Invalid { parameter: parameter.into(), rule: rule.into() }
    }

    /// What a failed read of things that hang on a known account means: damage is told apart from a store that
    /// cannot be reached.
    pub(super) fn unreadable(error: StoreError) -> Self {
        match error {
            StoreError::Corrupt(_) | StoreError::Internal(_) => Self::CustomerUnreadable(error),
            other => Self::Store(other),
        }
    }
}

impl From<NotAllowed> for ConnectivityError {
    fn from(NotAllowed(status): NotAllowed) -> Self {
        Self::TransitionNotAllowed(status)
    }
}

impl From<PasswordError> for ConnectivityError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy => Self::Busy,
            PasswordError::Failed(reason) => Self::Password(reason),
        }
    }
}

impl From<SimRefusal> for ConnectivityError {
    fn from(refusal: SimRefusal) -> Self {
        match refusal {
            SimRefusal::Duplicate { what: "package", .. } => Self::PackageNameTaken,
            SimRefusal::Duplicate { what: "participant", .. } => Self::AlreadyParticipates,
            SimRefusal::Duplicate { what: "username", value, .. } => Self::UsernameTaken(value),
            SimRefusal::Duplicate { what, value, .. } => {
                Self::invalid(what, format!("{value:?} is in use already"))
            }
            // Whoever remembers answers looks for the one that is remembered.
            SimRefusal::Stale { .. } | SimRefusal::ReplyExists => Self::Contended,
            SimRefusal::PackageInUse => Self::PackageInUse,
            SimRefusal::NoPackage => Self::PackageNotFound,
            SimRefusal::CampaignEnded => Self::TransitionNotAllowed(SimCampaignStatus::Completed),
            SimRefusal::Store(error) => Self::Store(error),
        }
    }
}
