//! The expanded format (ETSI TS 102 226 §5.2, tags in ETSI TS 101 220 §7): every command and every answer is an
//! object with tag and length, so that nothing is lost and actions can stand between the commands.

mod command;
mod response;

pub use command::{CommandObject, build, parse};
pub use response::{
    BadFormat, ChainingResult, ExpandedResponse, ResponseObject, build_response, parse_response,
};

use super::ScriptError;
use crate::ber::{self, BerError, Object};
use crate::octets::Octets;
use zeroize::Zeroizing;

const IMMEDIATE_ACTION: u8 = 0x81;
const SCRIPT_CHAINING: u8 = 0x83;
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

impl From<BerError> for ScriptError {
    fn from(error: BerError) -> Self {
        Self::Length(match error {
            BerError::Length => "an object is longer than what holds it",
            BerError::LengthMissing => "an object has no length",
        })
    }
}

const UNKNOWN_TAG: ScriptError = ScriptError::Format("an object has an unknown tag");

fn single(value: &[u8]) -> Result<u8, ScriptError> {
    match value {
        [octet] => Ok(*octet),
        _ => Err(ScriptError::Length("an object of one octet has another length")),
    }
}

fn frame(content: &[u8], framing: Framing, definite: u8, indefinite: u8) -> Zeroizing<Vec<u8>> {
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

#[cfg(test)]
mod tests;
