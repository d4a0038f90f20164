//! What became of each participant, as CSV, piece by piece.

use super::ConnectivityResult;
use crate::Services;
use crate::ports::{LoadedParticipant, StoreError};
use muster_domain::participant::Attempt;
use muster_domain::sim_campaign::{EXPIRED_MESSAGE, SimCampaign, SimCampaignStatus, shown_status};
use muster_domain::time::UnixMillis;

/// Columns of the table, in order. From `attempt` on they tell of one attempt.
pub const RESULT_COLUMNS: [&str; 23] = [
    "id",
    "iccid",
    "msisdn",
    "status",
    "attempts",
    "code",
    "message",
    "changed_at",
    "attempt",
    "outcome",
    "started_at",
    "ended_at",
    "kvn",
    "counter",
    "tar",
    "segments",
    "route",
    "por_status",
    "sw",
    "failed_command",
    "authenticated",
    "late_answer",
    "reason",
];

/// Participants that a piece tells of.
const CHUNK: u32 = 500;
/// Where the columns of an attempt begin.
const ATTEMPT_AT: usize = 8;

/// A piece of the table.
#[derive(Debug, Clone)]
pub struct Results {
    /// Whole lines.
    pub csv: Vec<u8>,
    /// The ordinal that the next piece begins with; `None` behind the last one.
    pub next: Option<u64>,
}

/// The piece of the table that begins with the participant of ordinal `from`; the first one has the header. A line
/// tells of a participant and its last attempt, or, with `every_attempt`, of one of its attempts; a participant
/// without any has one line either way.
pub async fn results(
    services: &Services,
    campaign: &SimCampaign,
    from: u64,
    every_attempt: bool,
) -> ConnectivityResult<Results> {
    let found = services.sims.scan_participants(campaign.id, from, CHUNK).await?;
    let mut table = csv::Writer::from_writer(Vec::with_capacity(found.len() * 256));
    let unwritable = |error: csv::Error| StoreError::Internal(format!("a table cannot be written: {error}"));
    if from == 0 {
        table.write_record(RESULT_COLUMNS).map_err(unwritable)?;
    }
    for loaded in &found {
        let attempts = &loaded.participant.attempts;
        let told = if every_attempt { &attempts[..] } else { &attempts[attempts.len().saturating_sub(1)..] };
        if told.is_empty() {
            table.write_record(line(campaign, loaded, None)).map_err(unwritable)?;
        }
        for attempt in told {
            table.write_record(line(campaign, loaded, Some(attempt))).map_err(unwritable)?;
        }
    }
    let csv = table.into_inner().map_err(|error| unwritable(error.into_error().into()))?;
    let next = found.last().filter(|_| found.len() == CHUNK as usize);
    Ok(Results { csv, next: next.map(|last| last.participant.ordinal + 1) })
}

fn line(
    campaign: &SimCampaign,
    loaded: &LoadedParticipant,
    attempt: Option<&Attempt>,
) -> [String; RESULT_COLUMNS.len()] {
    let participant = &loaded.participant;
    let status = shown_status(participant.status, campaign.status);
    let by_campaign = status != participant.status;
    let expired = by_campaign && campaign.status == SimCampaignStatus::Expired;
    let changed_at = if by_campaign {
        participant.updated_at.max(campaign.status_changed_at)
    } else {
        participant.updated_at
    };
    let mut line: [String; RESULT_COLUMNS.len()] = std::array::from_fn(|_| String::new());
    let own = [
        participant.id.to_string(),
        participant.iccid.to_string(),
        loaded.card.msisdn().unwrap_or_default().to_owned(),
        status.name().to_owned(),
        participant.attempt.to_string(),
        participant.code.clone(),
        if expired { EXPIRED_MESSAGE.to_owned() } else { participant.message.clone() },
        rfc3339(changed_at),
    ];
    line[..ATTEMPT_AT].clone_from_slice(&own);
    if let Some(attempt) = attempt {
        line[ATTEMPT_AT..].clone_from_slice(&cells(attempt));
    }
    line
}

fn cells(attempt: &Attempt) -> [String; RESULT_COLUMNS.len() - ATTEMPT_AT] {
    let [a, b, c] = attempt.tar;
    [
        attempt.number.to_string(),
        attempt.outcome.map_or_else(String::new, |outcome| outcome.name().to_owned()),
        rfc3339(attempt.started_at),
        attempt.ended_at.map_or_else(String::new, rfc3339),
        attempt.kvn.to_string(),
        attempt.counter.to_string(),
        format!("{a:02X}{b:02X}{c:02X}"),
        attempt.segments.to_string(),
        attempt.route.clone(),
        attempt.por_status.map_or_else(String::new, |status| format!("{status:02X}")),
        attempt.sw.map_or_else(String::new, |word| format!("{word:04X}")),
        attempt.failed_command.map_or_else(String::new, |number| number.to_string()),
        attempt.authenticated.to_string(),
        attempt.late_answer.to_string(),
        attempt.reason.clone(),
    ]
}

fn rfc3339(at: UnixMillis) -> String {
    at.to_jiff().map_or_else(String::new, |at| at.to_string())
}
