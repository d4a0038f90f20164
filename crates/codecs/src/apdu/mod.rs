//! Commands to a card and how they end (ISO/IEC 7816-4).

pub mod ram;
pub mod rfm;
mod status_word;

pub use status_word::{StatusClass, StatusWord};

use crate::error::EncodeError;
use std::fmt;
use zeroize::Zeroizing;

/// The most data one command carries, in octets. Extended lengths do not exist here.
pub const MAX_DATA_LEN: usize = 255;

/// Octets of a command in front of its data: class, instruction and two parameters.
const HEADER_LEN: usize = 4;

/// A command, ready for a script. Wiped when dropped, for it may carry a PIN or a key.
#[derive(Clone, PartialEq, Eq)]
pub struct Apdu(Zeroizing<Vec<u8>>);

impl Apdu {
    /// A command without data and without answer. Its length octet P3 is written as zero: in a compact script only
    /// that shows where it ends.
    pub fn bare(header: [u8; 4]) -> Self {
        let mut octets = header.to_vec();
        octets.push(0);
        Self(Zeroizing::new(octets))
    }

    /// A command that asks for `le` octets; 0 asks for 256, or for all there are.
    pub fn reading(header: [u8; 4], le: u8) -> Self {
        let mut octets = header.to_vec();
        octets.push(le);
        Self(Zeroizing::new(octets))
    }

    /// A command with data, 1 to 255 octets.
    ///
    /// # Errors
    /// [`EncodeError::WrongLength`] without data, [`EncodeError::TooLong`] above 255 octets.
    pub fn writing(header: [u8; 4], data: &[u8]) -> Result<Self, EncodeError> {
        if data.is_empty() {
            return Err(EncodeError::WrongLength { what: "command data", len: 0, expected: "at least 1" });
        }
        let lc = u8::try_from(data.len()).map_err(|_| EncodeError::TooLong {
            what: "command data",
            len: data.len(),
            max: MAX_DATA_LEN,
        })?;
        let mut octets = Zeroizing::new(Vec::with_capacity(HEADER_LEN + 2 + data.len()));
        octets.extend_from_slice(&header);
        octets.push(lc);
        octets.extend_from_slice(data);
        Ok(Self(octets))
    }

    /// The same command, with data and asking for an answer. Only the expanded format knows such commands; in the
    /// compact one a GET RESPONSE follows instead.
    #[must_use]
    pub fn with_le(mut self, le: u8) -> Self {
        self.0.push(le);
        self
    }

    /// A command as it came; `None` when it is shorter than its header.
    pub fn from_bytes(octets: &[u8]) -> Option<Self> {
        (octets.len() >= HEADER_LEN).then(|| Self(Zeroizing::new(octets.to_vec())))
    }

    /// As it goes into a script.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The instruction octet, which names the command.
    pub fn instruction(&self) -> u8 {
        self.0[1]
    }
}

impl fmt::Debug for Apdu {
    /// The header and the length: what it carries stays out of every text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Apdu(")?;
        for octet in &self.0[..HEADER_LEN] {
            write!(f, "{octet:02X}")?;
        }
        write!(f, " + {} octets)", self.0.len() - HEADER_LEN)
    }
}

#[cfg(test)]
mod tests;
