use super::super::campaign_id;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::document::rfc3339;
use crate::openapi::Problems;
use crate::page::{Page, PageRequest};
use axum::response::IntoResponse;
use muster_app::ports::LoadedParticipant;
use muster_app::usecases::connectivity::operators;
use muster_domain::participant::{Attempt, Outcome as AttemptOutcome, ParticipantStatus};
use muster_domain::sim_campaign::{SimCampaign, shown_status};
use serde::Serialize;
use utoipa::ToSchema;

const LIST: &str = "participants";

/// A card in a campaign.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SimParticipant)]
pub(super) struct Output {
    /// Its id in the connectivity face.
    id: i64,
    /// The card's serial number.
    iccid: String,
    /// Its status, seen through the campaign's.
    #[schema(value_type = String)]
    status: ParticipantStatus,
    /// Result code of the last message; empty before the first result.
    code: String,
    /// Result line of the last message.
    message: String,
    /// When it last changed.
    changed_at: String,
    /// Its attempts, oldest first.
    attempts: Vec<AttemptOutput>,
}

/// One attempt.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SimAttempt)]
struct AttemptOutput {
    /// From 1.
    number: u32,
    /// When its first packet was reserved.
    started_at: String,
    /// When it ended.
    ended_at: Option<String>,
    /// `ok`, `card_error`, `security_error`, `no_answer`, `transport_error` or `unverified`; `null` while it runs.
    #[schema(value_type = Option<String>)]
    outcome: Option<AttemptOutcome>,
    /// Key version number.
    kvn: u8,
    /// Counter of its last packet.
    counter: u64,
    /// Address of the application in the card.
    tar: String,
    /// Messages that its last packet was cut into.
    segments: u8,
    /// The route that carried it.
    route: String,
    /// Status octet of the card's answer, hexadecimal.
    por_status: Option<String>,
    /// Status word of the last command that ran, hexadecimal.
    sw: Option<String>,
    /// Number of the command that failed, from 1.
    failed_command: Option<u32>,
    /// Whether the card's answer was protected as asked and the protection held.
    authenticated: bool,
    /// Whether an answer came after the outcome.
    late_answer: bool,
    /// Why it ended as it did, where the other members do not say it.
    reason: String,
}

impl Output {
    fn of(loaded: &LoadedParticipant, campaign: &SimCampaign) -> Self {
        let participant = &loaded.participant;
        Self {
            id: participant.id.0,
            iccid: participant.iccid.to_string(),
            status: shown_status(participant.status, campaign.status),
            code: participant.code.clone(),
            message: participant.message.clone(),
            changed_at: rfc3339(participant.updated_at),
            attempts: participant.attempts.iter().map(AttemptOutput::of).collect(),
        }
    }
}

impl AttemptOutput {
    fn of(attempt: &Attempt) -> Self {
        let [a, b, c] = attempt.tar;
        Self {
            number: attempt.number,
            started_at: rfc3339(attempt.started_at),
            ended_at: attempt.ended_at.map(rfc3339),
            outcome: attempt.outcome,
            kvn: attempt.kvn,
            counter: attempt.counter,
            tar: format!("{a:02X}{b:02X}{c:02X}"),
            segments: attempt.segments,
            route: attempt.route.clone(),
            por_status: attempt.por_status.map(|status| format!("{status:02X}")),
            sw: attempt.sw.map(|word| format!("{word:04X}")),
            failed_command: attempt.failed_command,
            authenticated: attempt.authenticated,
            late_answer: attempt.late_answer,
            reason: attempt.reason.clone(),
        }
    }
}

/// List the participants of a SIM campaign with their attempts, in order of enrolment.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}/sim-campaigns/{sim_campaign}/participants",
    operation_id = "list_participants", tag = "SIM campaigns",
    params(
        ("organization" = i64, Path), ("sim_campaign" = i64, Path), ("limit" = Option<u32>, Query),
        ("cursor" = Option<String>, Query),
    ),
    responses((status = 200, body = Page<Output>), Problems)
)]
pub(super) async fn list_participants(
    Path((organization, id)): Path<(String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let request = PageRequest::read(&call.query, LIST)?;
    // The cursor is the ordinal of the last participant shown.
    let from = request.after::<u64>()?.map_or(0, |last| last.saturating_add(1)).min(1 << 62);
    let campaign = operators::campaign(call.services(), snapshot.id(), campaign_id(&id)?).await?.value;
    let found = call.services().sims.scan_participants(campaign.id, from, request.limit + 1).await?;
    let keyed = found
        .iter()
        .map(|loaded| (loaded.participant.ordinal.to_string(), Output::of(loaded, &campaign)))
        .collect();
    Ok(Answer::ok(&Page::of(keyed, &request, LIST)).into_response())
}
