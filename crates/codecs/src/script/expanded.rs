//! The expanded format (ETSI TS 102 226 §5.2, tags in ETSI TS 101 220 §7): every command and every answer is an
//! object with tag and length, so that nothing is lost and actions can stand between the commands.

use super::ScriptError;
use crate::apdu::{Apdu, StatusWord};
use crate::ber::{self, BerError, Object};
use crate::octets::Octets;
use std::fmt;
use zeroize::Zeroizing;

const COMMAND_SCRIPT: u8 = 0xAA;
const COMMAND_SCRIPT_INDEFINITE: u8 = 0xAE;
const RESPONSE_SCRIPT: u8 = 0xAB;
const RESPONSE_SCRIPT_INDEFINITE: u8 = 0xAF;
const C_APDU: u8 = 0x22;
const R_APDU: u8 = 0x23;
const EXECUTED: u8 = 0x80;
const IMMEDIATE_ACTION: u8 = 0x81;
const ERROR_ACTION: u8 = 0x82;
const SCRIPT_CHAINING: u8 = 0x83;
const BAD_FORMAT: u8 = 0x90;
const INDEFINITE: u8 = 0x80;
const END: [u8; 2] = [0x00, 0x00];

/// How the length of a script is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Framing {
    /// In front of it.
    Definite,
    /// By two zero octets behind it; made for HTTPS, where the end is not known at the start.
    Indefinite,
}

/// What a command script is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandObject {
    /// A command.
    Apdu(Apdu),
    /// Something the card does at once: a code of one octet, or a proactive command.
    ImmediateAction(Vec<u8>),
    /// What the card does when a command fails.
    ErrorAction(Vec<u8>),
    /// Ties the scripts of several packets together; stands first.
    ScriptChaining(u8),
}

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

impl From<BerError> for ScriptError {
    fn from(error: BerError) -> Self {
        Self::Length(match error {
            BerError::Length => "an object is longer than what holds it",
            BerError::LengthMissing => "an object has no length",
        })
    }
}

/// The secured data for these objects.
///
/// # Errors
/// `format` when script chaining does not stand first.
pub fn build(objects: &[CommandObject], framing: Framing) -> Result<Zeroizing<Vec<u8>>, ScriptError> {
    let mut content = Zeroizing::new(Vec::new());
    for (index, object) in objects.iter().enumerate() {
        match object {
            CommandObject::Apdu(apdu) => ber::push_object(&mut content, C_APDU, apdu.as_bytes()),
            CommandObject::ImmediateAction(value) => ber::push_object(&mut content, IMMEDIATE_ACTION, value),
            CommandObject::ErrorAction(value) => ber::push_object(&mut content, ERROR_ACTION, value),
            CommandObject::ScriptChaining(_) if index > 0 => return Err(CHAINING_NOT_FIRST),
            CommandObject::ScriptChaining(code) => ber::push_object(&mut content, SCRIPT_CHAINING, &[*code]),
        }
    }
    Ok(frame(&content, framing, COMMAND_SCRIPT, COMMAND_SCRIPT_INDEFINITE))
}

const CHAINING_NOT_FIRST: ScriptError = ScriptError::Format("script chaining stands first or not at all");

/// Reads a command script, as a card does.
///
/// # Errors
/// `format` for an unknown tag, a command without a header, chaining that does not stand first; `length` otherwise.
pub fn parse(script: &[u8]) -> Result<Vec<CommandObject>, ScriptError> {
    let mut read = Vec::new();
    for object in content(script, COMMAND_SCRIPT, COMMAND_SCRIPT_INDEFINITE)? {
        let Object { tag, value } = object;
        read.push(match tag {
            C_APDU => CommandObject::Apdu(
                Apdu::from_bytes(value).ok_or(ScriptError::Format("a command is shorter than its header"))?,
            ),
            IMMEDIATE_ACTION => CommandObject::ImmediateAction(value.to_vec()),
            ERROR_ACTION => CommandObject::ErrorAction(value.to_vec()),
            SCRIPT_CHAINING if !read.is_empty() => return Err(CHAINING_NOT_FIRST),
            SCRIPT_CHAINING => CommandObject::ScriptChaining(single(value)?),
            _ => return Err(UNKNOWN_TAG),
        });
    }
    Ok(read)
}

const UNKNOWN_TAG: ScriptError = ScriptError::Format("an object has an unknown tag");

/// The data of an answer, as a card makes them. The number of executed commands is said only with a definite length.
pub fn build_response(response: &ExpandedResponse, framing: Framing) -> Vec<u8> {
    let mut content = Zeroizing::new(Vec::new());
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

fn single(value: &[u8]) -> Result<u8, ScriptError> {
    match value {
        [octet] => Ok(*octet),
        _ => Err(ScriptError::Length("an object of one octet has another length")),
    }
}

fn frame(content: &[u8], framing: Framing, definite: u8, indefinite: u8) -> Zeroizing<Vec<u8>> {
    // Room for everything, so that no copy of the content stays behind.
    let mut script = Zeroizing::new(Vec::with_capacity(content.len() + 10));
    match framing {
        Framing::Definite => ber::push_object(&mut script, definite, content),
        Framing::Indefinite => {
            script.extend_from_slice(&[indefinite, INDEFINITE]);
            script.extend_from_slice(content);
            script.extend_from_slice(&END);
        }
    }
    script
}

/// The objects inside a script that is all there is.
fn content(script: &[u8], definite: u8, indefinite: u8) -> Result<Vec<Object<'_>>, ScriptError> {
    let trailing = ScriptError::Length("octets follow the script");
    let mut octets = Octets::new(script);
    match octets.peek() {
        Some(tag) if tag == definite => {
            let outer = ber::take_object(&mut octets)?;
            if !octets.is_empty() {
                return Err(trailing);
            }
            Ok(ber::objects(outer.value).collect::<Result<_, _>>()?)
        }
        Some(tag) if tag == indefinite => {
            octets.octet();
            match octets.octet() {
                Some(INDEFINITE) => {}
                Some(_) => return Err(ScriptError::Length("the length should be indefinite")),
                None => return Err(BerError::LengthMissing.into()),
            }
            let mut objects = Vec::new();
            loop {
                if octets.rest().starts_with(&END) {
                    octets.take(END.len());
                    return if octets.is_empty() { Ok(objects) } else { Err(trailing) };
                }
                if octets.is_empty() {
                    return Err(ScriptError::Length("the script does not end"));
                }
                objects.push(ber::take_object(&mut octets)?);
            }
        }
        Some(_) => Err(ScriptError::Format("this is no script in the expanded format")),
        None => Err(ScriptError::Length("there is no script")),
    }
}
