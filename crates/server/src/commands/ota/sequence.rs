//! A card that holds a counter and gets one packet after the other.

use super::Answer;
use super::decode::{counter_text, read_command};
use super::encode::security;
use super::protection;
use super::refusal::Refusal;
use super::vector::{Carrier, Vector};
use muster_codecs::counter::{Counter, CounterVerdict};
use muster_codecs::por_status::PorStatus;
use serde_json::Value;

/// What the card decides about each packet, and the counter it holds afterwards. A packet that cannot be read, or
/// that the card refuses, moves nothing and is no failure here.
pub(super) fn run(vector: &Vector) -> Result<Answer, Refusal> {
    if vector.steps().is_empty() {
        return Err(Refusal::missing("packets"));
    }
    let mut stored = vector.stored_counter().map_or(Counter::ZERO, |field| Counter::from_octets(field.0));
    let mut steps = Vec::new();
    for (index, step) in vector.steps().iter().enumerate() {
        let mut answer = Answer::from_iter([("step".to_owned(), (index + 1).into())]);
        answer.extend(decide(vector, &step.0, &mut stored)?);
        answer.insert("card_stored_cntr".to_owned(), counter_text(stored));
        steps.push(Value::from(answer));
    }
    Ok(Answer::from_iter([
        ("steps".to_owned(), steps.into()),
        ("card_stored_cntr".to_owned(), counter_text(stored)),
    ]))
}

fn decide(vector: &Vector, carrier: &Carrier, stored: &mut Counter) -> Result<Answer, Refusal> {
    let security = protection::command(security(vector, carrier)?)?;
    let command = match read_command(&security, carrier) {
        Ok(command) => command,
        Err(refusal) if refusal.is_about_input() => return Err(refusal),
        Err(refusal) => {
            let mut answer = refusal.to_answer();
            answer.insert("decision".to_owned(), "refused".into());
            answer.insert("accepted".to_owned(), false.into());
            return Ok(answer);
        }
    };
    let status = match security.spi().counter_mode.judge(*stored, command.counter) {
        CounterVerdict::Run { stored: now } => {
            *stored = now;
            PorStatus::Ok
        }
        CounterVerdict::Low => PorStatus::CounterLow,
        CounterVerdict::High => PorStatus::CounterHigh,
        CounterVerdict::Blocked => PorStatus::CounterBlocked,
    };
    let runs = status == PorStatus::Ok;
    Ok(Answer::from_iter([
        ("cntr".to_owned(), counter_text(command.counter)),
        ("decision".to_owned(), if runs { "run" } else { status.name() }.into()),
        ("accepted".to_owned(), runs.into()),
        ("status".to_owned(), status.octet().into()),
        ("status_name".to_owned(), status.name().into()),
    ]))
}
