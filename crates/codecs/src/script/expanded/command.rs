//! Command scripts: server to card.

use super::{Framing, IMMEDIATE_ACTION, SCRIPT_CHAINING, UNKNOWN_TAG, content, frame, single};
use crate::apdu::Apdu;
use crate::ber::{self, Object};
use crate::script::ScriptError;
use zeroize::Zeroizing;

const COMMAND_SCRIPT: u8 = 0xAA;
const COMMAND_SCRIPT_INDEFINITE: u8 = 0xAE;
const C_APDU: u8 = 0x22;
const ERROR_ACTION: u8 = 0x82;

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

impl CommandObject {
    fn value_len(&self) -> usize {
        match self {
            Self::Apdu(apdu) => apdu.as_bytes().len(),
            Self::ImmediateAction(value) | Self::ErrorAction(value) => value.len(),
            Self::ScriptChaining(_) => 1,
        }
    }
}

/// The secured data for these objects.
///
/// # Errors
/// `format` when script chaining does not stand first.
pub fn build(objects: &[CommandObject], framing: Framing) -> Result<Zeroizing<Vec<u8>>, ScriptError> {
    // Room for everything, so that growing leaves no copy behind: a tag and at most five octets of length each.
    let room = objects.iter().map(|object| 6 + object.value_len()).sum();
    let mut content = Zeroizing::new(Vec::with_capacity(room));
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

pub(super) const CHAINING_NOT_FIRST: ScriptError =
    ScriptError::Format("script chaining stands first or not at all");

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
