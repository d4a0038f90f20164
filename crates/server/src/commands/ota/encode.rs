//! `muster ota encode`: a command packet and its messages.

use super::refusal::Refusal;
use super::vector::{Carrier, Kind, SecurityFields, Vector};
use super::{Answer, Report, protection};
use muster_codecs::counter::{Counter, CounterMode};
use muster_codecs::{command_packet, concat};
use serde_json::{Value, json};

pub(super) fn encode(vector: &Vector) -> Report {
    match vector.kind() {
        Err(refusal) => Report::bad(&refusal),
        Ok(Kind::Command | Kind::Exchange) => Report::of(command(vector)),
        Ok(Kind::Reject) if wants_encoding(vector) => Report::of_reject(command(vector)),
        Ok(Kind::Response | Kind::Sequence | Kind::Reject) => Report::skipped("there is no command to make"),
    }
}

/// It holds what shall go into a packet, and no packet.
pub(super) fn wants_encoding(vector: &Vector) -> bool {
    carrier(vector).is_some_and(|carrier| {
        carrier.secured_data.is_some() && carrier.packet.is_none() && carrier.tp_ud.is_none()
    })
}

fn carrier(vector: &Vector) -> Option<&Carrier> {
    vector.command.as_ref().or(vector.input.as_ref())
}

pub(super) fn command(vector: &Vector) -> Result<Answer, Refusal> {
    let carrier = carrier(vector).ok_or_else(|| Refusal::missing("command"))?;
    let fields = security(vector, carrier)?;
    if vector.layer.as_deref() == Some("policy") {
        protection::strict(fields)?;
    }
    let data = &carrier.secured_data.as_ref().ok_or_else(|| Refusal::missing("command.secured_data"))?.0;
    let security = protection::command(fields)?;
    let counter = match (protection::counter(fields), security.spi().counter_mode) {
        (Some(counter), _) => counter,
        (None, CounterMode::None) => Counter::ZERO,
        (None, _) => return Err(Refusal::missing("security.cntr")),
    };
    let packet = command_packet::encode(&security, counter, data)?;
    let tp_ud = concat::segments(&packet, vector.concat_ref())?;
    let mut answer = Answer::new();
    answer.insert("packet".to_owned(), hex::encode(&packet).into());
    answer.insert("tp_ud".to_owned(), tp_ud.iter().map(hex::encode).map(Value::from).collect());
    answer.insert("packet_len".to_owned(), json!(packet.len()));
    answer.insert("pcntr".to_owned(), json!(command_packet::padding_len(&security, data.len())));
    Ok(answer)
}

/// The carrier's own security, else the object's.
pub(super) fn security<'a>(vector: &'a Vector, carrier: &'a Carrier) -> Result<&'a SecurityFields, Refusal> {
    carrier.security.as_ref().or(vector.security.as_ref()).ok_or_else(|| Refusal::missing("security"))
}
