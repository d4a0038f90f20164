//! Participants as rows, and their changes on their way to a writer.

use super::rules::{stored_due, stored_timer};
use crate::encoding::{counter_from_column, counter_to_column, decode, encode};
use muster_app::ports::{
    KeySetWrite, ParticipantRow, ParticipantWrite, StepRefusal, StoreError, StoreResult,
};
use muster_domain::ids::{ParticipantId, SimCampaignId, SimNumber};
use muster_domain::participant::{
    Attempt, NextSend, Outcome, Packet, Participant, ParticipantStatus, Phase, Purpose, Segment, Work,
};
use muster_domain::sim::{Iccid, PorRequest};
use muster_domain::sim_campaign::WaveCounts;
use muster_domain::time::UnixMillis;
use serde::{Deserialize, Serialize};

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// What of a participant is in no column of its own. Names are short because they are written with every step, and
/// what is as it begins is left out.
#[derive(Serialize, Deserialize)]
struct Body {
    #[serde(rename = "w", with = "WorkBody")]
    work: Work,
    #[serde(rename = "a", default, skip_serializing_if = "Vec::is_empty")]
    attempts: Vec<AttemptOf>,
}

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct AttemptOf(#[serde(with = "AttemptBody")] Attempt);

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct PacketOf(#[serde(with = "PacketBody")] Packet);

#[derive(Serialize, Deserialize)]
#[serde(remote = "Work")]
struct WorkBody {
    #[serde(rename = "s", default, skip_serializing_if = "is_default")]
    step: u32,
    #[serde(rename = "n", default, skip_serializing_if = "is_default")]
    next: NextSend,
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none", with = "packet")]
    packet: Option<Packet>,
    #[serde(rename = "h", default, skip_serializing_if = "is_default")]
    phase: Phase,
    #[serde(rename = "l", default, skip_serializing_if = "is_default")]
    prolonged: bool,
    #[serde(rename = "b", default, skip_serializing_if = "is_default")]
    busy: u8,
    #[serde(rename = "o", default, skip_serializing_if = "is_default")]
    put_off: u8,
    #[serde(rename = "r", default, skip_serializing_if = "is_default")]
    raised: bool,
    #[serde(rename = "m", default, skip_serializing_if = "is_default")]
    may_have_run: bool,
}

/// An optional packet.
mod packet {
    use super::{Packet, PacketBody, PacketOf};
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "the shape that serde asks for")]
    pub(super) fn serialize<S: Serializer>(
        packet: &Option<Packet>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match packet {
            Some(packet) => PacketBody::serialize(packet, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Packet>, D::Error> {
        Ok(Option::<PacketOf>::deserialize(deserializer)?.map(|packet| packet.0))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Packet")]
struct PacketBody {
    #[serde(rename = "f")]
    purpose: Purpose,
    #[serde(rename = "s", default, skip_serializing_if = "is_default")]
    step: u32,
    #[serde(rename = "k")]
    kvn: u8,
    #[serde(rename = "c")]
    counter: u64,
    #[serde(rename = "t")]
    tar: [u8; 3],
    #[serde(rename = "u")]
    segments: Vec<Segment>,
    #[serde(rename = "r", default, skip_serializing_if = "String::is_empty")]
    route: String,
    #[serde(rename = "n", default, skip_serializing_if = "is_default")]
    sends: u32,
    #[serde(rename = "z", default, skip_serializing_if = "is_default")]
    replay_safe: bool,
    #[serde(rename = "i", default, skip_serializing_if = "is_default")]
    idempotent: bool,
    #[serde(rename = "y", default, skip_serializing_if = "is_default")]
    sticky: bool,
    #[serde(rename = "p")]
    por: PorRequest,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Attempt")]
struct AttemptBody {
    #[serde(rename = "n")]
    number: u32,
    #[serde(rename = "b")]
    started_at: UnixMillis,
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    ended_at: Option<UnixMillis>,
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    outcome: Option<Outcome>,
    #[serde(rename = "c", default, skip_serializing_if = "is_default")]
    counter: u64,
    #[serde(rename = "k", default, skip_serializing_if = "is_default")]
    kvn: u8,
    #[serde(rename = "t", default, skip_serializing_if = "is_default")]
    tar: [u8; 3],
    #[serde(rename = "g", default, skip_serializing_if = "is_default")]
    segments: u8,
    #[serde(rename = "r", default, skip_serializing_if = "String::is_empty")]
    route: String,
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    por_status: Option<u8>,
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    sw: Option<u16>,
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    failed_command: Option<u32>,
    #[serde(rename = "a", default, skip_serializing_if = "is_default")]
    authenticated: bool,
    #[serde(rename = "y", default, skip_serializing_if = "String::is_empty")]
    reason: String,
    #[serde(rename = "l", default, skip_serializing_if = "is_default")]
    late_answer: bool,
}

/// A participant as its row.
#[derive(Debug)]
pub(crate) struct ParticipantColumns {
    pub(crate) campaign: i64,
    pub(crate) ordinal: i64,
    pub(crate) id: i64,
    pub(crate) sim: i64,
    pub(crate) iccid: String,
    pub(crate) status: i16,
    pub(crate) attempt: i64,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) updated_at: i64,
    pub(crate) due_at: i64,
    pub(crate) timer_at: Option<i64>,
    pub(crate) revision: i64,
    /// `None` before the first message, and where only a page is wanted.
    pub(crate) body: Option<Vec<u8>>,
}

impl ParticipantColumns {
    fn status(&self) -> StoreResult<ParticipantStatus> {
        u8::try_from(self.status)
            .ok()
            .and_then(ParticipantStatus::from_number)
            .ok_or_else(|| self.corrupt(&format!("the status {}", self.status)))
    }

    fn iccid(&self) -> StoreResult<Iccid> {
        self.iccid.parse().map_err(|_| self.corrupt("a card serial number that is none"))
    }

    fn corrupt(&self, what: &str) -> StoreError {
        StoreError::Corrupt(format!(
            "participant {} of SIM campaign {} is stored with {what}",
            self.ordinal, self.campaign
        ))
    }

    fn attempt(&self) -> u32 {
        u32::try_from(self.attempt).unwrap_or(u32::MAX)
    }

    /// The row of a page.
    pub(crate) fn into_row(self) -> StoreResult<ParticipantRow> {
        Ok(ParticipantRow {
            ordinal: counter_from_column(self.ordinal),
            id: ParticipantId(self.id),
            campaign: SimCampaignId(self.campaign),
            iccid: self.iccid()?,
            status: self.status()?,
            attempt: self.attempt(),
            code: self.code,
            message: self.message,
            updated_at: UnixMillis(self.updated_at),
        })
    }

    /// The participant and its revision.
    pub(crate) fn into_participant(self) -> StoreResult<(Participant, u64)> {
        let (work, attempts) = match &self.body {
            None => (Work::default(), Vec::new()),
            Some(bytes) => {
                let body: Body = decode(bytes, "participant")?;
                (body.work, body.attempts.into_iter().map(|attempt| attempt.0).collect())
            }
        };
        let participant = Participant {
            campaign: SimCampaignId(self.campaign),
            ordinal: counter_from_column(self.ordinal),
            id: ParticipantId(self.id),
            sim: SimNumber(self.sim),
            iccid: self.iccid()?,
            status: self.status()?,
            attempt: self.attempt(),
            due_at: UnixMillis(self.due_at),
            timer_at: self.timer_at.map(UnixMillis),
            updated_at: UnixMillis(self.updated_at),
            code: self.code,
            message: self.message,
            work,
            attempts,
        };
        Ok((participant, counter_from_column(self.revision)))
    }
}

/// A participant's change whose parts are already columns, so that the writer only writes.
#[derive(Debug)]
pub(crate) struct PreparedStep {
    pub(crate) campaign: i64,
    pub(crate) ordinal: i64,
    pub(crate) sim: i64,
    pub(crate) revision: i64,
    pub(crate) from: ParticipantStatus,
    pub(crate) to: ParticipantStatus,
    pub(crate) attempt: i64,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) updated_at: i64,
    pub(crate) due_at: i64,
    pub(crate) timer_at: Option<i64>,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) wave: u32,
    pub(crate) counts: WaveCounts,
    pub(crate) key_set: Option<KeySetWrite>,
    pub(crate) while_running: bool,
    pub(crate) now: UnixMillis,
}

impl PreparedStep {
    fn of(write: ParticipantWrite) -> StoreResult<Self> {
        let participant = write.participant;
        let begun = participant.work != Work::default() || !participant.attempts.is_empty();
        let body = Body {
            work: participant.work,
            attempts: participant.attempts.into_iter().map(AttemptOf).collect(),
        };
        Ok(Self {
            campaign: participant.campaign.0,
            ordinal: counter_to_column(participant.ordinal),
            sim: participant.sim.0,
            revision: counter_to_column(write.revision),
            from: write.from,
            to: participant.status,
            attempt: i64::from(participant.attempt),
            code: participant.code,
            message: participant.message,
            updated_at: participant.updated_at.0,
            due_at: stored_due(participant.due_at),
            timer_at: stored_timer(participant.status, participant.timer_at),
            body: if begun { Some(encode(&body, "participant", 384)?) } else { None },
            wave: write.wave,
            counts: write.counts,
            key_set: write.key_set,
            while_running: write.while_running,
            now: write.now,
        })
    }
}

/// The results of several changes, one for each.
pub(crate) type StepResults = Vec<Result<(), StepRefusal>>;

/// Encodes the changes of one call, has the encoded ones written, and puts the results into the order of the call.
/// One that cannot be encoded is refused alone; the others go on.
pub(crate) async fn prepare_steps<F: Future<Output = StepResults>>(
    writes: Vec<ParticipantWrite>,
    write_all: impl FnOnce(Vec<PreparedStep>) -> F,
) -> StepResults {
    let mut prepared = Vec::with_capacity(writes.len());
    let mut refused = Vec::new();
    for (index, write) in writes.into_iter().enumerate() {
        match PreparedStep::of(write) {
            Ok(write) => prepared.push(write),
            Err(error) => refused.push((index, error)),
        }
    }
    let mut results = if prepared.is_empty() { Vec::new() } else { write_all(prepared).await };
    for (index, error) in refused {
        results.insert(index, Err(error.into()));
    }
    results
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn columns() -> ParticipantColumns {
        ParticipantColumns {
            campaign: 5,
            ordinal: 7,
            id: 9,
            sim: 11,
            iccid: "8935771000000000012".to_owned(),
            status: 6,
            attempt: 1,
            code: "200".to_owned(),
            message: "OK".to_owned(),
            updated_at: 1,
            due_at: 2,
            timer_at: None,
            revision: 3,
            body: None,
        }
    }

    fn step(participant: Participant) -> PreparedStep {
        PreparedStep::of(ParticipantWrite {
            from: participant.status,
            participant,
            revision: 1,
            wave: 0,
            counts: WaveCounts::default(),
            key_set: None,
            while_running: false,
            now: UnixMillis(0),
        })
        .unwrap()
    }

    #[test]
    fn a_participant_that_ended_takes_little_room() {
        let (mut participant, _) = columns().into_participant().unwrap();
        assert_eq!(step(participant.clone()).body, None, "nothing was done, and nothing is stored of it");
        participant.attempts.push(Attempt {
            number: 1,
            started_at: UnixMillis(1_763_000_000_000),
            ended_at: Some(UnixMillis(1_763_000_009_000)),
            outcome: Some(Outcome::Ok),
            counter: 12,
            kvn: 1,
            tar: [0xB0, 0, 0],
            segments: 1,
            route: "north".to_owned(),
            por_status: Some(0),
            sw: Some(0x9000),
            failed_command: None,
            authenticated: true,
            reason: String::new(),
            late_answer: false,
        });
        let body = step(participant.clone()).body.unwrap();
        assert!(body.len() < 80, "{} bytes for each of millions of rows", body.len());
        let columns = ParticipantColumns { body: Some(body), ..columns() };
        assert_eq!(columns.into_participant().unwrap(), (participant, 3));
    }

    #[test]
    fn a_row_that_cannot_be_read_is_told_with_its_place() {
        for (bad, word) in [
            (ParticipantColumns { status: 9, ..columns() }, "status 9"),
            (ParticipantColumns { status: -1, ..columns() }, "status -1"),
            (ParticipantColumns { status: 256, ..columns() }, "status 256"),
            (ParticipantColumns { iccid: "1".to_owned(), ..columns() }, "serial number"),
        ] {
            let Err(StoreError::Corrupt(message)) = bad.into_row() else { panic!("{word} was read") };
            assert!(
                message.contains(word) && message.contains("participant 7 of SIM campaign 5"),
                "{message}"
            );
        }
        let cut = ParticipantColumns { body: Some(vec![1]), ..columns() };
        assert!(matches!(cut.into_participant(), Err(StoreError::Corrupt(_))));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(mut bytes in prop::collection::vec(any::<u8>(), 0..200), framed: bool) {
            if framed {
                bytes.insert(0, 1);
            }
            let told = ParticipantColumns { body: Some(bytes), ..columns() }.into_participant();
            prop_assert!(matches!(told, Ok(_) | Err(StoreError::Corrupt(_))));
        }
    }
}
