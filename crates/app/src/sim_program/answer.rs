//! A card's octets to what they mean for the packet at work (OTA rules §6).

use super::{Body, Step};
use muster_codecs::apdu::StatusWord;
use muster_codecs::counter::Counter;
use muster_codecs::error::DecodeError;
use muster_codecs::por_status::PorStatus;
use muster_codecs::response_packet::{self, Response};
use muster_codecs::script::{compact, expanded};
use muster_codecs::security::Security;
use muster_domain::participant::{Answer, Packet, Purpose};
use muster_domain::sim::ScriptFormat;

/// What an answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// For the participant machine.
    pub answer: Answer,
    /// The operation it is about: the one that failed, or the last one.
    pub operation: usize,
    /// What the card read, where the last command read something.
    pub data: Vec<u8>,
}

/// Reads the messages of an answer to the packet at work.
///
/// # Errors
/// The octets are no answer to it, or not protected as asked: nothing is known by them.
pub fn read_answer<T: AsRef<[u8]>>(
    security: &Security,
    step: &Step,
    packet: &Packet,
    user_data: &[T],
) -> Result<Reading, DecodeError> {
    let sent = Counter::new(packet.counter).map_err(|_| DecodeError::Identity("no such counter was sent"))?;
    let response = response_packet::decode(security.response(), Some(sent), user_data)?;
    let body = step.body(packet.purpose);
    let told = |answer, operation| Reading { answer, operation, data: Vec::new() };
    match response.status {
        PorStatus::FollowsBySubmit | PorStatus::FollowsByUssd => {
            Ok(told(Answer::Interim, body.operation_of(usize::MAX)))
        }
        PorStatus::Ok => Ok(read_result(body, step, packet, &response)),
        status => {
            let authenticated = response.authenticated();
            let answer = Answer::Refused { status: status.octet(), authenticated };
            Ok(told(answer, body.operation_of(usize::MAX)))
        }
    }
}

/// How the commands ended: how many ran, the last one's status word, and what it gave back.
struct Ran {
    executed: usize,
    sw: StatusWord,
    data: Vec<u8>,
}

fn read_result(body: &Body, step: &Step, packet: &Packet, response: &Response) -> Reading {
    let (ran, sent) = match body {
        // What an application answers to octets of its own is its business; the packet was accepted and run.
        Body::Raw(..) => (Some(Ran { executed: 1, sw: StatusWord::OK, data: response.data.clone() }), 1),
        Body::Script { format, commands } => (read_script(*format, &response.data), commands.len()),
    };
    let Some(ran) = ran else {
        // The packet was accepted, and what its commands did cannot be read.
        return failed(body, 0, 1);
    };
    if !ran.sw.is_success() {
        return failed(body, ran.sw.0, ran.executed.max(1));
    }
    if ran.executed != sent {
        // It ended early, or ran what was not sent.
        return failed(body, ran.sw.0, ran.executed + 1);
    }
    let as_written = match (packet.purpose, &step.read_back) {
        (Purpose::ReadBack, Some(read_back)) => ran.data == read_back.expected,
        _ => true,
    };
    Reading {
        answer: Answer::Ran { sw: ran.sw.0, as_written },
        operation: body.operation_of(usize::MAX),
        data: ran.data,
    }
}

fn failed(body: &Body, sw: u16, command: usize) -> Reading {
    Reading {
        answer: Answer::CommandFailed { sw, command: command as u32 },
        operation: body.operation_of(command.saturating_sub(1)),
        data: Vec::new(),
    }
}

fn read_script(format: ScriptFormat, data: &[u8]) -> Option<Ran> {
    match format {
        ScriptFormat::Compact => {
            let response = compact::parse_response(data).ok()?;
            Some(Ran {
                executed: usize::from(response.executed),
                sw: response.status_word,
                data: response.data,
            })
        }
        ScriptFormat::Expanded => {
            let response = expanded::parse_response(data).ok()?;
            let answers: Vec<_> = response.answers().collect();
            // Any other object tells that the script could not be read or run.
            if answers.len() != response.objects.len() {
                return None;
            }
            let failed = answers.iter().position(|(_, sw)| !sw.is_success());
            let last = failed.unwrap_or(answers.len().checked_sub(1)?);
            let (data, sw) = answers[last];
            Some(Ran { executed: last + 1, sw, data: data.to_vec() })
        }
    }
}
