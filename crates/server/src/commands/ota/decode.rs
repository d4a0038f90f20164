//! `muster ota decode`: command packets as a card reads them, proofs of receipt as a server does.

use super::encode::{self, security};
use super::refusal::Refusal;
use super::vector::{Carrier, Direction, Format, Kind, Vector};
use super::{Answer, Report, protection, sequence};
use muster_codecs::command_packet::{self, Command};
use muster_codecs::counter::{Counter, CounterVerdict};
use muster_codecs::por_status::PorStatus;
use muster_codecs::response_packet::{self, Response, Trust};
use muster_codecs::script::expanded::ResponseObject;
use muster_codecs::script::{ScriptError, compact, expanded};
use muster_codecs::security::{CommandSecurity, ResponseSecurity};
use muster_codecs::udh::PacketKind;
use muster_codecs::{DecodeError, Tar, concat};
use serde_json::{Value, json};

pub(super) fn decode(vector: &Vector) -> Report {
    match vector.kind() {
        Err(refusal) => Report::bad(&refusal),
        Ok(Kind::Command) => Report::of(command_of(vector).map(|(answer, _)| answer)),
        Ok(Kind::Response) => Report::of(responses(vector, None)),
        Ok(Kind::Exchange) => Report::of(exchange(vector)),
        Ok(Kind::Sequence) => Report::of(sequence::run(vector)),
        Ok(Kind::Reject) => Report::of_reject(reject(vector)),
    }
}

/// Both directions; the answer must be to this command's counter.
fn exchange(vector: &Vector) -> Result<Answer, Refusal> {
    let (command, counter) = command_of(vector)?;
    let response = responses(vector, Some(counter))?;
    Ok(Answer::from_iter([("command".to_owned(), command.into()), ("response".to_owned(), response.into())]))
}

fn reject(vector: &Vector) -> Result<Answer, Refusal> {
    if encode::wants_encoding(vector) {
        return encode::command(vector);
    }
    let input = vector.input.as_ref();
    match vector.direction.or_else(|| guess(vector)) {
        Some(Direction::Command) => {
            let carrier = input.or(vector.command.as_ref()).ok_or_else(|| Refusal::missing("input"))?;
            let fields = security(vector, carrier)?;
            if vector.layer.as_deref() == Some("policy") {
                protection::strict(fields)?;
            }
            let security = protection::command(fields)?;
            let command = read_command(&security, carrier)?;
            let stored = vector.stored_counter().map(|field| Counter::from_octets(field.0));
            let verdict = stored.map(|stored| security.spi().counter_mode.judge(stored, command.counter));
            match verdict {
                None | Some(CounterVerdict::Run { .. }) => Ok(command_answer(&security, &command)),
                Some(CounterVerdict::Low) => Err(Refusal::new("counter", "cntr_low")),
                Some(CounterVerdict::High) => Err(Refusal::new("counter", "cntr_high")),
                Some(CounterVerdict::Blocked) => Err(Refusal::new("counter", "cntr_blocked")),
            }
        }
        Some(Direction::Response) => {
            let carrier =
                input.or_else(|| vector.responses().next()).ok_or_else(|| Refusal::missing("input"))?;
            response(vector, carrier, None)
        }
        None => Err(Refusal::missing("direction")),
    }
}

/// Which way octets go whose object does not say it.
fn guess(vector: &Vector) -> Option<Direction> {
    let carried = vector.input.as_ref().and_then(Carrier::messages);
    match carried.and_then(|messages| concat::join(&messages).ok()).and_then(|message| message.kind) {
        Some(PacketKind::Command) => Some(Direction::Command),
        Some(PacketKind::Response) => Some(Direction::Response),
        None if vector.command.is_some() => Some(Direction::Command),
        None if vector.responses().next().is_some() => Some(Direction::Response),
        None => vector.security.as_ref().map(|security| match security.por_integrity {
            Some(_) => Direction::Response,
            None => Direction::Command,
        }),
    }
}

fn command_of(vector: &Vector) -> Result<(Answer, Counter), Refusal> {
    let carrier =
        vector.command.as_ref().or(vector.input.as_ref()).ok_or_else(|| Refusal::missing("command"))?;
    let security = protection::command(security(vector, carrier)?)?;
    let command = read_command(&security, carrier)?;
    Ok((command_answer(&security, &command), command.counter))
}

/// The messages, else the packet.
pub(super) fn read_command(security: &CommandSecurity, carrier: &Carrier) -> Result<Command, Refusal> {
    if let Some(messages) = carrier.messages() {
        return Ok(command_packet::decode(security, &messages)?);
    }
    let packet = carrier.packet.as_ref().ok_or_else(|| Refusal::missing("tp_ud or packet"))?;
    Ok(command_packet::decode_packet(security, &packet.0)?)
}

fn command_answer(security: &CommandSecurity, command: &Command) -> Answer {
    let mut answer = Answer::new();
    answer.insert("spi".to_owned(), hex::encode(security.spi().to_octets()).into());
    answer.insert("kic_byte".to_owned(), hex::encode([security.kic().octet()]).into());
    answer.insert("kid_byte".to_owned(), hex::encode([security.kid().octet()]).into());
    answer.insert("tar".to_owned(), tar_text(security.tar()));
    answer.insert("cntr".to_owned(), counter_text(command.counter));
    answer.insert("pcntr".to_owned(), command.pcntr.into());
    answer.insert("secured_data".to_owned(), hex::encode(&*command.secured_data).into());
    answer
}

