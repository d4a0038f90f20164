//! Why a change of a profile is refused.

/// Why a change of a profile is refused. Nothing of the change was made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// A registered customer needs an external id or an e-mail address.
    #[error("external_id or email is required")]
    NoIdentity,
    /// One attribute breaks a rule.
    #[error("{attribute}: {reason}")]
    Attribute {
        /// The attribute, under its name on the wire; a custom one as `user_profile.<name>`.
        attribute: String,
        /// Which rule.
        reason: Reason,
    },
}

impl ProfileError {
    pub(super) fn of(attribute: &str, reason: Reason) -> Self {
        Self::Attribute { attribute: attribute.to_owned(), reason }
    }
}

/// The rule that an attribute breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The value has another JSON type.
    #[error("must be {0}")]
    Type(&'static str),
    /// Text with a NUL character (contract row H8).
    #[error("must not contain the character NUL")]
    Nul,
    /// Text that is too long.
    #[error("is longer than the limit of {0} bytes")]
    Bytes(usize),
    /// Too many entries.
    #[error("has more entries than the limit of {0}")]
    Count(usize),
    /// A value nested too deep.
    #[error("is nested deeper than the limit of {0} levels")]
    Levels(usize),
    /// An empty name.
    #[error("must not be empty")]
    Empty,
    /// The same key twice.
    #[error("names {0:?} more than once")]
    Repeated(String),
    /// Neither `m` nor `f`.
    #[error("must be m or f")]
    Gender,
    /// No calendar date.
    #[error("must be a date in the form YYYY-MM-DD")]
    Date,
    /// Too young, or not yet born.
    #[error("the customer must be older than {0} years")]
    Age(i16),
    /// Not an ISO 3166-1 alpha-3 code.
    #[error("must be a three-letter ISO 3166-1 country code")]
    Country,
    /// Not in the IANA zone database.
    #[error("must be the name of an IANA time zone")]
    TimeZone,
    /// Not the form of an e-mail address.
    #[error("must be an e-mail address")]
    Email,
    /// Not a phone number.
    #[error(
        "must be a phone number of 3 to 15 digits, with spaces, dots, hyphens or parentheses between them if any"
    )]
    PhoneNumber,
    /// Neither `true` nor `false`.
    #[error("must be true or false")]
    Flag,
}
