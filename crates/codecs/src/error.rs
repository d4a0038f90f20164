//! Why octets were refused, or could not be made.

/// A packet, a message or a group of messages was refused.
///
/// The class says at which kind of step it happened; it decides what the server does next, so there are few. The
/// text says more for a person. Neither ever contains octets of a key or of deciphered data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The octets are not what was waited for: no packet at all, another application, another key set, another
    /// counter. They may be right for somebody else.
    #[error("identity: {0}")]
    Identity(&'static str),
    /// A length field contradicts the octets present, or the security that was agreed.
    #[error("length: {0}")]
    Length(&'static str),
    /// The check does not verify: wrong key, wrong algorithm, or damage.
    #[error("integrity: {0}")]
    Integrity(&'static str),
    /// The number of padding octets is impossible.
    #[error("padding: {0}")]
    Padding(&'static str),
}

impl DecodeError {
    /// One lower-case word: `identity`, `length`, `integrity` or `padding`.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Identity(_) => "identity",
            Self::Length(_) => "length",
            Self::Integrity(_) => "integrity",
            Self::Padding(_) => "padding",
        }
    }

    /// What exactly was wrong, without the class.
    pub fn detail(&self) -> &'static str {
        match self {
            Self::Identity(detail)
            | Self::Length(detail)
            | Self::Integrity(detail)
            | Self::Padding(detail) => detail,
        }
    }
}

/// Something does not fit into the form it was to be encoded in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// A field with a length of its own would be longer than that length can say.
    #[error("{what} of {len} octets is longer than {max}")]
    TooLong {
        /// The field.
        what: &'static str,
        /// Its length, in octets.
        len: usize,
        /// The most it may have, in octets.
        max: usize,
    },
    /// The field has a least or an only length, and this is not it.
    #[error("{what} of {len} octets: {expected}")]
    WrongLength {
        /// The field.
        what: &'static str,
        /// Its length, in octets.
        len: usize,
        /// What would be right.
        expected: &'static str,
    },
    /// A number lies outside what its field can hold or the standard permits.
    #[error("{what} {value} is outside {range}")]
    OutOfRange {
        /// The field.
        what: &'static str,
        /// The value asked for.
        value: u64,
        /// What would be right.
        range: &'static str,
    },
    /// A packet needs more short messages than one concatenation has numbers for.
    #[error("the packet needs {needed} short messages, one concatenation has at most 255")]
    TooManySegments {
        /// Short messages needed.
        needed: usize,
    },
    /// Parts that may only come in one order came in another.
    #[error("{0}")]
    Order(&'static str),
}
