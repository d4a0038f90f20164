//! How a call campaign does.

use crate::document::rfc3339;
use muster_app::ports::{DeskRefusal, LiveCampaign};
use muster_app::usecases::dialler::CampaignStatus;
use muster_domain::calls::result_code::{ResultCode, ResultKind};
use muster_domain::participant::ParticipantStatus;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What was counted of a call campaign, and what it does right now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallCampaignStatus)]
pub(crate) struct CallStatusOutput {
    /// The campaign.
    id: i64,
    /// Whether it runs.
    is_active: bool,
    /// Why it does not dial although it runs, for people; empty while it does.
    waits_for: String,
    /// When it was first started.
    started_at: Option<String>,
    /// All contacts.
    contacts: u64,
    /// How many of them are in which status; those without any are left out.
    by_status: BTreeMap<&'static str, u64>,
    /// Calls that are not over.
    open_calls: u64,
    /// Calls that are over, by outcome; outcomes that never came are left out.
    by_outcome: BTreeMap<&'static str, u64>,
    /// Its result codes, with the contacts that have each as their latest.
    results: Vec<ResultOutput>,
    /// When the next contact falls due that waits or follows up.
    next_due: Option<String>,
    /// What it does right now; `null` where the server that answers does not conduct it.
    live: Option<LiveOutput>,
    /// Why `live` is `null`; empty where it is not.
    not_live: String,
}

/// Contacts with a result.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallResultCount)]
struct ResultOutput {
    /// Export key of the result code.
    export_key: String,
    /// Its text in the campaign's language, or in the one that it has.
    text: String,
    /// `done`, `abort`, `delay` or `appointment`.
    #[schema(value_type = String)]
    kind: ResultKind,
    /// Contacts.
    contacts: u64,
}

/// What a campaign does right now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LiveCallCampaign)]
struct LiveOutput {
    /// Calls that were begun and were not answered yet.
    dialling: u32,
    /// Answered calls that wait for an agent.
    waiting: u32,
    /// Calls with an agent, or in the script.
    talking: u32,
    /// Calls to which the message is played.
    message: u32,
    /// Agents by state.
    agents: BTreeMap<&'static str, u32>,
    /// Persons who picked up in the policy's tightest window.
    live: u64,
    /// Those of them who were left without an agent.
    abandoned: u64,
    /// Their share; `null` while nobody picked up.
    abandoned_share: Option<f64>,
    /// What decided the number of calls last.
    paced_by: &'static str,
    /// Why nothing is dialled, for people; empty while something may be.
    waits_for: String,
}

impl CallStatusOutput {
    /// The campaign's counts, beside what the desk says of it.
    pub(crate) fn of(status: &CampaignStatus, live: Result<Option<LiveCampaign>, DeskRefusal>) -> Self {
        let CampaignStatus { campaign, counts, codes, next_due } = status;
        let (live, not_live) = match live {
            Ok(Some(live)) => (Some(LiveOutput::of(live)), String::new()),
            Ok(None) if campaign.active => (None, "this server does not conduct the campaign".to_owned()),
            Ok(None) => (None, "the campaign is not active".to_owned()),
            Err(refusal) => (None, refusal.to_string()),
        };
        let of_status = |status: ParticipantStatus| (status.name(), counts.of(status));
        let result = |code: &ResultCode| ResultOutput {
            export_key: code.export_key.clone(),
            text: code.content(campaign.language).to_owned(),
            kind: code.kind,
            contacts: counts.results.get(&code.id).copied().unwrap_or(0),
        };
        Self {
            id: campaign.id.0,
            is_active: campaign.active,
            waits_for: campaign.waits_for.clone(),
            started_at: campaign.started_at.map(rfc3339),
            contacts: counts.total(),
            by_status: ParticipantStatus::ALL
                .into_iter()
                .map(of_status)
                .filter(|(_, count)| *count > 0)
                .collect(),
            open_calls: counts.open_calls,
            by_outcome: counts.outcomes.iter().map(|(outcome, count)| (outcome.name(), *count)).collect(),
            results: codes.iter().map(result).collect(),
            next_due: next_due.map(rfc3339),
            live,
            not_live,
        }
    }
}

impl LiveOutput {
    fn of(live: LiveCampaign) -> Self {
        Self {
            dialling: live.dialling,
            waiting: live.waiting,
            talking: live.talking,
            message: live.message,
            agents: live.agents,
            live: live.live,
            abandoned: live.abandoned,
            abandoned_share: (live.live > 0).then(|| live.abandoned as f64 / live.live as f64),
            paced_by: live.paced_by,
            waits_for: live.waits_for,
        }
    }
}