/// One answer as it is, several as a list.
fn responses(vector: &Vector, sent: Option<Counter>) -> Result<Answer, Refusal> {
    let mut read = Vec::new();
    for carrier in vector.responses().chain(&vector.input) {
        read.push(response(vector, carrier, sent)?);
    }
    match read.len() {
        0 => Err(Refusal::missing("response")),
        1 => Ok(read.remove(0)),
        _ => Ok(Answer::from_iter([("responses".to_owned(), read.into_iter().map(Value::from).collect())])),
    }
}

fn response(vector: &Vector, carrier: &Carrier, sent: Option<Counter>) -> Result<Answer, Refusal> {
    let fields = security(vector, carrier)?;
    let answered = protection::response(fields, vector.requested_spi.as_ref())?;
    let joined;
    let packet = match (carrier.messages(), &carrier.packet) {
        (Some(messages), _) => {
            joined = concat::join(&messages)?;
            if joined.kind != Some(PacketKind::Response) {
                return Err(DecodeError::Identity("the message carries no response packet").into());
            }
            &joined.payload
        }
        (None, Some(packet)) => &*packet.0,
        (None, None) => return Err(Refusal::missing("tp_ud or packet")),
    };
    // Where the object does not say which application was addressed, whichever answers is right.
    let tar = match (&fields.tar, response_packet::peek_tar(packet)) {
        (Some(_), _) => protection::tar(fields)?,
        (None, Some(tar)) => tar,
        (None, None) => return Err(DecodeError::Length("the packet ends inside its header").into()),
    };
    let security = ResponseSecurity { tar, protection: &answered.protection };
    let mut read = response_packet::decode_packet(security, sent.or(protection::counter(fields)), packet)?;
    if answered.less_than_asked {
        if read.status == PorStatus::Ok {
            return Err(DecodeError::Integrity("status 00 without the protection asked for").into());
        }
        read.trust = Trust::Hint;
    }
    Ok(response_answer(&read, vector.format.unwrap_or_else(|| spoken_by(tar))))
}

fn response_answer(response: &Response, format: Format) -> Answer {
    let mut answer = Answer::new();
    answer.insert("tar".to_owned(), tar_text(response.tar));
    answer.insert("cntr".to_owned(), counter_text(response.counter));
    answer.insert("pcntr".to_owned(), response.pcntr.into());
    answer.insert("status".to_owned(), response.status.octet().into());
    answer.insert("status_name".to_owned(), response.status.name().into());
    answer.insert("secured_data".to_owned(), hex::encode(&response.data).into());
    let trust = match response.trust {
        Trust::Authenticated => "authenticated",
        Trust::AsRequested => "as_requested",
        Trust::Hint => "hint",
    };
    answer.insert("authenticated".to_owned(), response.authenticated().into());
    answer.insert("trust".to_owned(), trust.into());
    if response.status == PorStatus::Ok && !response.data.is_empty() {
        let (name, read) = match format {
            Format::Compact => ("compact", compact_answer(&response.data)),
            Format::Expanded => ("expanded", expanded_answer(&response.data)),
            Format::Raw => return answer,
        };
        match read {
            Ok(read) => answer.insert(name.to_owned(), read),
            // The packet is right; what the application says in it is another matter.
            Err(error) => answer.insert("script_error".to_owned(), error.to_string().into()),
        };
    }
    answer
}

fn compact_answer(data: &[u8]) -> Result<Value, ScriptError> {
    let read = compact::parse_response(data)?;
    Ok(json!({
        "executed": read.executed,
        "sw": format!("{:04x}", read.status_word.0),
        "data": hex::encode(&read.data),
    }))
}

fn expanded_answer(data: &[u8]) -> Result<Value, ScriptError> {
    let read = expanded::parse_response(data)?;
    let objects = read.objects.iter().map(|object| match object {
        ResponseObject::Apdu { data, status_word } => {
            json!({ "sw": format!("{:04x}", status_word.0), "data": hex::encode(data) })
        }
        ResponseObject::BadFormat(reason) => json!({ "bad_format": reason.octet() }),
        ResponseObject::ImmediateAction(code) => json!({ "immediate_action": code }),
        ResponseObject::ScriptChaining(result) => json!({ "script_chaining": result.octet() }),
    });
    Ok(json!({ "executed": read.executed, "responses": objects.collect::<Vec<_>>() }))
}

/// The format of the well-known applications (ETSI TS 101 220 annex D). Others get what most cards speak.
fn spoken_by(tar: Tar) -> Format {
    match tar.0 {
        [0xB0, 0x01, 0x20..=0x4F] | [0xB2, 0x01, 0x00] => Format::Expanded,
        _ => Format::Compact,
    }
}

fn tar_text(tar: Tar) -> Value {
    hex::encode(tar.0).into()
}

pub(super) fn counter_text(counter: Counter) -> Value {
    hex::encode(counter.to_octets()).into()
}
