//! The compact format (ETSI TS 102 226 §5.1): commands one behind the other; the answer tells of the last only.

use super::ScriptError;
use crate::apdu::{Apdu, StatusWord};
use crate::octets::Octets;
use std::fmt;
use zeroize::Zeroizing;

/// What came back from a compact script.
#[derive(Clone, PartialEq, Eq)]
pub struct CompactResponse {
    /// Commands that were executed. The card stops at the first that fails, which is then the last one counted.
    pub executed: u8,
    /// The status word of the last command executed.
    pub status_word: StatusWord,
    /// What the last command executed gave back.
    pub data: Vec<u8>,
}

impl fmt::Debug for CompactResponse {
    /// Without the data, which came out of a secured packet.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CompactResponse")
            .field("executed", &self.executed)
            .field("status_word", &self.status_word)
            .field("data_len", &self.data.len())
            .finish()
    }
}

/// The secured data for these commands.
pub fn build(commands: &[Apdu]) -> Zeroizing<Vec<u8>> {
    let mut script =
        Zeroizing::new(Vec::with_capacity(commands.iter().map(|apdu| apdu.as_bytes().len()).sum()));
    for command in commands {
        script.extend_from_slice(command.as_bytes());
    }
    script
}

/// Reads the data of an answer.
///
/// # Errors
/// `length` below three octets.
pub fn parse_response(data: &[u8]) -> Result<CompactResponse, ScriptError> {
    let mut octets = Octets::new(data);
    let (Some(executed), Some(status_word)) = (octets.octet(), octets.array()) else {
        return Err(ScriptError::Length("a compact answer has at least a number and a status word"));
    };
    let status_word = StatusWord(u16::from_be_bytes(status_word));
    Ok(CompactResponse { executed, status_word, data: octets.rest().to_vec() })
}

/// The data of an answer, as a card makes them.
pub fn build_response(response: &CompactResponse) -> Vec<u8> {
    [&[response.executed][..], &response.status_word.0.to_be_bytes(), &response.data].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_by_table() {
        for (data, executed, status_word, rest) in [
            (&[3, 0x90, 0x00][..], 3, 0x9000, &[][..]),
            (&[2, 0x6A, 0x82], 2, 0x6A82, &[]),
            (&[1, 0x90, 0x00, 1, 2], 1, 0x9000, &[1, 2]),
        ] {
            let read = parse_response(data).unwrap();
            assert_eq!((read.executed, read.status_word.0, &read.data[..]), (executed, status_word, rest));
            assert_eq!(build_response(&read), data);
        }
        for short in [&[][..], &[1], &[1, 0x90]] {
            assert_eq!(parse_response(short).unwrap_err().class(), "length");
        }
    }
}
