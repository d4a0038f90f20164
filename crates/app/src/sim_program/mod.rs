//! From what a template says to octets for a card, and from the card's answer back to what it means.
//!
//! A template becomes a [`Program`] for a make of cards: steps of one packet each, each with its commands in order.
//! The program is the same every time it is made, so an answer is read with a program made anew.

mod answer;
mod compile;
mod packet;
#[cfg(test)]
mod tests;

pub use answer::{Reading, read_answer};
pub use compile::{CompileError, check_profile, compile};
pub use packet::{PacketError, PacketRequest, make_packet, security};

use muster_codecs::Tar;
use muster_codecs::apdu::Apdu;
use muster_domain::participant::{Purpose, ResultLine};
use muster_domain::sim::{ScriptFormat, Template};

/// A template for a make of cards.
#[derive(Debug, Clone)]
pub struct Program {
    /// One packet each, in order. Never empty.
    pub steps: Vec<Step>,
    /// Whether running all of it twice leaves the card as running it once.
    pub idempotent: bool,
}

/// What one packet does.
#[derive(Debug, Clone)]
pub struct Step {
    /// Address of the application in the card.
    pub tar: Tar,
    /// Its contents.
    pub body: Body,
    /// Whether running it twice leaves the card as running it once.
    pub idempotent: bool,
    /// How to find out whether it ran; `None` where nothing can be read back, or where what can be read back does not
    /// prove all of the step.
    pub read_back: Option<ReadBack>,
    /// The step from which the template begins again when a command of this one failed: as far back as everything may
    /// run twice, or belongs to the operation that failed.
    pub restart: u32,
}

/// What a packet carries.
#[derive(Debug, Clone)]
pub enum Body {
    /// Commands, each with the index of the operation that it serves.
    Script {
        /// How they are put together.
        format: ScriptFormat,
        /// The commands.
        commands: Vec<(Apdu, usize)>,
    },
    /// Octets for an application, as they are, with the index of their operation.
    Raw(Vec<u8>, usize),
}

/// Reading back what a step wrote last.
#[derive(Debug, Clone)]
pub struct ReadBack {
    /// The commands, with the index of the operation that wrote.
    pub body: Body,
    /// What they must give.
    pub expected: Vec<u8>,
}

impl Step {
    /// What its packet carries for a purpose; for reading back where there is nothing to read, the step itself.
    pub fn body(&self, purpose: Purpose) -> &Body {
        match (purpose, &self.read_back) {
            (Purpose::ReadBack, Some(read_back)) => &read_back.body,
            _ => &self.body,
        }
    }
}

impl Body {
    /// The index of the operation that a command serves; of the last one for a number beyond.
    pub fn operation_of(&self, command: usize) -> usize {
        match self {
            Self::Raw(_, operation) => *operation,
            Self::Script { commands, .. } => {
                commands.get(command).or(commands.last()).map_or(0, |(_, operation)| *operation)
            }
        }
    }
}

/// The result line for an operation of a template. Data of templates that hold keys are not shown.
pub fn result_line(template: &Template, operation: usize, ok: bool, read: &[u8]) -> String {
    let Some(operation) = template.operations.get(operation) else { return String::new() };
    let written;
    let data = match operation.verb() {
        _ if template.is_secret() => &[][..],
        "READ" => read,
        _ => {
            written = octets(operation.written()).unwrap_or_default();
            &written
        }
    };
    ResultLine { ok, verb: operation.verb(), place: &operation.place(), data }.to_string()
}

/// Octets of hexadecimal text; `None` for anything else. Empty text is no octets.
pub fn octets(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    text.as_bytes().chunks_exact(2).map(|pair| Some((digit(pair[0])? << 4 | digit(pair[1])?) as u8)).collect()
}
