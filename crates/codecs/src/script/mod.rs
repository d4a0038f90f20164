//! Remote command scripts: what the secured data of a packet are for file and application management
//! (ETSI TS 102 226 §5). Which format an application speaks is known from its card's profile, never from the octets.

pub mod compact;
pub mod expanded;

/// A script, or the answer to one, is not in its format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    /// It ends before its content does, or goes on behind it.
    #[error("length: {0}")]
    Length(&'static str),
    /// It holds something that may not stand there.
    #[error("format: {0}")]
    Format(&'static str),
}

impl ScriptError {
    /// One lower-case word: `length` or `format`.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Length(_) => "length",
            Self::Format(_) => "format",
        }
    }
}
