//! Response scripts: card to server.

use super::{Framing, IMMEDIATE_ACTION, SCRIPT_CHAINING, UNKNOWN_TAG, content, frame, single};
use crate::apdu::StatusWord;
use crate::ber::{self, Object};
use crate::script::ScriptError;
use std::fmt;

const RESPONSE_SCRIPT: u8 = 0xAB;
const RESPONSE_SCRIPT_INDEFINITE: u8 = 0xAF;
const R_APDU: u8 = 0x23;
const EXECUTED: u8 = 0x80;
const BAD_FORMAT: u8 = 0x90;

/// An object of an answer.
#[derive(Clone, PartialEq, Eq)]
pub enum ResponseObject {
    /// The answer to one command.
    Apdu {
        /// What the command gave back.
        data: Vec<u8>,
        /// How it ended.
        status_word: StatusWord,
    },
    /// The script could not be read.
    BadFormat(BadFormat),
    /// What became of an immediate action; 01 means that the suspension failed.
    ImmediateAction(u8),
    /// What became of script chaining.
    ScriptChaining(ChainingResult),
}

/// Why a card could not read a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BadFormat {
    /// 01: a tag it does not know.
    UnknownTag,
    /// 02: a length that does not fit.
    WrongLength,
    /// 03: a length that is not there.
    LengthMissing,
    /// Any other code.
    Other(u8),
}

/// What became of script chaining.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChainingResult {
    /// 01: there is no earlier script to go on with.
    NoPreviousScript,
    /// 02: the card has no script chaining.
    NotSupported,
    /// 03: the card cannot go on.
    Unable,
    /// Any other code.
    Other(u8),
}

/// What came back from an expanded script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpandedResponse {
    /// Command objects executed; not said in an answer of indefinite length.
    pub executed: Option<u32>,
    /// The answers, in order.
    pub objects: Vec<ResponseObject>,
}

impl fmt::Debug for ResponseObject {
    /// Without the data, which came out of a secured packet.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Apdu { data, status_word } => f
                .debug_struct("Apdu")
                .field("data_len", &data.len())
                .field("status_word", status_word)
                .finish(),
            Self::BadFormat(reason) => f.debug_tuple("BadFormat").field(reason).finish(),
            Self::ImmediateAction(code) => f.debug_tuple("ImmediateAction").field(code).finish(),
            Self::ScriptChaining(result) => f.debug_tuple("ScriptChaining").field(result).finish(),
        }
    }
}

impl ExpandedResponse {
    /// The answers to commands, in order.
    pub fn answers(&self) -> impl Iterator<Item = (&[u8], StatusWord)> {
        self.objects.iter().filter_map(|object| match object {
            ResponseObject::Apdu { data, status_word } => Some((data.as_slice(), *status_word)),
            _ => None,
        })
    }

    /// Every object is the successful answer to a command, and there are as many as were sent.
    pub fn all_succeeded(&self, commands: usize) -> bool {
        self.objects.len() == commands
            && self
                .objects
                .iter()
                .all(|object| matches!(object, ResponseObject::Apdu { status_word, .. } if status_word.is_success()))
    }
}

impl BadFormat {
    /// Meaning of the octet.
    pub fn from_octet(octet: u8) -> Self {
        match octet {
            1 => Self::UnknownTag,
            2 => Self::WrongLength,
            3 => Self::LengthMissing,
            other => Self::Other(other),
        }
    }

    /// As on the wire.
    pub fn octet(self) -> u8 {
        match self {
            Self::UnknownTag => 1,
            Self::WrongLength => 2,
            Self::LengthMissing => 3,
            Self::Other(octet) => octet,
        }
    }
}

impl ChainingResult {
    /// Meaning of the octet.
    pub fn from_octet(octet: u8) -> Self {
        match octet {
            1 => Self::NoPreviousScript,
            2 => Self::NotSupported,
            3 => Self::Unable,
            other => Self::Other(other),
        }
    }

    /// As on the wire.
    pub fn octet(self) -> u8 {
        match self {
            Self::NoPreviousScript => 1,
            Self::NotSupported => 2,
            Self::Unable => 3,
            Self::Other(octet) => octet,
        }
    }
}

/// The data of an answer, as a card makes them. The number of executed commands is said only with a definite length.
pub fn build_response(response: &ExpandedResponse, framing: Framing) -> Vec<u8> {
    let mut content = Vec::new();
    if let (Framing::Definite, Some(executed)) = (framing, response.executed) {
        let octets = executed.to_be_bytes();
        let skip = octets.iter().take(octets.len() - 1).take_while(|octet| **octet == 0).count();
        ber::push_object(&mut content, EXECUTED, &octets[skip..]);
    }
    for object in &response.objects {
        match object {
            ResponseObject::Apdu { data, status_word } => {
                let value = [data, &status_word.0.to_be_bytes()[..]].concat();
                ber::push_object(&mut content, R_APDU, &value);
            }
            ResponseObject::BadFormat(reason) => {
                ber::push_object(&mut content, BAD_FORMAT, &[reason.octet()]);
            }
            ResponseObject::ImmediateAction(code) => {
                ber::push_object(&mut content, IMMEDIATE_ACTION, &[*code]);
            }
            ResponseObject::ScriptChaining(result) => {
                ber::push_object(&mut content, SCRIPT_CHAINING, &[result.octet()]);
            }
        }
    }
    frame(&content, framing, RESPONSE_SCRIPT, RESPONSE_SCRIPT_INDEFINITE).to_vec()
}

/// Reads the data of an answer.
///
/// # Errors
/// `format` for an unknown tag or a number that does not stand first; `length` otherwise.
pub fn parse_response(data: &[u8]) -> Result<ExpandedResponse, ScriptError> {
    let mut response = ExpandedResponse { executed: None, objects: Vec::new() };
    for (index, object) in content(data, RESPONSE_SCRIPT, RESPONSE_SCRIPT_INDEFINITE)?.into_iter().enumerate()
    {
        let Object { tag, value } = object;
        response.objects.push(match tag {
            EXECUTED if index == 0 && (1..=4).contains(&value.len()) => {
                response.executed =
                    Some(value.iter().fold(0, |number, octet| number << 8 | u32::from(*octet)));
                continue;
            }
            EXECUTED => {
                return Err(ScriptError::Format("the number of executed commands is misplaced or no number"));
            }
            R_APDU => {
                let (data, status_word) =
                    value.split_last_chunk().ok_or(ScriptError::Length("an answer has no status word"))?;
                let status_word = StatusWord(u16::from_be_bytes(*status_word));
                ResponseObject::Apdu { data: data.to_vec(), status_word }
            }
            BAD_FORMAT => ResponseObject::BadFormat(BadFormat::from_octet(single(value)?)),
            IMMEDIATE_ACTION => ResponseObject::ImmediateAction(single(value)?),
            SCRIPT_CHAINING => ResponseObject::ScriptChaining(ChainingResult::from_octet(single(value)?)),
            _ => return Err(UNKNOWN_TAG),
        });
    }
    Ok(response)
}
